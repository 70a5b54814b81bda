use super::*;
use crate::esimdual::NewOrder;
use crate::esimdual::reading::{Undocumented, placed_order};

const NO: &str = r#"{"status":false,"message":"Insufficient balance"}"#;
const FIELDS: &str = r#"{"message":"Invalid","errors":{"package_id":["gone"],"device_imei":["bad"]}}"#;
const HTML: &str = "<html>Whoops</html>";
const OURS: &str = r#"{"status":true,"data":{"id":45,"external_order_id":"SF-1-1-1","status":"pending","esim":null,
    "package":{"id":1120}}}"#;

const FIRST: Call = Call::Purchase { doubted: false };
const AFTER_DOUBT: Call = Call::Purchase { doubted: true };

fn placed(body: &[u8]) -> Result<(), Unreadable> {
    let wanted = NewOrder {
        package_id: 1120,
        external_order_id: "SF-1-1-1",
        idempotency_key: "k",
        device_imei: None,
        doubted: false,
    };
    placed_order(body, &wanted, &mut Undocumented::default()).map(drop)
}

fn word(call: Call, heard: &Heard) -> &'static str {
    match classify(call, heard, placed) {
        Answer::Done(()) => "done",
        Answer::Refused(_) => "refused",
        Answer::Later(_) => "later",
        Answer::Doubt(_) => "doubt",
    }
}

fn reply(status: u16, body: &str) -> Heard {
    Heard::Reply { status, retry_after: None, body: Ok(body.as_bytes().to_vec()) }
}

fn cut(status: u16, cut: Cut) -> Heard {
    Heard::Reply { status, retry_after: None, body: Err(cut) }
}

