-- places_before --
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT :reform, 'place', CAST(new_id AS text), jsonb_build_object('copy_of', id)
FROM reform_place WHERE is_copy

-- move_places --
-- A place whose name is taken by another one in the same statement gets a temporary name.
UPDATE place t SET marks = '#moves ' || t.id
FROM reform_place r, reform_place o
WHERE r.id = t.id AND NOT r.is_copy AND r.to_id <> r.from_id AND t.merged_into_id IS NULL
    AND o.to_id = t.unit_id AND o.from_id <> o.to_id AND o.class = t.class AND o.key = t.key
    AND o.former_unit_id IS NOT DISTINCT FROM t.former_unit_id;
-- Before the places that move into them; outer places first.
INSERT INTO place (id, class, unit_id, former_unit_id, parent_id, key, marks, name, kind)
SELECT new_id, class, to_id, former_unit_id, parent_id, key, marks, name, kind
FROM reform_place WHERE is_copy ORDER BY depth;
UPDATE place t SET unit_id = r.to_id, former_unit_id = r.former_unit_id, marks = r.marks,
    parent_id = r.parent_id
FROM reform_place r
WHERE r.id = t.id AND NOT r.is_copy AND (r.to_id <> r.from_id OR t.marks LIKE '#moves%')

-- copy_names --
SELECT copy_former_names(array_agg(id ORDER BY new_id), array_agg(new_id ORDER BY new_id))
FROM reform_place WHERE is_copy

-- count_doors --
-- Households in batches of some hundred thousand: a statement holds all its rows twice.
SELECT from_id, count(*) FROM reform_door WHERE to_id <> from_id GROUP BY from_id ORDER BY 1

-- move_households --
UPDATE household h SET unit_id = d.to_id,
    former_unit_id = coalesce(h.former_unit_id, d.from_id),
    street_id = s.new_id, locality_id = l.new_id
FROM reform_door d
LEFT JOIN reform_place s ON s.id = d.street_id AND s.to_id = d.to_id
LEFT JOIN reform_place l ON l.id = d.locality_id AND l.to_id = d.to_id
WHERE h.code = d.code AND d.to_id <> d.from_id AND d.from_id = ANY (:sources)

-- former_numbers --
-- Former numbers of doors that moved to the copy of their street belong to that copy.
UPDATE household_former_number n SET {column} = r.new_id
FROM reform_door d, place t, reform_place r
WHERE n.code = d.code AND t.id = n.{column} AND r.is_copy AND r.to_id = d.to_id
    AND r.id = coalesce(t.merged_into_id, t.id)

-- former_numbers_of_streets --
-- with column: street_id
{former_numbers}

-- former_numbers_of_localities --
-- with column: locality_id
{former_numbers}

