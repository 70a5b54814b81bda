//! The documents name files, commands and targets that exist.

use super::source::{exists, read};

const DOCUMENTS: [&str; 4] = ["ARCHITECTURE.md", "README.md", "STYLE.md", "tests/README.md"];
const FOLDERS: [&str; 10] = [
    "src/",
    "tests/",
    "migrations/",
    "templates/",
    "static/",
    "locales/",
    "scripts/",
    "examples/",
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

/// Commands and make targets that a document names and the project does not have.
pub fn lost_commands() -> Vec<String> {
    let makefile = read("Makefile");
    let mut lost = Vec::new();
    for document in DOCUMENTS {
        let text = read(document);
        for target in commands(&text, "make ") {
            if !makefile.lines().any(|line| line.starts_with(&format!("{target}:"))) {
                lost.push(format!("{document} says `make {target}`, which the Makefile does not know"));
            }
        }
        for command in commands(&text, "simfront ") {
            if !exists(&format!("src/cli/{command}.rs")) {
                lost.push(format!(
                    "{document} says `simfront {command}`, and there is no src/cli/{command}.rs"
                ));
            }
        }
    }
    lost
}

#[test]
fn names_are_found_in_a_document() {
    let text = "See `src/lib.rs` and `src/*/mod.rs`, run `make demo PORT=1`.\n```\n`src/in/a/tree.rs`\n```\n`simfront serve`";
    assert_eq!(paths(text), ["src/lib.rs"]);
    assert_eq!(commands(text, "make "), ["demo"]);
    assert_eq!(commands(text, "simfront "), ["serve"]);
    assert!(exists("src/lib.rs") && !exists("src/attic.rs"));
}
