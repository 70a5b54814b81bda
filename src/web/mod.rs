//! The shell of every page: who visits and in which language, how a page is sent, what an error looks like.

pub mod page;
pub mod problem;
pub mod visit;

pub use page::{Cache, page};
pub use problem::Problem;
pub use visit::Visit;
