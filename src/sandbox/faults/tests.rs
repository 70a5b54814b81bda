use super::*;

fn open() -> Faults {
    Faults::open(None, OrderMode::Completed).unwrap()
}

fn strikes(faults: &Faults, point: Point, operation: Operation) -> bool {
    faults.draw(point, Some(operation), &About::default()).is_some()
}

fn injection(json: &str) -> Injection {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_fault_strikes_where_and_as_often_as_it_was_asked_to() {
    let faults = open();
    faults.inject(Injection::times(Fault::TooManyRequests, 2));
    assert!(!strikes(&faults, Point::Before, Operation::Packages));
    assert!(!strikes(&faults, Point::Answer, Operation::CreateOrder));
    assert!(strikes(&faults, Point::Before, Operation::CreateOrder));
    assert!(strikes(&faults, Point::Before, Operation::CreateOrder));
    assert!(!strikes(&faults, Point::Before, Operation::CreateOrder));
    assert_eq!(faults.strikes().by_fault[&Fault::TooManyRequests], 2);
}

#[test]
fn several_faults_strike_one_call_each_once_up_to_the_one_that_ends_it() {
    let faults = open();
    faults.inject(Injection::times(Fault::SlowAnswer, 9));
    faults.inject(Injection::times(Fault::BadGateway, 9));
    faults.inject(Injection::times(Fault::TooManyRequests, 9));
    let ends = |fault| fault != Fault::SlowAnswer;
    let drawn = faults.draw_each(Point::Before, Some(Operation::CreateOrder), &About::default(), ends);
    assert_eq!(drawn.iter().map(Struck::fault).collect::<Vec<_>>(), [Fault::SlowAnswer, Fault::BadGateway]);
}

#[test]
fn chances_repeat_with_their_seed_and_differ_between_faults() {
    let run = |fault: &str| {
        let faults = open();
        faults.inject(injection(&format!(r#"{{"fault": "{fault}", "probability": 0.5, "seed": 9}}"#)));
        (0..200).map(|_| strikes(&faults, Point::Before, Operation::CreateOrder)).collect::<Vec<_>>()
    };
    assert_eq!(run("bad_gateway"), run("bad_gateway"));
    assert_ne!(run("bad_gateway"), run("server_error_before_commit"));
    let struck = run("bad_gateway").into_iter().filter(|struck| *struck).count();
    assert!((60..140).contains(&struck), "{struck}");
}

#[test]
fn a_drill_goes_on_where_it_was_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let again = || Faults::open(Some(directory.path()), OrderMode::Completed).unwrap();
    let half = r#"{"fault": "mistyped", "probability": "0.5", "seed": 3}"#;
    let draw = |faults: &Faults| {
        let struck = faults.draw(Point::Answer, Some(Operation::CreateOrder), &About::default());
        struck.map(|struck| struck.cut_of(1000))
    };
    let whole = open();
    whole.inject(injection(half));
    let expected: Vec<_> = (0..40).map(|_| draw(&whole)).collect();

    let first = again();
    first.inject(injection(half));
    first.set_mode(OrderMode::Processing);
    first.called(Operation::Wallet);
    let mut drawn: Vec<_> = (0..17).map(|_| draw(&first)).collect();
    let counts = first.strikes().by_fault;
    drop(first);
    let second = again();
    assert_eq!((second.mode(), second.calls()[&Operation::Wallet]), (OrderMode::Processing, 1));
    assert_eq!(second.strikes().by_fault, counts);
    drawn.extend((0..23).map(|_| draw(&second)));
    assert_eq!(drawn, expected);
}

#[test]
fn a_key_is_busy_for_as_long_as_its_twin_is_said_to_run() {
    let faults = open();
    faults.inject(injection(r#"{"fault": "key_in_use", "status": 425, "delay_ms": 60000}"#));
    let about = About { idempotency_key: Some("k".to_owned()), order_id: None };
    assert!(faults.busy("k").is_none());
    assert!(faults.draw(Point::Before, Some(Operation::CreateOrder), &about).is_some());
    assert_eq!((faults.busy("k"), faults.busy("other")), (Some(425), None));
    faults.clear();
    assert!(faults.busy("k").is_none());
}

#[test]
fn injections_are_read_from_json_from_forms_and_from_flags() {
    let from_json = injection(r#"{"fault": "reset_in_body", "at_byte": 17, "times": 3, "seed": null}"#);
    let from_flag: Injection = "reset_in_body:at_byte=17,times=3".parse().unwrap();
    let written = |injection: &Injection| serde_json::to_string(injection).unwrap();
    assert_eq!(written(&from_json), written(&from_flag));
    assert_eq!(written(&from_flag), r#"{"fault":"reset_in_body","times":3,"at_byte":17}"#);
    // What an empty box of a form sends, and a default in words.
    let from_form =
        injection(r#"{"fault": "reset_in_body", "at_byte": "", "times": "", "framing": "chunked"}"#);
    assert_eq!((from_form.at_byte, from_form.text("framing")), (None, "chunked"));
    assert_eq!(injection(r#"{"fault": "mistyped", "kind": "drawn"}"#).kind, None);
    assert_eq!("endless_body".parse::<Injection>().unwrap().bytes(), None);
    let gateway: Injection = "status_after_commit:operation=wallet,status=504,form=html".parse().unwrap();
    assert_eq!(
        (gateway.operation, gateway.status(), gateway.text("form")),
        (Some(Operation::Wallet), 504, "html")
    );
}

#[test]
fn an_injection_that_makes_no_sense_is_refused_and_the_reason_told() {
    for (flag, reason) in [
        ("", "there is no fault called \"\"; see /_sandbox/faults/cards"),
        ("no_such_fault", "there is no fault called \"no_such_fault\"; see /_sandbox/faults/cards"),
        ("F0", "there is no fault called \"F0\"; see /_sandbox/faults/cards"),
        ("bad_gateway:times=0", "times cannot be \"0\""),
        ("dearer_debit:amount=-1", "amount cannot be \"-1\""),
        ("dearer_debit:amount=10000000000000000", "amount cannot be \"10000000000000000\""),
        ("bad_gateway:often", "\"often\" is not key=value"),
        ("bad_gateway:status=500", "bad_gateway does not take \"status\""),
        ("status_after_commit:status=42", "status cannot be \"42\""),
        ("status_after_commit:form=poem", "form cannot be \"poem\""),
        ("mistyped:kind=odd", "kind cannot be \"odd\""),
        ("catalog_cut:percent=101", "percent cannot be \"101\""),
        ("bad_gateway:probability=1.5", "probability cannot be \"1.5\""),
        ("bad_gateway:operation=fly", "operation cannot be \"fly\""),
    ] {
        assert_eq!(flag.parse::<Injection>().unwrap_err().to_string(), reason, "{flag}");
    }
    assert!(serde_json::from_str::<Injection>("{}").is_err());
    assert!(serde_json::from_str::<Injection>(r#"{"fault": "bad_gateway", "times": true}"#).is_err());
}

#[test]
fn a_row_of_the_matrix_names_the_first_fault_that_provokes_it() {
    for row in ["F7", "f07", "F07"] {
        let first = Fault::cards().iter().find(|card| card.rows.contains(&"F7")).unwrap();
        assert_eq!(injection(&format!(r#"{{"fault": "{row}"}}"#)).fault, first.fault, "{row}");
    }
}

#[test]
fn what_a_flag_asks_for_is_armed_once_for_as_long_as_it_is_unspent() {
    let directory = tempfile::tempdir().unwrap();
    let flags = || vec![Injection::of(Fault::BadGateway), Injection::times(Fault::TooManyRequests, 2)];
    let armed_after_a_start = || {
        let faults = Faults::open(Some(directory.path()), OrderMode::Completed).unwrap();
        faults.missing(flags()).into_iter().for_each(|injection| faults.inject(injection));
        assert!(strikes(&faults, Point::Before, Operation::CreateOrder));
        faults.list().len()
    };
    // The first strike spends the bad gateway, which the second start arms again; the other one has two left.
    assert_eq!(armed_after_a_start(), 2);
    assert_eq!(armed_after_a_start(), 3);
    // The same twice in one line is meant twice.
    let faults = open();
    assert_eq!(faults.missing([flags(), flags()].concat()).len(), 4);
}
