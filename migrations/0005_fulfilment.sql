-- owner: fulfilment
-- The intention to buy, committed before the request leaves, and what became of it.
create table attempts (
    id bigint generated always as identity primary key,
    unit_id bigint not null references units (id),
    number integer not null constraint attempts_number check (number >= 1),
    -- Stays the same while any attempt of the unit is in doubt; a new one comes only after a definite refusal.
    idempotency_key text not null constraint attempts_key_length check (length(idempotency_key) <= 255),
    committed_at timestamptz not null,
    -- The newest upstream order known when this was committed: a list that holds it, or an older one, reaches back
    -- beyond this attempt. Null: none was known, the account began empty.
    known_upstream_id bigint,
    -- Null: sent, or about to be; whoever finds it so after a crash must treat it as doubt.
    outcome text constraint attempts_outcome check (outcome in ('done', 'refused', 'later', 'doubt')),
    -- A doubt that was settled: found (the order exists and was bound) or absent (a list that reaches back lacks it).
    settled text constraint attempts_settled check (settled in ('found', 'absent')),
    -- The upstream's own words, shortened; shown to staff only.
    reason text,
    http_status integer,
    -- The fields that a 422 named: with one named, a new try would change nothing.
    named_fields text[] not null default '{}',
    -- What the wallet said after a 422: too little for this unit, or enough, so that the refusal has another cause.
    judged text constraint attempts_judged check (judged in ('balance', 'sufficient')),
    -- Not before this moment, after a `later`.
    retry_at timestamptz,
    answered_at timestamptz,
    constraint attempts_number_unique unique (unit_id, number),
    constraint attempts_answer_has_time check ((outcome is null) = (answered_at is null)),
    constraint attempts_only_doubt_is_settled check (settled is null or outcome = 'doubt')
);

-- owner: fulfilment
-- Every upstream order that was ever listed to us or bound by us: the measure of how far back a list reaches.
create table upstream_orders (
    id bigint primary key,
    external_order_id text,
    first_seen_at timestamptz not null
);

-- owner: fulfilment
-- Each complete reading of the upstream's list of orders. One stands here before the first purchase.
create table upstream_listings (
    id bigint generated always as identity primary key,
    read_at timestamptz not null,
    orders integer not null
);
