-- Where in eSIMDual's list a row stands that could not be used: one that cannot be read at all has neither an id nor a
-- name to be found by. From 1 on, over all pages; null for rows that were kept before this.
alter table packages_set_aside add column position integer;