-- belongings --
-- What belongs to a unit. Each statement keeps the former state for an undo in `reform_before`.
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT :reform, 'field_report', CAST(f.id AS text), jsonb_build_object('unit_id', f.unit_id)
FROM field_report f JOIN reform_source s ON s.id = f.unit_id;
UPDATE field_report f SET unit_id = n.to_id
FROM (
    SELECT f.id, coalesce(d.to_id, a.to_id, CASE WHEN s.ends THEN s.default_to END) AS to_id
    FROM field_report f JOIN reform_source s ON s.id = f.unit_id
    LEFT JOIN reform_door d ON d.code = f.code
    LEFT JOIN LATERAL (
        SELECT g.to_id FROM reform_piece p JOIN reform_by_area b USING (area)
        JOIN reform_leg g ON g.leg = b.leg AND g.from_id = f.unit_id
        WHERE ST_Covers(p.geom, f.point) LIMIT 1
    ) a ON f.code IS NULL
) n WHERE n.id = f.id AND n.to_id IS NOT NULL AND n.to_id <> f.unit_id;
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT CAST(:reform AS bigint), 'api_key_unit', b.key_id || ' ' || b.unit_id, to_jsonb(b)
FROM api_key_unit b JOIN reform_source s ON s.id = b.unit_id AND s.ends
UNION ALL
SELECT DISTINCT CAST(:reform AS bigint), 'api_key_unit', b.key_id || ' ' || g.to_id, CAST(NULL AS jsonb)
FROM api_key_unit b JOIN reform_source s ON s.id = b.unit_id AND s.ends
JOIN reform_leg g ON g.from_id = s.id
WHERE NOT EXISTS (SELECT FROM api_key_unit o WHERE o.key_id = b.key_id AND o.unit_id = g.to_id);
INSERT INTO api_key_unit (key_id, unit_id, widened_by_event_id)
SELECT b.key_id, g.to_id, CASE WHEN bool_or(NOT g.whole) THEN current_event_id() END
FROM api_key_unit b JOIN reform_source s ON s.id = b.unit_id AND s.ends
JOIN reform_leg g ON g.from_id = s.id
GROUP BY b.key_id, g.to_id
ON CONFLICT (key_id, unit_id) DO NOTHING;
DELETE FROM api_key_unit b USING reform_source s
WHERE s.id = b.unit_id AND s.ends AND EXISTS (SELECT FROM reform_leg g WHERE g.from_id = s.id);
-- Services of a commune cover all its successors, until the operator changes that.
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT CAST(:reform AS bigint), 'service_area_unit', b.area_id || ' ' || b.unit_id, to_jsonb(b)
FROM service_area_unit b JOIN reform_source s ON s.id = b.unit_id AND s.ends
UNION ALL
SELECT DISTINCT CAST(:reform AS bigint), 'service_area_unit', b.area_id || ' ' || g.to_id, CAST(NULL AS jsonb)
FROM service_area_unit b JOIN reform_source s ON s.id = b.unit_id AND s.ends
JOIN reform_leg g ON g.from_id = s.id
WHERE NOT EXISTS (
    SELECT FROM service_area_unit o WHERE o.area_id = b.area_id AND o.unit_id = g.to_id);
INSERT INTO service_area_unit (area_id, unit_id)
SELECT DISTINCT b.area_id, g.to_id
FROM service_area_unit b JOIN reform_source s ON s.id = b.unit_id AND s.ends
JOIN reform_leg g ON g.from_id = s.id
ON CONFLICT (area_id, unit_id) DO NOTHING;
DELETE FROM service_area_unit b USING reform_source s
WHERE s.id = b.unit_id AND s.ends AND EXISTS (SELECT FROM reform_leg g WHERE g.from_id = s.id)

-- targets_before --
-- Targets: the sum of whole units, and of parts their share by hộ; without any hộ all parts get
-- equal shares, which is an estimate. Targets of units that gave or took are withdrawn but kept;
-- so are counts of offices, which hộ cannot divide.
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT :reform, 'target', CAST(t.id AS text),
    jsonb_build_object('unit_id', t.unit_id, 'withdrawn_at', t.withdrawn_at)
FROM target t
WHERE t.unit_id IN (SELECT id FROM reform_source UNION SELECT to_id FROM reform_leg)
    AND (t.withdrawn_at IS NULL OR t.locality_id IS NOT NULL)

