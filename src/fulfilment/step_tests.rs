//! The doubt algorithm as a table.

use time::macros::datetime;

use super::*;

const PAID: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

fn times() -> Times {
    let seconds = Duration::from_secs;
    Times {
        key_horizon: seconds(72_000),
        doubt_settling: seconds(60),
        sync_interval: seconds(900),
        reconcile_interval: seconds(30),
        catalog_max_age: seconds(86_400),
        delivery_deadline: seconds(4_200),
        pay_page_patience: seconds(5),
        quote_lifetime: seconds(1_800),
        payment_expiry: seconds(3_600),
        bank_transfer_expiry: seconds(3_600),
        bank_transfer_reminder: seconds(3_600),
        job_lease: seconds(60),
        shutdown_grace: seconds(25),
        header_read: seconds(10),
    }
}

fn unit(state: UnitState) -> Unit {
    Unit {
        id: 1,
        order_id: 1,
        line_id: 1,
        position: 1,
        unit: 1,
        external_order_id: "SF-22222222-1-1".into(),
        state,
        real_cost: None,
        accepted_cost: None,
        changed_at: PAID,
    }
}

fn attempt(number: i32, outcome: Outcome) -> Attempt {
    Attempt {
        id: i64::from(number),
        number,
        key: "K1".into(),
        committed_at: PAID,
        known_upstream_id: None,
        outcome,
        http_status: None,
        named_fields: vec![],
        judged: None,
        answered_at: Some(PAID),
        looked_at: None,
        retry_at: None,
        reason: None,
    }
}

fn refused(number: i32, status: i32, judged: Option<Judged>, fields: &[&str]) -> Attempt {
    Attempt {
        http_status: Some(status),
        judged,
        named_fields: fields.iter().map(ToString::to_string).collect(),
        ..attempt(number, Outcome::Refused)
    }
}

struct Case<'a> {
    state: UnitState,
    attempts: &'a [Attempt],
    after: i64,
    funds: Option<Funds>,
}

fn decide(case: &Case<'_>) -> Step {
    let (unit, times) = (unit(case.state.clone()), times());
    let now = PAID + time::Duration::seconds(case.after);
    let facts = Facts {
        unit: &unit,
        attempts: case.attempts,
        paid_at: PAID,
        now,
        times: &times,
        listed: true,
        named: false,
        funds: case.funds,
        terms: Terms::Fine,
    };
    next_step(&facts)
}

fn ordering(attempts: &[Attempt], after: i64) -> Step {
    decide(&Case { state: UnitState::Ordering, attempts, after, funds: None })
}

fn with_funds(attempts: &[Attempt], after: i64, funds: Funds) -> Step {
    decide(&Case { state: UnitState::Ordering, attempts, after, funds: Some(funds) })
}

const DOUBT: Outcome = Outcome::Doubt { settled: None };
const ABSENT: Outcome = Outcome::Doubt { settled: Some(false) };

fn same() -> Step {
    Step::Send(Key::Same("K1".into()))
}

#[test]
fn a_first_purchase_reads_the_list_once_and_then_sends() {
    let (unit, times) = (unit(UnitState::Pending), times());
    let mut facts = Facts {
        unit: &unit,
        attempts: &[],
        paid_at: PAID,
        now: PAID,
        times: &times,
        listed: false,
        named: false,
        funds: None,
        terms: Terms::Fine,
    };
    assert_eq!(next_step(&facts), Step::ReadList);
    facts.listed = true;
    assert_eq!(next_step(&facts), Step::Send(Key::New));
}

#[test]
fn final_units_and_bound_units() {
    let done = UnitState::Completed { upstream_order_id: 5, esim_id: 1 };
    assert_eq!(decide(&Case { state: done, attempts: &[], after: 0, funds: None }), Step::Nothing);
    let bound = UnitState::Processing { upstream_order_id: 5 };
    assert_eq!(decide(&Case { state: bound, attempts: &[], after: 99_999, funds: None }), Step::Poll(5));
}

#[test]
fn a_doubt_is_looked_up_and_never_refunded_by_time() {
    for outcome in [Outcome::Open, DOUBT] {
        assert_eq!(ordering(&[attempt(1, outcome)], 1), Step::ReadList);
        assert_eq!(ordering(&[attempt(1, outcome)], 50_000), Step::ReadList);
        assert_eq!(ordering(&[attempt(1, outcome)], 72_000), Step::Hold(HoldReason::DoubtExpired));
    }
    // A later "no" never clears an earlier doubt.
    assert_eq!(ordering(&[attempt(1, DOUBT), refused(2, 422, None, &[])], 10), Step::ReadList);
    // Held, it is still looked for.
    let held = UnitState::OnHold { reason: HoldReason::DoubtExpired, upstream_order_id: None };
    let case = Case { state: held, attempts: &[attempt(1, DOUBT)], after: 80_000, funds: None };
    assert_eq!(decide(&case), Step::ReadList);
}

#[test]
fn an_order_that_proved_absent_is_sent_again_with_the_same_key_inside_the_horizon() {
    assert_eq!(ordering(&[attempt(1, ABSENT)], 61), same());
    assert_eq!(ordering(&[attempt(1, ABSENT)], 4_199), same());
    // Nothing is in doubt any more, so the promise to the customer holds.
    assert_eq!(ordering(&[attempt(1, ABSENT)], 4_200), Step::Refund(Failure::Deadline));
}

