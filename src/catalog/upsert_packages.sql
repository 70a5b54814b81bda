insert into packages (
    id, name, slug, package_type, data_bytes, unlimited, voice_minutes, sms_count, validity_days, network_speed,
    reloadable, coverage, region_slug, cost, currency, fingerprint, first_seen_at, changed_at
)
select
    id, name, slug, package_type, data_bytes, unlimited, voice_minutes, sms_count, validity_days, network_speed,
    reloadable, coverage, region_slug, cost, currency, fingerprint, $17, $17
from unnest(
    $1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::integer[], $8::integer[],
    $9::integer[], $10::text[], $11::boolean[], $12::text[], $13::text[], $14::numeric[], $15::text[], $16::bytea[]
) as offered (
    id, name, slug, package_type, data_bytes, unlimited, voice_minutes, sms_count, validity_days, network_speed,
    reloadable, coverage, region_slug, cost, currency, fingerprint
)
on conflict (id) do update
set
    name = excluded.name,
    slug = excluded.slug,
    package_type = excluded.package_type,
    data_bytes = excluded.data_bytes,
    unlimited = excluded.unlimited,
    voice_minutes = excluded.voice_minutes,
    sms_count = excluded.sms_count,
    validity_days = excluded.validity_days,
    network_speed = excluded.network_speed,
    reloadable = excluded.reloadable,
    coverage = excluded.coverage,
    region_slug = excluded.region_slug,
    cost = excluded.cost,
    currency = excluded.currency,
    fingerprint = excluded.fingerprint,
    changed_at = excluded.changed_at,
    withdrawn_at = null
