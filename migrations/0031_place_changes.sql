-- owner: catalog
-- What a sync changed, or would change, in countries and regions: of each kind the first some hundreds; sync_runs counts all.
create table sync_place_changes (
    run_id bigint not null references sync_runs (id),
    kind text not null constraint sync_place_changes_kind check (kind in ('country', 'region')),
    -- A country's code, a region's slug.
    place text not null,
    -- renumbered: another number upstream.
    what text not null constraint sync_place_changes_what check (what in ('new', 'renamed', 'renumbered')),
    -- Null for a new place, and for a number that was not there.
    before text,
    after text,
    primary key (run_id, kind, place, what)
);
alter table sync_runs add column places integer not null default 0;
