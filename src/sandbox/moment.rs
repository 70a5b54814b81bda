//! The sandbox's own clock. It stands for a foreign machine, which never asks the shop's database for the time.

use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

/// Laravel's JSON form: `2026-03-15T10:00:00.000000Z`.
const STAMP: &[FormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const LEGIBLE: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const DAY: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The time now, in UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox stands for a foreign machine with a clock of its own"
)]
pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// A time as the upstream writes it.
pub(super) fn stamp(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(STAMP).unwrap_or_default()
}

/// A time as people read it: `2026-03-15 10:00:00`.
pub(super) fn legible(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(LEGIBLE).unwrap_or_default()
}

/// A day as the upstream writes it: `2026-04-14`.
pub(super) fn day(date: Date) -> String {
    date.format(DAY).unwrap_or_default()
}

/// For `#[serde(with = "moment::day_text")]`: `2026-04-14`. Journals from before hold the year and the day in it,
/// `[2026,104]`.
pub(super) mod day_text {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{DAY, Date, day};

    pub(in crate::sandbox) fn serialize<S: Serializer>(
        date: &Date,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&day(*date))
    }

    pub(in crate::sandbox) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Date, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Text(String),
            Pair(i32, u16),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Date::parse(&text, DAY).map_err(D::Error::custom),
            Written::Pair(year, place) => Date::from_ordinal_date(year, place).map_err(D::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use time::macros::date;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Held(#[serde(with = "day_text")] Date);

    #[test]
    fn a_day_is_written_as_people_write_it_and_read_from_older_journals_too() {
        let held = Held(date!(2026 - 12 - 22));
        assert_eq!(serde_json::to_string(&held).unwrap(), r#""2026-12-22""#);
        assert_eq!(serde_json::from_str::<Held>(r#""2026-12-22""#).unwrap(), held);
        assert_eq!(serde_json::from_str::<Held>("[2026,356]").unwrap(), held);
        assert!(serde_json::from_str::<Held>(r#""soon""#).is_err());
    }
}
