//! catalog: packages as eSIMDual sells them.
//!
//! Owns `packages`, `countries`, `regions`, `package_countries`, `sync_runs`, `packages_set_aside`. Promises that a
//! reader sees the catalog before a sync or after it, never in between, and that a bad sync changes nothing. Never
//! knows what a customer pays.

pub mod package;

pub use package::{Country, Coverage, Data, Package, Region};
mod read;
pub use read::{Contents, read_on_sale, version};
