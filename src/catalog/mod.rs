//! catalog: packages as eSIMDual sells them.
//!
//! Owns `packages`, `countries`, `regions`, `package_countries`, `sync_runs`, `sync_changes`, `sync_place_changes`,
//! `sync_plans`, `sync_plan_packages`, `sync_plan_places`, `packages_set_aside`, `packages_set_aside_reasons`,
//! `package_stops`, `package_overrides`, `catalog_edits`, `popular_destinations`.
//! Promises that one sync at a time is under way over all nodes, that a reader sees the catalog before a sync or after it,
//! never in between, that a bad sync changes nothing, and that a package which somebody stopped is not sold until somebody
//! lifts it. Never knows what a customer pays.

mod accept;
mod amount;
mod country_code;
pub mod diff;
pub mod overrides;
pub mod package;
mod past;
mod places;
pub mod plans;
pub mod popular;
mod read;
pub mod run;
mod slug;
mod stop;
mod store;
mod sync;
mod turn;
mod wording;

pub use accept::{Accepted, SetAside, accept};
pub use country_code::CountryCode;
pub use diff::Brake;
pub use package::{Country, Coverage, Data, Listing, Package, Region};
pub use past::{Left, Past, Withdrawn, past};
pub use read::{
    Contents, last_runs, listed_cost, listings, package_for_sale, read_on_sale, set_aside, synced_at, version,
};
pub use run::{Counts, Outcome, SyncRun};
pub use stop::{lift_stop, stop};
pub use sync::{Progress, Summary, SyncError, sync};
pub use turn::under_way;
