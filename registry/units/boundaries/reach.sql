-- reach --
-- For each living commune with a seat: how many kilometres it may extend from it, and whether it has
-- a real polygon. In real polygons these are 38 for the widest commune on land, 28 for a ward of
-- 6 km² with islands, 59 for a special zone. The two archipelagos (Trường Sa, Hoàng Sa) are listed
-- by code: their reefs are as far apart as provinces.
-- with units: admin_unit
{reach_of}

-- reaches --
SELECT unit_id, ST_X(seat) AS lon, ST_Y(seat) AS lat, reach_km, drawn FROM ({reach}) r
WHERE unit_id = ANY (CAST(:units AS int[]))

-- reach_of --
SELECT u.id AS unit_id, u.seat,
    CASE WHEN u.code = '22736' THEN 700 WHEN u.code = '20333' THEN 250
        WHEN v.kind = 'dac_khu' THEN 100
        ELSE 30 + 2 * sqrt(coalesce(u.area_km2, 100)) END::float8 AS reach_km,
    EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate) AS drawn
FROM {units} u
LEFT JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
WHERE u.level = 'commune' AND u.lifetime @> current_date AND u.seat IS NOT NULL

-- km_too_far --
-- OFFSET 0: forces the index by id; by the index of level and days it would read every commune.
-- with units: (SELECT * FROM admin_unit WHERE id = CAST(:unit AS integer) OFFSET 0)
SELECT m.km
FROM (
    SELECT r.reach_km, ST_Distance(r.seat::geography, {point}::geography) / 1000 AS km
    FROM ({reach_of}) r
) m
WHERE m.km > m.reach_km

-- m_outside --
SELECT min(ST_Distance(CAST(p.geom AS geography), CAST(q.point AS geography)))
FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id AND NOT b.approximate,
    (SELECT {point} AS point) q
WHERE p.unit_id = CAST(:unit AS integer) AND NOT EXISTS (
    SELECT FROM boundary_part i
    WHERE i.unit_id = CAST(:unit AS integer) AND ST_Covers(i.geom, q.point)
)

-- outside --
SELECT ({km_too_far}) AS km, ({m_outside}) AS m
