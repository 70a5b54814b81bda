//! The documents name files, commands and targets that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{exists, files, read};

const DOCUMENTS: [&str; 4] = ["ARCHITECTURE.md", "README.md", "STYLE.md", "tests/README.md"];
const FOLDERS: [&str; 12] = [
    "src/",
    "tests/",
    "migrations/",
    "templates/",
    "static/",
    "locales/",
    "scripts/",
    "examples/",
    "conformance/",
    "mutants/",
    ".ci/",
    "docs/",
];

/// What stands between backticks on one line. Fenced blocks are left out: they show whole commands and trees.
fn quoted(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

/// Quoted paths below the project's folders, without patterns.
fn paths(text: &str) -> Vec<String> {
    let is_path = |word: &String| {
        FOLDERS.iter().any(|folder| word.starts_with(folder)) && !word.contains(['*', '<', ' ', '…', '{'])
    };
    quoted(text).into_iter().filter(is_path).collect()
}

/// Paths that a document names and the project does not have.
pub fn lost_paths() -> Vec<String> {
    let mut lost = Vec::new();
    for document in DOCUMENTS {
        let missing = paths(&read(document)).into_iter().filter(|path| !exists(path));
        lost.extend(missing.map(|path| format!("{document} names {path}, which does not exist")));
    }
    lost
}

/// The second words of quoted `make …` and `simfront …`.
fn commands(text: &str, program: &str) -> Vec<String> {
    let quoted = quoted(text);
    let second = quoted.iter().filter_map(|words| words.strip_prefix(program)?.split_whitespace().next());
    second.map(str::to_owned).collect()
}

/// Whether the enum of commands has this one, as a variant on a line of its own.
fn knows(program: &str, command: &str) -> bool {
    let variant = format!("    {}{}", command[..1].to_uppercase(), &command[1..]);
    let ends = |rest: &str| rest.starts_with([',', '(', ' ']);
    program.lines().any(|line| line.strip_prefix(&variant).is_some_and(ends))
}

/// Commands and make targets that a document names and the project does not have.
pub fn lost_commands() -> Vec<String> {
    let makefile = read("Makefile");
    let program = read("src/cli/mod.rs");
    let mut lost = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        for target in commands(&text, "make ") {
            if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
                lost.push(format!("{document} says `make {target}`, which the Makefile does not know"));
            }
        }
        for command in commands(&text, "simfront ") {
            if !knows(&program, &command) {
                lost.push(format!(
                    "{document} says `simfront {command}`, which src/cli/mod.rs does not know"
                ));
            }
        }
    }
    lost
}

/// Dependencies of Cargo.toml: the keys of its two tables.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line == "[dev-dependencies]";
        } else if let Some((name, _)) =
            line.split_once(" = ").filter(|_| inside && !line.starts_with(['#', ' ']))
        {
            found.push(name.to_owned());
        }
    }
    found
}

/// Dependencies without their line in ARCHITECTURE.md, and lines of dependencies that are gone.
pub fn unexplained_dependencies() -> Vec<String> {
    let explained: Vec<String> = table_names(&read("ARCHITECTURE.md"), "## Dependencies");
    let there = dependencies(&read("Cargo.toml"));
    let missing = there.iter().filter(|name| !explained.contains(name));
    let spare = explained.iter().filter(|name| !there.contains(name));
    missing
        .map(|name| format!("Cargo.toml depends on `{name}`; ARCHITECTURE.md should say in its table why"))
        .chain(
            spare.map(|name| format!("ARCHITECTURE.md explains `{name}`, on which nothing depends any more")),
        )
        .collect()
}

/// The first quoted word of each row below a heading.
fn table_names(text: &str, heading: &str) -> Vec<String> {
    let rows = text.lines().skip_while(|line| *line != heading).filter(|line| line.starts_with("| `"));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

/// The rows of the fault matrix of which each must be met: what an upstream can cause when it is asked and by its
/// webhooks, what happens to payments, database and processes, and what staff and browsers do.
const ROWS: std::ops::RangeInclusive<u32> = 1..=112;

/// Every function of the sources, by name.
fn functions(sources: &[(String, String)]) -> BTreeSet<String> {
    let names = sources.iter().flat_map(|(_, code)| code.split("fn ").skip(1));
    names.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()).collect()
}

