//! How old the catalog is, and whether that is worth a word on the pages that staff look at. Pure.

use std::time::Duration;

use askama::Template;
use time::OffsetDateTime;

use super::words::{Moment, span};

/// So many syncs in a row did not bring a catalog: one that fails or is held is no news yet.
const MISSED: u32 = 3;

/// The end of the last sync that read the whole catalog, and what follows from its age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// As it should be.
    Fresh,
    /// Older than several syncs: none came through lately. Everything sells.
    Late(OffsetDateTime),
    /// Older than it may be: each plan is asked about at eSIMDual before it is sold.
    Old(OffsetDateTime),
    /// It was never read: nothing can sell.
    Never,
}

impl Freshness {
    pub(super) fn of(
        read_at: Option<OffsetDateTime>,
        now: OffsetDateTime,
        every: Duration,
        limit: Duration,
    ) -> Self {
        let Some(read_at) = read_at else { return Self::Never };
        let age = (now - read_at).max(time::Duration::ZERO);
        match () {
            () if age > limit => Self::Old(read_at),
            () if age > every.saturating_mul(MISSED) => Self::Late(read_at),
            () => Self::Fresh,
        }
    }

    /// The warning, where there is one.
    pub(super) fn warning(self, now: OffsetDateTime, limit: Duration) -> Option<Warning> {
        let at = |at| Moment::ago(at, now);
        let limit = span(limit);
        match self {
            Self::Fresh => None,
            Self::Late(read_at) => Some(Warning { read: Some(at(read_at)), too_old: false, limit }),
            Self::Old(read_at) => Some(Warning { read: Some(at(read_at)), too_old: true, limit }),
            Self::Never => Some(Warning { read: None, too_old: true, limit }),
        }
    }
}

/// What staff are told about an old catalog.
#[derive(Template)]
#[template(path = "backoffice/stale.html")]
pub(super) struct Warning {
    /// When it was read; `None` for never.
    read: Option<Moment>,
    too_old: bool,
    /// How old it may be.
    limit: String,
}

/// Drawn by its own template, which escapes what it holds.
impl askama::filters::HtmlSafe for Warning {}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const READ: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const EVERY: Duration = Duration::from_secs(900);
    const LIMIT: Duration = Duration::from_secs(86_400);

    #[test]
    fn an_old_catalog_is_late_first_and_then_too_old() {
        for (minutes, freshness) in [
            (-5, Freshness::Fresh),
            (0, Freshness::Fresh),
            (45, Freshness::Fresh),
            (46, Freshness::Late(READ)),
            (1440, Freshness::Late(READ)),
            (1441, Freshness::Old(READ)),
        ] {
            let now = READ + time::Duration::minutes(minutes);
            assert_eq!(Freshness::of(Some(READ), now, EVERY, LIMIT), freshness, "{minutes}");
        }
        assert_eq!(Freshness::of(None, READ, EVERY, LIMIT), Freshness::Never);
        // A limit that is shorter than a few syncs counts all the same.
        let now = READ + time::Duration::minutes(10);
        assert_eq!(Freshness::of(Some(READ), now, EVERY, Duration::from_secs(60)), Freshness::Old(READ));
    }

    #[test]
    fn each_warning_says_the_age_and_what_follows() {
        let now = READ + time::Duration::hours(30);
        let said = |freshness: Freshness| freshness.warning(now, LIMIT).map(|warning| warning.to_string());
        assert_eq!(said(Freshness::Fresh), None);
        let late = said(Freshness::Late(READ)).unwrap();
        assert!(late.contains("30 h ago") && late.contains("data-tone=\"wait\""), "{late}");
        let old = said(Freshness::Old(READ)).unwrap();
        assert!(
            old.contains("30 h ago") && old.contains("data-tone=\"bad\"") && old.contains("24 h"),
            "{old}"
        );
        assert!(said(Freshness::Never).unwrap().contains("never"), "nothing can sell");
    }
}
