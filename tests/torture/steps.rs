//! Which durable step of the shop a commit is, told from the statements that wrote in it; and the points of
//! RELIABILITY 2.8 that must be among those at which the program was killed.

use crate::trap::{Mode, Place};

/// A statement that wrote at least one row.
#[derive(Clone, Debug)]
pub struct Write {
    pub statement: String,
}

/// The tables that a statement writes, each with its verb: `insert orders`.
pub fn tables_written(statement: &str) -> Vec<String> {
    let lower = statement.to_ascii_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let mut found = Vec::new();
    for (n, word) in words.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| words.get(n)).copied();
        let (next, after) = (words.get(n + 1).copied(), words.get(n + 2).copied());
        let table = match (*word, next) {
            ("insert", Some("into")) | ("delete", Some("from")) => after,
            // `for update` locks, `do update` belongs to its insert.
            ("update", table) if !matches!(before, Some("for" | "do" | "no")) => table,
            _ => None,
        };
        found.extend(table.filter(|table| *table != "set").map(|table| format!("{word} {table}")));
    }
    found
}

/// What a commit is, by the first of these that is in it.
const STEPS: &[(&str, &str)] = &[
    ("insert _sqlx_migrations", "migration"),
    ("update _sqlx_migrations", "migration timed"),
    ("insert orders", "order begun"),
    ("update payments set status paid", "paid"),
    ("update refunds set status done", "refund made"),
    ("insert refunds", "refund recorded"),
    ("update refunds set asked_at", "refund asked"),
    ("update payments set start_key", "payment asked"),
    ("update payments set provider_reference", "payment opened"),
    ("insert esims", "eSIM stored"),
    ("insert attempts", "attempt begun"),
    ("insert webhook_deliveries", "webhook stored"),
    ("update webhook_deliveries", "webhook worked on"),
    ("update units set processing", "bound"),
    ("update mails", "mail marked"),
    ("insert mails", "mail written"),
    ("insert upstream_listings", "list read"),
    ("update attempts", "answer noted"),
    ("update units", "unit moved"),
    ("update orders", "order moved"),
    ("insert packages", "catalog swapped"),
    ("update packages", "catalog swapped"),
    ("insert sync_runs", "sync begun"),
    ("update sync_runs", "sync ended"),
    ("insert upstream_tokens", "token kept"),
    ("delete upstream_tokens", "token forgotten"),
    ("update upstream_logins", "login noted"),
    ("insert upstream_logins", "login noted"),
    ("insert installation", "installation made"),
    ("update installation", "currency fixed"),
    ("insert markup_rules", "first rule made"),
    ("insert prices_noted", "prices noted"),
    ("insert admins", "first owner made"),
    ("delete jobs", "job done"),
    ("update jobs set attempts", "job claimed"),
    ("update jobs set lease_until", "job ended"),
    ("update jobs set lease longer", "lease prolonged"),
    ("update payments", "payment moved"),
    ("insert jobs", "job asked for"),
];

/// The name of a commit, and the tables that it wrote.
pub fn step(written: &[Write]) -> (String, String) {
    let mut tables: Vec<String> = written.iter().flat_map(|write| tables_written(&write.statement)).collect();
    tables.sort();
    tables.dedup();
    let detail = tables.join(", ");
    let named =
        STEPS.iter().find(|(sign, _)| written.iter().any(|write| bears(&write.statement, sign, &tables)));
    (named.map_or_else(|| detail.clone(), |(_, name)| (*name).to_owned()), detail)
}

/// Whether a statement bears a sign: its verb and table, and what else tells it from its like.
fn bears(statement: &str, sign: &str, all: &[String]) -> bool {
    let own = tables_written(statement);
    let has = |verb_and_table: &str| own.iter().any(|one| one == verb_and_table);
    let says = |words: &str| statement.to_ascii_lowercase().contains(words);
    match sign {
        "update payments set status paid" => has("update payments") && says("set status = 'paid'"),
        "update payments set start_key" => has("update payments") && says("set start_key = $"),
        "update payments set provider_reference" => {
            has("update payments") && says("set provider_reference = $")
        }
        "update refunds set status done" => has("update refunds") && says("set status = 'done'"),
        "update refunds set asked_at" => has("update refunds") && says("set asked_at = $"),
        // Binding is the only move of a unit that remembers an upstream order.
        "update units set processing" => {
            has("update units") && all.iter().any(|one| one == "insert upstream_orders")
        }
        "update jobs set attempts" => has("update jobs") && says("attempts = attempts + 1"),
        "update jobs set lease_until" => has("update jobs") && says("lease_until = null"),
        "update jobs set lease longer" => has("update jobs") && says("set lease_until = $"),
        sign => has(sign),
    }
}

/// A moment of death of RELIABILITY 2.8, and the places and modes that are it.
pub struct Moment {
    pub name: &'static str,
    pub what: &'static str,
    pub at: &'static [(&'static str, Mode)],
}

