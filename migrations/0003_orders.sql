-- owner: esims
-- What was delivered. The codes are secrets: whoever reads one can install the line.
create table esims (
    id bigint generated always as identity primary key,
    upstream_esim_id bigint,
    -- One card, one customer: the second unit that is handed the same card is refused by the schema.
    iccid text constraint esims_iccid_unique unique,
    activation_code text not null constraint esims_activation_code_unique unique,
    smdp_address text not null,
    matching_id text not null,
    phone_number text,
    expires_on date,
    stored_at timestamptz not null
);

-- owner: orders
create table orders (
    id bigint generated always as identity primary key,
    -- Random, so that two purchases an hour apart do not tell how much the shop sells.
    number text not null constraint orders_number_unique unique,
    -- 160 random bits: whoever knows it sees the order.
    token text not null constraint orders_token_unique unique,
    -- The checkout form's hidden key: a double click, a refresh or a second tab finds the first order.
    form_key text not null constraint orders_form_key_unique unique,
    -- What was bought under that key: the same key with another basket is refused.
    form_fingerprint bytea not null,
    email text not null,
    language text not null,
    -- Optional; erased when the order is final.
    device_imei text,
    status text not null constraint orders_status
        check (status in ('awaiting_payment', 'processing', 'completed', 'failed', 'cancelled')),
    payment_status text not null constraint orders_payment_status
        check (payment_status in ('pending', 'paid', 'partially_refunded', 'refunded', 'failed', 'expired')),
    -- A person is needed.
    attention boolean not null default false,
    currency text not null constraint orders_currency check (currency ~ '^[A-Z]{3}$'),
    total_minor bigint not null constraint orders_total_positive check (total_minor > 0),
    discount_minor bigint not null default 0 constraint orders_discount check (discount_minor >= 0),
    tax_minor bigint not null default 0 constraint orders_tax check (tax_minor >= 0),
    terms_accepted_at timestamptz not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    paid_at timestamptz,
    finished_at timestamptz,
    -- Nothing is bought that was not paid for.
    constraint orders_paid_before_processing
        check (status in ('awaiting_payment', 'cancelled') or paid_at is not null),
    -- A cancelled order may still be paid too late; that money goes back without the order ever being paid.
    constraint orders_payment_status_has_payment
        check (payment_status in ('pending', 'failed', 'expired') or paid_at is not null or status = 'cancelled'),
    constraint orders_final_has_time
        check ((status in ('completed', 'failed', 'cancelled')) = (finished_at is not null))
);
create index orders_by_time on orders (created_at desc, id desc);
create index orders_open on orders (status, expires_at) where status in ('awaiting_payment', 'processing');
create index orders_by_email on orders (email);

-- owner: orders
-- Name, cost, price and rule are frozen here: what the catalog does later changes no order.
create table order_lines (
    id bigint generated always as identity primary key,
    order_id bigint not null references orders (id),
    position integer not null constraint order_lines_position check (position >= 1),
    package_id bigint not null,
    name text not null,
    -- data_bytes, unlimited, validity_days, coverage, countries …, as they were promised.
    facts jsonb not null,
    quantity integer not null constraint order_lines_quantity check (quantity between 1 and 50),
    unit_price_minor bigint not null constraint order_lines_price check (unit_price_minor > 0),
    cost numeric not null constraint order_lines_cost check (cost > 0),
    cost_currency text not null,
    markup_rule_id bigint not null,
    constraint order_lines_position_unique unique (order_id, position)
);

-- owner: orders
-- One single eSIM of a line, and one upstream order.
create table units (
    id bigint generated always as identity primary key,
    order_id bigint not null references orders (id),
    line_id bigint not null references order_lines (id),
    position integer not null,
    unit integer not null constraint units_unit check (unit >= 1),
    -- {order number}-{position}-{unit}: the name under which the upstream knows it.
    external_order_id text not null constraint units_external_order_id_unique unique
        constraint units_external_order_id_length check (length(external_order_id) <= 64),
    status text not null constraint units_status
        check (status in ('pending', 'ordering', 'processing', 'on_hold', 'completed', 'failed')),
    -- Why it is held: balance, wallet_unreadable, doubt_expired, esim_seen_before, no_code, answer_mismatch …
    hold_reason text,
    -- Why it will be or was refunded: set with the evidence, before the refund exists.
    failure text,
    upstream_order_id bigint constraint units_upstream_order_id_unique unique,
    esim_id bigint constraint units_esim_unique unique references esims (id),
    -- What the purchase really cost: the upstream order's own price.
    real_cost numeric,
    real_cost_currency text,
    changed_at timestamptz not null,
    constraint units_place_unique unique (order_id, position, unit),
    constraint units_completed_has_esim check ((status = 'completed') = (esim_id is not null)),
    constraint units_held_has_reason check ((status = 'on_hold') = (hold_reason is not null)),
    constraint units_failed_has_failure check (status <> 'failed' or failure is not null),
    constraint units_completed_did_not_fail check (status <> 'completed' or failure is null),
    constraint units_bound_when_processing check (status not in ('processing', 'completed') or upstream_order_id is not null)
);
create index units_open on units (order_id) where status not in ('completed', 'failed');

-- owner: orders
-- What happened to an order, appended in the transaction that made it happen, never changed.
create table order_history (
    id bigint generated always as identity primary key,
    order_id bigint not null references orders (id),
    unit_id bigint references units (id),
    at timestamptz not null,
    -- customer, shop, upstream, payment, or an admin's e-mail.
    actor text not null,
    -- A word from orders/history.rs.
    event text not null,
    -- Facts for the reader; never a code, an address or a secret.
    detail jsonb not null default '{}'
);
create index order_history_by_order on order_history (order_id, id);
