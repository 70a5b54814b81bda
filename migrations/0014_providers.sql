-- Ways to pay at which somebody outside holds the money: what they are asked is stored before it leaves, what they call
-- it is stored when they answer, and what they say is fetched and compared before it counts.

alter table payments
    -- What the provider calls this payment: a hosted session, an order, a transfer's reference.
    add column provider_reference text,
    -- What the provider calls the money that arrived: refunds, disputes and warnings name it.
    add column charge_reference text,
    -- Where the customer pays outside; null where the page is ours, and once it cannot be paid there any more.
    add column pay_url text,
    -- The key and the parameters under which the provider is asked to open it: a second asking repeats both.
    add column start_key text constraint payments_start_key_unique unique,
    add column start_request jsonb,
    -- When it was first asked, and how often the end of an asking was unknown.
    add column started_at timestamptz,
    add column start_doubts integer not null default 0,
    -- Why money that arrived outside is not counted: a person looks.
    add column parked text,
    -- What the payer's bank took back or may take back: sums of open and lost disputes.
    add column disputed_minor bigint not null default 0 constraint payments_disputed check (disputed_minor >= 0),
    add constraint payments_asked_with_key check ((start_key is null) = (start_request is null));
create unique index payments_by_reference on payments (method, provider_reference) where provider_reference is not null;
create index payments_by_charge on payments (method, charge_reference) where charge_reference is not null;

alter table refunds
    -- What the provider calls it; null until it answered.
    add column provider_reference text,
    -- When it was asked under its key: a key is trusted for so long, then the provider's list is read first.
    add column asked_at timestamptz,
    -- A method that pays nothing out by itself: a person does, and says so.
    add column by_hand boolean not null default false,
    -- The payer's bank gave the money back, so that nobody else does.
    add column by_dispute boolean not null default false,
    -- Why it failed, in the provider's words.
    add column failure text;
create unique index refunds_by_reference on refunds (provider_reference) where provider_reference is not null;
create index refunds_by_payment on refunds (payment_id);
create index refunds_failed on refunds (created_at) where status = 'failed';

-- owner: payments
-- The payer's bank asks for money back. While one is open, nothing else goes back of its payment.
create table disputes (
    id bigint generated always as identity primary key,
    payment_id bigint not null references payments (id),
    provider_reference text not null constraint disputes_reference_unique unique,
    amount_minor bigint not null constraint disputes_amount_positive check (amount_minor > 0),
    currency text not null constraint disputes_currency check (currency ~ '^[A-Z]{3}$'),
    -- inquiry: no money is gone yet. won and lost are final.
    status text not null constraint disputes_status check (status in ('inquiry', 'open', 'won', 'lost')),
    reason text not null,
    -- Until when evidence is taken.
    due_by timestamptz,
    opened_at timestamptz not null,
    closed_at timestamptz,
    constraint disputes_closed_has_time check ((status in ('won', 'lost')) = (closed_at is not null))
);
create index disputes_by_payment on disputes (payment_id);
create index disputes_open on disputes (due_by) where closed_at is null;
