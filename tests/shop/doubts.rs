//! What a no means after a doubt.

use simfront::sandbox::{Fault, Injection, Operation};

use crate::support::{FRANCE, Stand};

/// Each attempt: its outcome, how it was settled, the status.
async fn attempts(stand: &Stand) -> Vec<String> {
    let words = "select concat_ws(' ', outcome, settled, http_status) from attempts order by number";
    stand.texts(words).await
}

#[tokio::test]
async fn f15_a_no_after_a_doubt_refunds_nothing_until_a_list_confirms_that_nothing_was_bought() {
    let stand = Stand::new().await;
    stand.sandbox.inject_once(Fault::ServerErrorBeforeCommit);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(attempts(&stand).await, ["doubt 500"]);

    // The list lacks it, so it is sent again, and the upstream says that the balance is short.
    stand.sandbox.inject(Injection::times(Fault::InsufficientBalance, 1).on(Operation::CreateOrder));
    stand.pass(90).await;
    assert_eq!(attempts(&stand).await, ["doubt absent 500", "doubt 422"], "the first may have taken it");
    assert_eq!(stand.ledger().calls_of(Operation::CreateOrder), 2);
    assert_eq!(stand.texts("select distinct idempotency_key from attempts").await.len(), 1);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);

    // A list that was read long enough after confirms the no. The wallet holds enough: once more, under a new key.
    stand.pass(120).await;
    assert_eq!(attempts(&stand).await, ["doubt absent 500", "doubt absent 422", "done"]);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.ledger().orders.len(), 1);
    stand.end().await;
}
