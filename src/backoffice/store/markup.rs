//! What the rules' pages read of the catalog.

use sqlx::PgPool;

/// One package on sale of each coverage, of a middling cost, so that examples look like what customers buy.
pub(crate) async fn examples(db: &PgPool, currency: &str) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"select id as "id!"
           from (
               select id, cost, coverage,
                      row_number() over (partition by coverage order by cost, id) as place,
                      count(*) over (partition by coverage) as of
               from packages
               where withdrawn_at is null
                 and currency = $1
           ) ranked
           where place = (of + 1) / 2
           order by cost, id"#,
        currency
    )
    .fetch_all(db)
    .await
}

/// Whether the catalog ever knew what a rule's scope names.
pub(crate) async fn is_known(db: &PgPool, scope: &str, key: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select case $1
               when 'package_type' then exists (select from packages where package_type = $2)
               when 'region' then $2 = 'global' or exists (select from regions where slug = $2)
               when 'country' then exists (select from countries where code = $2)
               when 'package' then exists (select from packages where id::text = $2)
               else true
           end as "known!""#,
        scope,
        key
    )
    .fetch_one(db)
    .await
}
