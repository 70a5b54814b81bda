//! What a long run came to, as JSON, and whether every promise was kept.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use futures_util::FutureExt as _;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use simfront::sandbox::{Ledger, TransactionKind};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::{Fallen, Outside, opening, weather};
use crate::bank::{self, Sums};
use crate::post_office::PostOffice;
use crate::truth;

/// So many mails may be on their way from one node when it is killed, or when the database goes from under it: they are
/// sent again.
const MAILS_AT_ONCE: u32 = 2;

/// What was asked for, and how it went.
pub struct Bill {
    pub seed: u64,
    pub units: u64,
    pub planned: usize,
    pub stormed: Duration,
    pub took: Duration,
    pub fallen: Fallen,
    /// Whether everything came to rest.
    pub rested: bool,
}

/// Judges and writes the report; every promise that was broken, in words.
pub async fn write(bill: &Bill, pool: &PgPool, outside: &Outside, ended_by_themselves: u32) -> Vec<String> {
    let (ledger, post, bank) = (outside.sandbox.ledger(), &outside.post, bank::sums(&outside.stripe));
    let mut conn = pool.acquire().await.unwrap();
    let mut broken = promises(&mut conn, &ledger, outside).await;
    if !bill.rested {
        broken.push("not everything came to rest".to_owned());
    }
    let shop = shop_sums(&mut conn).await;
    let upstream = upstream_sums(&ledger);
    let number = |value: &Value| value.as_i64().expect("a whole number");
    let adrift =
        number(&shop["payments_minor"]) - number(&shop["delivered_minor"]) - number(&shop["refunds_minor"]);
    for (what, found, expected) in [
        ("orders", number(&shop["orders"]), i64::try_from(bill.planned).unwrap()),
        ("units", number(&shop["units"]), i64::try_from(bill.units).unwrap()),
        ("cents adrift", adrift, 0),
        ("debits that are no purchase", number(&upstream["debits"]) - number(&upstream["purchases"]), 0),
        ("cents that were paid by card and did not arrive", bank.paid - number(&shop["by_card_minor"]), 0),
        ("cents that went back by card", bank.refunded, number(&shop["refunds_by_card_minor"])),
        ("intents of which more went back than was paid", i64::try_from(bank.over).unwrap(), 0),
    ] {
        if found != expected {
            broken.push(format!("{what}: {found}, not {expected}"));
        }
    }
    if upstream["balance"] != upstream["balance_expected"] {
        broken
            .push(format!("the wallet holds {}, not {}", upstream["balance"], upstream["balance_expected"]));
    }
    let faults: BTreeMap<String, u64> =
        ledger.faults.by_fault.iter().map(|(fault, times)| (word(&json!(fault)), *times)).collect();
    let calls: BTreeMap<String, u64> =
        ledger.calls.iter().map(|(call, times)| (word(&json!(call)), *times)).collect();
    // Of 300 units some fifteen fail, and nearly half of them are paid by card.
    if bill.units >= 300 && bank.refunds == 0 {
        broken.push("nothing went back by card: the run says nothing of refunds".to_owned());
    }
    let faulty = faulty_permille(&ledger);
    if faulty < least_faulty(bill.units) {
        broken.push(format!("only {faulty} of a thousand calls were faulty"));
    }
    let Fallen { kills, immediate, fast } = bill.fallen;
    let (extra_mails, excused) = (extra_mails(bill, post), MAILS_AT_ONCE * (kills + 2 * (immediate + fast)));
    if extra_mails > excused {
        broken.push(format!("{extra_mails} mails came again, though blows explain {excused} at most"));
    }
    let report = json!({
        "seed": bill.seed,
        "commit": commit(),
        "units": bill.units,
        "orders": bill.planned,
        "seconds": { "storm": bill.stormed.as_secs(), "all": bill.took.as_secs() },
        "calls": calls,
        "faults": faults,
        "faulty_calls_permille": faulty,
        "kills": kills,
        "restarts_of_postgresql": { "immediate": immediate, "fast": fast },
        "nodes_ended_by_themselves": ended_by_themselves,
        "mails_that_came_again": extra_mails,
        "shop": shop,
        "upstream": upstream,
        "stripe": bank_report(outside, bank),
        "why_units_failed": failures(&mut conn).await,
        "adrift_minor": adrift,
        "findings": broken,
        "verdict": if broken.is_empty() { "kept" } else { "broken" },
    });
    let file = file(bill);
    let text = serde_json::to_string_pretty(&report).unwrap();
    std::fs::write(&file, &text).unwrap();
    println!("{text}\nwritten to {}", file.display());
    broken
}

/// The promises that hold for any run, each judged however the others came out.
async fn promises(conn: &mut PgConnection, ledger: &Ledger, outside: &Outside) -> Vec<String> {
    let mut broken = Vec::new();
    let mut judge = |judged: Result<(), Box<dyn std::any::Any + Send>>| {
        if let Err(panic) = judged {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            broken.push(text.unwrap_or_else(|| "broken without words".to_owned()));
        }
    };
    judge(AssertUnwindSafe(truth::units(conn, ledger)).catch_unwind().await);
    judge(AssertUnwindSafe(truth::books(conn)).catch_unwind().await);
    judge(AssertUnwindSafe(bank::agrees(conn, &outside.stripe)).catch_unwind().await);
    judge(AssertUnwindSafe(truth::ledgers(conn, &[])).catch_unwind().await);
    judge(AssertUnwindSafe(truth::webhooks(conn, ledger)).catch_unwind().await);
    judge(AssertUnwindSafe(truth::story(conn, &[])).catch_unwind().await);
    judge(AssertUnwindSafe(truth::all_mails(conn, &outside.post)).catch_unwind().await);
    broken
}

