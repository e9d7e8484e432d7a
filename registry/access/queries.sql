-- account_of_subject --
SELECT k.id, k.name, k.role, k.approves_own, k.revoked_at,
    ARRAY (
        SELECT u.code FROM api_key_unit b JOIN admin_unit u ON u.id = b.unit_id
        WHERE b.key_id = k.id) AS units
FROM api_key k WHERE k.subject = :subject FOR UPDATE OF k

-- insert_account --
INSERT INTO api_key (name, hash, role, ending, subject)
VALUES (:name, :hash, :role, '', :subject) ON CONFLICT DO NOTHING

-- is_account --
SELECT EXISTS (SELECT FROM api_key WHERE id = :id AND subject IS NOT NULL)

-- audited --
INSERT INTO audit_entry
    (actor, key_id, client, role, endpoint, units, count, event_id, status, outcome,
        operation, codes)
SELECT :actor, CAST(:key_id AS bigint), :client, :role, :endpoint, CAST(:units AS text[]),
    CAST(:count AS integer), CAST(:event_id AS bigint), :status, :outcome,
    :operation, CAST(:codes AS text[])

-- audit --
{audited}

-- audit_soon --
WITH soon AS (SELECT set_config('synchronous_commit', 'off', true))
{audited} FROM soon

-- audit_entries --
SELECT a.id, a.at, a.actor, a.role, a.client, a.endpoint, a.units, a.count, a.event_id,
    a.status, a.outcome, coalesce(e.kind, a.operation) AS operation,
    ARRAY (SELECT c.code FROM unnest(a.codes) WITH ORDINALITY c (code, rank)
        LEFT JOIN household h ON h.code = c.code
        WHERE CAST(:reach AS integer[]) IS NULL OR h.unit_id = ANY (:reach)
        ORDER BY c.rank) AS codes,
    e.reason, e.decision_number, e.actor AS asked_by,
    e.scope ->> 'second_person' AS second_person
FROM audit_entry a LEFT JOIN event e ON e.id = a.event_id
WHERE (CAST(:actor AS text) IS NULL OR a.actor = :actor OR e.actor = :actor)
    AND (CAST(:unit AS text) IS NULL OR :unit = ANY (a.units))
    AND (CAST(:since AS timestamptz) IS NULL OR a.at >= :since)
    AND (CAST(:last_day AS timestamptz) IS NULL
        OR a.at < CAST(:last_day AS timestamptz) + interval '1 day')
    AND (CAST(:operation AS text) IS NULL OR coalesce(e.kind, a.operation) = :operation)
    AND (CAST(:code AS text) IS NULL
        OR a.codes <> '{}' AND a.codes @> ARRAY[CAST(:code AS text)]
        OR a.event_id = ANY (ARRAY (
            SELECT event_id FROM household WHERE code = :code
            UNION SELECT event_id FROM household_version WHERE code = :code)))
    AND (CAST(:codes AS text[]) IS NULL OR a.units && CAST(:codes AS text[])
        OR a.units = '{}'
            AND EXISTS (SELECT FROM api_key_unit b WHERE b.key_id = a.key_id)
            AND NOT EXISTS (SELECT FROM api_key_unit b
                WHERE b.key_id = a.key_id AND b.unit_id <> ALL (:reach)))
    AND NOT (:refused AND a.outcome = 'ok')
ORDER BY a.id DESC LIMIT :limit

-- spend_budget --
INSERT INTO enumeration_budget AS b (holder, level, at)
SELECT n.holder, n.share, :now
FROM unnest(CAST(:holders AS text[]), CAST(:shares AS float8[])) AS n (holder, share)
ORDER BY n.holder
ON CONFLICT (holder) DO UPDATE SET
    level = excluded.level + greatest(
        0, b.level - greatest(0, extract(epoch FROM excluded.at - b.at)) / 3600),
    at = excluded.at

-- budget_levels --
-- Of other callers only those that have spent much: the rest are not limited anyway.
SELECT holder, level, at FROM enumeration_budget
WHERE holder = ANY (CAST(:holders AS text[]))
UNION
(SELECT holder, level, at FROM enumeration_budget
WHERE level - extract(epoch FROM :now - at) / 3600 > 0.2
ORDER BY level DESC LIMIT 100000)

-- forget_budget --
DELETE FROM enumeration_budget WHERE level <= extract(epoch FROM :now - at) / 3600

-- units_of_request --
-- Code by code: the index of codes and days does not support several, and all communes would be read.
SELECT u.id, u.code FROM unnest(CAST(:communes AS text[])) w (code) CROSS JOIN LATERAL (
    SELECT id, code FROM admin_unit
    WHERE level = 'commune' AND code = w.code AND lifetime @> current_date OFFSET 0
) u
UNION
SELECT u.id, u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id
WHERE h.code = ANY (:codes)
UNION
SELECT u.id, u.code FROM (
    SELECT unit_id FROM household_version WHERE ended_by_event_id = :event
    UNION SELECT h.unit_id FROM household_version v JOIN household h ON h.code = v.code
    WHERE v.ended_by_event_id = :event
    UNION SELECT unit_id FROM place_version WHERE ended_by_event_id = :event
    UNION SELECT unit_id FROM place WHERE event_id = :event
) w JOIN admin_unit u ON u.id = w.unit_id

