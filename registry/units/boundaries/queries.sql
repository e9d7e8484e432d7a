-- A load uses temporary tables of its transaction: `boundary_staged` (the file), `boundary_code` (the
-- units), `boundary_new` (the polygon of each unit), `boundary_change` (the differences).

-- communes_at --
-- The sub-select hides the point's value from the planner: PostgreSQL then finds a generic plan no
-- worse, and stops planning each call (0.20 ms becomes 0.12).
-- DISTINCT: the parts of one commune share the edges along which they were cut.
SELECT DISTINCT p.unit_id
FROM boundary_part p
JOIN admin_unit u ON u.id = p.unit_id
WHERE ST_Covers(p.geom, (SELECT {point}))
    AND u.level = 'commune' AND u.lifetime @> current_date
ORDER BY p.unit_id

-- stage --
CREATE TEMPORARY TABLE boundary_staged (
    code text, was_number boolean, restored boolean DEFAULT false,
    geom geometry(MultiPolygon, 4326)
) ON COMMIT DROP

-- restore_zeros --
-- A JSON number has lost its leading zeros. A single number is ambiguous: 4 may be province 04 or
-- commune 00004. The whole file decides: no province code has three digits.
UPDATE boundary_staged SET code = lpad(code, :width, '0'), restored = true
WHERE was_number AND length(code) < :width

-- resolve --
CREATE TEMPORARY TABLE boundary_code ON COMMIT DROP AS
SELECT c.code, coalesce(living.id, alias.id) AS unit_id, ended.id AS ended_id
FROM (
    SELECT code,
        CASE length(code) WHEN 5 THEN 'commune' WHEN 2 THEN 'province' WHEN 3 THEN 'district'
        END AS level
    FROM boundary_staged GROUP BY code
) c
LEFT JOIN admin_unit living
    ON living.level = c.level AND living.code = c.code AND living.lifetime @> CAST(:day AS date)
LEFT JOIN LATERAL (
    SELECT u.id FROM admin_unit_alias a JOIN admin_unit u ON u.id = a.unit_id
    WHERE a.kind = 'code' AND a.alias = c.code AND u.level = c.level
        AND u.lifetime @> CAST(:day AS date)
    ORDER BY u.id LIMIT 1
) alias ON living.id IS NULL
LEFT JOIN LATERAL (
    SELECT u.id FROM admin_unit u
    WHERE u.level = c.level AND u.code = c.code AND upper(u.lifetime) <= CAST(:day AS date)
    ORDER BY upper(u.lifetime) DESC LIMIT 1
) ended ON living.id IS NULL AND alias.id IS NULL

-- strange --
SELECT count(*), count(*) FILTER (WHERE unit_id IS NULL), count(ended_id),
    ARRAY(SELECT code FROM boundary_code WHERE unit_id IS NULL ORDER BY code LIMIT 3)
FROM boundary_code

-- repair --
-- `structure` keeps overlaps that `linework` (even-odd) would turn into holes. Parts that collapse to
-- a line or point are dropped: a boundary is polygons.
CREATE TEMPORARY TABLE boundary_new ON COMMIT DROP AS
WITH piece AS MATERIALIZED (
    SELECT k.unit_id, s.geom, ST_IsValid(s.geom) AS valid,
        count(*) OVER (PARTITION BY k.unit_id) AS features
    FROM boundary_staged s JOIN boundary_code k USING (code)
    WHERE k.unit_id IS NOT NULL AND s.geom IS NOT NULL
), mended AS (
    SELECT unit_id, features, valid,
        CASE WHEN valid THEN geom
            ELSE ST_CollectionExtract(ST_MakeValid(geom, 'method=structure'), 3)
        END AS geom
    FROM piece
), unit AS (
    SELECT unit_id, min(features) AS features, bool_and(valid) AS valid,
        coalesce(
            (array_agg(geom) FILTER (WHERE features = 1))[1],
            ST_Union(geom) FILTER (WHERE features > 1)
        ) AS geom
    FROM mended GROUP BY unit_id
)
SELECT unit_id, features, valid, ST_Multi(geom) AS geom FROM unit WHERE NOT ST_IsEmpty(geom)

