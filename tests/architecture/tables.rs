//! One owner for each table: `-- owner: NAME` before `create table` names it, and only `src/NAME/` writes the table.

use std::collections::BTreeMap;

use super::source::{Source, exists};

/// Table to owner.
pub type Owners = BTreeMap<String, String>;

/// Reads across rooms, selects only: the back office, and the ledgers, whose work is to compare what the rooms hold.
const READS_ALL: [&str; 2] = ["backoffice/store/", "ledgers/store/"];

fn reads_all(path: &str) -> bool {
    READS_ALL.iter().any(|place| path.starts_with(place))
}

/// Reads of another owner's table elsewhere, with the reason.
const READS: [(&str, &str, &str); 2] = [
    (
        "fulfilment/store.rs",
        "units",
        "which unit an upstream order is bound to is asked by the order's id alone",
    ),
    (
        "orders/store/reads.rs",
        "jobs",
        "a stale order is one that no job will look at: one question to both tables",
    ),
];

/// Who owns which table; and what is wrong with the migrations that say so.
pub fn owners(migrations: &[(String, String)]) -> (Owners, Vec<String>) {
    let (mut owners, mut wrong) = (Owners::new(), Vec::new());
    for (file, text) in migrations {
        let mut owner: Option<&str> = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("-- owner: ") {
                owner = Some(name.trim());
            }
            let Some(table) = created(line) else { continue };
            let Some(owner) = owner.take() else {
                wrong.push(format!("migrations/{file}: `{table}` has no `-- owner: NAME` before it"));
                continue;
            };
            if !exists(&format!("src/{owner}")) {
                wrong.push(format!(
                    "migrations/{file}: `{owner}` owns `{table}`, and there is no src/{owner}"
                ));
            }
            if owners.insert(table.to_owned(), owner.to_owned()).is_some() {
                wrong.push(format!("migrations/{file} creates `{table}` a second time"));
            }
        }
    }
    (owners, wrong)
}

fn created(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix("create table ")?;
    let rest = rest.strip_prefix("if not exists ").unwrap_or(rest);
    rest.split([' ', '(']).next().filter(|name| !name.is_empty())
}

/// Migrations are numbered from 0001 without gaps.
pub fn wrongly_numbered(migrations: &[(String, String)]) -> Vec<String> {
    let numbered = migrations.iter().enumerate();
    let wrong = numbered.filter(|(at, (file, _))| !file.starts_with(&format!("{:04}_", at + 1)));
    wrong.map(|(at, (file, _))| format!("migrations/{file} should begin with {:04}_", at + 1)).collect()
}

/// Statements on tables of others, and exceptions that nobody needs any more.
pub fn wrong_statements(owners: &Owners, sources: &[Source]) -> Vec<String> {
    let (mut wrong, mut needed) = (Vec::new(), Vec::new());
    for source in sources {
        for statement in &source.strings {
            for (verb, table) in named(statement) {
                let Some(owner) = owners.get(&table) else { continue };
                let writes = verb.is_write();
                if writes && reads_all(&source.path) {
                    wrong.push(format!(
                        "src/{} writes `{table}`; there is only reading there: use a door of \
                                        src/{owner}",
                        source.path
                    ));
                } else if owner == source.home() || (!writes && reads_all(&source.path)) {
                    continue;
                } else if let Some(exception) =
                    READS.iter().find(|e| !writes && e.0 == source.path && e.1 == table)
                {
                    needed.push(exception.1);
                } else {
                    let does = if writes { "writes" } else { "reads" };
                    wrong.push(format!(
                        "src/{} {does} `{table}`, which belongs to src/{owner}; ask a door of src/{owner}",
                        source.path
                    ));
                }
            }
        }
    }
    let spare = READS.iter().filter(|exception| !needed.contains(&exception.1));
    wrong.extend(spare.map(|(file, table, _)| {
        format!("src/{file} does not read `{table}` any more; take the exception out of tests/architecture/tables.rs")
    }));
    wrong
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Read,
    Write,
}

impl Verb {
    fn is_write(self) -> bool {
        self == Self::Write
    }
}

/// What a text does to which names, where it is a statement at all.
fn named(text: &str) -> Vec<(Verb, String)> {
    let lower = text.to_lowercase();
    let without_comments: Vec<&str> =
        lower.lines().map(|line| line.split("--").next().unwrap_or("")).collect();
    let joined = without_comments.join(" ").replace([',', '(', ')', ';'], " ");
    let words: Vec<&str> = joined.split_whitespace().collect();
    let is_statement =
        words.iter().any(|word| ["select", "insert", "update", "delete", "truncate"].contains(word));
    let mut found = Vec::new();
    if !is_statement {
        return found;
    }
    for at in 0..words.len() {
        let word = |step: usize| words.get(at + step).copied().unwrap_or_default();
        let (verb, table) = match (word(0), word(1)) {
            ("insert", "into") | ("delete", "from") => (Verb::Write, word(2)),
            ("truncate", "table") => (Verb::Write, word(2)),
            // `for update`, `on conflict do update` name no table.
            ("update", table) if !(at > 0 && ["for", "do"].contains(&words[at - 1])) => (Verb::Write, table),
            ("truncate", table) => (Verb::Write, table),
            ("from", _) if at > 0 && words[at - 1] == "delete" => continue,
            ("from" | "join", "only" | "lateral") => (Verb::Read, word(2)),
            ("from" | "join", table) => (Verb::Read, table),
            _ => continue,
        };
        found.push((verb, table.trim_matches('"').to_owned()));
    }
    found
}

