-- is_open --
h.unit_id = :unit AND NOT h.restricted

-- is_shown --
-- A demo code begins with 0.
{is_open} AND (CAST(:demo AS bool) OR h.code >= '1')

-- is_living --
{is_shown} AND h.status IN ('active', 'proposed')

-- is_changed --
(CAST(:codes AS text[]) IS NULL OR h.code = ANY (CAST(:codes AS text[]))
    OR h.street_id = ANY (CAST(:streets AS bigint[])) OR h.locality_id IN (
        SELECT l.id FROM place l
        WHERE l.id = ANY (CAST(:localities AS bigint[]))
            OR l.parent_id IS NOT NULL AND l.outer_ids && CAST(:localities AS bigint[])))

-- doors --
SELECT h.code, h.street_id, h.locality_id, h.former_unit_id, h.house_number_key,
    h.house_number, h.building_name, h.floor, h.unit_number,
    -- A flat does not name a restricted building.
    b.code AS parent_code,
    round(ST_X(h.point) * {units_of_degree})::int AS x,
    round(ST_Y(h.point) * {units_of_degree})::int AS y,
    h.entrances, {packed}
FROM household h
LEFT JOIN household b ON b.code = h.parent_code AND NOT b.restricted
WHERE {is_living} AND {is_changed} AND (CAST(:use AS text) IS NULL OR {of_use})

-- retired --
SELECT h.code, (
    SELECT array_agg(s.new_code ORDER BY s.new_code)
    FROM succession_link s JOIN household n ON n.code = s.new_code
    WHERE s.old_code = h.code AND s.ended_by_event_id IS NULL AND NOT n.restricted
) FROM household h
WHERE {is_shown} AND h.status = 'retired'
    AND (CAST(:codes AS text[]) IS NULL OR h.code = ANY (CAST(:codes AS text[])))
ORDER BY h.code

-- streets --
-- A place that only restricted records name is left out.
SELECT t.id, t.kind, t.name, (
    SELECT array_agg(ARRAY[a.kind, a.name] ORDER BY a.until DESC, a.key)
    FROM place_alias a WHERE a.place_id = t.id
), EXISTS (SELECT FROM place_version v WHERE v.id = t.id AND {ended_by_renaming})
FROM place t
WHERE t.unit_id = :unit
    AND t.id IN (SELECT h.street_id FROM household h WHERE {is_living})
ORDER BY t.key, t.id

-- localities --
WITH named AS (
    SELECT DISTINCT unnest(l.id || l.outer_ids) AS id FROM place l
    WHERE l.id IN (SELECT h.locality_id FROM household h WHERE {is_living})
)
SELECT l.id, l.kind, l.name, (
    SELECT array_agg(ARRAY[a.kind, a.name] ORDER BY a.until DESC, a.key)
    FROM place_alias a WHERE a.place_id = l.id
), EXISTS (SELECT FROM place_version v WHERE v.id = l.id AND {ended_by_renaming}),
    l.parent_id
FROM named JOIN place l USING (id)
ORDER BY l.key, l.id

-- own_decisions --
SELECT h.code, bool_or({ended_by_renaming})
FROM household h JOIN household_version v ON v.code = h.code
WHERE {is_living} AND {ended_by_decision}
GROUP BY h.code

-- former_numbers --
SELECT h.code, f.house_number_key, f.house_number, t.kind, t.name
FROM household h JOIN household_former_number f ON f.code = h.code
LEFT JOIN place t ON t.id = f.street_id
WHERE {is_living}
ORDER BY h.code, f.until

-- boundary --
SELECT ST_AsGeoJSON(ST_SimplifyPreserveTopology(geom, {bend}), {precision}), approximate
FROM boundary WHERE unit_id = :unit

-- box --
SELECT ST_XMin(b.box), ST_YMin(b.box), ST_XMax(b.box), ST_YMax(b.box) FROM (
    SELECT coalesce(
        (SELECT Box2D(geom) FROM boundary WHERE unit_id = :unit),
        (SELECT ST_Extent(h.point) FROM household h WHERE {is_open})
    ) AS box
) b