-- compare --
CREATE TEMPORARY TABLE boundary_change ON COMMIT DROP AS
SELECT n.unit_id, u.level, u.code, CASE
        WHEN b.unit_id IS NULL OR b.approximate THEN 'added'
        WHEN b.geom = n.geom THEN 'unchanged'
        -- A former map does not change a unit that exists today.
        WHEN u.lifetime @> current_date AND CAST(:day AS date) < current_date THEN 'unchanged'
        ELSE 'replaced'
    END AS state
FROM boundary_new n
JOIN admin_unit u ON u.id = n.unit_id
LEFT JOIN boundary b USING (unit_id)

-- upsert_boundaries --
INSERT INTO boundary (unit_id, geom, source, approximate)
SELECT n.unit_id, n.geom, :source, false
FROM boundary_new n JOIN boundary_change c USING (unit_id)
WHERE c.state <> 'unchanged'
ON CONFLICT (unit_id) DO UPDATE
SET geom = excluded.geom, source = excluded.source, approximate = false, loaded_at = now()

-- remove_parts --
DELETE FROM boundary_part p USING boundary_change c
WHERE c.unit_id = p.unit_id AND c.state <> 'unchanged'

-- insert_parts --
INSERT INTO boundary_part (unit_id, geom)
SELECT n.unit_id, ST_Subdivide(n.geom, :vertices)
FROM boundary_new n
WHERE NOT EXISTS (SELECT FROM boundary_part p WHERE p.unit_id = n.unit_id)

-- counts --
WITH missing AS (
    SELECT u.level FROM admin_unit u
    WHERE u.lifetime @> CAST(:day AS date) AND NOT EXISTS (
        SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate
    )
)
SELECT count(*) FILTER (WHERE c.level = 'commune') AS communes,
    count(*) FILTER (WHERE c.level = 'province') AS provinces,
    count(*) FILTER (WHERE c.state = 'added') AS added,
    count(*) FILTER (WHERE c.state = 'replaced') AS replaced,
    count(*) FILTER (WHERE c.state = 'unchanged') AS unchanged,
    (SELECT count(*) FROM missing WHERE level = 'commune') AS missing_communes,
    (SELECT count(*) FROM missing WHERE level = 'province') AS missing_provinces
FROM boundary_change c

-- named_units --
SELECT u.code, v.name
FROM boundary_new n
JOIN admin_unit u ON u.id = n.unit_id
JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> CAST(:day AS date)
WHERE {which}
ORDER BY u.code

-- repaired --
-- with which: NOT n.valid
{named_units}

-- united --
-- with which: n.features > 1
{named_units}

-- restored --
SELECT DISTINCT code FROM boundary_staged WHERE restored ORDER BY code

-- unknown --
SELECT code FROM boundary_code WHERE unit_id IS NULL AND ended_id IS NULL ORDER BY code

-- without_polygon --
SELECT k.code FROM boundary_code k
WHERE k.unit_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM boundary_new n WHERE n.unit_id = k.unit_id)
ORDER BY k.code

-- ended_units --
-- A successor may have ended too: follow the chain to the units that exist today.
WITH RECURSIVE later AS (
    SELECT k.ended_id, s.successor_id
    FROM boundary_code k JOIN admin_unit_succession s ON s.predecessor_id = k.ended_id
    UNION
    SELECT l.ended_id, s.successor_id
    FROM later l JOIN admin_unit_succession s ON s.predecessor_id = l.successor_id
), living AS (
    SELECT l.ended_id,
        array_agg(ARRAY[u.code, v.name] ORDER BY u.code) AS successors
    FROM later l
    JOIN admin_unit u ON u.id = l.successor_id AND u.lifetime @> CAST(:day AS date)
    JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> CAST(:day AS date)
    GROUP BY l.ended_id
)
SELECT k.code, last_version.name, coalesce(living.successors, '{}')
FROM boundary_code k
JOIN LATERAL (
    SELECT v.name FROM admin_unit_version v WHERE v.unit_id = k.ended_id
    ORDER BY upper(v.valid) DESC NULLS FIRST LIMIT 1
) last_version ON true
LEFT JOIN living ON living.ended_id = k.ended_id
ORDER BY k.code
