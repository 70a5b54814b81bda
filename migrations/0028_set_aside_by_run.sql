-- The rows that a sync could not use stay with it, so that each run's page shows its own. Of one run the first 200 are kept
-- (sync_runs counts all), and of the newest hundred runs: no more than 20,000 rows, whatever the upstream sends.
create index packages_set_aside_by_run on packages_set_aside (run_id, id);
