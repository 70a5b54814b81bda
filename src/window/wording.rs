//! Plans and places in the visitor's words.

use rust_decimal::Decimal;

use super::flags;
use super::plan::Plan;
use super::snapshot::{Place, Snapshot};
use super::value::{self, GIGABYTE};
use crate::catalog::{Coverage, Data};
use crate::ground::{Language, Price};
use crate::web::Visit;

const MEGABYTE: u64 = 1 << 20;

/// A plan as a ticket in a list.
pub struct TicketRow {
    /// Where it leads.
    pub href: String,
    /// The name that the shop gave it, or nothing.
    pub own: String,
    /// `5 GB`.
    pub amount: String,
    /// `30 days`.
    pub days: String,
    /// Where it works, in a word.
    pub place: String,
    /// `42 countries · 5G`.
    pub detail: String,
    /// Its price, or that it has none.
    pub price: String,
    /// Whether it has one.
    pub priced: bool,
    /// The price of a gigabyte, or nothing.
    pub note: String,
    /// The price of a day, or nothing.
    pub per_day: String,
    /// Why it stands out in its list, or nothing.
    pub mark: String,
}

/// A place as a line of the departure board.
pub struct BoardRow {
    /// Where it leads.
    pub href: String,
    /// The code in capitals; empty for a region.
    pub code: String,
    /// Where its flag is drawn, or nothing.
    pub flag: String,
    /// What it is called.
    pub name: String,
    /// `from $3.90`, or nothing.
    pub from: String,
}

/// Makes a list's ticket.
pub fn ticket(visit: &Visit, snapshot: &Snapshot, plan: &Plan) -> TicketRow {
    let detail =
        [fair_use(visit, plan), coverage(visit, plan), extras(visit, plan), plan.network_speed.clone()];
    TicketRow {
        href: visit.href(&format!("/plans/{}", plan.id)),
        own: plan.own_name().unwrap_or_default().to_owned(),
        amount: amount(visit, plan),
        days: days(visit, plan),
        place: place(visit, snapshot, plan),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        priced: plan.price.is_some(),
        price: plan.price.map_or_else(|| visit.t("plan-no-price"), |price| visit.money(&price)),
        note: per(visit, "plan-per-gb", value::per_gigabyte(plan)),
        per_day: per(visit, "plan-per-day", value::per_day(plan)),
        mark: if plan.featured { visit.t("featured") } else { String::new() },
    }
}

fn per(visit: &Visit, key: &str, price: Option<Price>) -> String {
    price.map_or_else(String::new, |price| visit.t1(key, "price", visit.money(&price)))
}

/// Makes tickets of several plans.
pub fn tickets<'a>(
    visit: &Visit,
    snapshot: &Snapshot,
    plans: impl Iterator<Item = &'a Plan>,
) -> Vec<TicketRow> {
    plans.map(|plan| ticket(visit, snapshot, plan)).collect()
}

/// Makes a country's or a region's line.
pub fn board_row(visit: &Visit, place: &Place) -> BoardRow {
    let folder = if place.code.is_some() { "destinations" } else { "regions" };
    BoardRow {
        href: visit.href(&format!("/{folder}/{}", place.slug)),
        code: place.code.as_ref().map(|code| code.to_uppercase()).unwrap_or_default(),
        flag: flag(place),
        name: place.names.of(visit.language).to_owned(),
        from: from(visit, place.from),
    }
}

/// Where a country's flag is drawn; nothing where none is, or for a region.
pub fn flag(place: &Place) -> String {
    place.code.as_deref().and_then(flags::of).unwrap_or_default()
}

/// `from $3.90`; nothing where nothing can be bought.
pub fn from(visit: &Visit, price: Option<Price>) -> String {
    price.map_or_else(String::new, |price| visit.t1("from-price", "price", visit.money(&price)))
}

/// Where a plan works, in a word: its country, its region, or the world.
pub fn place(visit: &Visit, snapshot: &Snapshot, plan: &Plan) -> String {
    let named = |place: &Place| place.names.of(visit.language).to_owned();
    let found = match plan.coverage {
        Coverage::Local => snapshot.countries_of(plan).next().map(named),
        Coverage::Regional => plan.region.as_ref().and_then(|slug| snapshot.region(slug)).map(named),
        Coverage::Global => Some(visit.t("global-name")),
    };
    found.unwrap_or_else(|| plan.name.clone())
}

