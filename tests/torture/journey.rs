//! One run: a script, at most one death of the program in it, everything driven to rest, and then the truth.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use simfront::sandbox::{CatalogChange, DeliveryState};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::scripts::{Pays, Scene, Script};
use crate::stage::Stage;
use crate::stand::{Program, attribute, http};
use crate::trap::{Mode, Place, Trap};
use crate::{bank, card, truth};

/// The plan that is bought: the upstream's documented example.
const FRANCE: u64 = 1120;
const TRAVELLER: &str = "traveller@example.com";
/// Far longer than anything takes here to come to rest, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(150);
/// A finding that does not hold any more is closed by the next matching or two, and after a new list of orders.
const PATIENCE_WITH_BOOKS: Duration = Duration::from_secs(60);
const A_MOMENT: Duration = Duration::from_millis(80);

/// What a run met.
pub struct Run {
    /// Every point, in the order in which it was reached, with the tables that it wrote.
    pub trace: Vec<(Place, String)>,
    /// Whether the program was killed.
    pub killed: bool,
}

/// Plays a script, and kills the program at `aim` if it gets there. Panics when something that must hold does not.
pub async fn play(
    number: usize,
    script: &'static Script,
    aim: Option<(Place, Mode)>,
    afterwards: Duration,
) -> Run {
    let trap = Trap::aimed_at(aim, afterwards);
    let stage = Stage::new(number, trap, script.scene == Scene::FirstStart).await;
    let mut conn = stage.database.connect().await;
    let run = match script.scene {
        Scene::Purchase => purchase(&stage, &mut conn, script).await,
        Scene::Sync => sync(&stage, &mut conn).await,
        Scene::FirstStart => first_start(&stage, &mut conn).await,
    };
    drop(conn);
    stage.end().await;
    run
}

async fn purchase(stage: &Stage, conn: &mut PgConnection, script: &Script) -> Run {
    let mut program = stage.start();
    assert!(stage.ready(&mut program).await);
    let recurring = settled_jobs(conn).await;
    (script.prepare)(&stage.sandbox);
    (script.bank)(&stage.stripe);
    let customer = Customer { http: http(), shop: stage.url.clone() };
    let form = customer.form(script).await;
    stage.trap.arm(program.pid());

    let mut before = Vec::new();
    let mut watched = stage.database.connect().await;
    let keeper = async {
        stage.trap.has_sprung().await;
        program.ended().await;
        before = truth::history(&mut watched).await;
        program = stage.start();
        stage.ready(&mut program).await;
        std::future::pending::<()>().await
    };
    let life = async {
        let order = customer.buy(&form, script.pays, || (script.placed)(&stage.sandbox)).await;
        until_rest(stage, conn, script, &customer, &order, &recurring).await;
        let trace = stage.trap.disarm();
        until_matched(conn, script).await;
        trace
    };
    let trace = tokio::select! {
        () = keeper => unreachable!("it never ends"),
        trace = life => trace,
    };
    drop(watched);
    let killed = stage.trap.is_sprung();
    program.stop().await;

    let ledger = stage.sandbox.ledger();
    truth::fate(conn, script.fate).await;
    truth::units(conn, &ledger).await;
    truth::books(conn).await;
    bank::agrees(conn, &stage.stripe).await;
    let sessions = stage.stripe.sessions().len();
    assert_eq!(sessions, usize::from(script.pays.method() == "stripe"), "one order is one session");
    truth::ledgers(conn, script.finds).await;
    truth::webhooks(conn, &ledger).await;
    truth::story(conn, &before).await;
    truth::mails(conn, &stage.post, TRAVELLER, u32::from(killed)).await;
    Run { trace, killed }
}

/// The keys of the jobs that come back by themselves, once those of the start have run.
async fn settled_jobs(conn: &mut PgConnection) -> BTreeSet<String> {
    until("the jobs of the start have run", async || {
        // One that failed, on a machine that has much else to do, comes again in a while.
        let busy = "select count(*) from jobs
                    where lease_until is not null or run_at <= clock_timestamp() or faults > 0";
        (truth::count(conn, busy).await == 0 && !job_keys(conn).await.is_empty()).then_some(())
    })
    .await;
    job_keys(conn).await
}