-- add_targets_up --
WITH leg AS (
    SELECT from_id, to_id, bool_or(whole) AS whole FROM reform_leg GROUP BY 1, 2
    UNION ALL
    SELECT id, id, false FROM reform_source WHERE NOT ends
    UNION ALL
    SELECT DISTINCT to_id, to_id, true FROM reform_leg
    WHERE to_id <> ALL (:born) AND to_id NOT IN (SELECT id FROM reform_source)
), best AS (
    SELECT DISTINCT ON (unit_id) unit_id, households, quality, source, reference_date, counted
    FROM target
    WHERE locality_id IS NULL AND withdrawn_at IS NULL AND {of_homes}
        AND unit_id IN (SELECT from_id FROM leg)
    ORDER BY unit_id, {best_target}
), held AS (
    SELECT from_id, to_id, sum(households) AS households FROM reform_door
    WHERE status = 'active' AND to_id IS NOT NULL GROUP BY 1, 2
    UNION ALL
    SELECT from_id, to_id, sum(households) FROM reform_parted GROUP BY 1, 2
), share AS (
    SELECT l.from_id, l.to_id, l.whole,
        coalesce(sum(h.households) OVER parts, 0) = 0 AS guessed,
        CASE WHEN l.whole THEN 1
        ELSE coalesce(coalesce(h.households, 0) / nullif(sum(h.households) OVER parts, 0),
            1.0 / count(*) OVER parts) END AS share
    FROM leg l LEFT JOIN held h USING (from_id, to_id)
    WINDOW parts AS (PARTITION BY l.from_id)
), divided AS (
    -- Rounded so that the parts add up to the whole.
    SELECT s.*, b.quality, b.reference_date, b.counted,
        round(b.households * s.upto) - round(b.households * (s.upto - s.share)) AS households
    FROM (SELECT *, sum(share) OVER (PARTITION BY from_id ORDER BY to_id) AS upto FROM share) s
    LEFT JOIN best b ON b.unit_id = s.from_id
), summed AS (
    SELECT to_id, sum(households) AS households,
        CASE WHEN bool_and(whole) THEN (ARRAY['declared', 'census', 'derived', 'estimate'])[
            max(array_position(ARRAY['declared', 'census', 'derived', 'estimate'], quality))]
            WHEN bool_or(guessed AND NOT whole) THEN 'estimate'
            ELSE 'derived' END AS quality,
        min(reference_date) AS reference_date, min(counted) AS counted
    FROM divided
    GROUP BY to_id
    HAVING count(households) = count(*) AND count(DISTINCT counted) = 1
), withdrawn AS (
    UPDATE target t SET withdrawn_at = clock_timestamp()
    WHERE locality_id IS NULL AND withdrawn_at IS NULL
        AND unit_id IN (SELECT to_id FROM leg UNION SELECT id FROM reform_source)
), written AS (
    INSERT INTO target (unit_id, households, quality, source, reference_date, counted)
    SELECT to_id, households, quality, :source, reference_date, counted FROM summed
    ON CONFLICT (unit_id, locality_id, quality, source, reference_date, counted) DO UPDATE
        SET households = excluded.households, withdrawn_at = NULL,
            recorded_at = clock_timestamp()
    RETURNING id
)
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT :reform, 'target', CAST(id AS text), NULL FROM written
ON CONFLICT DO NOTHING

-- move_targets_of_localities --
UPDATE target t SET unit_id = r.to_id FROM reform_place r
WHERE r.id = t.locality_id AND NOT r.is_copy AND r.to_id <> t.unit_id

-- boundaries_before --
-- Boundaries: the union of whole units, and the polygons of parts. Without a polygon of a part its
-- line is unknown, and the boundary is marked as approximate.
INSERT INTO reform_before (reform_id, relation, row_id, was)
SELECT :reform, 'boundary', CAST(u.id AS text),
    CASE WHEN b.unit_id IS NOT NULL THEN jsonb_build_object('geom', CAST(b.geom AS text),
        'source', b.source, 'approximate', b.approximate) END
FROM (SELECT to_id AS id FROM reform_leg
    UNION SELECT id FROM reform_source WHERE NOT ends) u
LEFT JOIN boundary b ON b.unit_id = u.id

-- create_own_areas --
-- Polygons that the file of boundaries gives units of the new state.
CREATE TEMPORARY TABLE reform_own_area (
    unit_id int PRIMARY KEY, geom geometry(MultiPolygon, 4326) NOT NULL
) ON COMMIT DROP

