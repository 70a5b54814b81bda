//! What payers' banks ask back.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::ground::Price;
use crate::payments::provider::SeenDispute;

/// A dispute as it is known.
pub(in crate::payments) struct Dispute {
    pub status: String,
}

/// The disputes of a payment.
pub(in crate::payments) async fn disputes_of(
    conn: &mut PgConnection,
    payment_id: i64,
) -> sqlx::Result<Vec<Dispute>> {
    sqlx::query_as!(Dispute, "select status from disputes where payment_id = $1 order by id", payment_id)
        .fetch_all(conn)
        .await
}

/// Writes a dispute, or where it stands by now; final ones stay. The word that it had before where that is another one,
/// `Some(None)` for a new one.
pub(in crate::payments) async fn note_dispute(
    conn: &mut PgConnection,
    payment_id: i64,
    seen: &SeenDispute,
    amount: Price,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Option<String>>> {
    let before = sqlx::query_scalar!(
        "select status from disputes where provider_reference = $1 for update",
        seen.reference,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let word = seen.standing.word();
    let known = before.as_deref().is_some_and(|before| before == word || matches!(before, "won" | "lost"));
    if known {
        return Ok(None);
    }
    sqlx::query!(
        "insert into disputes (payment_id, provider_reference, amount_minor, currency, status, reason, due_by, opened_at,
                               closed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, case when $9 then $8::timestamptz end)
         on conflict (provider_reference) do update
         set status = excluded.status,
             amount_minor = excluded.amount_minor,
             due_by = excluded.due_by,
             closed_at = excluded.closed_at
         where disputes.closed_at is null",
        payment_id,
        seen.reference,
        amount.minor,
        amount.currency.code(),
        word,
        seen.reason,
        seen.due_by,
        now,
        seen.standing.is_final(),
    )
    .execute(conn)
    .await?;
    Ok(Some(before))
}

/// Writes into the payment what open and lost disputes took of it; the sum.
pub(in crate::payments) async fn sum_disputed(conn: &mut PgConnection, payment_id: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "update payments
         set disputed_minor = (
             select coalesce(sum(amount_minor), 0)
             from disputes
             where payment_id = $1
               and status in ('open', 'lost')
         )
         where id = $1
         returning disputed_minor",
        payment_id,
    )
    .fetch_one(conn)
    .await
}
