//! How the customer's pages and mails write moments and days. Pure.

use time::format_description::BorrowedFormatItem;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::ground::{Language, Price};
use crate::orders::Order;
use crate::web::Visit;

const MOMENT_EN: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short], [hour]:[minute] UTC");
const MOMENT_IT: &[BorrowedFormatItem<'_>] = format_description!("[day]/[month], [hour]:[minute] UTC");
const DAY_EN: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short] [year]");
const DAY_IT: &[BorrowedFormatItem<'_>] = format_description!("[day]/[month]/[year]");
const ISO_DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// What an order's total includes of tax: "Includes 22 % VAT: $0.95"; nothing where there is none.
pub(crate) fn tax(visit: &Visit, order: &Order) -> Option<String> {
    tax_text(visit, order, "tax-included", order.tax)
}

/// What a refund includes of tax, by the rate that the order was sold with.
pub(crate) fn refunded_tax(visit: &Visit, order: &Order, refund: Price) -> Option<String> {
    tax_text(visit, order, "mail-refund-tax", order.tax_within(refund))
}

fn tax_text(visit: &Visit, order: &Order, key: &str, amount: Price) -> Option<String> {
    let percent = order.tax_terms.as_ref().map(|terms| terms.percent).filter(|percent| !percent.is_zero())?;
    let percent = visit.number(percent.normalize());
    Some(visit.tn(key, &[("percent", percent.into()), ("amount", visit.money(&amount).into())]))
}

/// A moment for a machine and for a reader. The visitor's time zone is not known here, so it names UTC.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub iso: String,
    pub text: String,
}

impl Moment {
    pub(crate) fn of(language: Language, at: OffsetDateTime) -> Self {
        // HTML knows thousandths of a second and nothing smaller.
        let at = at.to_offset(UtcOffset::UTC).truncate_to_millisecond();
        let form = match language {
            Language::En => MOMENT_EN,
            Language::It => MOMENT_IT,
        };
        Self { iso: at.format(&Rfc3339).unwrap_or_default(), text: at.format(form).unwrap_or_default() }
    }
}

/// A day of a view (`2026-04-14`) as the language writes it; as it came where it is no day.
pub(crate) fn day(language: Language, iso: &str) -> String {
    let form = match language {
        Language::En => DAY_EN,
        Language::It => DAY_IT,
    };
    let day = Date::parse(iso, ISO_DAY).ok().and_then(|day| day.format(form).ok());
    day.unwrap_or_else(|| iso.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn moments_name_their_zone_and_days_stand_as_each_language_writes_them() {
        let at = datetime!(2026-11-22 15:05 +01:00);
        assert_eq!(Moment::of(Language::En, at).text, "22 Nov, 14:05 UTC");
        assert_eq!(Moment::of(Language::It, at).text, "22/11, 14:05 UTC");
        assert_eq!(Moment::of(Language::En, at).iso, "2026-11-22T14:05:00Z");
        let exact = datetime!(2026-11-22 14:05:00.123456 UTC);
        assert_eq!(Moment::of(Language::En, exact).iso, "2026-11-22T14:05:00.123Z");
        assert_eq!(day(Language::En, "2026-04-14"), "14 Apr 2026");
        assert_eq!(day(Language::It, "2026-04-14"), "14/04/2026");
        assert_eq!(day(Language::It, "soon"), "soon");
    }
}
