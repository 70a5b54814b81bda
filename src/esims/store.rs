//! Every statement on `esims`.

use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use super::ActivationCode;

/// An eSIM to be stored.
#[derive(Debug)]
pub struct NewEsim<'a> {
    /// The upstream's id.
    pub upstream_esim_id: Option<i64>,
    /// The card's number.
    pub iccid: Option<&'a str>,
    /// The code.
    pub code: &'a ActivationCode,
    /// The phone number, where the plan has one.
    pub phone_number: Option<&'a str>,
    /// The last day.
    pub expires_on: Option<Date>,
}

/// A stored eSIM. Its `Debug` shows no code.
#[derive(Clone)]
pub struct Esim {
    /// Our own id.
    pub id: i64,
    /// The card's number.
    pub iccid: Option<String>,
    /// The code.
    pub code: ActivationCode,
    /// The phone number, where the plan has one.
    pub phone_number: Option<String>,
    /// The last day.
    pub expires_on: Option<Date>,
}

impl std::fmt::Debug for Esim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Esim").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Stores an eSIM and returns its id; `None` when this card or this code was stored before: it belongs to somebody.
pub async fn insert(
    conn: &mut PgConnection,
    esim: &NewEsim<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "insert into esims (upstream_esim_id, iccid, activation_code, smdp_address, matching_id, phone_number,
                            expires_on, stored_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing
         returning id",
        esim.upstream_esim_id,
        esim.iccid,
        esim.code.as_str(),
        esim.code.smdp_address(),
        esim.code.matching_id(),
        esim.phone_number,
        esim.expires_on,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// A stored eSIM.
pub async fn by_id(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Esim>> {
    let row = sqlx::query!(
        "select id, iccid, activation_code, phone_number, expires_on
         from esims
         where id = $1",
        id,
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let code = ActivationCode::parse(&row.activation_code)
        .map_err(|bad| sqlx::Error::Decode(format!("esims {id}: {bad}").into()))?;
    Ok(Some(Esim {
        id: row.id,
        iccid: row.iccid,
        code,
        phone_number: row.phone_number,
        expires_on: row.expires_on,
    }))
}