/// Each owner's `mod.rs` tells its reader which tables it owns.
pub fn unnamed_tables(owners: &Owners, sources: &[Source]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (table, owner) in owners.iter().filter(|(_, owner)| *owner != "plumbing") {
        let page = sources.iter().find(|source| source.path == format!("{owner}/mod.rs"));
        let named = page.is_some_and(|page| {
            page.text
                .lines()
                .take_while(|line| line.starts_with("//!"))
                .any(|line| line.contains(&format!("`{table}`")))
        });
        if !named {
            wrong.push(format!("src/{owner}/mod.rs: its first comment should say that it owns `{table}`"));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned() -> Owners {
        [("units", "orders"), ("jobs", "plumbing"), ("payments", "payments")]
            .map(|(table, owner)| (table.to_owned(), owner.to_owned()))
            .into()
    }

    fn complaints(path: &str, statement: &str) -> usize {
        let code = format!("fn f() {{ query!(\"{statement}\") }}");
        let wrong = wrong_statements(&owned(), &[Source::rust(path, &code)]);
        wrong.iter().filter(|sentence| !sentence.contains("any more")).count()
    }

    #[test]
    fn writing_is_for_the_owner() {
        assert_eq!(complaints("orders/store.rs", "update units set status = $1"), 0);
        assert_eq!(complaints("payments/store.rs", "update units set status = $1"), 1);
        assert_eq!(complaints("payments/store.rs", "insert into units (id) values ($1)"), 1);
        assert_eq!(complaints("payments/store.rs", "delete from units"), 1);
        assert_eq!(complaints("payments/store.rs", "truncate units"), 1);
        assert_eq!(complaints("backoffice/store/order.rs", "update units set status = $1"), 1);
        assert_eq!(complaints("payments/store.rs", "select id from payments for update skip locked"), 0);
    }

    #[test]
    fn reading_is_for_the_owner_and_the_back_office() {
        assert_eq!(complaints("payments/store.rs", "select 1 from payments p join units u on true"), 1);
        assert_eq!(complaints("payments/store.rs", "select 1 from units"), 1);
        assert_eq!(
            complaints("backoffice/store/order.rs", "select 1 from units, lateral (select 1 from jobs) j"),
            0
        );
        assert_eq!(complaints("backoffice/order.rs", "select 1 from units"), 1);
        assert_eq!(complaints("fulfilment/store.rs", "select 1 from units"), 0);
        assert_eq!(complaints("fulfilment/store.rs", "update units set id = 1"), 1);
        assert_eq!(complaints("payments/mail.rs", "this comes from units that failed"), 0);
    }

    #[test]
    fn a_statement_in_its_own_file_counts() {
        let sql = Source::sql("catalog/read.sql", "-- reads\nselect id\nfrom units");
        assert!(
            wrong_statements(&owned(), &[sql]).iter().any(|wrong| wrong.contains("catalog/read.sql reads"))
        );
    }

    #[test]
    fn an_exception_that_nobody_needs_is_named() {
        assert_eq!(wrong_statements(&owned(), &[]).len(), READS.len());
    }

    #[test]
    fn migrations_name_owners_and_count_on() {
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let good = [file("0001_a.sql", "-- owner: orders\ncreate table units (\n"), file("0002_b.sql", "")];
        let (owners_found, wrong) = owners(&good);
        assert_eq!((owners_found["units"].as_str(), wrong.len()), ("orders", 0));
        assert!(wrongly_numbered(&good).is_empty());

        let ownerless =
            [file("0001_a.sql", "-- owner: orders\ncreate table units (\ncreate table lines (\n")];
        assert!(owners(&ownerless).1[0].contains("`lines` has no"));
        let twice = "-- owner: orders\ncreate table units (\n-- owner: orders\ncreate table units (";
        assert!(owners(&[file("0001_a.sql", twice)]).1[0].contains("a second time"));
        assert!(
            owners(&[file("0001_a.sql", "-- owner: attic\ncreate table boxes (")]).1[0]
                .contains("no src/attic")
        );
        assert_eq!(wrongly_numbered(&[file("0001_a.sql", ""), file("0003_c.sql", "")]).len(), 1);
    }

    #[test]
    fn owners_say_what_they_own() {
        let pages = |text: &str| {
            [("orders/mod.rs", text), ("payments/mod.rs", "//! Owns `payments`.")]
                .map(|(path, text)| Source::rust(path, text))
        };
        assert!(unnamed_tables(&owned(), &pages("//! Owns `units`.")).is_empty());
        assert_eq!(unnamed_tables(&owned(), &pages("//! Owns things.\n\n// `units`")).len(), 1);
    }
}
