-- What decides about prices, in one look: a checkout that has read packages, rules, rates and taxes asks for each further
-- purchase whether they are still what it read, and not for all of them again. Each view is the one place that says what
-- its feature's standing is; all of their numbers only grow, so that the same number means that nothing changed.

-- The catalog: its version grows in the transaction that changes what is sold, by a sync, a stop or staff.
create view catalog_standing as
select
    coalesce((select max(id) from sync_runs where outcome = 'applied'), 0)
        + (select count(*) + count(lifted_at) from package_stops)
        + (select number from catalog_edits) as version,
    -- When it was last known to be the upstream's.
    (
        select finished_at
        from sync_runs
        where outcome in ('applied', 'unchanged')
        order by id desc
        limit 1
    ) as synced_at;

-- Rules, and rates with their terms: rows are only added, and one publication comes after another.
create view prices_standing as
select
    coalesce((select max(id) from markup_rules), 0) as rules,
    coalesce((select max(id) from exchange_terms), 0) + coalesce((select max(id) from exchange_rates), 0) as rates;

-- Tax: rows are only added here too, but nobody waits for anybody, and of two that are entered at once the later may be
-- seen first. There are few of them.
create view tax_standing as
select (select count(*) from tax_modes) + (select count(*) from tax_rates) as revision;

-- Most syncs change nothing; the newest that did is found without walking past them.
create index sync_runs_applied on sync_runs (id) where outcome = 'applied';
create index sync_runs_compared on sync_runs (id) where outcome in ('applied', 'unchanged');
