-- services --
-- The point is an uncorrelated sub-select, so that a generic plan uses the index of polygons, too.
SELECT f.operator, f.service, f.kind, (ARRAY['code', 'polygon', 'commune'])[f.rank],
    lower(f.valid), upper(f.valid) - 1, o.name, ST_X(o.point), ST_Y(o.point), o.hours,
    round(ST_Distance(o.point::geography, (SELECT {point})::geography)::numeric)::float8 AS far
FROM (
    SELECT a.*, m.rank,
        m.rank = min(m.rank) OVER (PARTITION BY a.operator, a.service, a.kind) AS counts
    FROM (
        SELECT area_id, min(rank) AS rank FROM (
            SELECT c.area_id, 1 AS rank FROM service_area_code c WHERE c.code = ANY ({codes})
            UNION ALL
            SELECT p.id, 2 FROM service_area p WHERE ST_Covers(p.geom, (SELECT {point}))
            UNION ALL
            SELECT u.area_id, 3 FROM service_area_unit u WHERE u.unit_id = ANY ({units})
        ) found GROUP BY area_id
    ) m JOIN service_area a ON a.id = m.area_id AND a.valid @> CAST(:day AS date)
) f LEFT JOIN service_office o ON o.id = f.office_id
WHERE f.counts
ORDER BY f.operator, f.service, f.kind, far, o.name, f.id

-- services_of_door --
-- with codes: CAST(:codes AS text[])
-- with units: CAST(:units AS int[])
{services}

-- services_at --
-- with codes: '{}'::text[]
-- with units: {communes_around}
{services}

-- communes_around --
(SELECT coalesce(
    (SELECT array_agg(DISTINCT b.unit_id) FROM boundary_part b JOIN admin_unit u ON u.id = b.unit_id
    WHERE ST_Covers(b.geom, (SELECT {point}))
        AND u.level = 'commune' AND u.lifetime @> current_date),
    (SELECT array_agg(n.unit_id) FROM (
        SELECT h.unit_id, h.point FROM household h WHERE {open}
        ORDER BY h.point <-> (SELECT {point}) LIMIT 1
    ) n WHERE ST_DWithin(n.point::geography, (SELECT {point})::geography, :near_m))
))::int[]

-- overlap --
-- Of two areas the later one is returned, with one that it overlaps. OFFSET 0 forces the spatial
-- index instead of a join of all areas of an operator, which would be millions of pairs: a set that
-- was just delivered has no statistics, and without them the planner takes tables for small.
SELECT a.operator, a.service, a.kind, '{basis}' AS basis, {much} AS much,
    (SELECT name FROM service_office WHERE id = o.office_id) AS one_office,
    (SELECT name FROM service_office WHERE id = a.office_id) AS other_office
FROM {of}
WHERE {is_current} AND {rest} LIMIT :most

-- is_current --
a.operator = coalesce(:operator, a.operator) AND coalesce(upper(a.valid) > :day, true)

-- is_other --
o.operator = a.operator AND o.service = a.service AND o.kind = a.kind AND o.id < a.id
    AND o.valid * a.valid && daterange(:day, NULL)

-- listed_alike --
service_area a JOIN {list} m ON m.area_id = a.id
CROSS JOIN LATERAL (
    SELECT o.id, o.office_id FROM (
        SELECT area_id FROM {list} WHERE {column} = m.{column} OFFSET 0
    ) n CROSS JOIN LATERAL (SELECT * FROM service_area WHERE id = n.area_id OFFSET 0) o
    WHERE {is_other} LIMIT 1
) o

-- overlaps_of_communes --
-- with basis: commune
-- with list: service_area_unit
-- with column: unit_id
-- with much: m.unit_id
-- with of: {listed_alike}
-- with rest: (CAST(:units AS int[]) IS NULL OR m.unit_id = ANY (:units))
{overlap}

-- overlaps_of_codes --
-- with basis: code
-- with list: service_area_code
-- with column: code
-- with much: count(*)
-- with of: {listed_alike}
-- with rest: {code_inside} GROUP BY a.id, o.id, o.office_id
{overlap}

