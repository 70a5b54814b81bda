-- owner: settings
-- What this installation is, in one row that is made at the first start.
create table installation (
    one boolean primary key default true constraint installation_is_one_row check (one),
    -- Secrets at rest are sealed with SECRET_KEY: a start with another key must be refused, not find garbage.
    secret_fingerprint text not null,
    -- What customers pay in, and what the upstream account is kept in. Null until the upstream was reached once:
    -- until then no rule is made and nothing sells.
    currency text constraint installation_currency check (currency ~ '^[A-Z]{3}$'),
    upstream_currency text constraint installation_upstream_currency check (upstream_currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null
);

-- owner: esimdual
-- The upstream's bearer tokens, sealed, shared by all nodes: one login serves them all.
create table upstream_tokens (
    -- Base URL and e-mail: another account never meets this one's token.
    account text primary key,
    sealed bytea not null,
    obtained_at timestamptz not null
);

-- owner: plumbing
-- Work that must survive the process that thought of it. A job is claimed with a lease, and only the worker whose
-- claim is still the newest (`attempts`) may write its end.
create table jobs (
    id bigint generated always as identity primary key,
    kind text not null,
    -- One job for one thing: a second request for it only moves the first one forward.
    key text not null constraint jobs_key_unique unique,
    payload jsonb not null,
    run_at timestamptz not null,
    attempts integer not null default 0,
    -- Faults in a row: how long to wait before the next try.
    faults integer not null default 0,
    -- How often it was asked for: a request that arrives while the job runs makes it run once more.
    wanted integer not null default 1,
    lease_until timestamptz,
    worker text,
    last_error text,
    -- Given up: kept for a person to see.
    dead_at timestamptz,
    created_at timestamptz not null,
    constraint jobs_lease_has_worker check ((lease_until is null) = (worker is null))
);
-- The claim reads "due, and nobody's or abandoned", oldest first.
create index jobs_due on jobs (run_at) where dead_at is null;

-- owner: plumbing
-- Mail leaves by this outbox: it is written in the transaction that causes it, and sent by a job.
create table mails (
    id bigint generated always as identity primary key,
    -- One mail for one cause ("delivered:SF-…"): asked for twice, it is sent once.
    key text not null constraint mails_key_unique unique,
    recipient text not null,
    subject text not null,
    html text not null,
    plain text not null,
    -- An inline picture (the QR), so that mail programs show it without fetching anything: [{name, mime, base64}].
    pictures jsonb not null default '[]',
    created_at timestamptz not null,
    sent_at timestamptz
);
create index mails_unsent on mails (created_at) where sent_at is null;
