-- Asks for jobs, so that a room can do so in the very statement that writes what they are about: where many commits are
-- made in a second, each further statement and a transaction around them cost as much as the writing. It belongs to
-- `plumbing`, the owner of `jobs`, and asks as `enqueue` in `src/plumbing/jobs/store.rs` does.
--
-- A job with its key that waits comes forward to the earlier of both times; one that runs will run once more; one that
-- was given up lives again. The keys of one call must differ. Null arrays, as `array_agg` gives for no rows, ask for
-- nothing.
create function enqueue_jobs(kinds text[], keys text[], payloads jsonb[], times timestamptz[], asked_at timestamptz)
returns bigint
language plpgsql
as $$
declare
    asked bigint;
begin
    insert into jobs (kind, key, payload, run_at, created_at)
    select new.kind, new.key, new.payload, new.run_at, asked_at
    from unnest(kinds, keys, payloads, times) as new (kind, key, payload, run_at)
    on conflict (key) do update
    set run_at = least(jobs.run_at, excluded.run_at),
        payload = excluded.payload,
        wanted = jobs.wanted + 1,
        dead_at = null;
    get diagnostics asked = row_count;
    return asked;
end
$$;
