//! The forms of the faults: arming one, stopping one or all.

use std::sync::Arc;

use serde_json::Value;

use super::acts::Act;
use super::filled::{Filled, Mistake};
use crate::sandbox::desk::Desk;
use crate::sandbox::faults::{Fault, Injection, WrongInjection};

/// Fields of the form that are no parameters of a fault.
const OURS: [&str; 2] = ["fault", "back"];

const TIMES: &str = "Write how often: a whole number from 1.";

/// Arms the fault that a form describes.
pub(super) fn arm(desk: &Arc<Desk>, form: &Filled) -> Act {
    let name = form.get("fault");
    let Ok(fault) = serde_json::from_value::<Fault>(Value::String(name.to_owned())) else {
        return Act::Nothing;
    };
    match described(fault, form) {
        Ok(injection) => {
            let sentence = format!("{name} is armed: {}.", how_often(&injection));
            desk.inject(injection);
            Act::done(format!("fault-{name}"), sentence)
        }
        Err(mistake) => mistake.into(),
    }
}

fn described(fault: Fault, form: &Filled) -> Result<Injection, Mistake> {
    let at = format!("arm-{}", fault.name());
    let mut injection = Injection::of(fault);
    for (field, value) in form.pairs() {
        if OURS.contains(&field) || value.is_empty() {
            continue;
        }
        injection = injection.with(field, value).map_err(|wrong| told(&at, field, value, &wrong))?;
    }
    match injection.times {
        Some(0) => Err(Filled::mistake(&at, "times", TIMES)),
        _ => Ok(injection),
    }
}

fn told(at: &str, field: &str, value: &str, wrong: &WrongInjection) -> Mistake {
    let sentence = match (field, wrong) {
        ("probability", _) => "Write a chance from 0 to 1, such as 0.25.".to_owned(),
        ("times", _) => TIMES.to_owned(),
        ("seed", _) => "Write a whole number.".to_owned(),
        (_, WrongInjection::Unfit { .. }) => format!("{value} does not fit here."),
        (_, other) => format!("{other}."),
    };
    Filled::mistake(at, field, sentence)
}

/// When an injection strikes, in words.
pub(super) fn how_often(injection: &Injection) -> String {
    match (&injection.probability, injection.times) {
        (Some(chance), Some(1)) => format!("once, with a chance of {chance} at each call"),
        (Some(chance), Some(times)) => format!("{times} times, with a chance of {chance} at each call"),
        (Some(chance), None) => format!("with a chance of {chance}"),
        (None, Some(times)) if times > 1 => format!("the next {times} times"),
        _ => "once".to_owned(),
    }
}

/// Stops the fault at a place of the list, or all of them. The form names the fault, so that a page which is older
/// than the list stops nothing else.
pub(super) fn stop(desk: &Desk, place: &str, form: &Filled) -> Act {
    if place == "stop" {
        desk.faults.clear();
        return Act::done("armed", "All faults are stopped.");
    }
    let Ok(place) = place.parse::<usize>() else { return Act::Nothing };
    let name = form.get("fault");
    match desk.faults.list().get(place) {
        Some(armed) if armed.injection.fault.name() == name => {
            desk.faults.disarm(place);
            Act::done("armed", format!("{name} is stopped."))
        }
        _ => Act::done("armed", "That fault was stopped already."),
    }
}
