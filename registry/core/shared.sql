-- point --
ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4326)

-- open --
-- Whether the household `h` may be shown to everybody.
h.status = 'active' AND NOT h.restricted

-- inside_area --
-- Doors in an area. It is subdivided into parts of a few kilometres for the spatial index, so that
-- little of the bounding box of a road is read. A door on a seam is found twice.
FROM (SELECT ST_Subdivide(ST_Segmentize(CAST(:area AS geometry), 0.002), 32) AS part) a
JOIN household h ON ST_Intersects(h.point, a.part)
WHERE {open}

-- of_use --
-- Whether the household `h` has a use (`registry.records.uses`) that has not ended by the day.
CASE WHEN CAST(:use AS text) = 'dwelling'
    THEN h.uses IS NULL OR h.uses @> '[{"use": "dwelling"}]' OR h.households_count > 0
    ELSE h.uses IS NOT NULL AND jsonb_path_exists(h.uses,
        '$[*] ? (@.use == $use && (!exists (@.until) || @.until >= $day))',
        jsonb_build_object('use', CAST(:use AS text), 'day', CAST(:day AS date)))
END

-- best_target --
-- ORDER BY of targets of one unit: the newest declared one first, and hộ before chỗ ở.
array_position(ARRAY['declared', 'census', 'derived', 'estimate'], quality),
    reference_date DESC, counted = 'households' DESC, recorded_at DESC, id DESC

-- of_homes --
-- Whether a target counts homes; the others count doors with a use.
counted IN ('households', 'residents', 'dwellings')

-- outer --
-- Kind and name of the places around the locality `l`, the innermost first.
CASE WHEN l.parent_id IS NOT NULL THEN (
    SELECT array_agg(ARRAY[o.kind, o.name] ORDER BY cardinality(o.outer_ids) DESC)
    FROM place o WHERE o.id = ANY (l.outer_ids)
) END

-- successors --
-- Codes that succeed the retired household `h`, through any number of steps.
CASE WHEN h.status = 'retired' THEN (
    WITH RECURSIVE onward AS (
        SELECT s.new_code FROM succession_link s
        WHERE s.old_code = h.code AND s.ended_by_event_id IS NULL
        UNION
        SELECT s.new_code FROM onward o JOIN succession_link s
            ON s.old_code = o.new_code AND s.ended_by_event_id IS NULL
    ) SELECT array_agg(n.code ORDER BY n.code)
    FROM onward o JOIN household n ON n.code = o.new_code
    WHERE n.status <> 'retired' AND NOT n.restricted
) END

-- renaming --
-- Kinds of events that decide the name of a door; others are corrections or unrelated.
'renumber', 'renumber_street', 'renumber_locality', 'rename_street', 'rename_locality',
    'merge_street', 'merge_locality'

-- ended_by_renaming --
-- Whether a former state was ended by such an event.
(SELECT e.kind FROM event e WHERE e.id = ended_by_event_id) IN ({renaming})

-- ended_by_decision --
(SELECT e.kind FROM event e WHERE e.id = ended_by_event_id) IN ({renaming}, 'reform')

-- renamed --
-- Whether a decision changed the name of the household `h`, or of a place that it is in; `{holders}`
-- has the ids of the places around its locality.
coalesce(
    (SELECT true FROM household_version v WHERE v.code = h.code AND {ended_by_renaming} LIMIT 1),
    (SELECT true FROM place_version v
    WHERE v.id = ANY (ARRAY[h.street_id, h.locality_id] || {holders})
        AND {ended_by_renaming} LIMIT 1)
)

-- renamed_in_place --
-- with holders: l.outer_ids
{renamed}

-- renamed_then --
-- with holders: (SELECT p.outer_ids FROM place p WHERE p.id = h.locality_id)
{renamed}

-- joins --
LEFT JOIN place t ON t.id = h.street_id
LEFT JOIN place l ON l.id = h.locality_id

-- midnight --
-- The end of a day in Viet Nam.
(({day} + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh')

-- state_at --
-- A row as it was at a moment: the first state that ended after it, or the current one. `{ended}`
-- restricts how it ended, `{key}` selects the row.
(
    SELECT * FROM (
        (SELECT {read}, valid_to FROM {table}_version
        WHERE {key} AND valid_to > {at} AND {ended} ORDER BY valid_to LIMIT 1)
        UNION ALL
        SELECT {read}, 'infinity' FROM {table} WHERE {key}
    ) p ORDER BY valid_to LIMIT 1
)

-- place_at --
-- with table: place
-- with read: kind, name, key, parent_id
{state_at}

-- street_at --
-- with key: id = h.street_id
{place_at}

-- locality_at --
-- with key: id = h.locality_id
{place_at}

-- holder_at --
-- with key: id = l.parent_id
{place_at}

-- next_holder_at --
-- with key: id = up.parent_id
{place_at}

-- places_at --
-- The street and the locality of the household `h` then.
LEFT JOIN LATERAL {street_at} t ON true
LEFT JOIN LATERAL {locality_at} l ON true

-- outer_at --
CASE WHEN l.parent_id IS NOT NULL THEN (
    WITH RECURSIVE up AS (
        SELECT p.kind, p.name, p.parent_id, 1 AS step FROM {holder_at} p
        UNION ALL
        SELECT p.kind, p.name, p.parent_id, up.step + 1
        FROM up CROSS JOIN LATERAL {next_holder_at} p WHERE up.step < 9
    ) SELECT array_agg(ARRAY[up.kind, up.name] ORDER BY up.step) FROM up
) END

-- stale --
-- Whether the household `h` changed since the report `f` on it, apart from verification. `+ 0` keeps
-- the planner off the index of events, as one event may have written a million records.
coalesce(h.event_id <> f.seen_event_id AND NOT EXISTS (
    SELECT FROM household_version v
    WHERE v.code = h.code AND v.event_id + 0 = f.seen_event_id
        AND v.ended_by_event_id <> v.event_id
        AND (v.kind, v.unit_id, v.street_id, v.locality_id, v.house_number_key, v.building_key,
                v.floor, v.unit_number, v.parent_code, v.point, v.status)
            IS NOT DISTINCT FROM (h.kind, h.unit_id, h.street_id, h.locality_id,
                h.house_number_key, h.building_key, h.floor, h.unit_number, h.parent_code, h.point,
                h.status)
), false)

-- door_hash --
-- Eight bytes that are equal for two records of `household` with the same address.
hashtextextended(concat(unit_id, '|', kind, '|', street_id, '|',
    CASE WHEN street_id IS NULL THEN locality_id END, '|', house_number_key, '|',
    building_key, '|', floor, '|', unit_number), 0)

-- in_reach --
-- Whether a row is of a unit that the caller reaches; null for all.
CAST(:reach AS integer[]) IS NULL OR unit_id = ANY (:reach)
