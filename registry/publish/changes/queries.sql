-- identity --
SELECT replace(uuid::text, '-', ''), coalesce((SELECT max(position) FROM feed), 0), {serial}
FROM register_identity CROSS JOIN unit_told_state s

-- walk --
-- LIMITs are literals: as inputs they would be unknown to the planner.
-- where in_commune
SELECT {columns} FROM (
    SELECT * FROM household WHERE {where} AND code > :code ORDER BY code LIMIT {chunk}
) h {joins} ORDER BY h.code

-- in_commune --
unit_id = :commune

-- next_events --
SELECT f.position, f.event_id, e.kind, e.scope ->> 'request'
FROM feed f JOIN event e ON e.id = f.event_id
WHERE f.position >= :first ORDER BY f.position LIMIT {events}

-- places_of_events --
SELECT DISTINCT ended_by_event_id,
    CASE class WHEN 'street' THEN '-s' ELSE '-t' END || lpad(id::text, 19, '0')
FROM place_version WHERE ended_by_event_id = ANY (:events)

-- few --
-- with limit: {most_of_few}

-- many --
-- with limit: {chunk}

-- touched --
-- For each event: records whose current state it wrote, and records of which it ended the state of
-- another event, with that state and the current one. (event, code, written, unit, status,
-- restricted, the last three now)
-- by few, many
SELECT e.event_id, x.* FROM unnest(CAST(:events AS bigint[])) AS e (event_id)
CROSS JOIN LATERAL (
    (SELECT h.code, true, NULL::int, NULL, NULL::bool, NULL::int, NULL, NULL::bool
    FROM household h WHERE h.event_id = e.event_id AND h.code > :after
    ORDER BY h.code LIMIT {limit})
    UNION ALL
    (SELECT v.code, false, v.unit_id, v.status, v.restricted, n.unit_id, n.status, n.restricted
    FROM (
        SELECT code, unit_id, status, restricted FROM household_version
        WHERE ended_by_event_id = e.event_id AND event_id <> e.event_id AND code > :after
        ORDER BY code LIMIT {limit}
    ) v LEFT JOIN household n ON n.code = v.code)
) x

-- records --
SELECT {columns} FROM household h {joins} WHERE h.code = ANY (:codes)

-- localities --
SELECT l.id, l.unit_id, (
    SELECT array_agg(ARRAY[o.id::text, o.kind, o.name] ORDER BY cardinality(o.outer_ids) DESC)
    FROM place o WHERE o.id = ANY (l.id || l.outer_ids)
) FROM place l WHERE l.id = ANY (:ids)

-- outer_with_ids --
-- The places around it: [id, kind, name] from the smaller to the larger.
CASE WHEN l.parent_id IS NOT NULL THEN (
    SELECT array_agg(ARRAY[o.id::text, o.kind, o.name] ORDER BY cardinality(o.outer_ids) DESC)
    FROM place o WHERE o.id = ANY (l.outer_ids)
) END

-- open_building --
-- A flat does not name a restricted building.
CASE WHEN h.parent_code IS NOT NULL THEN (
    SELECT b.code FROM household b WHERE b.code = h.parent_code AND NOT b.restricted
) END

-- successors --
CASE WHEN h.status = 'retired' THEN (
    SELECT array_agg(ARRAY[s.kind, s.new_code] ORDER BY s.new_code)
    FROM succession_link s JOIN household n ON n.code = s.new_code
    WHERE s.old_code = h.code AND s.ended_by_event_id IS NULL AND NOT n.restricted
) END

-- continued --
(
    SELECT array_agg(ARRAY[s.kind, s.old_code] ORDER BY s.old_code)
    FROM succession_link s JOIN household o ON o.code = s.old_code
    WHERE s.new_code = h.code AND s.ended_by_event_id IS NULL AND NOT o.restricted
)

-- is_behind --
-- A state was current at a position if the event that wrote it is not after the position and the
-- one that ended it is. A pending event is after every position.
coalesce(n.position > :position, true)

-- changed --
SELECT a.code, {is_behind}, h.code IS NOT NULL, {compared_now},
    b.code IS NOT NULL, {compared_before},
    CASE WHEN h.status = 'retired' THEN (
        SELECT min(s.kind) FROM succession_link s JOIN household x ON x.code = s.new_code
        WHERE s.old_code = h.code AND s.ended_by_event_id IS NULL AND NOT x.restricted
    ) END
FROM unnest(CAST(:codes AS text[])) a (code)
LEFT JOIN household h ON h.code = a.code COLLATE "C"
LEFT JOIN feed n ON n.event_id = h.event_id
LEFT JOIN LATERAL (
    SELECT v.* FROM household_version v
    JOIN feed ended ON ended.event_id = v.ended_by_event_id
    JOIN feed began ON began.event_id = v.event_id
    WHERE {is_behind} AND v.code = a.code COLLATE "C"
        AND ended.position > :position AND began.position <= :position
    LIMIT 1
) b ON true
WHERE {is_behind} OR h.street_id = ANY (CAST(:streets AS bigint[]))
    OR h.locality_id = ANY (CAST(:localities AS bigint[])) OR h.unit_id = ANY (CAST(:units AS integer[]))

-- renamed_since --
WITH renamed AS MATERIALIZED (
    SELECT DISTINCT v.id, v.class FROM place_version v
    JOIN feed f ON f.event_id = v.ended_by_event_id WHERE f.position > :position
)
SELECT ARRAY (SELECT id FROM renamed WHERE class = 'street'), ARRAY (
    SELECT id FROM renamed WHERE class = 'locality'
    UNION
    SELECT l.id FROM renamed r JOIN place l
        ON l.parent_id IS NOT NULL AND l.outer_ids @> ARRAY[r.id]
    WHERE r.class = 'locality')

-- position_of_day --
SELECT coalesce(
    (SELECT min(f.position) - 1 FROM event e JOIN feed f ON f.event_id = e.id
    WHERE e.occurred_at >= CAST(:at AS timestamptz)),
    (SELECT max(position) FROM feed), 0)

-- time_of_position --
SELECT e.occurred_at FROM feed f JOIN event e ON e.id = f.event_id
WHERE f.position <= :position ORDER BY f.position DESC LIMIT 1