async fn job_keys(conn: &mut PgConnection) -> BTreeSet<String> {
    let keys: Vec<String> = sqlx::query_scalar("select key from jobs").fetch_all(conn).await.unwrap();
    keys.into_iter().collect()
}

/// Waits until the order is final and nobody has anything to do for it any more. A kill that comes as the last thing
/// of all begins the wait anew.
async fn until_rest(
    stage: &Stage,
    conn: &mut PgConnection,
    script: &Script,
    customer: &Customer,
    order: &str,
    recurring: &BTreeSet<String>,
) {
    let mut sprung = false;
    loop {
        let began = Instant::now();
        loop {
            if let Some(seen) = customer.look(order).await {
                (script.help)(&stage.sandbox, &seen);
            }
            if at_rest(stage, conn, recurring).await {
                break;
            }
            hurry(conn).await;
            assert!(
                began.elapsed() < PATIENCE,
                "it never comes to rest: {}",
                restless(stage, conn, recurring).await
            );
            tokio::time::sleep(A_MOMENT).await;
        }
        tokio::time::sleep(stage.trap.afterwards + A_MOMENT).await;
        if stage.trap.is_sprung() == sprung {
            break;
        }
        sprung = true;
    }
    let seen = until("the program is back", async || customer.look(order).await).await;
    assert!(["completed", "failed"].contains(&seen["status"].as_str().unwrap()), "{seen}");
}

async fn at_rest(stage: &Stage, conn: &mut PgConnection, recurring: &BTreeSet<String>) -> bool {
    let open = "select (select count(*) from orders where status in ('awaiting_payment', 'processing'))
                     + (select count(*) from refunds where status = 'pending')
                     + (select count(*) from mails where sent_at is null)
                     + (select count(*) from webhook_deliveries where status = 'received')
                     + (select count(*) from jobs where lease_until is not null)";
    let sending = |state: DeliveryState| state == DeliveryState::Pending;
    truth::count(conn, open).await == 0
        && job_keys(conn).await.is_subset(recurring)
        && !stage.sandbox.ledger().webhooks.iter().any(|one| sending(one.state))
        && !stage.stripe.is_telling()
}

/// Whoever holds the money is asked again after half a minute where an answer was lost. Here nobody waits for that: how
/// long the pauses are is tried with a clock that is moved by hand.
pub async fn hurry(conn: &mut PgConnection) {
    let forward = "update jobs
                   set run_at = clock_timestamp()
                   where kind in ('send_refund', 'look_at_payment')
                     and lease_until is null
                     and run_at > clock_timestamp() + interval '3 seconds'";
    sqlx::query(forward).execute(conn).await.unwrap();
}

/// Waits until the ledgers were matched once more. What a matching found while things moved, a later one closes.
async fn until_matched(conn: &mut PgConnection, script: &Script) {
    let rested: OffsetDateTime =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut *conn).await.unwrap();
    let began = Instant::now();
    loop {
        let read = "select count(*) from ledger_matching where matched_at > $1";
        let matched: i64 = sqlx::query_scalar(read).bind(rested).fetch_one(&mut *conn).await.unwrap();
        if matched == 1 && truth::open_findings(conn, script.finds).await.is_empty() {
            return;
        }
        if began.elapsed() > PATIENCE_WITH_BOOKS {
            assert_eq!(matched, 1, "the ledgers were never matched again");
            return;
        }
        tokio::time::sleep(A_MOMENT).await;
    }
}

