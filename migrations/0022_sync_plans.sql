-- What each sync changed, plans that wait for a person, and what packages cost and were sold for.

-- owner: catalog
-- The differences of a sync that was applied or held: of each kind the first some hundreds, by id; sync_runs counts all.
create table sync_changes (
    run_id bigint not null references sync_runs (id),
    package_id bigint not null,
    kind text not null constraint sync_changes_kind check (kind in ('added', 'changed', 'repriced', 'withdrawn', 'returned')),
    name text not null,
    -- Null for what was not known before.
    cost_before numeric,
    currency_before text,
    -- Null for what is withdrawn.
    cost_after numeric,
    currency_after text,
    primary key (run_id, package_id)
);

-- owner: catalog
-- A sync that was held, whole, so that a person can have that very plan carried out.
create table sync_plans (
    run_id bigint primary key references sync_runs (id),
    -- The newest applied run when it was made: on another catalog the plan means something else.
    made_against bigint not null,
    -- Of everything that the plan writes: the same plan again waits once, and one that was dropped stays dropped.
    digest bytea not null,
    withdrawn bigint[] not null,
    state text not null constraint sync_plans_state check (state in ('waiting', 'accepted', 'dropped', 'overtaken')),
    decided_by text,
    decided_at timestamptz,
    constraint sync_plans_decided check ((state in ('waiting', 'overtaken')) = (decided_by is null))
);
create unique index sync_plans_waiting on sync_plans (state) where state = 'waiting';

-- owner: catalog
-- The packages that a waiting plan would write, as `packages` has them.
create table sync_plan_packages (
    run_id bigint not null references sync_plans (run_id),
    id bigint not null,
    name text not null,
    slug text,
    package_type text not null,
    data_bytes bigint,
    unlimited boolean not null,
    voice_minutes integer,
    sms_count integer,
    validity_days integer,
    network_speed text,
    reloadable boolean,
    coverage text not null,
    region_slug text,
    cost numeric not null,
    currency text not null,
    countries text[] not null,
    primary key (run_id, id)
);

-- owner: catalog
-- The countries (code) and regions (no code) that a waiting plan would write.
create table sync_plan_places (
    run_id bigint not null references sync_plans (run_id),
    code text,
    slug text not null,
    name text not null,
    upstream_id bigint
);
create index sync_plan_places_by_run on sync_plan_places (run_id);

-- owner: pricing
-- What each package cost and was sold for, from a moment on: a row where either changed.
create table price_history (
    package_id bigint not null,
    noted_at timestamptz not null,
    cost numeric not null,
    cost_currency text not null,
    -- Null while it had no price.
    price_minor bigint,
    currency text,
    -- The rule that made the price.
    rule_id bigint,
    primary key (package_id, noted_at),
    constraint price_history_price_has_currency check ((price_minor is null) = (currency is null))
);

-- owner: pricing
-- Of which catalog and rules, and when, costs and prices were noted last: where neither is another one since, and no date
-- of a rule passed, there is nothing to note.
create table prices_noted (
    one boolean primary key default true constraint prices_noted_is_one_row check (one),
    catalog_version bigint not null,
    rules_revision bigint not null,
    noted_at timestamptz not null
);
