-- event --
SELECT kind, scope, (SELECT u.id FROM event u
    WHERE u.scope ? 'undone' AND u.scope ->> 'undone' = CAST(e.id AS text)) AS undone_by
FROM event e WHERE id = :event

-- event_of --
-- The event as a candidate for undoing: who did it, and why.
SELECT id, kind, actor, reason, decision_number, occurred_at FROM event e

-- one --
{event_of} WHERE id = :event

-- of_place --
-- The latest changes of a whole street or locality that can be undone.
-- by street, locality
{event_of}
WHERE kind = ANY (:kinds) AND id IN (
    SELECT event_id FROM place WHERE id = :id
        AND NOT EXISTS (SELECT FROM household h WHERE h.{column} = :id)
    UNION SELECT v.ended_by_event_id FROM place p JOIN place_version v ON v.id = p.id
    WHERE p.id = :id OR p.merged_into_id = :id
    UNION SELECT event_id FROM household_former_number WHERE {column} = :id)
    AND NOT EXISTS (SELECT FROM event u
        WHERE u.scope ? 'undone' AND u.scope ->> 'undone' = CAST(e.id AS text))
ORDER BY id DESC LIMIT 5

-- street --
-- with column: street_id

-- locality --
-- with column: locality_id

-- lock --
-- Places and records are locked in the same order as in every operation.
SELECT id FROM place WHERE event_id = :event
    OR id IN (SELECT id FROM place_version WHERE ended_by_event_id = :event)
ORDER BY id FOR UPDATE;
SELECT code FROM household
WHERE code IN (SELECT code FROM household_version WHERE ended_by_event_id = :event)
ORDER BY code FOR UPDATE

-- renamed --
-- Renamed places: their current names, with their former names, communes and parents.
SELECT v.class, v.key, v.name, v.kind, p.id, v.unit_id,
    v.former_unit_id, v.parent_id, p.key AS key_now, p.name AS name_now, p.kind AS kind_now
FROM touched_place v JOIN place p ON p.id = v.id
WHERE (p.key, p.name, p.kind) IS DISTINCT FROM (v.key, v.name, v.kind) ORDER BY p.id

-- set_marks --
UPDATE touched_place SET marks = :marks WHERE id = :id

-- before --
-- Former states of records, joined with the current ones.
touched t JOIN household h ON h.code = t.code JOIN LATERAL (
    SELECT v.* FROM household_version v
    WHERE v.code = t.code AND v.ended_by_event_id = :event AND v.event_id <> :event
    ORDER BY v.valid_from LIMIT 1
) b ON true

-- taken_there --
-- Other records that have since taken an address to be restored.
SELECT 'address_taken', o.code FROM {before} JOIN household o ON {lies_there}
    AND o.unit_id = b.unit_id AND o.kind = b.kind
    AND o.house_number_key IS NOT DISTINCT FROM b.house_number_key
    AND o.building_key IS NOT DISTINCT FROM b.building_key
    AND o.floor IS NOT DISTINCT FROM b.floor AND o.unit_number IS NOT DISTINCT FROM b.unit_number
WHERE NOT :same_address AND b.status IN ('proposed', 'active')
    AND o.status IN ('proposed', 'active') AND o.event_id > :event
    AND (b.house_number_key IS NOT NULL OR b.unit_number IS NOT NULL)
    AND NOT EXISTS (SELECT FROM touched x WHERE x.code = o.code)
    AND (h.status = 'retired' OR (h.unit_id, h.street_id, h.locality_id, h.house_number_key,
            h.building_key, h.floor, h.unit_number)
        IS DISTINCT FROM (b.unit_id, b.street_id, b.locality_id, b.house_number_key,
            b.building_key, b.floor, b.unit_number))

-- taken_in_street --
-- with lies_there: o.street_id = b.street_id
{taken_there}

-- taken_in_locality --
-- with lies_there: o.locality_id = b.locality_id AND o.street_id IS NULL AND b.street_id IS NULL
{taken_there}

-- in_the_way --
-- (kind, code) of each obstacle besides later changes.
({taken_in_street} LIMIT 20)
UNION
({taken_in_locality} LIMIT 20)
UNION ALL
(SELECT 'status_final', t.code FROM {before}
WHERE b.status IN ('reserved', 'proposed') AND h.status <> b.status ORDER BY 2 LIMIT 20)
UNION ALL
(SELECT DISTINCT 'building_retired', b.parent_code FROM {before}
JOIN household o ON o.code = b.parent_code
WHERE b.status <> 'retired' AND o.status = 'retired'
    AND NOT EXISTS (SELECT FROM touched x WHERE x.code = o.code)
ORDER BY 2 LIMIT 20)

-- in_force --
-- Active records that change, and the codes of those whose point changes.
SELECT count(*), array_agg(t.code) FILTER (
    WHERE b.status = 'active' AND h.point IS DISTINCT FROM b.point)
FROM {before} WHERE 'active' IN (b.status, h.status)

-- states --
SELECT h.code, h.status FROM touched t JOIN household h ON h.code = t.code ORDER BY 1

-- left --
SELECT class || '_in_use', kind || ' ' || name FROM place WHERE event_id = :event ORDER BY id
