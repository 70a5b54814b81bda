//! What the back office reads across rooms: selects only, one file a page.

mod audit;
mod catalog;
mod markup;
mod order;
mod orders;
mod overview;
mod sync;
mod transfers;
mod upstream;
mod wallet;

pub(super) use audit::{AUDIT_PAGE, AuditRow, audit};
pub(super) use catalog::{
    PACKAGES, PackageFilter, PackageRow, PriceRow, STATES, catalog_facts, countries_of, countries_sold,
    country_names, packages, price_history,
};
pub(super) use markup::{examples, is_known};
pub(super) use order::{
    AttemptRow, Details, DisputeRow, GiftRow, HistoryRow, LineRow, MailRow, PaymentRow, RefundRow, UnitRow,
    WebhookRow, debits_around, details, listed,
};
pub(super) use orders::{Filter, ListedOrder, PAGE, orders};
pub(super) use overview::{DeadJob, Sales, Standing, dead_jobs, sales_since, standing};
pub(super) use sync::{
    ChangeRow, PlaceRow, ReasonRow, aside_of, aside_reasons, last_compared, place_changes, sync_changes,
    sync_run,
};
pub(super) use transfers::{ByHandRow, ReceiptRow, TransferRow, by_hand, receipts, transfers};
pub(super) use upstream::{
    ASIDE, Aside, Delivery, RUNS, Refusals, Run, deliveries, refusals, runs, unmatched, wallet,
};
pub(super) use wallet::{
    FindingRow, MOVEMENTS, Matching, Movement, closed_findings, matching, movements, open_findings,
};
