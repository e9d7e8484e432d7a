-- age --
-- The age of its newest commit: a worker commits every five seconds, because a disconnected replica
-- otherwise looks like one that is up to date.
SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(CAST(extract(epoch FROM
    clock_timestamp() - pg_last_xact_replay_timestamp()) AS float8), 'Infinity') ELSE 0 END
