-- undone --
-- Events without effect: undone ones, and those that undid them. So imports of one source, or changes
-- of one street, can be undone one after the other.
SELECT published_event_id FROM import WHERE state = 'rolled_back'
UNION ALL SELECT rolled_back_event_id FROM import WHERE state = 'rolled_back'
UNION ALL SELECT id FROM event WHERE scope ? 'undone'
UNION ALL SELECT CAST(scope ->> 'undone' AS bigint) FROM event WHERE scope ? 'undone'

-- find --
-- Records that the event wrote; it created those of which it ended no state of another event.
CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
SELECT code, NOT EXISTS (
    SELECT FROM household_version v
    WHERE v.code = t.code AND v.ended_by_event_id = :event AND v.event_id <> :event) AS made
FROM (
    SELECT code FROM household WHERE event_id = :event
    UNION SELECT code FROM household_version WHERE event_id = :event
) t;
ANALYZE touched;
CREATE TEMPORARY TABLE changed_since ON COMMIT DROP AS
SELECT v.code, v.ended_by_event_id AS event_id
FROM household_version v JOIN touched t ON t.code = v.code
WHERE v.valid_from >= (
        SELECT min(w.valid_from) FROM household_version w
        WHERE w.code = v.code AND w.event_id = :event)
    AND v.ended_by_event_id <> :event AND v.ended_by_event_id NOT IN ({undone});
-- Places as they were; the caller may change their marks before it restores them.
CREATE TEMPORARY TABLE touched_place ON COMMIT DROP AS
SELECT DISTINCT ON (v.id) v.id, v.class, v.unit_id, v.former_unit_id, v.parent_id, v.key, v.name,
    v.kind, v.merged_into_id, p.marks
FROM place_version v JOIN place p ON p.id = v.id
WHERE v.ended_by_event_id = :event ORDER BY v.id, v.valid_to

-- later_work --
-- (kind, name) of each.
(SELECT DISTINCT 'household_changed', code FROM changed_since ORDER BY 2 LIMIT 20)
UNION ALL
(SELECT p.class || '_changed', p.kind || ' ' || p.name FROM place p
WHERE (p.id IN (SELECT id FROM touched_place) OR p.event_id = :event)
    AND EXISTS (SELECT FROM place_version v
        WHERE v.id = p.id AND v.ended_by_event_id > :event
            AND v.ended_by_event_id NOT IN ({undone}))
ORDER BY 1 DESC, 2 LIMIT 20)

-- count --
SELECT count(*) FILTER (WHERE made) AS made, count(*) FILTER (WHERE NOT made) AS changed
FROM touched

-- restore_places --
UPDATE place p SET unit_id = v.unit_id, former_unit_id = v.former_unit_id,
    parent_id = v.parent_id, key = v.key, name = v.name, kind = v.kind,
    merged_into_id = v.merged_into_id, marks = v.marks
FROM touched_place v WHERE v.id = p.id

-- restore_households --
UPDATE household h SET ({state}) = ROW ({before})
FROM (
    SELECT DISTINCT ON (v.code) v.*
    FROM household_version v JOIN touched t ON t.code = v.code
    WHERE v.ended_by_event_id = :event AND v.event_id <> :event
    ORDER BY v.code, v.valid_from
) v
WHERE h.code = v.code
