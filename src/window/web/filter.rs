//! The filters and orders of a place's plans, as a form and as links.

use crate::ground::Price;
use crate::web::Visit;
use crate::window::sift::{DAYS, GIGABYTES, Sift, Sort, Speed};
use crate::window::value::GIGABYTE;
use crate::window::wording;

/// A link of a page to a variant of itself.
pub(super) struct Link {
    pub href: String,
    pub label: String,
    /// Whether it leads to where the visitor is.
    pub current: bool,
}

impl Link {
    pub(super) fn to(visit: &Visit, sift: &Sift, label: String) -> Self {
        Self { href: format!("{}{}", visit.href(&visit.path), sift.query()), label, current: false }
    }
}

/// An entry of a list to choose from.
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

/// What the form offers.
pub(super) struct Choices {
    pub data: Vec<Choice>,
    pub days: Vec<Choice>,
    pub speeds: Vec<Choice>,
    /// The code of the currency in which the price is asked; empty where nothing has a price.
    pub currency: &'static str,
    /// The price, as the page's language writes it.
    pub most: String,
}

pub(super) fn choices(visit: &Visit, sift: &Sift, from: Option<Price>) -> Choices {
    let at_least = |amount: String| visit.t1("filter-at-least", "amount", amount);
    let gigabytes = GIGABYTES.iter().map(|number| {
        let label = at_least(wording::data(visit.language, u64::from(*number) * GIGABYTE));
        (number.to_string(), label, sift.gigabytes == Some(*number))
    });
    let days = DAYS.iter().map(|number| {
        (number.to_string(), at_least(visit.t1("days", "count", *number)), sift.days == Some(*number))
    });
    let speeds = [(Speed::Four, visit.t("speed-4g")), (Speed::Five, visit.t("speed-5g"))];
    let speeds =
        speeds.into_iter().map(|(speed, label)| (speed.word().to_owned(), label, sift.speed == Some(speed)));
    Choices {
        data: any_or(visit, gigabytes),
        days: any_or(visit, days),
        speeds: any_or(visit, speeds),
        currency: from.map_or("", |price| price.currency.code()),
        most: sift.most_in(visit.language),
    }
}

/// "Any", and then what can be chosen.
fn any_or(visit: &Visit, others: impl Iterator<Item = (String, String, bool)>) -> Vec<Choice> {
    let others: Vec<Choice> = others.map(|(value, label, chosen)| Choice { value, label, chosen }).collect();
    let any = Choice {
        value: String::new(),
        label: visit.t("filter-any"),
        chosen: others.iter().all(|choice| !choice.chosen),
    };
    std::iter::once(any).chain(others).collect()
}

/// The same plans in each order. Where nothing is `featured`, the usual order is the one by price and needs no link of
/// its own.
pub(super) fn sorts(visit: &Visit, sift: &Sift, featured: bool) -> Vec<Link> {
    let label = |sort| match sort {
        Sort::Usual if featured => visit.t("featured"),
        Sort::Usual => visit.t("sort-price"),
        Sort::Price => visit.t("sort-price"),
        Sort::Gigabyte => visit.t("sort-gb"),
        Sort::Days => visit.t("sort-days"),
    };
    let now = if sift.sort == Sort::Price && !featured { Sort::Usual } else { sift.sort };
    let link = |sort| {
        let to = Sift { sort, page: 1, ..sift.clone() };
        Link { current: now == sort, ..Link::to(visit, &to, label(sort)) }
    };
    Sort::ALL.into_iter().filter(|sort| featured || *sort != Sort::Price).map(link).collect()
}
