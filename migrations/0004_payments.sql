-- owner: payments
create table payments (
    id bigint generated always as identity primary key,
    order_id bigint not null references orders (id),
    method text not null constraint payments_method check (method in ('test', 'bank_transfer', 'stripe')),
    -- Names the payment in addresses: 160 random bits.
    token text not null constraint payments_token_unique unique,
    status text not null constraint payments_status check (status in ('pending', 'paid', 'failed', 'expired')),
    amount_minor bigint not null constraint payments_amount_positive check (amount_minor > 0),
    currency text not null constraint payments_currency check (currency ~ '^[A-Z]{3}$'),
    -- True for the one payment that paid its order. A second or late one is paid but does not count: it goes back.
    counted boolean not null default false,
    -- What was promised back so far, done or under way. The check is the last guard against paying back too much.
    refunded_minor bigint not null default 0,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    settled_at timestamptz,
    constraint payments_refund_not_above_payment check (refunded_minor between 0 and amount_minor),
    constraint payments_only_paid_count check (not counted or status = 'paid'),
    constraint payments_only_paid_refund check (refunded_minor = 0 or status = 'paid'),
    constraint payments_paid_has_time check (status <> 'paid' or settled_at is not null)
);
create unique index payments_one_counts on payments (order_id) where counted;
create index payments_by_order on payments (order_id);

-- owner: payments
create table refunds (
    id bigint generated always as identity primary key,
    payment_id bigint not null references payments (id),
    order_id bigint not null references orders (id),
    -- A unit is refunded once; null for a payment that goes back whole.
    unit_id bigint constraint refunds_unit_unique unique references units (id),
    amount_minor bigint not null constraint refunds_amount_positive check (amount_minor > 0),
    currency text not null constraint refunds_currency check (currency ~ '^[A-Z]{3}$'),
    reason text not null,
    status text not null constraint refunds_status check (status in ('pending', 'done', 'failed')),
    -- The key under which the method is asked, stored before it is asked.
    key text not null constraint refunds_key_unique unique,
    requested_by text not null,
    created_at timestamptz not null,
    settled_at timestamptz,
    constraint refunds_settled_has_time check ((status = 'pending') = (settled_at is null))
);
create index refunds_by_order on refunds (order_id);
create index refunds_pending on refunds (created_at) where status = 'pending';
-- A payment that goes back whole does so once.
create unique index refunds_whole_once on refunds (payment_id) where unit_id is null and reason in ('late', 'second');
