-- Which plan a held sync found: its own, or the very same one that an earlier sync kept. So a plan that was dropped can be
-- accepted after all from the page of any sync that found it again; its contents stay while eSIMDual lists nothing else.
alter table sync_runs add column plan_run bigint references sync_plans (run_id);
update sync_runs
set plan_run = sync_plans.run_id
from sync_plans
where sync_plans.run_id = sync_runs.id;

-- Whether a plan still waits is told by its row; the sentence stayed when it was decided.
update sync_runs
set note = replace(note, ' The plan waits for you to accept or drop it.', '')
where note like '%The plan waits for you to accept or drop it.';
