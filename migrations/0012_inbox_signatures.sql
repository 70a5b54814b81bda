-- A delivery that cannot be worked on (a fault that time does not heal) must neither keep a worker busy for ever nor be
-- dropped: so many such faults, and it is shown to staff as unmatched.
alter table webhook_deliveries add column faults integer not null default 0;

-- The deliveries of one order, on its page.
create index webhook_deliveries_by_order on webhook_deliveries (order_number, id) where order_number is not null;

-- owner: inbox
-- When each of the configured secrets last signed a webhook, so that staff know when an old one can go. A secret is
-- known by its mark, which without SECRET_KEY tells nothing.
create table webhook_secret_marks (
    source text not null,
    mark text not null,
    last_at timestamptz not null,
    primary key (source, mark)
);

-- owner: inbox
-- Wrong signatures since the last right one: many mean that the secret here is not the sender's. One row a source.
create table webhook_signatures (
    source text primary key,
    wrong_in_a_row bigint not null,
    last_wrong_at timestamptz,
    last_right_at timestamptz
);

-- What nobody could be found for is shown to staff apart, however many others came since.
create index webhook_deliveries_unmatched on webhook_deliveries (received_at desc, id desc) where status = 'unmatched';
