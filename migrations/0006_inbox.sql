-- owner: inbox
-- Webhooks, stored before they are answered and believed only later. Kept as long as orders are.
create table webhook_deliveries (
    id bigint generated always as identity primary key,
    source text not null constraint webhook_deliveries_source check (source in ('esimdual', 'stripe')),
    -- id:{delivery id}, or body:{hash} for a delivery without an id or with another body under a known one.
    delivery_key text not null,
    delivery_id text,
    event text not null,
    -- Exactly as it was signed.
    body bytea not null,
    body_hash bytea not null,
    -- hex, prefixed_hex or base64: what the documents do not say, as it was seen.
    signature_form text not null,
    status text not null constraint webhook_deliveries_status
        check (status in ('received', 'done', 'ignored', 'unmatched')),
    -- What was made of it, for staff.
    note text,
    order_number text,
    received_at timestamptz not null,
    processed_at timestamptz,
    constraint webhook_deliveries_known_once unique (source, delivery_key),
    constraint webhook_deliveries_end check ((status = 'received') = (processed_at is null))
);
create index webhook_deliveries_by_time on webhook_deliveries (received_at desc, id desc);
create index webhook_deliveries_waiting on webhook_deliveries (received_at) where status = 'received';

-- owner: inbox
-- Refused posts are counted, a row a day and reason, never stored.
create table webhook_refusals (
    source text not null,
    day date not null,
    reason text not null,
    count bigint not null,
    last_at timestamptz not null,
    primary key (source, day, reason)
);
