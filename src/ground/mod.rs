//! The ground: words that every floor may use. Values only; nothing here reads a file, a socket or a table.

pub mod clock;
pub mod countries;
pub mod email_address;
pub mod entropy;
pub mod language;
pub mod money;
pub mod rate;
pub mod tax;
pub mod token;

pub use clock::Clock;
pub use email_address::EmailAddress;
pub use entropy::Entropy;
pub use language::Language;
pub use money::{Cost, Currency, Price};
pub use rate::Rate;