/// What is the most of it: data, else minutes, else messages.
pub fn amount(visit: &Visit, plan: &Plan) -> String {
    // A plan for calls or texts carries no data: its headline is what it does carry.
    let carried = if plan.data == Data::Bytes(0) { Data::NotStated } else { plan.data };
    match (carried, plan.minutes(), plan.texts()) {
        (Data::Bytes(bytes), ..) => data(visit.language, bytes),
        (Data::Unlimited, ..) => visit.t("data-unlimited"),
        (Data::NotStated, Some(minutes), _) => visit.t1("voice-minutes", "count", minutes),
        (Data::NotStated, None, Some(count)) => visit.t1("sms-count", "count", count),
        (Data::NotStated, None, None) if plan.data == Data::Bytes(0) => visit.t("data-none"),
        (Data::NotStated, None, None) => visit.t("data-not-stated"),
    }
}

/// `30 days`, or that it is not stated.
pub fn days(visit: &Visit, plan: &Plan) -> String {
    plan.validity_days.map_or_else(|| visit.t("days-not-stated"), |days| visit.t1("days", "count", days))
}

/// So many bytes as gigabytes, or megabytes where it is less than one; to two digits after the point.
pub fn data(language: Language, bytes: u64) -> String {
    let (unit, name) = if bytes >= GIGABYTE { (GIGABYTE, "GB") } else { (MEGABYTE, "MB") };
    let amount = (Decimal::from(bytes) / Decimal::from(unit)).round_dp(2).normalize();
    format!("{}\u{a0}{name}", crate::web::amounts::decimal(language, &amount.to_string()))
}

/// What stands beside "unlimited": the upstream does not say after how much use a plan becomes slow.
fn fair_use(visit: &Visit, plan: &Plan) -> Option<String> {
    (plan.data == Data::Unlimited).then(|| visit.t("fair-use-short"))
}

/// `42 countries`, for plans of more than one.
fn coverage(visit: &Visit, plan: &Plan) -> Option<String> {
    (plan.coverage != Coverage::Local).then(|| visit.t1("countries-count", "count", plan.countries.len()))
}

/// Minutes and messages that come with data.
fn extras(visit: &Visit, plan: &Plan) -> Option<String> {
    let minutes = plan.minutes().map(|minutes| visit.t1("voice-minutes", "count", minutes));
    let messages = plan.texts().map(|count| visit.t1("sms-count", "count", count));
    let all: Vec<String> = minutes.into_iter().chain(messages).collect();
    (plan.carries_data() && !all.is_empty()).then(|| all.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::super::snapshot::tests::snapshot;
    use super::*;

    #[test]
    fn data_is_written_in_the_unit_that_reads_best() {
        assert_eq!(data(Language::En, 5 * GIGABYTE), "5\u{a0}GB");
        assert_eq!(data(Language::En, 500 * MEGABYTE), "500\u{a0}MB");
        assert_eq!(data(Language::It, 3 * GIGABYTE / 2), "1,5\u{a0}GB");
        assert_eq!(data(Language::En, 100 * GIGABYTE), "100\u{a0}GB");
        assert_eq!(data(Language::En, 0), "0\u{a0}MB");
    }

    #[test]
    fn a_ticket_says_where_how_much_and_how_long() {
        let snapshot = snapshot();
        let visit = Visit::to(Language::It, "/");
        let row = ticket(&visit, &snapshot, snapshot.plan(3).unwrap());
        assert_eq!(row.href, "/it/plans/3");
        assert_eq!(
            (row.place.as_str(), row.amount.as_str(), row.days.as_str()),
            ("Europa", "5\u{a0}GB", "30 giorni")
        );
        assert_eq!(row.detail, "4 Paesi · 5G");
        assert_eq!((row.price.as_str(), row.note.as_str()), ("7,50\u{a0}$", "1,50\u{a0}$ al GB"));
        assert_eq!(row.per_day, "0,25\u{a0}$/giorno");
    }

    #[test]
    fn no_ticket_says_unlimited_alone() {
        let mut contents = super::super::snapshot::tests::contents();
        contents.packages[0].data = Data::Unlimited;
        let snapshot = Snapshot::build(contents, &crate::pricing::PriceList::default());
        let detail =
            |language, id| ticket(&Visit::to(language, "/"), &snapshot, snapshot.plan(id).unwrap()).detail;
        assert_eq!(detail(Language::En, 1), "fair use not stated · 5G");
        assert_eq!(detail(Language::It, 1), "uso corretto non indicato · 5G");
        assert_eq!(detail(Language::En, 2), "5G", "a plan with so much data needs no such word");
    }

    #[test]
    fn a_plan_without_a_price_says_so() {
        let unpriced =
            Snapshot::build(super::super::snapshot::tests::contents(), &crate::pricing::PriceList::default());
        let row = ticket(&Visit::to(Language::En, "/"), &unpriced, unpriced.plan(1).unwrap());
        assert_eq!((row.price.as_str(), row.note.as_str()), ("Not on sale yet", ""));
    }
}
