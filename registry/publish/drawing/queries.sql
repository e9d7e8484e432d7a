-- count_cells --
-- Web Mercator by arithmetic, many times cheaper than ST_Transform: columns and rows of cells, 2^20
-- to the side of the world.
CREATE TEMPORARY TABLE grid_cell ON COMMIT DROP AS
SELECT floor((ST_X(point) + 180) / 360 * :side)::int AS cx,
    floor((1 - ln(tan(radians(ST_Y(point))) + 1 / cos(radians(ST_Y(point)))) / pi()) / 2
        * :side)::int AS cy,
    sum(households_count)::int AS households
FROM household h
WHERE {open} AND kind = 'household'
    AND point IS NOT NULL AND ST_Y(point) BETWEEN -85 AND 85
GROUP BY 1, 2

-- store_zoom --
INSERT INTO map_density (zoom, x, y, cells, households)
SELECT :zoom, x, y, array_agg(cell ORDER BY cell), array_agg(households ORDER BY cell)
FROM (
    SELECT (cx >> (:shift + 6)) AS x, (cy >> (:shift + 6)) AS y,
        (((cy >> :shift) & 63) * 64 + ((cx >> :shift) & 63))::smallint AS cell,
        sum(households)::int AS households
    FROM grid_cell GROUP BY 1, 2, 3
) c
GROUP BY x, y

-- rests --
SELECT coalesce(rests_until > now() AND rests_until < now() + interval '1 day', false)
FROM map_state WHERE id = 1

-- state_of_units --
SELECT md5(concat_ws(' ', g.version, current_date, count(b.*), max(b.loaded_at),
    count(b.*) FILTER (WHERE b.approximate)))
FROM gazetteer_state g, boundary b GROUP BY g.version

-- note_drawn --
UPDATE map_state SET units = :units, event_id = :event, drawn_at = now() WHERE id = 1

-- rest --
UPDATE map_state
SET rests_until = clock_timestamp() + :times * (clock_timestamp() - now()) WHERE id = 1

-- boundaries --
SELECT b.unit_id, u.code, v.kind, v.name, v.province_id, p.code AS province_code,
    w.kind AS province_kind, w.name AS province, b.approximate,
    ST_AsBinary(ST_Transform(b.geom, 3857)) AS wkb
FROM boundary b
JOIN admin_unit u ON u.id = b.unit_id
JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
JOIN admin_unit p ON p.id = v.province_id
JOIN admin_unit_version w ON w.unit_id = p.id AND w.valid @> current_date
WHERE u.level = 'commune' AND u.lifetime @> current_date
ORDER BY b.unit_id

-- neighbours --
SELECT ST_X(h.point), ST_Y(h.point), h.house_number_key, h.house_number, t.id, t.kind, t.name
FROM household h LEFT JOIN place t ON t.id = h.street_id
WHERE {open} AND h.code <> :code
    AND h.point && ST_MakeEnvelope(CAST(:west AS float8), CAST(:south AS float8),
        CAST(:east AS float8), CAST(:north AS float8), 4326)
ORDER BY h.point <-> (SELECT {point})
LIMIT 120

-- outline --
-- Pixels of a picture of a given side, y downwards: its coordinates are short numbers.
WITH unit AS (
    SELECT geom, approximate FROM map_unit
    WHERE unit_id = CAST(:unit AS int) AND detail = 0 AND level = 'province'
), frame AS (
    SELECT ST_XMin(geom) AS x0, ST_YMax(geom) AS y1,
        CAST(:side AS float8) / greatest(ST_XMax(geom) - ST_XMin(geom),
            ST_YMax(geom) - ST_YMin(geom), 1) AS scale
    FROM unit
), at AS (
    SELECT ST_Transform({point}, 3857)
        AS p
)
SELECT ST_AsSVG(ST_Scale(ST_Translate(geom, -x0, -y1), scale, scale), 1, 0), approximate,
    (ST_X(p) - x0) * scale, (y1 - ST_Y(p)) * scale
FROM unit, frame, at
