//! The sandbox: a stand-in for the eSIMDual reseller API, on loopback, with a ledger that tells the truth.
//!
//! It owns nothing of the shop. It speaks every operation of the published description (openapi.json and the quick
//! start), sells from a generated catalog against a wallet, and sends signed webhooks. Because it is also the judge
//! of the shop's fault tests, whatever it does is committed to its ledger first and answered afterwards, and it
//! misbehaves only where a [`Fault`] was asked for. With a state directory it survives a `kill -9`.
//!
//! It never shares a type with the client desk: one misreading of the documents would then be made twice, and agree
//! with itself. Its one secret-free rule: activation codes and passwords stay out of the logs.

mod absence;
mod amounts;
mod answers;
mod api;
mod bend;
mod book;
mod catalog;
mod control;
mod countries;
mod courses;
mod desk;
mod dress;
mod faults;
mod generator;
mod gzip;
mod journal;
mod ledger;
mod line;
mod moment;
mod operation;
mod places;
mod post;
mod purchase;
mod server;
mod settings;
mod tiers;
mod tokens;
mod usage;
mod webhooks;
mod wire;
mod world;

pub use catalog::{CatalogChange, CatalogRefusal, MOST_PACKAGES, NewPackage};
pub use dress::{Dress, SignatureForm, UnusualHttp};
pub use faults::{
    Call, Card, Fault, Group, Injection, Parameter, Strike, Strikes, UNPROVOKED, WrongInjection,
};
pub use ledger::{
    Attempt, Delivery, DeliveryState, Esim, Ledger, Order, OrderRequest, OrderStatus, PackageSnapshot,
    Transaction, TransactionKind,
};
pub use operation::Operation;
pub use server::{Running, start};
pub use settings::{OrderMode, PageForm, Settings, is_web_address};
pub use usage::EsimChange;
