-- memory_of_sorts --
-- A server of somebody else may have kept the 64 MB of PostgreSQL.
SELECT set_config('maintenance_work_mem',
    greatest(pg_size_bytes(current_setting('maintenance_work_mem')) / 1024, 262144)::text, true)