-- draw_boundaries --
CREATE TEMPORARY TABLE reform_boundary ON COMMIT DROP AS
WITH real AS (
    SELECT unit_id, geom FROM boundary WHERE NOT approximate
), part AS (
    SELECT g.leg, g.from_id, g.to_id, CASE WHEN g.whole THEN r.geom
        ELSE (SELECT ST_Intersection(ST_Union(a.geom), coalesce(r.geom, ST_Union(a.geom)))
            FROM reform_by_area b JOIN reform_area a USING (area) WHERE b.leg = g.leg)
        END AS geom, g.rest
    FROM reform_leg g LEFT JOIN real r ON r.unit_id = g.from_id
    WHERE EXISTS (SELECT FROM reform_leg t WHERE t.to_id = g.to_id
            AND t.to_id NOT IN (SELECT unit_id FROM reform_own_area))
        OR g.from_id IN (SELECT id FROM reform_source WHERE NOT ends)
        OR g.rest
), left_over AS (
    SELECT s.id AS from_id, ST_Difference(r.geom, ST_Union(p.geom)) AS geom,
        bool_and(p.geom IS NOT NULL) AS known
    FROM reform_source s JOIN real r ON r.unit_id = s.id
    JOIN part p ON p.from_id = s.id AND NOT p.rest
    GROUP BY s.id, r.geom
), piece AS (
    SELECT p.to_id, CASE WHEN p.rest AND p.geom IS NULL
        THEN CASE WHEN l.known THEN l.geom END ELSE p.geom END AS geom
    FROM part p LEFT JOIN left_over l USING (from_id)
    UNION ALL
    SELECT s.id, CASE WHEN l.known THEN l.geom END
    FROM reform_source s LEFT JOIN left_over l ON l.from_id = s.id WHERE NOT s.ends
    UNION ALL
    SELECT DISTINCT g.to_id, r.geom FROM reform_leg g LEFT JOIN real r ON r.unit_id = g.to_id
    WHERE g.to_id <> ALL (:born) AND g.to_id NOT IN (SELECT id FROM reform_source)
), whole AS (
    SELECT to_id AS unit_id, ST_Union(geom) AS geom FROM piece
    WHERE to_id NOT IN (SELECT unit_id FROM reform_own_area)
    GROUP BY to_id HAVING count(*) = count(geom)
)
SELECT unit_id, ST_Multi(ST_CollectionExtract(ST_MakeValid(geom), 3)) AS geom FROM whole
WHERE NOT ST_IsEmpty(ST_CollectionExtract(ST_MakeValid(geom), 3))
UNION ALL
SELECT unit_id, geom FROM reform_own_area

-- store_boundaries --
UPDATE boundary SET approximate = true
WHERE NOT approximate AND unit_id IN (SELECT to_id FROM reform_leg
        UNION SELECT id FROM reform_source WHERE NOT ends)
    AND unit_id NOT IN (SELECT unit_id FROM reform_boundary);
DELETE FROM boundary_part WHERE unit_id IN (SELECT to_id FROM reform_leg
    UNION SELECT id FROM reform_source WHERE NOT ends UNION SELECT unit_id FROM reform_boundary);
INSERT INTO boundary (unit_id, geom, source, approximate)
SELECT unit_id, geom, :source, false FROM reform_boundary
ON CONFLICT (unit_id) DO UPDATE
SET geom = excluded.geom, source = excluded.source, approximate = false, loaded_at = now();
INSERT INTO boundary_part (unit_id, geom)
SELECT unit_id, ST_Subdivide(geom, 128) FROM reform_boundary

-- seat_heirs --
-- A new unit without a seat gets that of its largest part, if it lies in the unit.
WITH held AS (
    SELECT from_id, to_id, count(*) AS doors FROM reform_door GROUP BY 1, 2
), largest AS (
    SELECT DISTINCT ON (g.to_id) g.to_id, p.seat
    FROM reform_leg g JOIN admin_unit p ON p.id = g.from_id AND p.seat IS NOT NULL
    LEFT JOIN held h ON h.from_id = g.from_id AND h.to_id = g.to_id
    ORDER BY g.to_id, g.whole DESC, coalesce(h.doors, 0) DESC, p.id
)
UPDATE admin_unit n SET seat = coalesce(ST_PointOnSurface(a.geom), CASE
    WHEN d.geom IS NULL OR ST_Covers(d.geom, l.seat) THEN l.seat
    ELSE ST_PointOnSurface(d.geom) END)
FROM unnest(CAST(:born AS int[])) AS b (id)
LEFT JOIN reform_own_area a ON a.unit_id = b.id
LEFT JOIN reform_boundary d ON d.unit_id = b.id
LEFT JOIN largest l ON l.to_id = b.id
WHERE n.id = b.id AND n.seat IS NULL
