-- behind --
-- Behind the page before.
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
-- A province has the sum of its communes where no boundary of its own was loaded.
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
