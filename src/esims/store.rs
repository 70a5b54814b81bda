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

struct EsimRow {
    id: i64,
    iccid: Option<String>,
    activation_code: String,
    phone_number: Option<String>,
    expires_on: Option<Date>,
}

impl TryFrom<EsimRow> for Esim {
    type Error = sqlx::Error;

    fn try_from(row: EsimRow) -> Result<Self, sqlx::Error> {
        let code = ActivationCode::parse(&row.activation_code)
            .map_err(|bad| sqlx::Error::Decode(format!("esims {}: {bad}", row.id).into()))?;
        Ok(Self {
            id: row.id,
            iccid: row.iccid,
            code,
            phone_number: row.phone_number,
            expires_on: row.expires_on,
        })
    }
}

/// A stored eSIM.
pub async fn by_id(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Esim>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// Stored eSIMs, in no order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[i64]) -> sqlx::Result<Vec<Esim>> {
    let rows = sqlx::query_as!(
        EsimRow,
        "select id, iccid, activation_code, phone_number, expires_on
         from esims
         where id = any($1)",
        ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Esim::try_from).collect()
}
