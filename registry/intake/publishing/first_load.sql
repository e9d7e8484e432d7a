-- memory_of_sorts --
-- An external server may still have PostgreSQL's default of 64 MB.
SELECT set_config('maintenance_work_mem',
    greatest(pg_size_bytes(current_setting('maintenance_work_mem')) / 1024, 262144)::text, true)
