-- is_register --
SELECT to_regclass('admin_unit') IS NOT NULL
    AND to_regclass('gazetteer_state') IS NOT NULL
    AND EXISTS (SELECT FROM pg_roles WHERE rolname = :role)

-- last_backup --
SELECT b.kind, CAST(extract(epoch FROM clock_timestamp() - b.done_at) AS float),
    EXISTS (SELECT FROM household WHERE code >= '1' COLLATE "C")
FROM (VALUES (1)) one LEFT JOIN LATERAL (
    SELECT kind, done_at FROM backup_run WHERE kind <> 'rehearsal' ORDER BY id DESC LIMIT 1
) b ON true

-- last_rehearsal --
SELECT coalesce(bool_or(kind IN ('full', 'diff')), false),
    CAST(extract(epoch FROM
        clock_timestamp() - max(done_at) FILTER (WHERE kind = 'rehearsal')) AS float)
FROM backup_run

-- archiver --
SELECT current_setting('archive_mode') AS mode, pg_is_in_recovery() AS standby,
    last_failed_time > coalesce(last_archived_time, '-infinity') AS fails,
    -- What is let go because the queue is full counts as sent, and the next one fails again.
    -- A backup that was taken since holds all that was not sent.
    last_failed_time > greatest(clock_timestamp() - make_interval(secs => :lately),
        (SELECT max(done_at) FROM backup_run WHERE kind IN ('full', 'diff'))) AS failed,
    last_archived_time IS NOT NULL AS sent,
    CAST(extract(epoch FROM
        clock_timestamp() - coalesce(last_archived_time, stats_reset)) AS float) AS age_s
FROM pg_stat_archiver

-- units_by_level --
SELECT level, count(*) AS n FROM admin_unit
WHERE lifetime @> coalesce(CAST(:day AS date), current_date) GROUP BY level

-- without_succession --
SELECT code FROM admin_unit u
WHERE level IN ('commune', 'province') AND upper(lifetime) <= current_date
    AND NOT EXISTS (SELECT FROM admin_unit_succession s WHERE s.predecessor_id = u.id)
ORDER BY code

-- signed_days --
SELECT u.code || ' (' || coalesce(s.legal_basis, s.source) || ')'
FROM admin_unit_version s JOIN admin_unit u ON u.id = s.unit_id
JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
WHERE isempty(s.valid) AND (s.kind, s.name, s.province_id)
    IS DISTINCT FROM (v.kind, v.name, v.province_id) ORDER BY 1

-- unfed --
SELECT count(*), extract(epoch FROM clock_timestamp() - min(e.occurred_at))
FROM event_pending p JOIN event e ON e.id = p.event_id
WHERE e.occurred_at < clock_timestamp() - interval '1 minute'

-- without_boundary --
SELECT code FROM admin_unit u WHERE level = 'commune' AND lifetime @> current_date
    AND NOT EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id) ORDER BY code

-- real_boundaries --
SELECT count(*) FILTER (WHERE u.level = 'commune' AND NOT b.approximate),
    count(*) FILTER (WHERE u.level = 'commune' AND b.approximate),
    count(*) FILTER (WHERE u.level = 'province' AND NOT b.approximate)
FROM boundary b JOIN admin_unit u ON u.id = b.unit_id
WHERE u.lifetime @> current_date

-- invalid_boundaries --
SELECT u.code FROM boundary b JOIN admin_unit u ON u.id = b.unit_id
WHERE NOT ST_IsValid(b.geom) ORDER BY u.code

-- boundary_parts --
SELECT count(*) FILTER (WHERE NOT b.approximate AND NOT has.parts),
    count(*) FILTER (WHERE b.approximate AND has.parts)
FROM boundary b CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM boundary_part p WHERE p.unit_id = b.unit_id) AS parts
) has

-- seats_inside --
SELECT count(*), count(*) FILTER (WHERE ST_Covers(b.geom, u.seat))
FROM boundary b JOIN admin_unit u ON u.id = b.unit_id
WHERE NOT b.approximate AND u.level = 'commune' AND u.lifetime @> current_date
    AND u.seat IS NOT NULL

-- application_role --
SELECT rolsuper, rolbypassrls, rolcreaterole,
    ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid),
    ARRAY(SELECT c.oid::regclass::text FROM pg_class c WHERE c.relowner = r.oid
        AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm'))
FROM pg_roles r WHERE rolname = :role

-- data_folder --
SELECT inet_server_addr() IS NULL OR host(inet_server_addr()) IN ('127.0.0.1', '::1'),
    (SELECT setting FROM pg_settings WHERE name = 'data_directory')

-- replicas --
SELECT coalesce(application_name, '') AS name,
    pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) AS bytes,
    extract(epoch FROM replay_lag) AS lag_s
FROM pg_stat_replication
WHERE state IS NOT NULL

-- idle_slots --
SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS bytes
FROM pg_replication_slots WHERE NOT active

-- own_lag --
SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END

-- lag_of_replica --
SELECT extract(epoch FROM clock_timestamp() - e.occurred_at)
FROM feed f JOIN event e ON e.id = f.event_id WHERE f.position > :position
ORDER BY f.position LIMIT 1

-- autovacuum --
SELECT current_setting('autovacuum') = 'off',
    (SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database())

-- vacuum_late --
SELECT relname AS name, n_dead_tup AS dead, n_live_tup AS live,
    n_mod_since_analyze AS changed
FROM pg_stat_user_tables
WHERE schemaname = 'public'
    AND greatest(n_dead_tup, n_mod_since_analyze) > :rows
    AND greatest(n_dead_tup, n_mod_since_analyze) >= :share * n_live_tup
ORDER BY relname

-- keys_ending --
SELECT name || ' ' || CAST(CAST(expires_at AS date) AS text) FROM api_key
WHERE revoked_at IS NULL AND expires_at > clock_timestamp()
    AND expires_at < clock_timestamp() + make_interval(days => :days)
ORDER BY expires_at, name

-- approvers --
SELECT name FROM api_key WHERE role IN ('approver', 'admin') AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > clock_timestamp()) ORDER BY name

-- dead_webhooks --
SELECT concat(w.id, ' (', k.name, ': ', w.last_outcome, ')')
FROM webhook w JOIN api_key k ON k.id = w.key_id WHERE w.state = 'dead' ORDER BY w.id
