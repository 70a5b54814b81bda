//! Mail.

/// Sends mail, or writes it to a folder.
#[derive(Clone, Debug)]
pub struct Mailer;
