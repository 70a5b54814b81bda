-- Bank transfers: what a person read on the account's statement, and who paid back what by hand.

-- owner: payments
-- Money that arrived by transfer, as a person confirmed it. Nothing is taken back here: what was too much, or came too
-- late, is a payment of its own that goes back whole.
create table transfers (
    id bigint generated always as identity primary key,
    -- The payment that it was meant for.
    payment_id bigint not null references payments (id),
    -- Counts the receipts of one payment: of two people who confirm the same money at once, one finds its number taken.
    number integer not null constraint transfers_number_positive check (number > 0),
    amount_minor bigint not null constraint transfers_amount_positive check (amount_minor > 0),
    currency text not null constraint transfers_currency check (currency ~ '^[A-Z]{3}$'),
    -- counted: towards the payment; surplus: beside it, and on its way back; parked: in another currency, a person
    -- decides; returned: it was counted or parked, and is on its way back.
    outcome text not null constraint transfers_outcome check (outcome in ('counted', 'surplus', 'parked', 'returned')),
    -- What the statement says of it, in the words of whoever read it.
    note text not null,
    confirmed_by text not null,
    confirmed_at timestamptz not null,
    constraint transfers_number_once unique (payment_id, number)
);
create index transfers_parked on transfers (confirmed_at) where outcome = 'parked';

-- Who paid a refund out by hand, and what the statement says of it.
alter table refunds
    add column settled_by text,
    add column settled_note text;

-- The back office lists open transfers, the oldest first.
create index payments_open_transfers on payments (created_at)
    where method = 'bank_transfer' and status in ('pending', 'failed');
