//! A newer program has migrated the database that an older one still works on.

use sqlx::{Connection as _, PgConnection};

use crate::stand::{Customer, Stand};

const FRANCE: u32 = 1120;

/// What the next version's migration would do while this one runs: it adds, and takes nothing away.
const NEWER: &str = "
    alter table orders add column gift_note text;
    alter table units add column batch bigint not null default 0;
    create table later_feature (id bigint primary key);
    insert into _sqlx_migrations (version, description, success, checksum, execution_time)
    values (9001, 'of the next version', true, '\\x00', 0);";

#[tokio::test]
async fn f102_a_node_goes_on_selling_while_a_newer_one_migrates_and_is_not_started_on_it_again() {
    let stand = Stand::new().await;
    let mut program = stand.serve(&[]).await;
    let customer = Customer::of(&program);
    let before = customer.buy(FRANCE).await;
    let waiting = customer.order(FRANCE).await;
    let form = customer.form(FRANCE).await;

    let mut newer = PgConnection::connect(&stand.database.url).await.unwrap();
    sqlx::raw_sql(NEWER).execute(&mut newer).await.unwrap();

    // Begun before and ended after, and begun after: prepared statements, and a schema with more in it.
    customer.post("/checkout", &form).await;
    let paid = customer.post(&waiting, &[("outcome", "pay".to_owned())]).await;
    let paid = paid.strip_prefix(&program.url).unwrap_or(&paid).to_owned();
    let after = customer.buy(FRANCE).await;
    for order in [&before, &paid, &after] {
        customer.until_status(order, "completed").await;
    }
    assert_eq!(stand.purchases().len(), 3);
    program.ready().await;
    program.stop().await;

    // Rolled back to the older binary: a sentence and a failing exit, and nothing is touched.
    for arguments in [&["serve"][..], &["worker"], &["migrate"], &["sync"]] {
        let refused = stand.run(arguments).await;
        assert_eq!(refused.code, Some(1), "{arguments:?}: {refused:?}");
        assert!(refused.err.contains("newer than this program"), "{arguments:?}: {refused:?}");
    }
    let columns =
        "select count(*) from information_schema.columns where column_name in ('gift_note', 'batch')";
    assert_eq!(stand.database.count(columns).await, 2);

    // The newer one is undone by whoever rolls back; then the older one starts, and its orders are there.
    sqlx::raw_sql("delete from _sqlx_migrations where version = 9001").execute(&mut newer).await.unwrap();
    newer.close().await.unwrap();
    let program = stand.serve(&[]).await;
    assert_eq!(customer.look(&after).await["status"], "completed");
    let again = customer.buy(FRANCE).await;
    customer.until_status(&again, "completed").await;
    assert_eq!(stand.purchases().len(), 4);
    program.stop().await;
    stand.end().await;
}