#[test]
fn later_waits_and_keeps_its_key_until_the_deadline() {
    let throttled =
        Attempt { retry_at: Some(PAID + time::Duration::seconds(7)), ..attempt(1, Outcome::Later) };
    assert_eq!(ordering(std::slice::from_ref(&throttled), 2), Step::Wait(Duration::from_secs(5)));
    assert_eq!(ordering(std::slice::from_ref(&throttled), 7), same());
    assert_eq!(ordering(&[throttled], 4_200), Step::Refund(Failure::Deadline));
}

#[test]
fn a_refusal_is_judged_by_the_wallet() {
    let plain = [refused(1, 422, None, &[])];
    assert_eq!(ordering(&plain, 1), Step::ReadWallet);
    assert_eq!(with_funds(&plain, 1, Funds::TooLittle), Step::Hold(HoldReason::Balance));
    assert_eq!(with_funds(&plain, 1, Funds::Unreadable), Step::Hold(HoldReason::WalletUnreadable));
    let short = [refused(1, 422, Some(Judged::Balance), &[])];
    assert_eq!(with_funds(&short, 600, Funds::Enough), Step::Send(Key::New));
    assert_eq!(with_funds(&short, 4_200, Funds::TooLittle), Step::Refund(Failure::Deadline));
}

#[test]
fn enough_in_the_wallet_means_one_more_try_with_a_new_key_and_then_a_refund() {
    let once = refused(1, 422, Some(Judged::Sufficient), &[]);
    assert_eq!(ordering(std::slice::from_ref(&once), 1), Step::Send(Key::New));
    let twice = [once, refused(2, 422, Some(Judged::Sufficient), &[])];
    assert_eq!(ordering(&twice, 2), Step::Refund(Failure::Refused));
    let named = [refused(1, 422, Some(Judged::Sufficient), &["package_id"])];
    assert_eq!(ordering(&named, 1), Step::Refund(Failure::Refused));
    assert_eq!(ordering(&[refused(1, 404, None, &[])], 1), Step::Refund(Failure::Refused));
    assert_eq!(ordering(&[refused(1, 400, None, &[])], 1), Step::Refund(Failure::Refused));
}

#[test]
fn a_refusal_after_a_doubt_counts_once_a_list_confirms_that_nothing_was_bought() {
    let unconfirmed = Attempt { http_status: Some(422), ..attempt(2, DOUBT) };
    assert_eq!(ordering(&[attempt(1, ABSENT), unconfirmed.clone()], 100), Step::ReadList);
    let confirmed = Attempt { outcome: ABSENT, ..unconfirmed };
    assert_eq!(ordering(&[attempt(1, ABSENT), confirmed], 200), Step::ReadWallet);
}

#[test]
fn pauses_after_later_grow_and_honour_the_upstream() {
    let seconds = |n, asked: Option<u64>| pause_after_later(n, asked.map(Duration::from_secs)).as_secs();
    assert_eq!((seconds(1, None), seconds(2, None), seconds(99, None)), (2, 4, 300));
    assert_eq!((seconds(1, Some(7)), seconds(5, Some(7))), (7, 32));
}

#[test]
fn what_was_said_to_be_bought_is_never_sent_again_nor_refunded_by_time() {
    for after in [1, 4_200, 80_000] {
        let step = ordering(&[attempt(1, Outcome::Done)], after);
        assert_eq!(step, Step::Wait(Duration::from_secs(30)), "after {after} s");
    }
}

#[test]
fn nothing_is_bought_on_terms_that_nobody_agreed_to() {
    let (unit, times) = (unit(UnitState::Pending), times());
    let later = attempt(1, Outcome::Later);
    let step = |attempts: &[Attempt], terms, after| {
        let now = PAID + time::Duration::seconds(after);
        let paid_at = PAID;
        next_step(&Facts {
            unit: &unit,
            attempts,
            paid_at,
            now,
            times: &times,
            listed: true,
            named: false,
            funds: None,
            terms,
        })
    };
    for attempts in [&[][..], std::slice::from_ref(&later)] {
        assert_eq!(step(attempts, Terms::AboveFloor, 1), Step::Hold(HoldReason::CostAboveFloor));
        assert_eq!(step(attempts, Terms::OtherCurrency, 1), Step::Hold(HoldReason::CurrencyDiffers));
        assert_eq!(step(attempts, Terms::AboveFloor, 4_200), Step::Refund(Failure::Deadline));
    }
    let tried = refused(1, 422, Some(Judged::Sufficient), &[]);
    assert_eq!(step(std::slice::from_ref(&tried), Terms::AboveFloor, 4_200), Step::Refund(Failure::Deadline));
    // What may have been bought already is looked for all the same.
    assert_eq!(step(&[attempt(1, DOUBT)], Terms::AboveFloor, 1), Step::ReadList);
}

#[test]
fn polls_come_often_at_first_then_at_the_interval_and_slower_past_the_deadline() {
    let pause = |past| {
        move |age| {
            let [age, usual] = [age, 30].map(Duration::from_secs);
            pause_between_polls(age, usual, past).as_secs()
        }
    };
    assert_eq!([0, 8, 60, 120, 4_199].map(pause(false)), [2, 2, 15, 30, 30]);
    assert_eq!([60, 1_200, 4_200, 100_000].map(pause(true)), [30, 60, 90, 90]);
}

#[test]
fn a_unit_that_the_upstream_has_though_nothing_was_asked_for_is_looked_for_and_neither_bought_nor_refunded() {
    let (unit, times) = (unit(UnitState::Pending), times());
    for after in [1, 4_200] {
        let facts = Facts {
            unit: &unit,
            attempts: &[],
            paid_at: PAID,
            now: PAID + time::Duration::seconds(after),
            times: &times,
            listed: true,
            named: true,
            funds: None,
            terms: Terms::Fine,
        };
        assert_eq!(next_step(&facts), Step::ReadList, "after {after} s");
    }
}