-- point_in_units --
-- Only parts within 0.002 degrees can be within 100 m.
WITH q AS MATERIALIZED (
    SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point,
        CAST(:units AS integer[]) AS units
)
SELECT EXISTS (
        SELECT FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id
        WHERE NOT b.approximate AND p.unit_id = ANY (q.units)
            AND p.geom && ST_Expand(q.point, 0.002)
            AND ST_DWithin(CAST(p.geom AS geography), CAST(q.point AS geography), :tolerance)
    ) AS near,
    NOT EXISTS (
        SELECT FROM unnest(q.units) u (id) WHERE NOT EXISTS (
            SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate)
    ) AS all_real,
    (
        SELECT u.code
        FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id
        JOIN admin_unit u ON u.id = p.unit_id AND u.level = 'commune'
            AND u.lifetime @> current_date
        WHERE NOT b.approximate AND NOT p.unit_id = ANY (q.units)
            AND ST_Covers(p.geom, q.point)
            AND NOT ST_DWithin(CAST(ST_Boundary(b.geom) AS geography),
                CAST(q.point AS geography), :tolerance)
        LIMIT 1
    ) AS elsewhere
FROM q

-- key_asked --
-- One row, also for an unknown key. Its first column is the age of a replica's newest commit, NULL on
-- a primary; unknown for a replica that has replayed nothing since its start.
SELECT CASE WHEN pg_is_in_recovery() THEN coalesce(CAST(extract(epoch FROM
        clock_timestamp() - pg_last_xact_replay_timestamp()) AS float8), 'Infinity') END,
    k.id, k.name, k.role, k.rate_per_minute, k.approves_own,
    CAST(extract(epoch FROM least(k.expires_at,
        CASE WHEN k.hash <> {hash} THEN k.previous_until END)) AS float8),
    k.revoked_at IS NOT NULL,
    k.hash <> {hash} AND k.previous_until <= clock_timestamp(),
    coalesce(k.last_used_at > clock_timestamp() - interval '1 minute', false),
    ARRAY (SELECT b.unit_id FROM api_key_unit b WHERE b.key_id = k.id)
FROM (SELECT) AS always LEFT JOIN api_key k ON {which}

-- key_of_hash --
-- with hash: :hash
-- with which: k.hash = :hash OR k.previous_hash = :hash
{key_asked}

-- key_of_number --
-- with hash: k.hash
-- with which: k.id = :id
{key_asked}

-- key_of_session --
-- with hash: k.hash
-- with which: k.id = (SELECT s.key_id FROM desk_session s WHERE s.token_hash = :hash AND {living})
{key_asked}

-- touch_key --
UPDATE api_key SET last_used_at = clock_timestamp() WHERE id = :id
    AND (last_used_at IS NULL OR last_used_at <= clock_timestamp() - interval '1 minute')

-- insert_key --
INSERT INTO api_key (name, hash, role, rate_per_minute, approves_own, expires_at, ending)
VALUES (:name, :hash, :role, :rate, :own, :expires_at, :ending)
ON CONFLICT (name) DO NOTHING RETURNING id

-- units_of_key --
SELECT u.code FROM api_key_unit b JOIN admin_unit u ON u.id = b.unit_id
WHERE b.key_id = :id ORDER BY u.code

-- units_by_code --
SELECT code, id FROM admin_unit
WHERE code = ANY (:codes) AND level IN ('province', 'commune') AND lifetime @> current_date

-- keys --
SELECT k.id, k.name, k.role,
    ARRAY (
        SELECT u.code FROM api_key_unit b JOIN admin_unit u ON u.id = b.unit_id
        WHERE b.key_id = k.id ORDER BY u.code) AS units,
    k.rate_per_minute, k.approves_own, k.ending, k.created_at, k.expires_at, k.revoked_at,
    k.last_used_at, k.rotated_at, k.previous_until, k.subject IS NOT NULL AS is_account,
    ARRAY (
        SELECT u.code FROM api_key_unit b JOIN admin_unit u ON u.id = b.unit_id
        WHERE b.key_id = k.id AND b.widened_by_event_id IS NOT NULL ORDER BY u.code) AS widened
FROM api_key k ORDER BY k.name

-- lock_key --
SELECT id, role, expires_at, revoked_at, subject IS NOT NULL AS is_account
FROM api_key WHERE name = :name FOR UPDATE

-- rotate_key --
UPDATE api_key SET previous_hash = hash, previous_until = clock_timestamp() + :overlap,
    hash = :hash, ending = :ending, rotated_at = clock_timestamp(), expires_at = :expires_at
WHERE id = :id RETURNING previous_until

-- forget_rates --
-- Skips rows that another process is deleting, rather than wait.
DELETE FROM request_rate WHERE ctid IN (
    SELECT ctid FROM request_rate WHERE minute NOT BETWEEN :minute - 1 AND :minute + 1
    FOR UPDATE SKIP LOCKED
)

-- add_rate --
INSERT INTO request_rate AS r (minute, caller, machine, asked)
VALUES (:minute, :caller, :machine, :asked)
ON CONFLICT (minute, caller, machine) DO UPDATE SET asked = greatest(r.asked, excluded.asked)

-- rate_elsewhere --
SELECT coalesce(sum(asked), 0) FROM request_rate
WHERE minute = :minute AND caller = :caller AND machine <> :machine

-- touch_session --
UPDATE desk_session SET seen_at = clock_timestamp()
WHERE token_hash = :hash AND seen_at < clock_timestamp() - interval '1 minute'

-- living --
-- A session started by a clock that was far ahead would otherwise live until that time.
s.seen_at > clock_timestamp() - make_interval(mins => :idle_minutes)
    AND s.began_at > clock_timestamp() - make_interval(hours => :whole_hours)
    AND s.began_at < clock_timestamp() + make_interval(hours => :whole_hours)

-- forget_sessions --
DELETE FROM desk_session s WHERE NOT ({living})
