-- What one customer has open, spent and was declined is asked at each purchase: by e-mail and by network, among the
-- orders of the time in question. Indexes of a condition (unpaid, declined) looked as good to the database as these
-- while the shop was young, and a prepared statement keeps the plan that it was given then: it read all unpaid orders
-- of the shop, or all orders, for each purchase.
drop index orders_unpaid_by_email;
drop index orders_unpaid_by_client;
drop index orders_declined;
create index orders_by_client on orders (client, created_at) where client is not null;
-- For the same reason without the status in front; the sweep goes through open orders by id.
drop index orders_open;
create index orders_open on orders (id) where status in ('awaiting_payment', 'processing');
-- What paid orders still need of the wallet is asked at each purchase, too.
create index orders_processing on orders (id) where status = 'processing';

-- What a new unit and a new payment do not have yet stands in no index; and history is found by its order alone.
alter table units drop constraint units_upstream_order_id_unique, drop constraint units_esim_unique;
create unique index units_upstream_order_id_unique on units (upstream_order_id) where upstream_order_id is not null;
create unique index units_esim_unique on units (esim_id) where esim_id is not null;
alter table payments drop constraint payments_start_key_unique;
create unique index payments_start_key_unique on payments (start_key) where start_key is not null;
alter table order_history
    drop constraint order_history_pkey,
    add constraint order_history_pkey primary key (order_id, id);
drop index order_history_by_order;

-- A unit hangs on a line of its own order: one check where there were two, and it refuses a line of another order.
alter table units drop constraint units_line_id_fkey, drop constraint units_order_id_fkey;
alter table order_lines
    drop constraint order_lines_pkey,
    add constraint order_lines_pkey primary key (id, order_id);
alter table units
    add constraint units_line_of_its_order foreign key (line_id, order_id) references order_lines (id, order_id);
