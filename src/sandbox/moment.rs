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
