-- Prices include whatever tax falls on them. Whether it is told apart, and at which rate where a customer lives, is said by
-- rows that are appended and never changed: the last mode holds, and of each country the rate that began last.

-- owner: tax
create table tax_modes (
    id bigint generated always as identity primary key,
    mode text not null constraint tax_modes_mode check (mode in ('none', 'inclusive')),
    -- An admin's e-mail.
    set_by text not null,
    set_at timestamptz not null
);

-- owner: tax
create table tax_rates (
    id bigint generated always as identity primary key,
    -- ISO 3166-1 alpha-2, lower case.
    country text not null constraint tax_rates_country check (country ~ '^[a-z]{2}$'),
    -- Of the net price.
    percent numeric not null constraint tax_rates_percent check (percent between 0 and 100),
    holds_from timestamptz not null,
    -- An admin's e-mail.
    entered_by text not null,
    entered_at timestamptz not null
);
create index tax_rates_in_force on tax_rates (country, holds_from desc, id desc);

-- What an order was sold with is frozen with it; null where no tax was told. tax_minor, the sum, is there since the
-- beginning; of a line it is what adds up to that.
alter table orders
    add column tax_country text,
    add column tax_percent numeric,
    add constraint orders_tax_has_rate check (tax_minor = 0 or (tax_country is not null and tax_percent is not null));
alter table order_lines
    add column tax_minor bigint not null default 0 constraint order_lines_tax check (tax_minor >= 0);
