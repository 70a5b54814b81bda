-- What payments cost the shop, and what is counted so that nobody abuses it.

alter table payments
    -- What this way to pay takes of it, by the configuration of when it was opened: margin and floor count it.
    add column fee_minor bigint not null default 0 constraint payments_fee check (fee_minor >= 0),
    -- The country of the card and the one of the address that the payer gave, where the provider tells: shown to staff
    -- where they differ.
    add column card_country text,
    add column buyer_country text,
    -- The provider's name of the last try that was declined on its own page, so that each counts once.
    add column last_decline text;

alter table orders
    -- A keyed hash of the network that ordered, so that the unpaid orders of one can be counted; nobody can read the
    -- address from it.
    add column client text,
    -- How often a try to pay it was declined, and when last: whoever tries out cards is slowed.
    add column declines integer not null default 0,
    add column declined_at timestamptz;
create index orders_unpaid_by_email on orders (email) where status = 'awaiting_payment';
create index orders_unpaid_by_client on orders (client) where status = 'awaiting_payment' and client is not null;
create index orders_declined on orders (declined_at) where declined_at is not null;
-- The orders of one e-mail are asked for by their time as well.
drop index orders_by_email;
create index orders_by_email on orders (email, created_at);
