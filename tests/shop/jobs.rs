//! Workers that work side by side, and workers that freeze.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use simfront::crew;
use simfront::ground::Entropy;
use simfront::plumbing::bell::Bell;
use simfront::plumbing::jobs::{self, Crew, Kind, NewJob, Verdict, run};
use simfront::sandbox::Operation;
use tokio::sync::Notify;

use crate::support::{FRANCE, LEASE, Stand};

#[tokio::test]
async fn f98_two_crews_on_one_database_buy_each_unit_once() {
    let stand = Stand::new().await;
    let mut tokens = Vec::new();
    for quantity in [1, 2, 3, 1] {
        tokens.push(stand.buy(FRANCE, quantity).await);
    }
    let (other, _, _) = stand.second_node();
    let (here, there) = (crew::crew(&stand.shop), crew::crew(&other));
    let (here, there) = tokio::join!(here.drain(LEASE), there.drain(LEASE));
    assert!(here.unwrap() > 0 && there.unwrap() > 0, "both had work");
    stand.drain().await;
    for token in &tokens {
        assert_eq!(stand.state(token).await, ("completed".into(), "paid".into()));
    }
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 7);
    stand.end().await;
}

/// What a job of these tests does: says that it began, then waits until it is let go.
#[derive(Clone, Default)]
struct Gate {
    begun: Arc<AtomicUsize>,
    begins: Arc<Notify>,
    opens: Arc<Notify>,
}

fn crew_of(stand: &Stand, gate: &Gate) -> Crew<Gate> {
    let wait = Kind {
        name: "wait",
        run: |gate: Gate, _: Value| {
            run(async move {
                let first = gate.begun.fetch_add(1, Ordering::SeqCst) == 0;
                gate.begins.notify_one();
                if first {
                    gate.opens.notified().await;
                }
                Ok(Verdict::Done)
            })
        },
        give_up_after: None,
    };
    Crew {
        context: gate.clone(),
        kinds: vec![wait],
        db: stand.shop.db.clone(),
        clock: stand.shop.clock.clone(),
        entropy: Entropy::system(),
        bell: Bell::default(),
    }
}

async fn ask_for(stand: &Stand) {
    let now = stand.shop.now();
    let job = NewJob { kind: "wait", key: "wait:1".to_owned(), payload: json!({}), run_at: now };
    jobs::enqueue(&mut stand.shop.db.acquire().await.unwrap(), &job, now).await.unwrap();
}

#[tokio::test]
async fn a_job_that_is_asked_for_again_while_it_runs_runs_once_more() {
    let (stand, gate) = (Stand::new().await, Gate::default());
    ask_for(&stand).await;
    let crew = crew_of(&stand, &gate);
    let running = tokio::spawn(async move { crew.drain(LEASE).await.unwrap() });
    gate.begins.notified().await;
    ask_for(&stand).await;
    assert_eq!(crew_of(&stand, &gate).drain(LEASE).await.unwrap(), 0, "it is held by the one that runs");
    gate.opens.notify_one();
    assert_eq!(running.await.unwrap(), 2);
    assert_eq!(gate.begun.load(Ordering::SeqCst), 2);
    assert_eq!(stand.count("select count(*) from jobs where kind = 'wait'").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f99_a_lease_that_ran_out_is_taken_over_and_the_old_claim_changes_nothing() {
    let (stand, gate) = (Stand::new().await, Gate::default());
    ask_for(&stand).await;
    let frozen = crew_of(&stand, &gate);
    let lease = Duration::from_secs(600);
    let running = tokio::spawn(async move { frozen.drain(lease).await.unwrap() });
    gate.begins.notified().await;
    stand.shop.clock.advance(time::Duration::seconds(601));
    // The one that takes over is in the middle of the work too when the frozen one wakes up.
    let second = Gate::default();
    let crew = crew_of(&stand, &second);
    let taken = tokio::spawn(async move { crew.drain(lease).await.unwrap() });
    second.begins.notified().await;
    gate.opens.notify_one();
    running.await.unwrap();
    let held = "select count(*) from jobs where key = 'wait:1' and attempts = 2 and lease_until is not null";
    assert_eq!(stand.count(held).await, 1, "the old claim ended nothing");
    second.opens.notify_one();
    assert_eq!(taken.await.unwrap(), 1);
    assert_eq!(stand.count("select count(*) from jobs where key = 'wait:1'").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f99_a_worker_that_died_in_the_middle_of_a_purchase_leaves_a_doubt_and_not_a_second_purchase() {
    let stand = Stand::new().await;
    let fault = simfront::sandbox::Fault::SilentAfterCommit;
    stand.sandbox.inject_once(fault);
    let token = stand.buy(FRANCE, 1).await;
    let crew = crew::crew(&stand.shop);
    let dying = tokio::spawn(async move { crew.drain(LEASE).await });
    stand.eventually("it is bought upstream", || stand.ledger().orders.len() == 1).await;
    dying.abort();
    assert!(dying.await.is_err());
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["ordering"], "its lease still holds");
    stand.pass(150).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 1);
    stand.end().await;
}

#[tokio::test]
async fn an_open_order_whose_job_was_lost_is_found_by_the_sweep() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.sql("delete from jobs").await;
    crew::start_rounds(&stand.shop).await.unwrap();
    stand.pass(180).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}
