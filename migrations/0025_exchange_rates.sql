-- Selling in another currency than the upstream's: dated rates, and the terms on which prices are made from them.
--
-- Rows of both tables are only ever added: a rate that was wrong is corrected by another one of the same date, of which the
-- later entered counts, so that an order can name the row that made its price. A shop whose customers pay in the upstream
-- account's currency has no row in either.

-- owner: pricing
create table exchange_terms (
    id bigint generated always as identity primary key,
    -- What the upstream's account is kept in, and what customers pay in. Both are fixed at the first contact, which writes
    -- the first row, so that from then on a cost in any other currency has no price.
    from_currency text not null constraint exchange_terms_from check (from_currency ~ '^[A-Z]{3}$'),
    to_currency text not null constraint exchange_terms_to check (to_currency ~ '^[A-Z]{3}$'),
    -- Put on each rate, for what it may move before the purchase and for what changing money costs.
    margin_percent numeric not null constraint exchange_terms_margin check (margin_percent between 0 and 50),
    -- A rate makes prices on its day and on so many days after it.
    max_age_days integer not null constraint exchange_terms_max_age check (max_age_days between 1 and 365),
    published_by text not null,
    published_at timestamptz not null,
    constraint exchange_terms_differ check (from_currency <> to_currency)
);

-- owner: pricing
create table exchange_rates (
    id bigint generated always as identity primary key,
    from_currency text not null constraint exchange_rates_from check (from_currency ~ '^[A-Z]{3}$'),
    to_currency text not null constraint exchange_rates_to check (to_currency ~ '^[A-Z]{3}$'),
    -- One unit of the first currency costs so many of the second.
    rate numeric not null constraint exchange_rates_positive check (rate > 0),
    -- It holds from the beginning of this day on, in UTC.
    valid_on date not null,
    source text not null constraint exchange_rates_source check (source in ('by_hand', 'imported')),
    entered_by text not null,
    entered_at timestamptz not null,
    constraint exchange_rates_differ check (from_currency <> to_currency)
);
create index exchange_rates_by_date on exchange_rates (valid_on desc, id desc);

-- What an order's cost was exchanged at when it was sold. Null where cost and price are in one currency, and in rows of
-- nodes of the former program, which sold no other.
alter table order_lines
    add column exchange_rate_id bigint,
    add column exchange_rate numeric constraint order_lines_exchange_rate check (exchange_rate > 0),
    add column exchange_margin numeric constraint order_lines_exchange_margin check (exchange_margin >= 0),
    add constraint order_lines_exchange_whole check (
        (exchange_rate_id is null) = (exchange_rate is null)
        and (exchange_rate is null) = (exchange_margin is null)
    );

-- Which rates and terms prices were noted of last.
alter table prices_noted add column rates_revision bigint not null default 0;