/// K3 to K5 are about a payment's webhook; the test payment's page tells the shop too, and the upstream's webhook has the
/// same three moments. A call's mode `C` is no moment: the program lives on for a while after the answer, so that nobody
/// knows what it has committed by then.
pub const MOMENTS: &[Moment] = &[
    Moment {
        name: "K1",
        what: "order committed, the customer not yet sent to pay",
        at: &[
            ("commit: order begun", Mode::B),
            ("commit: payment asked", Mode::B),
            ("stripe: POST /v1/checkout/sessions", Mode::A),
        ],
    },
    Moment {
        name: "K2",
        what: "payment opened, its address not told",
        at: &[
            ("shop: POST /checkout", Mode::B),
            ("stripe: POST /v1/checkout/sessions", Mode::B),
            ("commit: payment opened", Mode::A),
        ],
    },
    Moment {
        name: "K3",
        what: "payment or webhook received, not stored",
        at: &[
            ("shop: POST /webhooks/esimdual", Mode::A),
            ("shop: POST /webhooks/stripe", Mode::A),
            ("commit: webhook stored", Mode::A),
            ("commit: paid", Mode::A),
        ],
    },
    Moment {
        name: "K4",
        what: "stored, the 2xx not sent",
        at: &[
            ("commit: webhook stored", Mode::B),
            ("shop: POST /webhooks/esimdual", Mode::B),
            ("shop: POST /webhooks/stripe", Mode::B),
        ],
    },
    Moment { name: "K5", what: "2xx sent, not worked on", at: &[("commit: webhook worked on", Mode::A)] },
    Moment { name: "K6", what: "paid committed", at: &[("commit: paid", Mode::B)] },
    Moment {
        name: "K7",
        what: "key committed, the order not sent",
        at: &[("commit: attempt begun", Mode::B)],
    },
    Moment { name: "K8", what: "order sent, no answer", at: &[("upstream: POST /orders", Mode::B)] },
    Moment {
        name: "K9",
        what: "answer received, not committed",
        at: &[
            ("commit: eSIM stored", Mode::A),
            ("commit: bound", Mode::A),
            ("commit: answer noted", Mode::A),
        ],
    },
    Moment { name: "K10", what: "upstream order bound, no eSIM yet", at: &[("commit: bound", Mode::B)] },
    Moment {
        name: "K11",
        what: "eSIM stored, mail not sent",
        at: &[("commit: eSIM stored", Mode::B), ("commit: mail written", Mode::B)],
    },
    Moment { name: "K12", what: "mail handed over, not marked", at: &[("commit: mail marked", Mode::A)] },
    Moment {
        name: "K13",
        what: "refund committed, not paid out",
        at: &[
            ("commit: refund recorded", Mode::B),
            ("commit: refund asked", Mode::B),
            ("stripe: POST /v1/refunds", Mode::A),
        ],
    },
    Moment {
        name: "K14",
        what: "refund paid out, not committed",
        at: &[("stripe: POST /v1/refunds", Mode::B), ("commit: refund made", Mode::A)],
    },
    Moment { name: "K15", what: "inside the catalog's swap", at: &[("commit: catalog swapped", Mode::A)] },
    Moment { name: "K16", what: "inside a migration", at: &[("commit: migration", Mode::A)] },
];

impl Moment {
    pub fn is_at(&self, place: &Place, mode: Mode) -> bool {
        self.at.iter().any(|(point, at)| *point == place.point && *at == mode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_statement_writes_is_read_from_it() {
        let of = |statement| tables_written(statement).join(", ");
        assert_eq!(of("select wanted from jobs where id = $1 for update"), "");
        assert_eq!(
            of("insert into jobs (a) values (1) on conflict (key) do update set a = 2"),
            "insert jobs"
        );
        assert_eq!(
            of("update jobs set a = 1 where id = (select id from jobs for update skip locked)"),
            "update jobs"
        );
        assert_eq!(
            of("with gone as (delete from a returning id) insert into b select id from gone"),
            "delete a, insert b"
        );
        assert_eq!(of("COMMIT"), "");
    }

    #[test]
    fn a_commit_is_named_after_its_weightiest_write() {
        let named = |statements: &[&str]| {
            let written = statements.iter().map(|one| Write { statement: (*one).to_owned() });
            step(&written.collect::<Vec<_>>()).0
        };
        let mail = "insert into mails (key) values ($1)";
        assert_eq!(named(&["update payments set status = 'paid' where id = $1", mail]), "paid");
        assert_eq!(
            named(&["update units set status = $1", "insert into upstream_orders (id) values ($1)"]),
            "bound"
        );
        assert_eq!(
            named(&["update units set status = $1", "insert into attempts (unit_id) values ($1)"]),
            "attempt begun"
        );
        assert_eq!(named(&["insert into something_new (id) values (1)"]), "insert something_new");
    }

    #[test]
    fn every_step_that_a_moment_names_has_a_sign() {
        for (point, _) in MOMENTS.iter().flat_map(|moment| moment.at) {
            if let Some(name) = point.strip_prefix("commit: ") {
                assert!(STEPS.iter().any(|(_, step)| *step == name), "{name}");
            }
        }
    }
}
