//! What may stand in a webhook's body, and what becomes of those that cannot be worked on or stored.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, header};
use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::post::{PING, deliver, mac, made_of, post, signed, stored, two_events, write_tally};
use crate::support::{FRANCE, Plan, SECRET, Stand};

async fn deliver_bytes(stand: &Stand, body: &[u8]) -> u16 {
    let signature = hex::encode(mac(SECRET, body));
    let headers = [("x-esimdual-signature", signature.as_str())];
    post(stand, &headers, body.to_vec()).await.status.as_u16()
}

/// Sends these bytes to the shop's port, then nothing more, and reads what it says until it closes.
async fn raw(stand: &Stand, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(stand.origin.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn f60_a_body_that_breaks_off_is_no_webhook() {
    let stand = Stand::new().await;
    let signature = signed(PING);
    // The signature of what did arrive: even so it is a part, and not the whole.
    let head = format!(
        "POST /webhooks/esimdual HTTP/1.1\r\nhost: shop\r\nx-esimdual-signature: {signature}\r\n\
         x-esimdual-delivery: cut\r\n"
    );
    let length = format!("{head}content-length: {}\r\n\r\n{PING}", PING.len() + 1);
    let chunked = format!("{head}transfer-encoding: chunked\r\n\r\n{:x}\r\n{PING}\r\n", PING.len());
    for request in [length, chunked] {
        let answer = raw(&stand, request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    assert_eq!(stored(&stand).await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f61_a_body_that_is_too_large_is_refused_without_being_read() {
    let stand = Stand::new().await;
    // Ten megabytes are announced and never sent: only an answer that does not wait for them can come.
    let head = format!(
        "POST /webhooks/esimdual HTTP/1.1\r\nhost: shop\r\nx-esimdual-signature: {}\r\ncontent-length: 10000000\r\n\r\n",
        signed(PING)
    );
    let answer = raw(&stand, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let endless = futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]));
    let signature = signed(PING);
    let headers = [("x-esimdual-signature", signature.as_str())];
    assert_eq!(post(&stand, &headers, Body::from_stream(endless)).await.status.as_u16(), 413);
    assert_eq!(stored(&stand).await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f62_signed_garbage_is_refused_or_kept_and_breaks_nothing() {
    let (stand, token, [_, completed]) = two_events().await;
    let order = |name: &str| format!(r#"{{"event":"order.completed","order":{name}}}"#).into_bytes();
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let refused: Vec<Vec<u8>> = vec![
        b"\xff\xfe{}".to_vec(),
        b"{\"event\":\"pi\xffng\"}".to_vec(),
        b"{\"event\":\"ping\xc3\"}".to_vec(),
        b"{\"event\":\"pi\0ng\"}".to_vec(),
        b"\0".to_vec(),
        br#"{"event":"pi\u0000ng"}"#.to_vec(),
        br#"{"event":"\ud800"}"#.to_vec(),
        br#"{"event":""}"#.to_vec(),
        br#"{"event":["ping"]}"#.to_vec(),
        br#"{"event":"ping"}{"event":"ping"}"#.to_vec(),
        br#"{"event":"ping"} x"#.to_vec(),
        br#"["event","ping"]"#.to_vec(),
        br#""ping""#.to_vec(),
        b"   \r\n".to_vec(),
        br#"{"event":"ping","event":"order.completed"}"#.to_vec(),
        nested.clone().into_bytes(),
        "{\"event\":".repeat(10_000).into_bytes(),
    ];
    for body in &refused {
        let status = deliver_bytes(&stand, body).await;
        assert_eq!(status, 400, "{}", String::from_utf8_lossy(&body[..body.len().min(80)]));
    }
    assert_eq!(stored(&stand).await, 0);
    let unit = completed.split(r#""external_order_id":""#).nth(1).unwrap().split('"').next().unwrap();
    let kept: Vec<Vec<u8>> = vec![
        [b"\xef\xbb\xbf", PING.as_bytes()].concat(),
        format!(r#"{{"event":"ping","extra":{nested}}}"#).into_bytes(),
        format!(r#"{{"event":"{}"}}"#, "x".repeat(10_000)).into_bytes(),
        br#"{"event":1e400}"#.to_vec(),
        order(r#""a text""#),
        order("[]"),
        order("{}"),
        order("null"),
        order(&nested),
        order(r#"{"id":1e400,"external_order_id":"SF-22222222-1-1"}"#),
        order(r#"{"id":99999999999999999999999999999999999999999,"external_order_id":"SF-22222222-1-1"}"#),
        order(r#"{"id":-1,"external_order_id":"SF-22222222-1-1"}"#),
        order(r#"{"id":9223372036854775807,"external_order_id":"SF-22222222-1-1"}"#),
        order(r#"{"id":7,"external_order_id":"SF-22222222-1-1\u0000"}"#),
        order(r#"{"id":7,"external_order_id":"\ud800"}"#),
        order(&format!(r#"{{"id":7,"external_order_id":"{}"}}"#, "9".repeat(200_000))),
        order(&format!(
            r#"{{"id":7,"external_order_id":"{unit}","status":"comp\u0000leted","price":1e308,
            "currency":"\u0000","completed_at":"99999-99-99"}}"#
        )),
        order(&format!(
            r#"{{"id":7,"id":8,"external_order_id":"{unit}","status":"pending","price":"-0.00000000000000000000000000000000001"}}"#
        )),
    ];
    for body in &kept {
        let status = deliver_bytes(&stand, body).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body[..body.len().min(80)]));
    }
    stand.pass(660).await;
    let made = made_of(&stand).await;
    assert_eq!(made.len(), kept.len());
    assert!(made.iter().all(|status| status != "received"), "all came to an end: {made:?}");
    assert_eq!(stand.count("select count(*) from jobs where dead_at is not null").await, 0);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "by asking the upstream");
    stand.end().await;
}

/// Makes the database refuse every eSIM, with this SQLSTATE.
async fn refuse_esims(stand: &Stand, with: &'static str) {
    stand
        .sql(match with {
            "40001" => {
                "create function no() returns trigger language plpgsql
                 as $$ begin raise exception 'lost' using errcode = '40001'; end $$"
            }
            _ => {
                "create function no() returns trigger language plpgsql
                 as $$ begin raise exception 'refused' using errcode = '23514'; end $$"
            }
        })
        .await;
    stand.sql("create trigger no before insert on esims for each row execute function no()").await;
}

#[tokio::test]
async fn f62_a_delivery_that_cannot_be_worked_on_ends_before_staff_and_holds_up_no_other() {
    let (stand, token, [_, completed]) = two_events().await;
    refuse_esims(&stand, "23514").await;
    assert_eq!(deliver(&stand, "poison", &completed).await, 200);
    assert_eq!(deliver(&stand, "healthy", PING).await, 200);
    stand.drain().await;
    assert_eq!(made_of(&stand).await, ["received", "done"]);
    stand.pass(600).await;
    assert_eq!(made_of(&stand).await, ["unmatched", "done"]);
    let cookie = stand.owner().await;
    let request = Request::get("/admin/webhooks").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let page = stand.ask(request).await;
    assert!(page.body.contains("could not be worked on"), "{}", page.body);
    assert_eq!(stand.units(&token).await, ["processing"]);
    stand.sql("drop trigger no on esims").await;
    stand.pass(600).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "by asking the upstream");
    stand.end().await;
}

#[tokio::test]
async fn f69_faults_that_pass_by_themselves_are_waited_out_however_long_they_last() {
    let (stand, token, [_, completed]) = two_events().await;
    refuse_esims(&stand, "40001").await;
    assert_eq!(deliver(&stand, "one", &completed).await, 200);
    // An hour: far more tries than a delivery that cannot be worked on is given.
    stand.pass(3600).await;
    assert_eq!(made_of(&stand).await, ["received"]);
    assert_eq!(stand.count("select faults::bigint from webhook_deliveries").await, 0);
    stand.sql("drop trigger no on esims").await;
    stand.pass(330).await;
    assert_eq!(made_of(&stand).await, ["done"]);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f66_an_event_that_comes_before_its_order_is_kept_and_applied_once_the_order_is_there() {
    let (stand, token, [_, completed]) = two_events().await;
    stand.sql("update units set external_order_id = 'not yet ' || id").await;
    assert_eq!(deliver(&stand, "early", &completed).await, 200);
    stand.pass(120).await;
    assert_eq!(made_of(&stand).await, ["received"], "it is waited for");
    let name = completed.split(r#""external_order_id":""#).nth(1).unwrap().split('"').next().unwrap();
    sqlx::query("update units set external_order_id = $1").bind(name).execute(&stand.shop.db).await.unwrap();
    stand.pass(30).await;
    assert_eq!(made_of(&stand).await, ["done"]);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn f67_what_cannot_be_stored_in_time_is_asked_to_come_again_and_what_was_taken_is_there() {
    let stand = Stand::new().await;
    let mut lock = stand.shop.db.begin().await.unwrap();
    sqlx::query("lock table webhook_deliveries in access exclusive mode").execute(&mut *lock).await.unwrap();
    let signature = signed(PING);
    let ids: Vec<String> = (0..1500).map(|n| format!("flood-{n}")).collect();
    let full = tokio::sync::Notify::new();
    let ask = async |id: &String| {
        let headers = [("x-esimdual-signature", signature.as_str()), ("x-esimdual-delivery", id.as_str())];
        let answer = post(&stand, &headers, PING).await;
        full.notify_one();
        (answer.status.as_u16(), answer.header("retry-after").parse::<u64>().unwrap_or(0))
    };
    let unlock = async {
        // Nobody is answered while the table is locked, but those for whom there is no place.
        full.notified().await;
        lock.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(join_all(ids.iter().map(ask)), unlock);
    let taken = answers.iter().filter(|(status, _)| *status == 200).count();
    let again = answers.iter().filter(|(status, wait)| *status == 503 && *wait > 0).count();
    assert_eq!(taken + again, ids.len(), "{answers:?}");
    assert!(taken >= 1000 && again > 0, "{taken} taken, {again} asked to come again");
    assert_eq!(stored(&stand).await, i64::try_from(taken).unwrap());
    write_tally(&stand).await;
    let counted = "select reason from webhook_refusals where source = 'esimdual'";
    assert_eq!(stand.texts(counted).await, ["saturated"]);
    stand.end().await;
}

/// A connection that hangs without a word holds up its own webhooks, as long as anybody waits, and no others.
#[tokio::test]
async fn a_commit_that_hangs_is_given_up_and_those_behind_it_are_stored() {
    let stand = Stand::new().await;
    stand
        .sql(
            "create function hang() returns trigger language plpgsql
             as $$ begin if new.event = 'order.hangs' then perform pg_sleep(600); end if; return new; end $$",
        )
        .await;
    stand
        .sql("create trigger hang before insert on webhook_deliveries for each row execute function hang()")
        .await;
    let hangs = json!({ "event": "order.hangs" }).to_string();
    let mut hanging = Box::pin(deliver(&stand, "hangs", &hangs));
    let behind = async {
        let sleeps = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
        while stand.count(sleeps).await == 0 {}
        for n in 0..3 {
            assert_eq!(deliver(&stand, &format!("behind-{n}"), PING).await, 200);
        }
    };
    tokio::select! {
        biased;
        () = behind => {}
        _ = &mut hanging => panic!("those behind it waited for as long as it did"),
    }
    assert_eq!(hanging.await, 503, "its sender is asked to come again");
    assert_eq!(stored(&stand).await, 3);
    assert_eq!(deliver(&stand, "after", PING).await, 200);
    // The server's side of it still sleeps.
    stand
        .tell_server(
            "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = 'DATABASE'",
        )
        .await;
    stand.end().await;
}

#[tokio::test]
async fn f67_one_row_that_the_database_refuses_harms_none_that_came_with_it() {
    let stand = Stand::new().await;
    stand
        .sql(
            "create function no() returns trigger language plpgsql
             as $$ begin if new.event = 'order.cursed' then raise exception 'refused'; end if; return new; end $$",
        )
        .await;
    stand
        .sql("create trigger no before insert on webhook_deliveries for each row execute function no()")
        .await;
    let bodies: Vec<String> = (0..60)
        .map(|n| json!({ "event": if n % 20 == 7 { "order.cursed" } else { "ping" }, "n": n }).to_string())
        .collect();
    let ids: Vec<String> = (0..60).map(|n| format!("row-{n}")).collect();
    let answers = join_all(ids.iter().zip(&bodies).map(|(id, body)| deliver(&stand, id, body))).await;
    for (n, status) in answers.iter().enumerate() {
        assert_eq!(*status, if n % 20 == 7 { 503 } else { 200 }, "row {n}");
    }
    assert_eq!(stored(&stand).await, 57);
    stand.end().await;
}

#[tokio::test]
async fn many_at_once_under_few_ids_are_each_stored_once() {
    let stand = Stand::new().await;
    // Forty posts of four ids, and of two bodies under each id: the second body is known by its hash.
    let posts: Vec<(String, String)> = (0..40)
        .map(|n| {
            (format!("id-{}", n % 4), json!({ "event": "ping", "n": n % 4, "m": n % 8 / 4 }).to_string())
        })
        .collect();
    let answers = join_all(posts.iter().map(|(id, body)| deliver(&stand, id, body))).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(stored(&stand).await, 8);
    assert_eq!(stand.count("select count(*) from jobs where kind = 'webhook_delivery'").await, 8);
    assert_eq!(stand.count("select count(distinct body) from webhook_deliveries").await, 8);
    stand.end().await;
}

#[tokio::test]
async fn f71_a_body_that_drips_is_given_as_long_as_a_head_and_no_longer() {
    let stand = Stand::with(Plan { header_read: Duration::from_millis(300), ..Plan::default() }).await;
    let drip = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Ok::<_, std::io::Error>(vec![b' ']), ()))
    });
    let signature = signed(PING);
    let headers = [("x-esimdual-signature", signature.as_str())];
    let answer = post(&stand, &headers, Body::from_stream(drip)).await;
    assert_eq!((answer.status.as_u16(), answer.header("connection")), (408, "close"));
    assert_eq!(stored(&stand).await, 0);
    let order = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&order).await, ("completed".into(), "paid".into()));
    stand.end().await;
}
