//! A no, and what only looks like one.

use std::time::Duration;

use simfront::esimdual::{Answer, NewOrder};

use crate::support::{Act, Fake, ORDER, client, clock, no_database, reply, token, word};

const BROKE: &str = r#"{"status":false,"message":"Insufficient balance"}"#;
const INVALID: &str = r#"{"message":"The package is gone.","errors":{"package_id":["Not available."]}}"#;

#[tokio::test]
async fn f15_out_of_balance_is_a_no_on_a_first_attempt_and_a_doubt_after_one() {
    let fake = Fake::start(|_, _| reply(422, BROKE)).await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Refused(first) = client.place_order(&ORDER).await else { panic!("refused") };
    let again = NewOrder { doubted: true, ..ORDER };
    let Answer::Doubt(doubt) = client.place_order(&again).await else { panic!("doubt") };
    assert_eq!((doubt.http_status, doubt.reason.as_str()), (Some(422), "Insufficient balance"));
    assert_eq!(doubt.refusal, Some(first), "the no is kept for who settles the doubt");
    let seen = fake.seen("POST /orders");
    assert_eq!((seen.len(), &seen[0].body), (2, &seen[1].body), "what we know of it is not sent");
}

#[tokio::test]
async fn f16_a_validation_error_is_a_no_that_names_its_fields() {
    let fake = Fake::start(|_, _| reply(422, INVALID)).await;
    let client = client(&fake.url, token(), no_database(), &clock());
    let Answer::Refused(refusal) = client.place_order(&ORDER).await else { panic!("refused") };
    assert_eq!((refusal.http_status, refusal.message.as_str()), (422, "The package is gone."));
    assert_eq!(refusal.fields, ["package_id"]);
}

#[tokio::test]
async fn f18_a_moved_base_url_refuses_nothing() {
    for body in ["<html>Not Found</html>", r#"{"message":"The route could not be found."}"#, ""] {
        let fake = Fake::start(move |_, _| reply(404, body)).await;
        let client = client(&fake.url, token(), no_database(), &clock());
        assert_eq!(word(&client.place_order(&ORDER).await), "later", "{body}");
        assert_eq!(word(&client.package(1120).await), "later", "{body}");
        assert_ne!(word(&client.ping().await), "done", "{body}");
    }
}

#[tokio::test]
async fn f10_whatever_a_429_says_the_next_request_leaves_between_seconds_and_a_quarter_of_an_hour() {
    let table = [
        ("", 5),
        ("retry-after: 7\r\n", 7),
        ("retry-after: Sun, 22 Nov 2026 12:01:30 GMT\r\n", 90),
        ("retry-after: -5\r\n", 5),
        ("retry-after: abc\r\n", 5),
        ("retry-after: 1e12\r\n", 5),
        ("retry-after: 315360000\r\n", 900),
        ("retry-after: Thu, 20 Nov 2036 12:00:00 GMT\r\n", 900),
    ];
    for (header, seconds) in table {
        let fake = Fake::start(move |_, before| match before {
            0 => Act::Send(format!("HTTP/1.1 429 X\r\n{header}content-length: 0\r\n\r\n").into_bytes()),
            _ => reply(200, r#"{"data":{"balance":1,"currency":"USD"}}"#),
        })
        .await;
        let clock = clock();
        let client = client(&fake.url, token(), no_database(), &clock);
        assert_eq!(word(&client.wallet().await), "later", "{header}");
        clock.advance(time::Duration::seconds(seconds - 1));
        let Answer::Later(later) = client.wallet().await else { panic!("{header}: too early") };
        assert_eq!(later.after, Some(Duration::from_secs(1)), "{header}");
        assert_eq!(fake.seen("GET /wallet").len(), 1, "{header}");
        clock.advance(time::Duration::seconds(1));
        assert_eq!(word(&client.wallet().await), "done", "{header}");
    }
}
