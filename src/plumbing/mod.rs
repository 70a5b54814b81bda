//! The machines: they know no shop word.

pub mod bell;
pub mod http;
pub mod jobs;
pub mod mailer;
pub mod sealed;
