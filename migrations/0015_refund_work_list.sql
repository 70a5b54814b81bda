-- The work lists of money: refunds that a person pays out, because their way to pay pays nothing out by itself, and
-- payments that arrived outside and do not count, because they are not what was asked.
create index refunds_by_hand on refunds (created_at) where by_hand and status = 'pending';
create index payments_parked on payments (created_at) where parked is not null;