/// What still goes on, for whoever reads why a run failed.
async fn restless(stage: &Stage, conn: &mut PgConnection, recurring: &BTreeSet<String>) -> String {
    let read = "select concat_ws(', ',
                    (select string_agg('order ' || status, ', ') from orders),
                    (select string_agg(concat_ws(' ', 'unit', status, hold_reason), ', ') from units),
                    (select string_agg(concat_ws(' ', 'attempt', coalesce(outcome, 'open'), settled), ', ') from attempts),
                    (select string_agg('delivery ' || event, ', ') from webhook_deliveries where status = 'received'),
                    (select string_agg('mail ' || key, ', ') from mails where sent_at is null))";
    let tables: String = sqlx::query_scalar(read).fetch_one(&mut *conn).await.unwrap();
    let read = "select concat_ws(' ', key, 'due in', run_at - clock_timestamp(), 'claims', attempts, 'faults', faults,
                                 'lease', lease_until - clock_timestamp(), last_error)
                from jobs
                where not key = any($1) or lease_until is not null";
    let known: Vec<String> = recurring.iter().cloned().collect();
    let jobs: Vec<String> = sqlx::query_scalar(read).bind(known).fetch_all(conn).await.unwrap();
    let ledger = stage.sandbox.ledger();
    let sending = ledger.webhooks.iter().filter(|one| one.state == DeliveryState::Pending);
    let sending: Vec<_> = sending.map(|one| (&one.event, one.attempts.len())).collect();
    format!("{tables}; jobs: {jobs:?}; webhooks still sent: {sending:?}")
}

/// Somebody who buys, and who clicks again where no answer comes.
struct Customer {
    http: reqwest::Client,
    shop: String,
}

impl Customer {
    async fn form(&self, script: &Script) -> Vec<(&'static str, String)> {
        let quantity = script.quantity;
        let address = format!("{}/checkout?package_id={FRANCE}&quantity={quantity}", self.shop);
        let page = self.http.get(address).send().await.unwrap().text().await.unwrap();
        vec![
            ("package_id", FRANCE.to_string()),
            ("quantity", quantity.to_string()),
            ("form_key", attribute(&page, "name=\"form_key\" value=\"")),
            ("shown_price", attribute(&page, "name=\"shown_price\" value=\"")),
            ("email", TRAVELLER.to_owned()),
            ("payment_method", script.pays.method().to_owned()),
            ("accept_terms", "on".to_owned()),
        ]
    }

    /// Posts until there is a redirect: its path.
    async fn post(&self, path: &str, fields: &[(&str, String)]) -> String {
        until(&format!("{path} is answered"), async || {
            let answer = self.http.post(format!("{}{path}", self.shop)).form(fields).send().await.ok()?;
            let status = answer.status();
            assert!(status == 303 || status.is_server_error(), "{path} was answered with {status}");
            let to = answer.headers().get("location")?.to_str().unwrap().to_owned();
            Some(to.strip_prefix(&self.shop).unwrap_or(&to).to_owned())
        })
        .await
    }

    /// Orders and pays: the path of the order.
    async fn buy(&self, form: &[(&str, String)], pays: Pays, placed: impl Fn()) -> String {
        let to = self.post("/checkout", form).await;
        placed();
        match pays {
            Pays::Test(outcome) => self.post(&to, &[("outcome", outcome.to_owned())]).await,
            Pays::ByCard { returns } => card::pay(&self.http, &self.shop, &to, returns).await,
        }
    }

    /// The order as JSON, where the shop answers; never completed without its eSIM.
    async fn look(&self, order: &str) -> Option<Value> {
        let request = self.http.get(format!("{}{order}", self.shop)).header("accept", "application/json");
        let seen: Value = request.send().await.ok()?.error_for_status().ok()?.json().await.ok()?;
        for unit in seen["lines"][0]["units"].as_array().unwrap() {
            let code = unit["esim"]["activation_code"].as_str().unwrap_or_default();
            assert_eq!(
                unit["status"] == "completed",
                code.starts_with("LPA:"),
                "completed is shown with its code: {unit}"
            );
        }
        Some(seen)
    }
}

/// Asks again until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(answer) = ask().await {
            return answer;
        }
        tokio::time::sleep(A_MOMENT).await;
    }
    panic!("never: {what}");
}

