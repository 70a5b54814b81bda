//! The shell of every page: who visits and in which language, how a page is sent, what an error looks like, and
//! which requests are refused at the door.
//!
//! The layers, from the outside in, as `site.rs` should apply them: [`language::strip_prefix`] around the router;
//! request id and log span; the window's pages that are [`ready`]; compression; [`security::floor`];
//! [`problem::render`]; the layer that catches panics; [`security::refuse_foreign`]; [`page::revalidate`]; limits;
//! [`carry::carry`]; the routes.

pub mod address;
pub mod amounts;
pub mod assets;
pub mod carry;
pub mod drawing;
pub mod form;
pub mod form_data;
pub mod json_ld;
pub mod language;
pub mod limits;
pub mod origin;
pub mod page;
pub mod problem;
pub mod ready;
pub mod security;
pub mod visit;
pub mod words;

pub use address::{PublicUrl, TrustedProxies, VisitorAddress};
pub use drawing::QrDrawing;
pub use form::FieldErrors;
pub use json_ld::JsonLd;
pub use limits::Limits;
pub use page::{Cache, page};
pub use problem::Problem;
pub use visit::Visit;
