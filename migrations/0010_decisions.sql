-- What people decide about a unit that the shop cannot settle by itself, and gifts that make good for a failed eSIM.

-- A cost above the price paid holds a unit until it falls, somebody accepts it, or the deadline refunds it. Accepted:
-- up to this cost, in the currency of the line's cost.
alter table units add column accepted_cost numeric constraint units_accepted_cost_positive check (accepted_cost > 0);

-- A replacement is an order of its own: its number, its page, its mail and its purchase are like any other's. Nobody
-- paid for it, so that it names the eSIM which it replaces, who gave it and why.
alter table orders
    add column replaces_unit_id bigint references units (id),
    add column granted_by text,
    add column grant_reason text,
    drop constraint orders_total_positive,
    add constraint orders_total check (
        total_minor > 0 and replaces_unit_id is null and granted_by is null and grant_reason is null
        or total_minor = 0 and replaces_unit_id is not null and granted_by is not null and grant_reason is not null
    );
create index orders_replacing on orders (replaces_unit_id) where replaces_unit_id is not null;

-- Zero in a gift's line alone, as the order's total says.
alter table order_lines
    drop constraint order_lines_price,
    add constraint order_lines_price check (unit_price_minor >= 0);

-- One reading of the list settles every doubt that it can. When it began tells which doubts it is old enough for. The
-- default is for a node that still runs the program before this one.
alter table upstream_listings add column begun_at timestamptz default now();
update upstream_listings set begun_at = read_at;
alter table upstream_listings alter column begun_at set not null;
create index upstream_listings_by_begin on upstream_listings (begun_at desc);

-- When the list was asked for that was last looked through for a doubt: until it has settled, and then for an interval,
-- another reading would tell nothing new.
alter table attempts add column looked_at timestamptz;

-- The attempts that wait to be settled, oldest first: few, however many were made.
create index attempts_in_doubt on attempts (unit_id) where outcome = 'doubt' and settled is null;
