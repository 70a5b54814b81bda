-- Refunds that people ask for, refunds that are tried again, and what customers were told of them.
alter table refunds
    -- Counts the tries: one that definitely failed is asked for again under another key, once for each number.
    add column attempt integer not null default 1 constraint refunds_attempt_positive check (attempt > 0),
    -- What a person who asked for it gave as the reason.
    add column note text,
    -- When its customer was told that it arrived: that is said once, and only after it is so.
    add column told_at timestamptz;
-- What arrived before this is not told anew.
update refunds set told_at = settled_at where status = 'done';
create index refunds_untold on refunds (order_id) where status = 'done' and told_at is null and not by_dispute;
