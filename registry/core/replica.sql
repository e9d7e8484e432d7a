-- age --
-- The age of its newest commit: a worker commits every five seconds. One that was cut off answers
-- like one that is up to date, and cannot be told from it otherwise.
SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(CAST(extract(epoch FROM
    clock_timestamp() - pg_last_xact_replay_timestamp()) AS float8), 'Infinity') ELSE 0 END