-- code_inside --
(CAST(:units AS int[]) IS NULL OR EXISTS (
    SELECT FROM household h WHERE h.code = m.code AND h.unit_id = ANY (:units)))

-- overlaps_of_places --
-- with basis: polygon
-- with much: s.size
-- with of: {drawn_alike}
-- with rest: a.geom IS NOT NULL AND s.size > :sliver AND {drawn_inside}
{overlap}

-- drawn_alike --
service_area a CROSS JOIN LATERAL (
    SELECT * FROM service_area p WHERE ST_Intersects(p.geom, a.geom) OFFSET 0
) o CROSS JOIN LATERAL (
    SELECT ST_Area(ST_Intersection(o.geom, a.geom)::geography) AS size WHERE {is_other}
) s

-- drawn_inside --
-- An area outside all drawn units may be in this one.
(CAST(:units AS int[]) IS NULL OR coalesce((
    SELECT bool_or(b.unit_id = ANY (:units)) FROM boundary_part b
    JOIN admin_unit u ON u.id = b.unit_id AND u.lifetime @> current_date
    WHERE ST_Intersects(b.geom, ST_Intersection(o.geom, a.geom))), true))

-- count_lost_codes --
SELECT count(*) FROM service_area a JOIN service_area_code c ON c.area_id = a.id
WHERE {is_current} AND NOT EXISTS (
    SELECT FROM household h WHERE h.code = c.code AND h.status IN ('proposed', 'active'))

-- unserved --
-- Skips doors of communes that are served as a whole, and the search for codes or polygons if there
-- are none.
SELECT h.unit_id, count(*) AS doors, {codes} AS codes
FROM household h
WHERE {open} AND h.kind = 'household' AND h.unit_id = ANY (ARRAY(
        SELECT u.id FROM admin_unit u WHERE u.level = 'commune' AND {inside} AND u.id NOT IN (
            SELECT m.unit_id FROM service_area_unit m JOIN service_area s ON s.id = m.area_id
            WHERE {serves})))
    AND NOT ((SELECT EXISTS (
        SELECT FROM service_area s JOIN service_area_code c ON c.area_id = s.id WHERE {serves}
    )) AND EXISTS (
        SELECT FROM (
            SELECT area_id FROM service_area_code
            WHERE code IN (h.code, h.parent_code) OFFSET 0
        ) c JOIN service_area s ON s.id = c.area_id WHERE {serves}))
    AND NOT ((SELECT EXISTS (
        SELECT FROM service_area s WHERE s.geom IS NOT NULL AND {serves}
    )) AND EXISTS (
        SELECT FROM (
            SELECT * FROM service_area p WHERE ST_Covers(p.geom, h.point) OFFSET 0
        ) s WHERE {serves}))
GROUP BY h.unit_id ORDER BY doors DESC, h.unit_id

-- serves --
s.operator = coalesce(:operator, s.operator) AND s.kind = :kind AND s.valid @> CAST(:day AS date)

-- unserved_in_country --
-- with codes: CAST('{}' AS text[])
-- with inside: true
{unserved}

-- unserved_in_units --
-- with codes: (array_agg(h.code ORDER BY h.code))[1 : CAST(:named AS int)]
-- with inside: u.id = ANY (CAST(:units AS int[]))
{unserved}


-- sets --
SELECT s.operator, sum(areas)::int AS areas, sum(offices)::int AS offices,
    array_remove(array_agg(service ORDER BY service), NULL) AS services,
    max(e.occurred_at) AS recorded_at
FROM (
    SELECT operator, service, count(*) AS areas, 0 AS offices, max(event_id) AS event_id
    FROM service_area GROUP BY 1, 2
    UNION ALL
    SELECT operator, NULL, 0, count(*), max(event_id) FROM service_office GROUP BY 1
) s JOIN event e ON e.id = s.event_id
GROUP BY s.operator ORDER BY s.operator

