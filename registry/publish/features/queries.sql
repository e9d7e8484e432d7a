-- behind --
-- After the previous page.
{key} > CAST(:after AS {kind})

-- only --
{key} = CAST(:only AS {kind})

-- nothing --
false

-- in_box --
{meets}

-- in_either_box --
{meets} OR {meets_second}

-- meets_second --
-- with box: ST_MakeEnvelope(:w1, :s1, :e1, :n1, 4326)
{meets}

-- box --
ST_MakeEnvelope(:w0, :s0, :e0, :n0, 4326)

-- units --
-- A province without a loaded boundary has the union of its communes.
-- where behind, only, in_box, in_either_box, is_named
-- with key: u.code
-- with kind: text
-- with meets: ST_Intersects(g.geom, {box})
SELECT u.id, ST_AsBinary(g.geom), coalesce(b.approximate, m.approximate), b.source
FROM admin_unit u
LEFT JOIN boundary b ON b.unit_id = u.id
LEFT JOIN map_unit m ON m.unit_id = u.id AND m.detail = :finest AND b.unit_id IS NULL
CROSS JOIN LATERAL (SELECT coalesce(b.geom, ST_Transform(m.geom, 4326)) AS geom) g
WHERE u.level = :level AND u.lifetime @> CAST(:day AS date) AND {where}
ORDER BY u.code LIMIT :most

-- is_named --
u.id = ANY (:units)

-- offices --
-- where behind, only, nothing, in_box, in_either_box, meets_units
-- with key: f.id
-- with kind: bigint
-- with geometry: f.point
-- with meets: f.point && {box}
SELECT f.id, ST_AsBinary(f.point), f.operator, f.name, f.hours FROM service_office f
WHERE {where} ORDER BY f.id LIMIT :most

-- service_areas --
-- where behind, only, nothing, in_box, in_either_box, meets_units
-- with key: f.id
-- with kind: bigint
-- with geometry: f.geom
-- with meets: f.geom && {box}
SELECT f.id, ST_AsBinary(f.geom), f.operator, f.service, f.kind, o.name AS office,
    lower(f.valid) AS valid_from, upper(f.valid) - 1 AS valid_to
FROM service_area f LEFT JOIN service_office o ON o.id = f.office_id
WHERE f.geom IS NOT NULL AND f.valid @> CAST(:day AS date) AND {where} ORDER BY f.id LIMIT :most

-- meets_units --
EXISTS (SELECT FROM boundary_part b
    WHERE b.unit_id = ANY (:units) AND ST_Intersects(b.geom, {geometry}))

-- household --
-- with what: household

-- building --
-- with what: building

-- in_units --
h.unit_id = ANY (:units)

-- doors --
-- Records are chosen before names are joined: a page has a thousand.
-- by household, building
-- where behind, only, in_box, in_either_box, in_units, of_use
-- with key: h.code
-- with kind: text
-- with meets: h.point && {box}
-- with chosen: {first_doors}
{doors_now}

-- doors_inside --
-- Either the index of points or units finds all records inside, to be sorted; or the index of codes
-- is read from the last code until a page of records lies inside. Which is cheaper depends on their
-- number: both cost the same at the square root of page size times register size.
-- by household, building
-- where behind, only, in_box, in_either_box, in_units, of_use
-- with key: h.code
-- with kind: text
-- with meets: h.point && {box}
-- with chosen: {doors_in_it}
{doors_now}

-- doors_now --
SELECT ST_AsBinary(h.point), {columns}
FROM ({chosen}) h {joins} ORDER BY h.code

-- first_doors --
SELECT * FROM household h
WHERE {open} AND h.kind = '{what}' AND {where}
ORDER BY h.code LIMIT :most

-- turn --
(
    SELECT 1 + ceil(sqrt(:most * greatest(reltuples, 0.0)))::bigint
    FROM pg_class WHERE oid = 'household'::regclass
)

-- doors_in_it --
WITH near AS MATERIALIZED (
    SELECT h.code FROM household h
    WHERE {open} AND h.kind = '{what}' AND {where} LIMIT {turn}
), known AS MATERIALIZED (SELECT count(*) < {turn} AS whole FROM near)
SELECT h.* FROM (
    (SELECT code FROM near WHERE (SELECT whole FROM known) ORDER BY code LIMIT :most)
    UNION ALL
    (SELECT h.code FROM household h
    WHERE NOT (SELECT whole FROM known) AND {open} AND h.kind = '{what}' AND {where}
    ORDER BY h.code LIMIT :most)
) c JOIN household h USING (code)

-- doors_then --
-- States of a moment, with the names of their places at the time.
-- by household, building
-- where behind, only, in_box, in_either_box, in_units, of_use
-- with key: h.code
-- with kind: text
-- with meets: h.point && {box}
-- with at: :at
-- with ended: true
SELECT ST_AsBinary(h.point), {columns_at}
FROM {states_of_doors} h
{places_at}
ORDER BY h.code

-- states_of_doors --
-- Records restricted today are left out even if they were open then.
(
    SELECT DISTINCT ON (code) * FROM (
        SELECT h.code, h.recorded_at AS since, {state} FROM household h
        WHERE h.recorded_at <= :at AND {open} AND h.kind = '{what}' AND {where}
        UNION ALL
        SELECT h.code, h.valid_from, {state} FROM household_version h
        WHERE h.valid_from <= :at AND h.valid_to > :at AND {open} AND h.kind = '{what}' AND {where}
            AND NOT EXISTS (SELECT FROM household n WHERE n.code = h.code AND n.restricted)
    ) s ORDER BY code, since DESC LIMIT :most
)

-- places --
-- where behind, only, nothing, in_box, in_either_box, of_units
-- with key: p.id
-- with kind: bigint
-- with meets: m.point && ST_Transform({box}, 3857)
-- with then: (SELECT p.unit_id, p.former_unit_id, p.kind, p.name, p.merged_into_id, p.parent_id)
-- with there: true
{places_with_state}

-- places_then --
-- where behind, only, nothing, in_box, in_either_box, of_units
-- with key: p.id
-- with kind: bigint
-- with meets: m.point && ST_Transform({box}, 3857)
-- with then: {state_of_place}
-- with there: {was_there}
{places_with_state}

-- of_units --
s.unit_id = ANY (:units)

-- state_of_place --
-- with table: place
-- with read: unit_id, former_unit_id, kind, name, merged_into_id, parent_id
-- with key: id = p.id
-- with at: :at
-- with ended: true
{state_at}

-- was_there --
-- A place without an event always existed.
NOT EXISTS (SELECT FROM event e WHERE e.id = p.event_id AND e.occurred_at > :at)

-- places_with_state --
SELECT p.id, ST_AsBinary(ST_Transform(m.point, 4326)), s.kind, s.name, s.unit_id,
    s.former_unit_id, s.parent_id
FROM place p
JOIN LATERAL {then} s ON s.merged_into_id IS NULL
LEFT JOIN map_label m
    ON m.kind = p.class AND m.place_id = p.id AND m.first_zoom <= {last_zoom}
WHERE p.class = :class AND {where} AND {there}
ORDER BY p.id LIMIT :most
