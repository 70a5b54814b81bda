select
    packages.id,
    coalesce(own.name, packages.name) as "name!",
    packages.slug,
    packages.package_type,
    packages.data_bytes,
    packages.unlimited,
    packages.voice_minutes,
    packages.sms_count,
    packages.validity_days,
    packages.network_speed,
    packages.reloadable,
    packages.coverage,
    packages.region_slug,
    packages.cost,
    packages.currency,
    coalesce(
        (
            select string_agg(country_code, ' ' order by country_code)
            from package_countries
            where package_countries.package_id = packages.id
        ),
        ''
    ) as "countries!"
from packages
left join package_overrides as own on own.package_id = packages.id
where packages.id = $1
    and packages.withdrawn_at is null
    and coalesce(own.hidden or own.held, false) = false
    and not exists (
        select from package_stops
        where package_stops.package_id = packages.id and package_stops.lifted_at is null
    )
