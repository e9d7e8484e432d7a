-- street --
-- with column: street_id

-- locality --
-- with column: locality_id

-- first_zoom --
-- A tile has 512 pixels, so a field of 128 is a tile two zooms deeper.
SELECT id, coalesce(min(zoom) FILTER (WHERE place = 1), CAST(:last AS int)) AS first_zoom
FROM (
    SELECT n.id, zoom, row_number() OVER (
        PARTITION BY zoom, floor(ST_X(n.point) / (40075016.7 / 2 ^ (zoom + 2))),
            floor(ST_Y(n.point) / (40075016.7 / 2 ^ (zoom + 2)))
        ORDER BY n.weight DESC, n.id
    ) AS place
    FROM {names} n CROSS JOIN generate_series(CAST(:first AS int), CAST(:last AS int)) zoom
) f
GROUP BY id

-- insert_provinces --
-- Inside its largest part; an archipelago, at every zoom, in the middle of its islands. Where names
-- collide, the one with most households stays: people look for Hà Nội before a wide province.
INSERT INTO map_label (kind, name, first_zoom, weight, point)
SELECT 'province', v.name, 0,
    coalesce(
        (SELECT max(t.households) FROM target t
         WHERE t.unit_id = m.unit_id AND t.locality_id IS NULL AND t.withdrawn_at IS NULL
            AND {of_homes}),
        0),
    (ST_MaximumInscribedCircle(p.geom)).center
FROM map_unit m
JOIN admin_unit_version v ON v.unit_id = m.unit_id AND v.valid @> current_date
CROSS JOIN LATERAL (
    SELECT geom FROM ST_Dump(m.geom) ORDER BY ST_Area(geom) DESC LIMIT 1
) p
WHERE m.level = 'province' AND m.detail = 0

-- insert_archipelagos --
INSERT INTO map_label (kind, name, holder, first_zoom, weight, point)
SELECT 'archipelago', a.name, CASE p.kind WHEN 'thanh_pho' THEN 'Thành phố ' ELSE 'Tỉnh ' END
        || p.name, 0, 0,
    ST_Transform(coalesce(
        (SELECT ST_Centroid(ST_Envelope(b.geom)) FROM boundary b WHERE b.unit_id = u.id),
        u.seat), 3857)
FROM admin_unit u
JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
JOIN admin_unit_version p ON p.unit_id = v.province_id AND p.valid @> current_date
JOIN unnest(CAST(:codes AS text[]), CAST(:names AS text[])) a (code, name) ON a.code = u.code
WHERE u.level = 'commune' AND u.lifetime @> current_date AND u.seat IS NOT NULL

-- insert_communes --
-- with names: name
WITH name AS MATERIALIZED (
    SELECT m.unit_id AS id, v.kind, v.name, (ST_Area(m.geom) / 1e6)::int AS weight,
        ST_PointOnSurface(m.geom) AS point
    FROM map_unit m
    JOIN admin_unit u ON u.id = m.unit_id AND NOT u.code = ANY (:codes)
    JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
    WHERE m.level = 'commune' AND m.detail = 2
), first AS ({first_zoom})
INSERT INTO map_label (kind, name, first_zoom, weight, point)
SELECT 'commune',
    CASE n.kind WHEN 'phuong' THEN 'Phường ' WHEN 'xa' THEN 'Xã ' WHEN 'dac_khu' THEN 'Đặc khu '
        ELSE '' END || n.name,
    f.first_zoom, n.weight, n.point
FROM name n JOIN first f USING (id)

-- name_places --
-- by street, locality
-- The median of a street's households along a space-filling curve: a real door near the middle,
-- as the mean of a bent street would lie in somebody's garden.
CREATE TEMPORARY TABLE place_name ON COMMIT DROP AS
SELECT p.id, p.kind, p.name, count(*)::int AS weight,
    ST_Transform(percentile_disc(0.5) WITHIN GROUP (ORDER BY h.point), 3857) AS point
FROM household h JOIN place p ON p.id = h.{column}
WHERE {open} AND h.point IS NOT NULL
    AND p.merged_into_id IS NULL
GROUP BY p.id

-- names_of_places --
-- with names: place_name
SELECT n.kind, n.name, n.id, f.first_zoom, n.weight, ST_AsHEXEWKB(n.point)
FROM place_name n JOIN ({first_zoom}) f USING (id)
ORDER BY n.id