/// The catalog that the shop sells from, as one text.
async fn catalog(conn: &mut PgConnection) -> String {
    let read = "select coalesce(string_agg(concat_ws(' ', id, name, cost, withdrawn_at is null), ', ' order by id), '')
                from packages";
    sqlx::query_scalar(read).fetch_one(conn).await.unwrap()
}

/// The catalog changed while the program was away. Whoever looks meanwhile sees all of the old one or all of the new.
async fn sync(stage: &Stage, conn: &mut PgConnection) -> Run {
    let old = catalog(conn).await;
    let other = {
        let read = "select id from packages where id <> 1120 order by id limit 1";
        u64::try_from(sqlx::query_scalar::<_, i64>(read).fetch_one(&mut *conn).await.unwrap()).unwrap()
    };
    for change in [
        CatalogChange::Reprice {
            id: FRANCE,
            reseller_price: "4.44".parse().unwrap(),
            price_for_reseller: None,
        },
        CatalogChange::Withdraw { id: other },
    ] {
        stage.sandbox.change_catalog(change).unwrap();
    }
    let (mut program, mut revived) = (stage.start(), false);
    stage.trap.arm(program.pid());
    let mut seen = BTreeSet::new();
    let mut reader = stage.database.connect().await;
    let ended = "select count(*) from sync_runs where outcome = 'applied'";
    let began = truth::count(conn, ended).await;
    let reading = async {
        loop {
            seen.insert(catalog(&mut reader).await);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let life = async {
        until("the catalog is synced", async || {
            revive(stage, &mut program, &mut revived).await;
            let done = truth::count(conn, ended).await > began;
            let busy = truth::count(conn, "select count(*) from jobs where lease_until is not null").await;
            (done && busy == 0).then_some(())
        })
        .await;
    };
    tokio::select! {
        () = reading => {}
        () = life => {}
    }
    let run = over(stage, program, revived).await;
    let new = catalog(conn).await;
    assert_ne!(old, new, "the change arrived");
    let mixed: Vec<&String> = seen.iter().filter(|one| **one != old && **one != new).collect();
    assert!(mixed.is_empty(), "a catalog between old and new was seen: {mixed:?}");
    assert!(new.contains(" 4.44"), "{new}");
    run
}

/// An empty database becomes a shop that sells, wherever its first start is broken off.
async fn first_start(stage: &Stage, conn: &mut PgConnection) -> Run {
    let (mut program, mut revived) = (stage.start(), false);
    stage.trap.arm(program.pid());
    if !stage.ready(&mut program).await {
        revive(stage, &mut program, &mut revived).await;
        assert!(stage.ready(&mut program).await);
    }
    until("the catalog is there", async || {
        revive(stage, &mut program, &mut revived).await;
        let there = "select count(*) from packages";
        let busy = "select count(*) from jobs where lease_until is not null";
        (truth::count(conn, there).await == 20 && truth::count(conn, busy).await == 0).then_some(())
    })
    .await;
    let run = over(stage, program, revived).await;
    assert_eq!(truth::count(conn, "select count(*) from installation").await, 1);
    assert_eq!(
        truth::count(conn, "select count(*) from markup_rules").await,
        1,
        "the first rule is made once"
    );
    assert_eq!(truth::count(conn, "select count(*) from _sqlx_migrations where not success").await, 0);
    run
}

/// Starts the program again after its death, once.
async fn revive(stage: &Stage, program: &mut Program, revived: &mut bool) {
    if stage.trap.is_sprung() && !std::mem::replace(revived, true) {
        program.ended().await;
        *program = stage.start();
    }
}

/// The end of a start that was perhaps killed: the program is stopped. Gives what it met.
async fn over(stage: &Stage, mut program: Program, mut revived: bool) -> Run {
    tokio::time::sleep(stage.trap.afterwards + A_MOMENT).await;
    let (killed, trace) = (stage.trap.is_sprung(), stage.trap.disarm());
    revive(stage, &mut program, &mut revived).await;
    assert!(stage.ready(&mut program).await);
    program.stop().await;
    Run { trace, killed }
}
