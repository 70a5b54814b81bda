//! Password or code once more, for acts that a session alone must not do.

use secrecy::{ExposeSecret as _, SecretString};
use time::Duration;

use super::password::{self, Busy};
use super::role::AsksAgain;
use super::session::Staff;
use super::{Means, factor, store, tries};

/// What was typed for it: one of the two, or both.
pub struct Given {
    /// The password.
    pub password: SecretString,
    /// The app's code.
    pub code: String,
}

impl Given {
    fn has_password(&self) -> bool {
        !self.password.expose_secret().is_empty()
    }

    fn has_code(&self) -> bool {
        !self.code.trim().is_empty()
    }
}

/// Why an act was not confirmed. Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum NotConfirmed {
    /// It must be, and nothing was typed yet.
    #[error("the password is asked for")]
    Asked,
    /// Neither password nor code is right.
    #[error("the password or the code is wrong")]
    Wrong,
    /// Too many tries: wait so long.
    #[error("too many tries")]
    TooOften(Duration),
    /// Too many comparisons at once.
    #[error("too many sign-ins at once")]
    Busy,
    /// The program or the database failed.
    #[error(transparent)]
    Fault(anyhow::Error),
}

impl From<sqlx::Error> for NotConfirmed {
    fn from(fault: sqlx::Error) -> Self {
        Self::Fault(fault.into())
    }
}

impl From<anyhow::Error> for NotConfirmed {
    fn from(fault: anyhow::Error) -> Self {
        if fault.is::<Busy>() { Self::Busy } else { Self::Fault(fault) }
    }
}

/// Asks whether this session may do such an act now. Password or code is enough; a code is taken once, and a recovery
/// code is for the way in alone.
///
/// # Errors
/// [`NotConfirmed`].
pub async fn confirm(
    means: &Means<'_>,
    staff: &Staff,
    given: &Given,
    asks: AsksAgain,
) -> Result<(), NotConfirmed> {
    if staff.confirmed(asks, means.now) {
        return Ok(());
    }
    match (given.has_code() && staff.has_factor, given.has_password()) {
        (true, _) => check_code(means, staff, given).await?,
        (false, true) => check_password(means, staff, given).await?,
        (false, false) => return Err(NotConfirmed::Asked),
    }
    store::sessions::note_confirmation(means.db, &staff.session, means.now).await?;
    Ok(())
}

/// Whether the password is the account's; a try counts.
pub(super) async fn check_password(
    means: &Means<'_>,
    staff: &Staff,
    given: &Given,
) -> Result<(), NotConfirmed> {
    if !given.has_password() {
        return Err(NotConfirmed::Asked);
    }
    tries::begin(means, staff.id).await?.map_err(NotConfirmed::TooOften)?;
    if given.password.expose_secret().chars().take(password::LONGEST + 1).count() > password::LONGEST {
        return Err(NotConfirmed::Wrong);
    }
    let stored = store::credentials(&mut *means.db.acquire().await?, &staff.email).await?;
    let stored = stored.filter(|stored| stored.id == staff.id).map(|stored| stored.password_hash);
    if !password::verify(given.password.clone(), stored).await?.matches {
        return Err(NotConfirmed::Wrong);
    }
    Ok(tries::succeeded(means, staff.id).await?)
}

/// Whether the code is the app's; a try counts.
pub(super) async fn check_code(means: &Means<'_>, staff: &Staff, given: &Given) -> Result<(), NotConfirmed> {
    if !given.has_code() {
        return Err(NotConfirmed::Asked);
    }
    tries::begin(means, staff.id).await?.map_err(NotConfirmed::TooOften)?;
    let mut conn = means.db.acquire().await?;
    factor::take_code(&mut conn, means, staff.id, &given.code).await?.ok_or(NotConfirmed::Wrong)?;
    drop(conn);
    Ok(tries::succeeded(means, staff.id).await?)
}
