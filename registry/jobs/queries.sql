-- enqueue --
SELECT (jobs.procrastinate_defer_jobs_v1(ARRAY[CAST(
    ROW(:queue, :task, 0, :lock, NULL, CAST(:args AS jsonb), CAST(:at AS timestamptz))
    AS jobs.procrastinate_job_to_defer_v1)]))[1]

-- abandon --
SELECT jobs.procrastinate_cancel_job_v1(j.id, true, false) FROM jobs.procrastinate_jobs j
WHERE j.status IN ('todo', 'doing') AND j.args @> CAST(:args AS jsonb)

-- is_queued --
SELECT EXISTS (
    SELECT FROM jobs.procrastinate_jobs
    WHERE task_name = :task AND status IN ('todo', 'doing')
)

-- worker_lives --
-- Needs both: a killed worker has a recent heartbeat, a hanging one is connected. A standby does not
-- see the connections of its primary.
SELECT EXISTS (
    SELECT FROM jobs.procrastinate_workers
    WHERE last_heartbeat > now() - make_interval(secs => :silent)
) AND (pg_is_in_recovery() OR EXISTS (
    SELECT FROM pg_stat_activity
    WHERE application_name = :application AND datname = current_database()
))

-- queue_state --
WITH alive AS (
    SELECT id FROM jobs.procrastinate_workers
    WHERE last_heartbeat > now() - make_interval(secs => :silent)
), job AS (
    SELECT j.status, j.worker_id,
        coalesce(j.scheduled_at, (SELECT min(e.at) FROM jobs.procrastinate_events e
            WHERE e.job_id = j.id)) AS due,
        EXISTS (SELECT FROM jobs.procrastinate_events e WHERE e.job_id = j.id
            AND e.type = 'failed' AND e.at > now() - interval '7 days') AS failed_lately
    FROM jobs.procrastinate_jobs j WHERE j.status IN ('todo', 'doing', 'failed')
)
SELECT (SELECT count(*) FROM alive),
    count(*) FILTER (WHERE status = 'todo' AND due <= now()),
    coalesce(extract(epoch FROM now() - min(due)
        FILTER (WHERE status = 'todo' AND due <= now())), 0)::float8,
    count(*) FILTER (WHERE status = 'doing'
        AND (worker_id IS NULL OR worker_id NOT IN (SELECT id FROM alive))),
    count(*) FILTER (WHERE status = 'failed' AND failed_lately)
FROM job

-- forget_jobs --
DELETE FROM jobs.procrastinate_jobs j
WHERE j.status NOT IN ('todo', 'doing') AND NOT EXISTS (
    SELECT FROM jobs.procrastinate_events e
    WHERE e.job_id = j.id AND e.at > now() - make_interval(days => :days))

-- lost_jobs --
-- Running jobs whose lock no worker has.
SELECT j.id, j.attempts FROM jobs.procrastinate_jobs j
WHERE j.status = 'doing' AND NOT EXISTS (
    SELECT FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.classid = CAST(:class AS oid) AND l.objsubid = 2
        AND l.objid = j.id % CAST(:numbers AS bigint)
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
)

-- open_schema --
-- Without a search path of their own its functions work only for the worker.
DO $do$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_temp', f);
    END LOOP;
END
$do$;
GRANT USAGE ON SCHEMA jobs TO diachiso_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO diachiso_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO diachiso_app

-- workers_ahead --
UPDATE jobs.procrastinate_workers SET last_heartbeat = now() WHERE last_heartbeat > now()

-- jobs_ahead --
UPDATE jobs.procrastinate_jobs SET scheduled_at = now()
WHERE status = 'todo' AND scheduled_at > now() + interval '2 days'