-- areas --
SELECT a.service, a.kind, o.name AS office, o.hours,
    (SELECT count(*) FROM service_area_unit u WHERE u.area_id = a.id) AS communes,
    ARRAY(SELECT u.unit_id FROM service_area_unit u WHERE u.area_id = a.id
        ORDER BY u.unit_id LIMIT :named) AS named,
    (SELECT count(*) FROM service_area_code c WHERE c.area_id = a.id) AS codes,
    ST_Area(a.geom::geography) / 1e6 AS size_km2,
    lower(a.valid) AS valid_from, upper(a.valid) - 1 AS valid_to
FROM unnest(CAST(:ids AS bigint[])) WITH ORDINALITY AS w (id, place)
JOIN service_area a USING (id) LEFT JOIN service_office o ON o.id = a.office_id
ORDER BY w.place

-- first_areas --
SELECT a.id FROM service_area a LEFT JOIN service_office o ON o.id = a.office_id
WHERE a.operator = :operator ORDER BY a.service, a.kind, o.name, a.id LIMIT :limit

-- stage --
CREATE TEMPORARY TABLE service_row (
    number int, service text, kind text, office text, geom geometry(MultiPolygon, 4326),
    first date, after date, digest bytea
) ON COMMIT DROP;
CREATE TEMPORARY TABLE service_row_office (
    name text, lon float8, lat float8, hours text
) ON COMMIT DROP;
CREATE TEMPORARY TABLE service_row_unit (number int, unit_id int) ON COMMIT DROP;
CREATE TEMPORARY TABLE service_row_code (number int, code text COLLATE "C") ON COMMIT DROP

-- unknown_codes --
SELECT c.number, count(*) AS count, (array_agg(c.code ORDER BY c.code))[1:CAST(:named AS int)]
    AS codes
FROM service_row_code c
WHERE NOT EXISTS (
    SELECT FROM household h WHERE h.code = c.code AND h.status IN ('proposed', 'active'))
GROUP BY c.number

-- areas_gone --
SELECT a.id, a.service, a.kind, o.name AS office
FROM service_area a LEFT JOIN service_office o ON o.id = a.office_id
WHERE a.operator = :operator AND NOT EXISTS (
    SELECT FROM service_row r WHERE r.digest = a.digest)
ORDER BY a.service, a.kind, o.name, a.id

-- remove_areas --
DELETE FROM service_area a WHERE a.operator = :operator
    AND NOT EXISTS (SELECT FROM service_row r WHERE r.digest = a.digest)

-- write_offices --
INSERT INTO service_office AS o (operator, name, point, hours)
SELECT :operator, r.name, ST_SetSRID(ST_MakePoint(r.lon, r.lat), 4326), r.hours
FROM service_row_office r
ON CONFLICT (operator, name) DO UPDATE
    SET point = excluded.point, hours = excluded.hours, event_id = current_event_id()
    WHERE (o.point, o.hours) IS DISTINCT FROM (excluded.point, excluded.hours)

-- write_areas --
INSERT INTO service_area (operator, service, kind, office_id, geom, valid, digest)
SELECT :operator, r.service, r.kind, o.id, r.geom, daterange(r.first, r.after), r.digest
FROM service_row r LEFT JOIN service_office o ON o.operator = :operator AND o.name = r.office
ORDER BY r.number
ON CONFLICT (operator, digest) DO NOTHING

-- write_units --
INSERT INTO service_area_unit (area_id, unit_id)
SELECT a.id, u.unit_id FROM service_row_unit u JOIN service_row r USING (number)
JOIN service_area a ON a.operator = :operator AND a.digest = r.digest
WHERE a.event_id = current_event_id()

-- write_codes --
INSERT INTO service_area_code (area_id, code)
SELECT a.id, c.code FROM service_row_code c JOIN service_row r USING (number)
JOIN service_area a ON a.operator = :operator AND a.digest = r.digest
WHERE a.event_id = current_event_id()

-- remove_offices --
DELETE FROM service_office o WHERE o.operator = :operator
    AND NOT EXISTS (SELECT FROM service_row_office r WHERE r.name = o.name)
