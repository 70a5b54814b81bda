-- owner: orders
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
