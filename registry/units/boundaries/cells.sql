-- seats --
-- A commune without a published area gets the median. MATERIALIZED: on a table without statistics,
-- as after the first load, the planner would compute the median for every row.
CREATE TEMPORARY TABLE cell_seat ON COMMIT DROP AS
WITH living AS (
    SELECT id, seat, nullif(area_km2, 0) AS area_km2 FROM admin_unit
    WHERE level = 'commune' AND lifetime @> current_date AND seat IS NOT NULL
), middling AS MATERIALIZED (
    SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY area_km2), 50) AS area_km2
    FROM living
)
SELECT l.id, l.seat,
    CAST(:radii AS float8) * sqrt(coalesce(l.area_km2, m.area_km2) * 1e6 / pi()) AS radius_m
FROM living l, middling m

-- source --
-- Cells depend only on the seats and radii of the living communes. A change of the method must
-- change this text, by which outdated cells are detected.
SELECT 'Voronoi cell of the seat, in a circle; seats '
    || left(md5(string_agg(concat_ws(' ', id, seat::text, radius_m), ';' ORDER BY id)), 12)
FROM cell_seat

-- is_outdated --
SELECT EXISTS (
    SELECT FROM cell_seat s WHERE NOT EXISTS (SELECT FROM boundary b WHERE b.unit_id = s.id)
) OR EXISTS (
    SELECT FROM boundary b WHERE b.approximate AND b.source IS DISTINCT FROM :source
)

-- draw --
-- One circle of radius 1 in degrees, scaled for each seat: a hundred times faster than ST_Buffer on
-- geography, and accurate enough for a cell. A degree of latitude has 110,570 m here.
CREATE TEMPORARY TABLE cell ON COMMIT DROP AS
WITH area AS (
    SELECT (ST_Dump(ST_VoronoiPolygons(ST_Collect(seat)))).geom FROM cell_seat
), circle AS MATERIALIZED (
    SELECT ST_Buffer(ST_MakePoint(0, 0), 1, 8) AS geom
)
SELECT s.id AS unit_id, ST_Multi(ST_Intersection(a.geom, ST_SetSRID(
    ST_Translate(
        ST_Scale(
            c.geom,
            s.radius_m / (111320 * cos(radians(ST_Y(s.seat)))),
            s.radius_m / 110570
        ),
        ST_X(s.seat), ST_Y(s.seat)
    ), 4326))) AS geom
FROM area a
JOIN cell_seat s ON ST_Covers(a.geom, s.seat)
CROSS JOIN circle c

-- remove --
DELETE FROM boundary b
WHERE b.approximate AND NOT EXISTS (SELECT FROM cell c WHERE c.unit_id = b.unit_id)

-- upsert --
INSERT INTO boundary AS b (unit_id, geom, source, approximate)
SELECT unit_id, geom, :source, true FROM cell
ON CONFLICT (unit_id) DO UPDATE
SET geom = excluded.geom, source = excluded.source, loaded_at = now()
WHERE b.approximate
