//! Answers to a purchase, row by row of the fault matrix (F13 to F36): refusals, false successes, and orders that are
//! not the one that was asked for.

use rust_decimal::Decimal;
use simfront::esimdual::{Answer, Esim, NewOrder, OrderStatus};
use simfront::sandbox::{Fault, Injection, Operation};

use crate::faults_sending::Stage;
use crate::support::{Act, Fake, ORDER, client, clock, no_database, reply, token, word};

fn of(fault: Fault) -> Injection {
    Injection::of(fault)
}

/// What a purchase comes to when the upstream answers these bytes.
async fn answered(bytes: &str) -> &'static str {
    let bytes = bytes.as_bytes().to_vec();
    let fake = Fake::start(move |_, _| Act::Send(bytes.clone())).await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let answer = word(&client.place_order(&ORDER).await);
    assert_eq!(fake.seen("POST /orders").len(), 1, "it was sent once");
    answer
}

fn http(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn order(data: &str) -> String {
    http(201, &format!(r#"{{"status":true,"message":"ok","data":{data}}}"#))
}

const OURS: &str =
    r#"{"id":45,"external_order_id":"SF-7K3M9QWX-1-1","status":"completed","package":{"id":1120}}"#;

#[tokio::test]
async fn f13_a_redirect_to_a_login_page_is_a_doubt_and_no_get_follows_it() {
    for status in [301, 302, 303, 307, 308] {
        let fake = Fake::start(move |_, _| {
            let head = format!("HTTP/1.1 {status} X\r\nlocation: /login\r\ncontent-length: 0\r\n\r\n");
            Act::Send(head.into_bytes())
        })
        .await;
        let client = client(&fake.url, token(), no_database(), &clock());
        assert_eq!(word(&client.place_order(&ORDER).await), "doubt", "{status}");
        let seen = fake.seen("");
        assert_eq!(seen.len(), 1, "{status}: {seen:?}");
        assert_eq!(seen[0].header("accept"), Some("application/json"));
    }
    let stage = Stage::new().await;
    assert_eq!(word(&stage.place_under(of(Fault::LoginRedirect)).await), "doubt");
    stage.settles_as_one(0).await;
}

#[tokio::test]
async fn f14_no_balance_at_the_first_attempt_is_a_refusal() {
    let stage = Stage::new().await;
    stage.sandbox.set_balance(Decimal::new(419, 2)).unwrap();
    let Answer::Refused(refusal) = stage.client.place_order(&ORDER).await else { panic!("refused") };
    assert_eq!((refusal.http_status, refusal.fields.len()), (422, 0));
    assert_eq!(stage.bought(), 0);
    stage.end().await;
}

#[tokio::test]
async fn f15_no_balance_after_an_unclear_attempt_is_a_doubt_and_the_list_has_the_order() {
    let stage = Stage::new().await;
    assert_eq!(word(&stage.place_under(of(Fault::DrainedAndDropped)).await), "doubt");
    let again = NewOrder { doubted: true, ..ORDER };
    let Answer::Doubt(doubt) = stage.client.place_order(&again).await else { panic!("doubt") };
    assert_eq!(doubt.http_status, Some(422), "the wallet is empty, because the first attempt emptied it");
    assert!(stage.listed().await);
    assert_eq!(stage.bought(), 1);
    stage.end().await;
}

#[tokio::test]
async fn f16_a_validation_error_is_a_refusal_that_names_its_fields() {
    let body =
        r#"{"message":"The given data was invalid.","errors":{"package_id":["Package not available"]}}"#;
    let fake = Fake::start(move |_, _| reply(422, body)).await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Refused(refusal) = client.place_order(&ORDER).await else { panic!("refused") };
    assert_eq!((refusal.http_status, refusal.fields.as_slice()), (422, ["package_id".to_owned()].as_slice()));
}

#[tokio::test]
async fn f17_an_account_that_may_not_buy_is_no_refusal_of_the_order() {
    let stage = Stage::new().await;
    for fault in [Fault::AccountDisabled, Fault::EmailUnverified] {
        let Answer::Later(later) = stage.place_under(of(fault)).await else { panic!("later: {fault:?}") };
        assert_eq!(later.http_status, Some(403), "{fault:?}");
    }
    stage.settles_as_one(0).await;
}

#[tokio::test]
async fn f18_a_base_url_that_moved_refuses_nobody() {
    for body in ["<html>Not Found</html>", r#"{"message":"The route could not be found."}"#, ""] {
        assert_eq!(answered(&http(404, body)).await, "later", "{body}");
    }
    let stage = Stage::new().await;
    for form in ["bare", "html", "empty"] {
        let moved = of(Fault::BaseUrlMoved).with("form", form).unwrap();
        assert_eq!(word(&stage.place_under(moved).await), "later", "{form}");
    }
    stage.settles_as_one(0).await;
}

#[tokio::test]
async fn f19_any_success_that_names_our_order_counts_and_no_other() {
    let good = format!(r#"{{"status":true,"data":{OURS}}}"#);
    assert_eq!(answered(&http(200, &good)).await, "done");
    assert_eq!(answered(&http(202, &good)).await, "done");
    assert_eq!(answered("HTTP/1.1 204 X\r\n\r\n").await, "doubt");
    assert_eq!(answered(&http(200, &good.replace("true", "false"))).await, "doubt", "success that says no");
    for (fault, wanted) in
        [(Fault::OkForCreated, "done"), (Fault::NoContent, "doubt"), (Fault::StatusFalse, "doubt")]
    {
        let stage = Stage::new().await;
        assert_eq!(word(&stage.place_under(of(fault)).await), wanted, "{fault:?}");
        stage.settles_as_one(1).await;
    }
}

#[tokio::test]
async fn f20_what_is_no_json_object_of_ours_is_a_doubt() {
    let good = format!(r#"{{"status":true,"data":{OURS}}}"#);
    let twice = OURS.replace(r#""id":45,"#, r#""id":45,"id":46,"#);
    let bodies =
        ["", "{", "[]", "null", &format!("\u{feff}{good}"), &format!("[{good}]"), &good[..good.len() - 1]];
    for body in bodies {
        assert_eq!(answered(&http(201, body)).await, "doubt", "{body}");
    }
    assert_eq!(answered(&order(&twice)).await, "doubt", "which of the two ids would it be?");
    let faults = [
        Fault::MalformedAfterCommit,
        Fault::EmptyBody,
        Fault::ArrayBody,
        Fault::DuplicateKeys,
        Fault::HtmlSuccess,
    ];
    for fault in faults {
        let stage = Stage::new().await;
        assert_eq!(word(&stage.place_under(of(fault)).await), "doubt", "{fault:?}");
        stage.settles_as_one(1).await;
    }
}

#[tokio::test]
async fn f24_an_order_that_is_processing_is_done_without_an_esim() {
    let stage = Stage::new().await;
    let Answer::Done(order) = stage.place_under(of(Fault::StaysProcessing)).await else { panic!("done") };
    assert_eq!((order.status.clone(), order.esim), (OrderStatus::Processing, None));
    stage.sandbox.complete_order(u64::try_from(order.id).unwrap()).unwrap().unwrap();
    let Answer::Done(order) = stage.client.order(order.id).await else { panic!("done") };
    assert!(order.status == OrderStatus::Completed && order.esim.is_some());
    stage.end().await;
}

#[tokio::test]
async fn f25_completed_without_a_code_is_told_without_a_code() {
    for fault in [Fault::EsimWithheld, Fault::QrCodeNull, Fault::QrImageOnly] {
        let stage = Stage::new().await;
        let Answer::Done(order) = stage.place_under(of(fault)).await else { panic!("done: {fault:?}") };
        assert_eq!(order.status, OrderStatus::Completed);
        assert_eq!(order.esim.and_then(|esim| esim.qr_code), None, "{fault:?}");
        let Answer::Done(later) = stage.client.order(order.id).await else { panic!("done") };
        assert!(later.esim.and_then(|esim: Esim| esim.qr_code).is_some(), "asking again finds it");
        stage.end().await;
    }
}

#[tokio::test]
async fn f27_an_answer_about_another_order_or_package_is_a_doubt() {
    for (mine, other) in [("7K3M9QWX-1-1", "7K3M9QWX-1-2"), (r#""id":1120"#, r#""id":1121"#)] {
        assert_eq!(answered(&order(&OURS.replace(mine, other))).await, "doubt", "{other}");
    }
    for fault in [Fault::OtherExternalId, Fault::OtherPackage] {
        let stage = Stage::new().await;
        assert_eq!(word(&stage.place_under(of(fault)).await), "doubt", "{fault:?}");
        stage.settles_as_one(1).await;
    }
}

#[tokio::test]
async fn f27_two_purchases_whose_answers_are_crossed_are_two_doubts() {
    let stage = Stage::new().await;
    stage.sandbox.inject(Injection::times(Fault::AnswersCrossed, 2).on(Operation::CreateOrder));
    let second = NewOrder { external_order_id: "SF-7K3M9QWX-1-2", idempotency_key: "key-2", ..ORDER };
    let (one, two) = tokio::join!(stage.client.place_order(&ORDER), stage.client.place_order(&second));
    assert_eq!((word(&one), word(&two)), ("doubt", "doubt"));
    assert_eq!(stage.sandbox.ledger().orders.len(), 2);
    stage.settles_as_one(1).await;
}

#[tokio::test]
async fn f29_f30_what_an_order_really_cost_is_read_with_its_currency() {
    let stage = Stage::new().await;
    let dearer = of(Fault::DearerDebit).with("amount", "9.90").unwrap();
    let Answer::Done(order) = stage.place_under(dearer).await else { panic!("done") };
    assert_eq!((order.price, order.currency.as_deref()), (Some(Decimal::new(990, 2)), Some("USD")));
    stage.end().await;
    let stage = Stage::new().await;
    let foreign = of(Fault::OtherCurrency).with("currency", "EUR").unwrap();
    let Answer::Done(order) = stage.place_under(foreign).await else { panic!("done") };
    assert_eq!(order.currency.as_deref(), Some("EUR"));
    stage.end().await;
}

#[tokio::test]
async fn f31_a_package_that_is_gone_is_a_refusal_and_its_own_address_says_so() {
    let stage = Stage::new().await;
    assert_eq!(word(&stage.place_under(of(Fault::PackageGone)).await), "refused");
    stage.sandbox.inject(of(Fault::PackageGone).on(Operation::Package));
    let Answer::Refused(refusal) = stage.client.package(ORDER.package_id).await else { panic!("refused") };
    assert_eq!(refusal.http_status, 404);
    stage.settles_as_one(0).await;
}

#[tokio::test]
async fn f32_a_key_that_is_forgotten_would_buy_twice_and_the_list_says_so_before() {
    let stage = Stage::new().await;
    assert_eq!(word(&stage.place_under(of(Fault::DroppedAfterCommit)).await), "doubt");
    stage.sandbox.forget_key(ORDER.idempotency_key).unwrap();
    assert!(stage.listed().await, "whoever looks before asking again does not buy twice");
    assert_eq!(stage.bought(), 1);
    stage.end().await;
}

#[tokio::test]
async fn f34_a_list_in_pages_is_read_to_its_end_and_one_that_repeats_itself_is_not_believed() {
    let stage = Stage::new().await;
    for number in 0..7 {
        let (name, key) = (format!("SF-7K3M9QWX-1-{number}"), format!("key-{number}"));
        let order = NewOrder { external_order_id: &name, idempotency_key: &key, ..ORDER };
        assert_eq!(word(&stage.client.place_order(&order).await), "done");
    }
    let misbehave = |fault, kind| {
        let always = Injection::times(fault, 100_000).on(Operation::Orders);
        stage.sandbox.clear_faults();
        stage.sandbox.inject(always.with("kind", kind).and_then(|one| one.with("count", "2")).unwrap());
    };
    for kind in ["paginator", "resource"] {
        misbehave(Fault::ListPaged, kind);
        let Answer::Done(listing) = stage.client.orders().await else { panic!("{kind}") };
        assert_eq!((listing.orders.len(), listing.unreadable), (7, 0), "{kind}");
        misbehave(Fault::PageRepeated, kind);
        assert_eq!(word(&stage.client.orders().await), "later", "{kind}");
    }
    // Pages by cursor are followed by nobody here: better no list than its beginning.
    for fault in [Fault::ListPaged, Fault::PageRepeated] {
        misbehave(fault, "cursor");
        assert_eq!(word(&stage.client.orders().await), "later", "{fault:?}");
    }
    stage.end().await;
}

#[tokio::test]
async fn f35_a_key_in_use_is_waited_for() {
    for status in ["409", "425"] {
        let stage = Stage::new().await;
        let busy = of(Fault::KeyInUse).with("status", status).unwrap();
        assert_eq!(word(&stage.place_under(busy).await), "later", "{status}");
        stage.settles_as_one(0).await;
    }
}

#[tokio::test]
async fn f36_a_request_that_was_held_up_on_its_way_is_the_same_purchase_as_its_successor() {
    let stage = Stage::new().await;
    let held_up = of(Fault::DelayedRequest).with("delay_ms", "1500").unwrap();
    assert_eq!(word(&stage.place_under(held_up).await), "doubt", "nobody answered in time");
    let again = NewOrder { doubted: true, ..ORDER };
    assert_eq!(word(&stage.client.place_order(&again).await), "done");
    // The first request is carried out now, after its successor: the key makes it the same purchase.
    let carried_out = || stage.sandbox.ledger().order_requests.len() == 2;
    for _ in 0..500 {
        if carried_out() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(carried_out(), "both requests were carried out");
    assert_eq!(stage.bought(), 1);
    stage.end().await;
}
