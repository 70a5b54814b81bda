-- owner: catalog
-- How many rows a sync set aside for which reason, over all of them, where packages_set_aside keeps the first 200; kept as
-- long as those.
create table packages_set_aside_reasons (
    run_id bigint not null references sync_runs (id),
    reason text not null,
    number integer not null,
    primary key (run_id, reason)
);
