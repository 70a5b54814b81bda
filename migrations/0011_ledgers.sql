-- The three ledgers (payments, upstream orders, wallet debits) and what is needed to match them.

-- What a reading can know, and from when on the movements are known without a gap.
alter table wallet_reading
    -- When it was asked for: what was bought later may be missing from it. Null: read by the program before this one.
    add column asked_at timestamptz,
    -- By the upstream's clock. Null: since the account's first movement.
    add column known_from timestamptz,
    -- Whether its movements were kept, and whether every one of them could be read.
    add column movements_kept boolean not null default false,
    add column movements_readable boolean not null default false;

-- owner: wallet
-- Every movement that the upstream ever listed. The list may be cut to the newest: what was seen once stays known.
create table wallet_movements (
    id bigint generated always as identity primary key,
    -- id:{upstream id}; without one, row:{hash of all fields}:{ordinal among equals of one reading}.
    key text not null constraint wallet_movements_key_unique unique,
    upstream_id bigint,
    -- other: a kind that we do not know, or an amount that could not be read; never matched.
    direction text not null constraint wallet_movements_direction check (direction in ('out', 'in', 'other')),
    -- As the upstream writes it.
    kind text not null,
    amount numeric constraint wallet_movements_amount check (amount >= 0),
    currency text not null,
    post_balance numeric,
    reference text,
    description text,
    -- By the upstream's clock.
    happened_at timestamptz,
    -- By ours.
    first_seen_at timestamptz not null,
    constraint wallet_movements_matched_has_amount check (direction = 'other' or amount is not null)
);
create index wallet_movements_by_time on wallet_movements (happened_at);

-- What an upstream order cost, when, and what became of it, as it was last told.
alter table upstream_orders
    add column price numeric,
    add column currency text,
    add column status text,
    -- By the upstream's clock.
    add column created_at timestamptz;
create index upstream_orders_by_name on upstream_orders (external_order_id);
create index upstream_orders_by_time on upstream_orders (created_at);
create index upstream_orders_by_sight on upstream_orders (first_seen_at);

-- What a unit really cost is looked at once it has changed.
create index units_by_change on units (changed_at);

-- owner: catalog
-- Packages that are not sold for now, whatever the upstream's catalog says: it charged more than the customer pays, or
-- in another currency. A sync leaves this alone; a person lifts it.
create table package_stops (
    id bigint generated always as identity primary key,
    package_id bigint not null references packages (id),
    reason text not null,
    stopped_at timestamptz not null,
    lifted_at timestamptz,
    lifted_by text,
    constraint package_stops_lifted_by_somebody check ((lifted_at is null) = (lifted_by is null))
);
create unique index package_stops_one_open on package_stops (package_id) where lifted_at is null;

-- owner: ledgers
-- What does not match. One row while it holds; it closes by itself when it does not hold any more, or by a person with a
-- reason.
create table ledger_findings (
    id bigint generated always as identity primary key,
    -- A word of src/ledgers/finding.rs.
    kind text not null,
    -- What it is about: one open finding of a kind for one thing.
    key text not null,
    facts jsonb not null,
    -- The oldest moment that is needed to judge it again.
    reaches_back_to timestamptz,
    -- The package that it stopped.
    package_id bigint,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    closed_at timestamptz,
    -- `shop`, or an admin's e-mail.
    closed_by text,
    closed_because text,
    constraint ledger_findings_closed_by_somebody
        check ((closed_at is null) = (closed_by is null) and (closed_at is null) = (closed_because is null))
);
create unique index ledger_findings_one_open on ledger_findings (kind, key) where closed_at is null;
create index ledger_findings_by_key on ledger_findings (kind, key);
create index ledger_findings_closed on ledger_findings (closed_at desc, id desc) where closed_at is not null;

-- owner: ledgers
-- The last reading of the upstream's list of orders for the books.
create table ledger_listing (
    one boolean primary key default true constraint ledger_listing_is_one_row check (one),
    -- What was there before is history that no shop of this database made.
    first_read_at timestamptz not null,
    asked_at timestamptz not null,
    newest_id bigint,
    -- By the upstream's clock, as of wallet_reading. Null: since the account's first order.
    known_from timestamptz
);

-- owner: ledgers
-- The last matching: when, and the sums of the three ledgers.
create table ledger_matching (
    one boolean primary key default true constraint ledger_matching_is_one_row check (one),
    matched_at timestamptz not null,
    sums jsonb not null,
    -- Units that changed until then were looked at.
    units_seen_until timestamptz not null,
    -- Whether the balance was low then: it is told when that begins.
    wallet_low boolean not null
);
