-- is_register --
SELECT to_regclass('admin_unit') IS NOT NULL
    AND to_regclass('gazetteer_state') IS NOT NULL
    AND EXISTS (SELECT FROM pg_roles WHERE rolname = :role)

-- backups --
-- The last run of each kind, the newest first.
SELECT kind, extract(epoch FROM max(done_at)) AS done_at,
    CAST(extract(epoch FROM clock_timestamp() - max(done_at)) AS float) AS age_s
FROM backup_run GROUP BY kind ORDER BY max(done_at) DESC

-- archiver --
SELECT current_setting('archive_mode') AS mode, pg_is_in_recovery() AS standby,
    last_failed_time > coalesce(last_archived_time, '-infinity') AS fails,
    -- Segments dropped from a full queue count as sent, and the next one fails again. A backup
    -- taken since then includes everything that was not sent.
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

-- pending --
-- Committed events that are not in the feed yet.
SELECT count(*) AS events, extract(epoch FROM clock_timestamp() - min(e.occurred_at)) AS age_s,
    count(*) FILTER (WHERE e.occurred_at < clock_timestamp() - interval '1 minute') AS late
FROM event_pending p JOIN event e ON e.id = p.event_id

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
-- Seconds of log that this standby has not yet replayed or received.
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

-- missing_communes --
SELECT u.code, h.n FROM (SELECT unit_id, count(*) AS n FROM household
WHERE status IN ('proposed', 'active') GROUP BY unit_id) h
JOIN admin_unit u ON u.id = h.unit_id AND NOT u.lifetime @> current_date
ORDER BY h.n DESC, u.code

-- reforms_due --
SELECT number FROM reform WHERE state = 'prepared' AND effective_on <= current_date
    AND now() > effective_on + interval '1 hour' ORDER BY effective_on, id

-- indexes --
SELECT c.relname AS name, i.indisvalid AND i.indisready AS usable
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace

-- triggers --
SELECT c.relname, t.tgname, t.tgenabled IN ('O', 'A')
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace

-- row_security --
SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS enabled,
    (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace

-- lost_flats --
SELECT f.code FROM household f LEFT JOIN household b ON b.code = f.parent_code
WHERE f.parent_code IS NOT NULL AND f.status IN ('proposed', 'active')
    AND (b.code IS NULL OR b.kind <> 'building' OR b.status IN ('reserved', 'retired')
        OR b.unit_id IS DISTINCT FROM f.unit_id)
ORDER BY f.code

-- lost_places --
SELECT h.code FROM household h
LEFT JOIN place t ON t.id = h.street_id
LEFT JOIN place l ON l.id = h.locality_id
WHERE (h.street_id IS NOT NULL OR h.locality_id IS NOT NULL)
    AND (h.street_id IS NOT NULL AND t.unit_id IS DISTINCT FROM h.unit_id
        OR h.locality_id IS NOT NULL AND l.unit_id IS DISTINCT FROM h.unit_id
        OR h.status <> 'retired'
            AND (t.merged_into_id IS NOT NULL OR l.merged_into_id IS NOT NULL))
ORDER BY h.code

-- wrong_holders --
SELECT p.kind || ' ' || p.name FROM place p LEFT JOIN place o ON o.id = p.parent_id
WHERE p.outer_ids IS DISTINCT FROM
    CASE WHEN p.parent_id IS NULL THEN '{}' ELSE o.id || o.outer_ids END
ORDER BY p.id

-- orphans --
SELECT (SELECT count(*) FROM household_ref r
        WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)),
    (SELECT count(*) FROM household_former_number r
        WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)),
    (SELECT count(*) FROM external_id r
        WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)),
    (SELECT count(*) FROM plate r
        WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code))

-- unused_places --
WITH living AS (
    SELECT class, EXISTS (
        SELECT FROM household h WHERE h.street_id = p.id
        UNION ALL SELECT FROM household h WHERE h.locality_id = p.id
        UNION ALL
        SELECT FROM place i JOIN household h ON h.locality_id = i.id
        WHERE i.parent_id IS NOT NULL AND i.outer_ids @> ARRAY[p.id]
    ) AS held
    FROM place p WHERE merged_into_id IS NULL
)
SELECT count(*) FILTER (WHERE class = 'street'),
    count(*) FILTER (WHERE class = 'street' AND NOT held),
    count(*) FILTER (WHERE class = 'locality'),
    count(*) FILTER (WHERE class = 'locality' AND NOT held)
FROM living