async fn shop_sums(conn: &mut PgConnection) -> Value {
    let mut sums = serde_json::Map::new();
    for (name, statement) in [
        ("orders", "select count(*) from orders"),
        ("units", "select count(*) from units"),
        ("delivered", "select count(*) from units where status = 'completed'"),
        ("refunded", "select count(*) from units where status = 'failed'"),
        ("payments", "select count(*) from payments where status = 'paid'"),
        (
            "payments_minor",
            "select coalesce(sum(amount_minor), 0)::bigint from payments where status = 'paid'",
        ),
        ("refunds", "select count(*) from refunds where status = 'done'"),
        ("refunds_minor", "select coalesce(sum(amount_minor), 0)::bigint from refunds where status = 'done'"),
        (
            "by_card_minor",
            "select coalesce(sum(amount_minor), 0)::bigint
             from payments where status = 'paid' and method = 'stripe'",
        ),
        (
            "refunds_by_card_minor",
            "select coalesce(sum(r.amount_minor), 0)::bigint
             from refunds r join payments p on p.id = r.payment_id
             where r.status = 'done' and p.method = 'stripe'",
        ),
        ("payments_that_were_asked_again", "select count(*) from payments where start_doubts > 0"),
        (
            "delivered_minor",
            "select coalesce(sum(l.unit_price_minor), 0)::bigint
             from units u join order_lines l on l.id = u.line_id where u.status = 'completed'",
        ),
        ("attempts", "select count(*) from attempts"),
        ("doubts", "select count(*) from attempts where outcome = 'doubt'"),
        ("orders_that_need_a_person", "select count(*) from orders where attention"),
        ("webhooks", "select count(*) from webhook_deliveries"),
        ("findings_of_the_ledgers", "select count(*) from ledger_findings"),
        ("findings_that_stay_open", "select count(*) from ledger_findings where closed_at is null"),
        ("jobs_given_up", "select count(*) from jobs where dead_at is not null"),
    ] {
        let sum: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut *conn).await.unwrap();
        sums.insert(name.to_owned(), sum.into());
    }
    sums.into()
}

async fn failures(conn: &mut PgConnection) -> BTreeMap<String, i64> {
    let read = "select failure, count(*) from units where status = 'failed' group by failure";
    let rows: Vec<(String, i64)> = sqlx::query_as(read).fetch_all(conn).await.unwrap();
    rows.into_iter().collect()
}

fn upstream_sums(ledger: &Ledger) -> Value {
    let sum = |kind: TransactionKind| {
        let of_orders = ledger.transactions.iter().filter(|one| one.kind == kind && one.order_id.is_some());
        of_orders.map(|one| one.amount).sum::<Decimal>()
    };
    let (debited, credited) = (sum(TransactionKind::Debit), sum(TransactionKind::Credit));
    let prices: Decimal = ledger.orders.iter().map(|order| order.price).sum();
    json!({
        "purchases": ledger.orders.len(),
        "debits": ledger.debits().len(),
        "purchases_sum": prices.normalize().to_string(),
        "debits_sum": debited.normalize().to_string(),
        "credits_sum": credited.normalize().to_string(),
        "balance": ledger.balance.normalize().to_string(),
        "balance_expected": (opening() - prices + credited).normalize().to_string(),
        "requests_for_orders": ledger.order_requests.len(),
    })
}

/// What became of the money at Stripe, in minor units, and what went wrong there.
fn bank_report(outside: &Outside, sums: Sums) -> Value {
    let books = outside.stripe.books();
    json!({
        "sessions_opened": books.sessions.len(),
        "sessions_paid": sums.sessions,
        "paid_minor": sums.paid,
        "refunds": sums.refunds,
        "refunds_minor": sums.refunded,
        "over_refunds": sums.over,
        "calls": books.calls,
        "events": books.told.len(),
        "faults": books.struck,
    })
}

/// How many mails were taken more than once.
fn extra_mails(bill: &Bill, post: &PostOffice) -> u32 {
    let emails = (0..bill.planned).map(super::shoppers::Planned::email);
    emails.flat_map(|email| post.to(&email)).map(|(_, times)| times.saturating_sub(1)).sum()
}

/// Of a thousand calls of the upstream, from the first start to the end of the healing, so many failed or were answered
/// with a lie.
fn faulty_permille(ledger: &Ledger) -> u64 {
    let faults = ledger.faults.by_fault.iter();
    let struck: u64 =
        faults.filter(|(fault, _)| weather::fails_or_lies(**fault)).map(|(_, times)| times).sum();
    struck * 1000 / ledger.calls.values().sum::<u64>().max(1)
}

/// The least that it must be: in a short run chance and the calls of the healing weigh more.
fn least_faulty(units: u64) -> u64 {
    if units < 2000 { 250 } else { 300 }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn commit() -> String {
    let asked = Command::new("git").args(["describe", "--always", "--dirty", "--abbrev=40"]).output();
    let said = asked.ok().filter(|said| said.status.success());
    said.map_or_else(|| "unknown".to_owned(), |said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

fn file(bill: &Bill) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    folder.join(format!("long-run-{}-{}.json", bill.units, bill.seed))
}
