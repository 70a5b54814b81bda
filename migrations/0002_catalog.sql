-- owner: catalog
create table regions (
    slug text primary key,
    upstream_id bigint,
    name text not null
);

-- owner: catalog
create table countries (
    code text primary key constraint countries_code check (code ~ '^[a-z]{2}$'),
    slug text not null constraint countries_slug_unique unique,
    upstream_id bigint,
    -- As the upstream writes it; the pages prefer their own language's name.
    name text not null
);

-- owner: catalog
-- What eSIMDual sells. A package is never deleted: orders and old addresses point at it.
create table packages (
    id bigint primary key constraint packages_id_positive check (id > 0),
    name text not null,
    slug text,
    -- data, voice, sms, data_voice_sms …: the upstream's word in lower case with underscores.
    package_type text not null,
    -- Null: not stated. Unlimited plans have none.
    data_bytes bigint,
    unlimited boolean not null default false,
    voice_minutes integer,
    sms_count integer,
    validity_days integer,
    network_speed text,
    reloadable boolean,
    coverage text not null constraint packages_coverage check (coverage in ('local', 'regional', 'global')),
    region_slug text references regions (slug),
    -- What the upstream charges us (price_for_reseller, else pricing.reseller_price), exactly as it was written.
    cost numeric not null constraint packages_cost_positive check (cost > 0),
    currency text not null constraint packages_currency check (currency ~ '^[A-Z]{3}$'),
    -- A hash of all of the above and the countries: an unchanged package costs a sync no write.
    fingerprint bytea not null,
    first_seen_at timestamptz not null,
    changed_at timestamptz not null,
    -- Null: on sale.
    withdrawn_at timestamptz
);
create index packages_region on packages (region_slug) where withdrawn_at is null;

-- owner: catalog
create table package_countries (
    package_id bigint not null references packages (id),
    country_code text not null references countries (code),
    primary key (package_id, country_code)
);
create index package_countries_by_country on package_countries (country_code, package_id);

-- owner: catalog
-- Every sync that was begun, and what it changed. The newest applied one names the catalog's version.
create table sync_runs (
    id bigint generated always as identity primary key,
    started_at timestamptz not null,
    finished_at timestamptz,
    -- held: it would have withdrawn more than SYNC_MAX_VANISH_PERCENT, so nothing was changed.
    outcome text not null constraint sync_runs_outcome check (outcome in ('running', 'applied', 'unchanged', 'held', 'failed')),
    packages integer not null default 0,
    added integer not null default 0,
    changed integer not null default 0,
    repriced integer not null default 0,
    withdrawn integer not null default 0,
    returned integer not null default 0,
    set_aside integer not null default 0,
    -- A sentence for the admin where it was held or failed.
    note text,
    constraint sync_runs_end check ((outcome = 'running') = (finished_at is null))
);

-- owner: catalog
-- Rows of the last sync that could not be used, each with its reason; replaced by each sync.
create table packages_set_aside (
    id bigint generated always as identity primary key,
    run_id bigint not null references sync_runs (id),
    -- As it was written, which may be no number at all.
    package_id text,
    name text,
    reason text not null
);

-- owner: pricing
-- The rule that turns cost into price. Rules are only ever added: the newest is in force, and an order names the one
-- that made its price.
create table markup_rules (
    id bigint generated always as identity primary key,
    percent numeric not null constraint markup_rules_percent check (percent >= 0 and percent <= 1000),
    -- In whole units of the currency.
    fixed numeric not null constraint markup_rules_fixed check (fixed >= 0),
    currency text not null constraint markup_rules_currency check (currency ~ '^[A-Z]{3}$'),
    rounding text not null constraint markup_rules_rounding check (rounding in ('none', '99', '95', '90', '50', 'whole')),
    published_by text not null,
    published_at timestamptz not null
);

-- owner: wallet
-- The upstream balance as last read.
create table wallet_reading (
    one boolean primary key default true constraint wallet_is_one_row check (one),
    balance numeric not null,
    currency text not null,
    read_at timestamptz not null
);