-- duplicate_doors --
-- Only duplicates within a commune. Repeated numbers of a street or place are found along an index;
-- only those records are compared. Flats without a number are found by their buildings.
WITH crowded AS (
    SELECT h.* FROM (
        SELECT street_id AS id, house_number_key AS key FROM household
        WHERE street_id IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1
    ) c JOIN household h ON h.street_id = c.id AND h.house_number_key = c.key
    UNION ALL
    SELECT h.* FROM (
        SELECT locality_id AS id, house_number_key AS key FROM household
        WHERE street_id IS NULL AND house_number_key IS NOT NULL
        GROUP BY 1, 2 HAVING count(*) > 1
    ) c JOIN household h ON h.locality_id = c.id AND h.house_number_key = c.key
        AND h.street_id IS NULL
    UNION ALL
    SELECT h.* FROM household h WHERE parent_code IS NOT NULL AND house_number_key IS NULL
), duplicates AS (
    SELECT {door_hash} AS door, min(code) AS code, count(*) - 1 AS more FROM crowded
    WHERE status IN ('proposed', 'active')
        AND (house_number_key IS NOT NULL OR unit_number IS NOT NULL)
    GROUP BY 1 HAVING count(*) > 1
)
SELECT coalesce(sum(more), 0), (SELECT array_agg(code) FROM (
    SELECT code FROM duplicates ORDER BY more DESC, code LIMIT 5) c)
FROM duplicates

-- ended_keys --
SELECT k.name || ' (' || string_agg(u.code || coalesce(' → ' || (
        SELECT string_agg(n.code, ' ' ORDER BY n.code)
        FROM admin_unit_succession s JOIN admin_unit n ON n.id = s.successor_id
        WHERE s.predecessor_id = u.id AND s.effective_on <= current_date
    ), ''), ' ' ORDER BY u.code) || ')'
FROM api_key k JOIN api_key_unit b ON b.key_id = k.id
JOIN admin_unit u ON u.id = b.unit_id AND upper(u.lifetime) <= current_date
WHERE k.revoked_at IS NULL GROUP BY k.id ORDER BY k.name

-- widened_keys --
SELECT k.name || ' (' || string_agg(u.code, ' ' ORDER BY u.code) || ')'
FROM api_key k JOIN api_key_unit b ON b.key_id = k.id AND b.widened_by_event_id IS NOT NULL
JOIN admin_unit u ON u.id = b.unit_id
WHERE k.revoked_at IS NULL GROUP BY k.id, b.widened_by_event_id HAVING count(*) > 1
ORDER BY k.name

-- ended_services --
SELECT a.operator || ' (' || string_agg(DISTINCT u.code, ' ') || ')'
FROM service_area a JOIN service_area_unit m ON m.area_id = a.id
JOIN admin_unit u ON u.id = m.unit_id AND upper(u.lifetime) <= current_date
WHERE coalesce(upper(a.valid) > current_date, true) GROUP BY a.operator ORDER BY 1

-- granted --
-- Column privileges only beyond those of the table. Privileges of PUBLIC (grantee 0) count, too.
WITH app AS (SELECT oid FROM pg_roles WHERE rolname = :role)
SELECT c.relname, g.privilege_type
FROM pg_class c, aclexplode(c.relacl) g, app
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
    AND g.grantee IN (app.oid, 0) AND c.relname <> 'spatial_ref_sys'
UNION
SELECT c.relname || '.' || a.attname, g.privilege_type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) g, app
WHERE c.relnamespace = 'public'::regnamespace AND g.grantee IN (app.oid, 0)
UNION
SELECT name, 'EXECUTE' FROM unnest(ARRAY['register_restored()', 'move_codes_on()']) name
WHERE has_function_privilege(:role, name, 'EXECUTE')
UNION
SELECT 'schema ' || nspname, what
FROM pg_namespace, unnest(ARRAY['USAGE', 'CREATE']) what
WHERE nspname = 'public' AND has_schema_privilege(:role, oid, what)

-- figures --
SELECT 'dwellings', jsonb_build_object('which', each.which), each.number
FROM (
    SELECT sum(dwellings) AS d, sum(positioned) AS p, sum(verified) AS v,
        sum(deliverable) AS c, sum(plated) AS b
    FROM coverage_count WHERE NOT with_demo
) s, LATERAL (VALUES ('all', d), ('positioned', p), ('verified', v), ('deliverable', c),
    ('plated', b)) each (which, number)
UNION ALL
SELECT 'imports', jsonb_build_object('state', state), count(*) FROM import GROUP BY state
UNION ALL
SELECT 'reports_open', '{}', count(*) FROM field_report WHERE state = 'open'
UNION ALL
SELECT 'records_proposed', '{}', count(*) FROM household WHERE status = 'proposed'
UNION ALL
SELECT 'webhooks', jsonb_build_object('state', state), count(*) FROM webhook GROUP BY state
UNION ALL
SELECT 'reforms', jsonb_build_object('state', state), count(*) FROM reform GROUP BY state
UNION ALL
SELECT each.name, '{}', each.number
FROM ({pending}) p, LATERAL (VALUES ('events_pending', p.events),
    ('event_pending_age_seconds', p.age_s)) each (name, number)
UNION ALL
SELECT 'feed_position', '{}', max(position) FROM feed
UNION ALL
SELECT 'last_event_timestamp_seconds', '{}', extract(epoch FROM occurred_at)
FROM event WHERE id = (SELECT max(id) FROM event)
UNION ALL
SELECT 'answers', jsonb_build_object('kind', kind, 'outcome', outcome), sum(asked)
FROM service_count GROUP BY kind, outcome
UNION ALL
SELECT 'backup_timestamp_seconds', jsonb_build_object('kind', kind), done_at
FROM ({backups}) b
