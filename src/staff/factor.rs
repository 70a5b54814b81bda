//! The second factor of an account: setting it up, taking its codes, turning it off.

use serde_json::json;
use sqlx::PgConnection;

use super::confirm::{Given, NotConfirmed, check_code, check_password};
use super::session::Staff;
use super::store::{factors, sessions};
use super::totp::{Code, Secret};
use super::{Means, audit, recovery};
use crate::plumbing::sealed::SealingKey;

/// What the sealing binds a secret to.
const PURPOSE: &str = "second factor";

/// How an account proved its second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Code,
    RecoveryCode,
}

impl Proof {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::RecoveryCode => "recovery code",
        }
    }
}

/// A new secret, and how it is kept.
pub(super) fn draw(means: &Means<'_>) -> (Secret, Vec<u8>) {
    let secret = Secret::draw(means.entropy);
    let sealed = means.key.seal(means.entropy, PURPOSE, secret.bytes());
    (secret, sealed)
}

/// A secret that was kept.
pub(super) fn open(key: &SealingKey, sealed: &[u8]) -> anyhow::Result<Secret> {
    let bytes = key.open(PURPOSE, sealed);
    let secret = bytes.as_deref().and_then(Secret::from_bytes);
    secret.ok_or_else(|| anyhow::anyhow!("a second factor cannot be unsealed"))
}

/// Takes an app's code; it is taken once. `None`: it is wrong, old, or taken already.
pub(super) async fn take_code(
    conn: &mut PgConnection,
    means: &Means<'_>,
    admin_id: i64,
    typed: &str,
) -> anyhow::Result<Option<Proof>> {
    let Some(code) = Code::parse(typed) else { return Ok(None) };
    let Some(sealed) = factors::secret(conn, admin_id).await? else { return Ok(None) };
    let Some(step) = open(means.key, &sealed)?.step_of(code, means.now) else { return Ok(None) };
    Ok(factors::take_step(conn, admin_id, step).await?.then_some(Proof::Code))
}

/// Takes an app's code or a recovery code, each once.
pub(super) async fn take(
    conn: &mut PgConnection,
    means: &Means<'_>,
    admin_id: i64,
    typed: &str,
) -> anyhow::Result<Option<Proof>> {
    let Some(hash) = recovery::hash(admin_id, typed) else {
        return take_code(conn, means, admin_id, typed).await;
    };
    let taken = factors::take_code(conn, admin_id, &hash, means.now).await?;
    Ok(taken.then_some(Proof::RecoveryCode))
}

/// Makes a proposed secret the account's factor, if the code is of it: the recovery codes, which are shown this once.
/// `None`: the code is wrong, or there is a factor already.
pub(super) async fn accept(
    conn: &mut PgConnection,
    means: &Means<'_>,
    admin_id: i64,
    sealed: &[u8],
    typed: &str,
) -> anyhow::Result<Option<Vec<String>>> {
    let Some(code) = Code::parse(typed) else { return Ok(None) };
    let Some(step) = open(means.key, sealed)?.step_of(code, means.now) else { return Ok(None) };
    if !factors::insert(conn, admin_id, sealed, step, means.now).await? {
        return Ok(None);
    }
    Ok(Some(new_codes(conn, means, admin_id).await?))
}

async fn new_codes(conn: &mut PgConnection, means: &Means<'_>, admin_id: i64) -> sqlx::Result<Vec<String>> {
    let codes = recovery::draw(means.entropy);
    let hashes =
        codes.iter().filter_map(|code| recovery::hash(admin_id, code)).map(Vec::from).collect::<Vec<_>>();
    factors::replace_codes(conn, admin_id, &hashes).await?;
    Ok(codes)
}

/// Begins to set a factor up in this session, after the password was given again. What was proposed before is forgotten.
///
/// # Errors
/// [`NotConfirmed`].
pub async fn propose(means: &Means<'_>, staff: &Staff, given: &Given) -> Result<(), NotConfirmed> {
    check_password(means, staff, given).await?;
    let (_, sealed) = draw(means);
    sessions::propose(&mut *means.db.acquire().await?, &staff.session, Some(&sealed)).await?;
    Ok(())
}

/// What is being set up in this session.
///
/// # Errors
/// A fault of the database, or a secret that another key sealed.
pub async fn proposed(means: &Means<'_>, staff: &Staff) -> anyhow::Result<Option<Secret>> {
    let sealed = sessions::proposed(&mut *means.db.acquire().await?, &staff.session).await?;
    sealed.map(|sealed| open(means.key, &sealed)).transpose()
}

/// Turns the factor on with a first code: the recovery codes, shown this once. All other sessions of the account end.
///
/// # Errors
/// [`NotConfirmed::Wrong`] where the code is not the app's, or nothing was proposed.
pub async fn enrol(means: &Means<'_>, staff: &Staff, typed: &str) -> Result<Vec<String>, NotConfirmed> {
    super::tries::begin(means, staff.id).await?.map_err(NotConfirmed::TooOften)?;
    let mut tx = means.db.begin().await?;
    let sealed = sessions::proposed(&mut tx, &staff.session).await?.ok_or(NotConfirmed::Wrong)?;
    let codes = accept(&mut tx, means, staff.id, &sealed, typed).await?.ok_or(NotConfirmed::Wrong)?;
    sessions::propose(&mut tx, &staff.session, None).await?;
    sessions::end_sessions_of(&mut tx, staff.id, Some(&staff.session)).await?;
    audit::record(&mut tx, means.now, &staff.email, "second_factor_enrolled", &json!({})).await?;
    tx.commit().await?;
    super::tries::succeeded(means, staff.id).await?;
    Ok(codes)
}

/// Turns the factor off, with password and code both. All other sessions of the account end.
///
/// # Errors
/// [`NotConfirmed`].
pub async fn turn_off(means: &Means<'_>, staff: &Staff, given: &Given) -> Result<(), NotConfirmed> {
    check_password(means, staff, given).await?;
    check_code(means, staff, given).await?;
    let mut tx = means.db.begin().await?;
    factors::remove(&mut tx, staff.id).await?;
    sessions::end_sessions_of(&mut tx, staff.id, Some(&staff.session)).await?;
    audit::record(&mut tx, means.now, &staff.email, "second_factor_turned_off", &json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Makes ten new recovery codes in the place of the old ones, with the password.
///
/// # Errors
/// [`NotConfirmed`].
pub async fn renew_codes(
    means: &Means<'_>,
    staff: &Staff,
    given: &Given,
) -> Result<Vec<String>, NotConfirmed> {
    check_password(means, staff, given).await?;
    let mut tx = means.db.begin().await?;
    let codes = new_codes(&mut tx, means, staff.id).await?;
    audit::record(&mut tx, means.now, &staff.email, "recovery_codes_renewed", &json!({})).await?;
    tx.commit().await?;
    Ok(codes)
}

/// How many recovery codes are left.
///
/// # Errors
/// A fault of the database.
pub async fn codes_left(means: &Means<'_>, staff: &Staff) -> sqlx::Result<i64> {
    factors::codes_left(&mut *means.db.acquire().await?, staff.id).await
}