/// The rows that a test is named after: `f29_f30_…` after two, `finds_…` after none.
fn rows_of(test: &str) -> Vec<u32> {
    let parts = test.split('_').map_while(|part| part.strip_prefix('f')?.parse().ok());
    parts.collect()
}

/// The tests beside each row of a table: `| F03 | what | `f03_…`; `f03_…` |`.
fn table_of_rows(text: &str) -> BTreeMap<u32, Vec<String>> {
    let rows = text.lines().filter_map(|line| {
        let (row, rest) = line.strip_prefix("| F")?.split_once(" |")?;
        Some((row.parse().ok()?, rest.split('`').skip(1).step_by(2).map(str::to_owned).collect()))
    });
    rows.collect()
}

/// What is wrong between the tables of faults in tests/README.md and the tests: names that nobody wrote, rows that are
/// not met, and tests of a row that do not stand in it.
pub fn lost_tests() -> Vec<String> {
    let text = read("tests/README.md");
    let (_, faults) = text.split_once("## Faults").expect("tests/README.md has its table of faults");
    let sources: Vec<_> = files("tests", &["rs"]).into_iter().chain(files("src", &["rs"])).collect();
    mismatches(faults, &functions(&sources))
}

fn mismatches(faults: &str, functions: &BTreeSet<String>) -> Vec<String> {
    let rows = faults.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit_once(" | "));
    let names = cells.flat_map(|(_, tests)| tests.split('`').skip(1).step_by(2));
    let lost = names
        .filter(|name| !functions.contains(*name))
        .map(|name| format!("tests/README.md names the test {name}, which does not exist"));
    let table = table_of_rows(faults);
    let unmet = ROWS
        .filter(|row| table.get(row).is_none_or(Vec::is_empty))
        .map(|row| format!("tests/README.md names no test for the row F{row:02}"));
    let beside = |row: &u32, test: &String| table.get(row).is_some_and(|tests| tests.contains(test));
    let unnamed = functions.iter().flat_map(|test| {
        let rows = rows_of(test).into_iter().filter(|row| !beside(row, test));
        rows.map(move |row| format!("the test {test} is missing from the row F{row:02} of tests/README.md"))
    });
    lost.chain(unmet).chain(unnamed).collect()
}

#[test]
fn a_fault_without_its_test_and_a_test_without_its_row_are_told() {
    let full = |tests: &str| {
        let row = |row| format!("| F{row:02} | what | {tests} |\n");
        ROWS.map(row).collect::<String>()
    };
    let functions = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let known = functions(&["a_test", "finds_what_it_seeks"]);
    assert_eq!(mismatches(&full("`a_test`"), &known), Vec::<String>::new());
    let lost = mismatches(&full("`a_test`").replace("| F07 | what | `a_test` |", "| F07 | `gone` |"), &known);
    assert_eq!(lost, ["tests/README.md names the test gone, which does not exist"]);
    let unmet = mismatches(&full("`a_test`").replace("| F07 |", "| X |"), &known);
    assert_eq!(unmet, ["tests/README.md names no test for the row F07"]);
    let rowless = functions(&["a_test", "f07_f60_of_two_rows"]);
    let unnamed = mismatches(
        &full("`a_test`").replace("| F07 | what |", "| F07 | what | `f07_f60_of_two_rows`;"),
        &rowless,
    );
    assert_eq!(unnamed, ["the test f07_f60_of_two_rows is missing from the row F60 of tests/README.md"]);
    assert_eq!((rows_of("f101_whoever"), rows_of("finds_f07_")), (vec![101], vec![]));
}

#[test]
fn names_are_found_in_a_document() {
    let text = "See `src/lib.rs` and `src/*/mod.rs`, run `make demo PORT=1`.\n```\n`src/in/a/tree.rs`\n```\n`simfront serve`";
    assert_eq!(paths(text), ["src/lib.rs"]);
    assert_eq!(commands(text, "make "), ["demo"]);
    assert_eq!(commands(text, "simfront "), ["serve"]);
    assert_eq!(
        dependencies("[package]\nname = \"x\"\n[dependencies]\n# a\ntime = \"1\"\n[lints]\nall = 1"),
        ["time"]
    );
    assert_eq!(table_names("| `a` |\n## Dependencies\n| `b` | why `c` |\ntext", "## Dependencies"), ["b"]);
    assert!(knows("enum Command {\n    Serve {\n", "serve") && !knows("    Served,", "serve"));
    assert!(exists("src/lib.rs") && !exists("src/attic.rs"));
}