/// The rows of the fault matrix that are one reply, as a first purchase, a purchase after a doubt, and a read.
///
/// Decided elsewhere: F9, F10 how long to wait (`pace.rs`); F11 the new token and the replay (`ask.rs`, `token.rs`);
/// F12 logins (`door.rs`); F14 whose fault a 422 is, by the wallet (`fulfilment/step.rs`); F18 whether a 404 means a
/// moved base URL (`fulfilment/send.rs`); F21 types within a readable answer (`wire.rs`); F25, F26, F28, F29, F30, F40,
/// F41, F42 what an accepted order's report changes (`fulfilment/report.rs`, `fulfilment/apply.rs`); F32, F33, F34 when
/// an absence counts (`fulfilment/look_up.rs`); F36 the key (`fulfilment/step.rs`); F38 `pace.rs`; F39 `retry.rs`.
#[test]
fn every_row_of_the_fault_matrix_has_its_answer() {
    let others = OURS.replace("SF-1-1-1", "SF-9-9-9");
    let other_package = OURS.replace("1120", "1121");
    let completed = OURS.replace("pending", "completed");
    let in_use = r#"{"status":false,"message":"A request with this key is in progress."}"#;
    let table: Vec<(&str, Heard, &str, &str, &str)> = vec![
        ("F1 nobody there", Heard::NeverSent("refused"), "later", "later", "later"),
        ("F2 swallowed", Heard::Silence("no answer in time"), "doubt", "doubt", "later"),
        ("F3 timeout after commit", Heard::Silence("no answer in time"), "doubt", "doubt", "later"),
        ("F4 reset after headers", cut(201, Cut::BrokeOff), "doubt", "doubt", "later"),
        ("F5 half of the JSON, whole to HTTP", reply(201, &OURS[..60]), "doubt", "doubt", "later"),
        ("F6 500 before commit", reply(500, NO), "doubt", "doubt", "later"),
        ("F7 500 after commit, replayed", reply(500, HTML), "doubt", "doubt", "later"),
        ("F8 bad gateway", reply(502, HTML), "doubt", "doubt", "later"),
        ("F8 unavailable", reply(503, FIELDS), "doubt", "doubt", "later"),
        ("F8 gateway timeout", reply(504, HTML), "doubt", "doubt", "later"),
        ("F9 throttled", reply(429, NO), "later", "later", "later"),
        ("F10 throttled without a word", reply(429, ""), "later", "later", "later"),
        ("F11 token revoked", reply(401, r#"{"message":"Unauthenticated."}"#), "later", "later", "later"),
        ("F13 redirect to a login page", reply(302, ""), "doubt", "doubt", "later"),
        ("F14, F15 out of balance", reply(422, NO), "refused", "doubt", "refused"),
        ("F16 validation", reply(422, FIELDS), "refused", "doubt", "refused"),
        ("F17 account disabled", reply(403, NO), "later", "later", "later"),
        ("F18 moved base URL, HTML", reply(404, HTML), "later", "later", "later"),
        ("F18 moved base URL, JSON", reply(404, r#"{"message":"Not Found"}"#), "later", "later", "later"),
        ("F19 200 for 201", reply(200, OURS), "done", "done", "done"),
        ("F19 a success that says no", reply(200, NO), "doubt", "doubt", "later"),
        ("F19 an empty 204", reply(204, ""), "doubt", "doubt", "later"),
        ("F20 no JSON", reply(201, HTML), "doubt", "doubt", "later"),
        ("F20 empty", reply(201, ""), "doubt", "doubt", "later"),
        ("F20 an array", reply(201, "[]"), "doubt", "doubt", "later"),
        (
            "F20 twice the same key",
            reply(201, r#"{"data":{"id":1},"data":{"id":2}}"#),
            "doubt",
            "doubt",
            "later",
        ),
        ("F22 endless, or a bomb", cut(201, Cut::TooLarge), "doubt", "doubt", "later"),
        ("F23 drip", cut(201, Cut::BrokeOff), "doubt", "doubt", "later"),
        ("F24 accepted, no eSIM yet", reply(201, OURS), "done", "done", "done"),
        ("F25 completed, no eSIM", reply(201, &completed), "done", "done", "done"),
        ("F27 another's order", reply(201, &others), "doubt", "doubt", "later"),
        ("F27 another package", reply(201, &other_package), "doubt", "doubt", "later"),
        ("F31 package gone", reply(404, NO), "refused", "doubt", "refused"),
        ("F31 package gone, 422", reply(422, FIELDS), "refused", "doubt", "refused"),
        ("F35 key in use", reply(409, in_use), "later", "later", "later"),
        ("F35 too early", reply(425, in_use), "later", "later", "later"),
        ("F35 key in use, as 422", reply(422, in_use), "refused", "doubt", "refused"),
        ("F37 bad certificate", Heard::NeverSent("certificate"), "later", "later", "later"),
    ];
    check(table);
}

#[test]
fn every_other_reply_has_its_answer() {
    let table: Vec<(&str, Heard, &str, &str, &str)> = vec![
        ("400 in the envelope", reply(400, NO), "refused", "doubt", "refused"),
        ("400 with fields", reply(400, FIELDS), "refused", "doubt", "refused"),
        // A bare Laravel 404: the route is unknown, not the package.
        ("404 with fields only", reply(404, FIELDS), "later", "later", "later"),
        ("422 HTML", reply(422, HTML), "later", "later", "later"),
        ("422 without a message", reply(422, r#"{"status":false}"#), "later", "later", "later"),
        (
            "422 message no text",
            reply(422, r#"{"status":false,"message":["no"]}"#),
            "later",
            "later",
            "later",
        ),
        ("422 that says yes", reply(422, r#"{"status":true,"message":"odd"}"#), "later", "later", "later"),
        ("422 status 0", reply(422, r#"{"status":0,"message":"odd"}"#), "later", "later", "later"),
        ("422 errors a list", reply(422, r#"{"message":"odd","errors":[]}"#), "later", "later", "later"),
        ("422 an array", reply(422, r#"[{"status":false,"message":"x"}]"#), "later", "later", "later"),
        ("422 cut", cut(422, Cut::BrokeOff), "later", "later", "later"),
        ("401 in the envelope", reply(401, NO), "later", "later", "later"),
        ("402 in the envelope", reply(402, NO), "doubt", "doubt", "later"),
        ("402 HTML", reply(402, HTML), "later", "later", "later"),
        ("405 in the envelope", reply(405, NO), "doubt", "doubt", "later"),
        ("408", reply(408, NO), "later", "later", "later"),
        ("451 HTML", reply(451, HTML), "later", "later", "later"),
        ("101", reply(101, ""), "doubt", "doubt", "later"),
        ("999", reply(999, NO), "doubt", "doubt", "later"),
    ];
    check(table);
}

fn check(table: Vec<(&str, Heard, &str, &str, &str)>) {
    for (row, heard, first, after_doubt, read) in table {
        assert_eq!(word(FIRST, &heard), first, "{row}: first purchase");
        assert_eq!(word(AFTER_DOUBT, &heard), after_doubt, "{row}: after a doubt");
        assert_eq!(word(Call::Read, &heard), read, "{row}: read");
    }
}

#[test]
fn a_refusal_carries_the_upstreams_words_bounded_and_its_fields() {
    let long = format!(r#"{{"status":false,"message":"no\u0000\n{}"}}"#, "x".repeat(2000));
    let Answer::Refused(refusal) = classify(FIRST, &reply(422, &long), |_| Ok(())) else { panic!("refused") };
    assert_eq!(refusal.message.chars().count(), 300);
    assert!(!refusal.message.chars().any(char::is_control));
    let Answer::Refused(refusal) = classify(FIRST, &reply(422, FIELDS), |_| Ok(())) else {
        panic!("refused")
    };
    assert_eq!(refusal.fields, ["device_imei", "package_id"]);
}

#[test]
fn a_no_after_a_doubt_is_a_doubt_that_keeps_the_refusal() {
    let Answer::Doubt(doubt) = classify(AFTER_DOUBT, &reply(422, FIELDS), |_| Ok(())) else {
        panic!("doubt")
    };
    assert_eq!((doubt.http_status, doubt.reason.as_str()), (Some(422), "Invalid"));
    assert_eq!(doubt.refusal.unwrap().fields, ["device_imei", "package_id"]);
    let Answer::Doubt(doubt) = classify(AFTER_DOUBT, &reply(500, NO), |_| Ok(())) else { panic!("doubt") };
    assert_eq!(doubt.refusal, None, "a 500 is no refusal");
}

#[test]
fn a_wish_to_wait_is_passed_on() {
    let wait = Some(Duration::from_secs(7));
    let heard = Heard::Reply { status: 429, retry_after: wait, body: Ok(Vec::new()) };
    let Answer::Later(later) = classify(FIRST, &heard, |_| Ok(())) else { panic!("later") };
    assert_eq!((later.after, later.http_status), (wait, Some(429)));
}
