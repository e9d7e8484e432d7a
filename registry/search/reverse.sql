-- doors --
-- LIMIT is a literal and the point an uncorrelated sub-select, so that the index gives the order
-- under a generic plan too; from a CTE the point would not (2,000,000 rows: 0.12 ms with an inline
-- point and with a sub-select, planned each time or once). Nearest in degrees is not nearest in
-- metres (a degree of longitude is 8 % shorter in the north), so more are fetched than requested
-- and sorted on the spheroid. A flat is found as its building, unless that has no point. Records
-- with entrances, which are few, are found by the nearest of these, with an index of their own, and
-- are excluded from the search by point (`registry.records.entrances`).
SELECT h.*, {points} AS points FROM household h
WHERE {open} AND {which}
    AND CASE WHEN h.parent_code IS NULL THEN true ELSE (
        SELECT true FROM household b
        WHERE b.code = h.parent_code AND b.status = 'active' AND NOT b.restricted
            AND (b.point IS NOT NULL OR b.entrances IS NOT NULL)
        LIMIT 1
    ) IS NULL END
ORDER BY {points} <-> (SELECT {point})
LIMIT {fetched}

-- doors_by_point --
-- with points: h.point
-- with which: true
{doors}

-- doors_by_entrance --
-- with points: entrance_points(h.entrances, h.point)
-- with which: h.entrances IS NOT NULL
{doors}

-- nearest --
SELECT at.units, {columns}, h.distance_m
FROM (SELECT ARRAY(
    SELECT DISTINCT p.unit_id
    FROM boundary_part p JOIN admin_unit u ON u.id = p.unit_id
    WHERE ST_Covers(p.geom, (SELECT {point}))
        AND u.level = 'commune' AND u.lifetime @> current_date
    ORDER BY p.unit_id
) AS units) at
LEFT JOIN (
    SELECT n.*, ST_Distance(n.points::geography, (SELECT {point})::geography) AS distance_m
    FROM (
        SELECT p.* FROM ({doors_by_point}) p WHERE p.entrances IS NULL
        UNION ALL
        ({doors_by_entrance})
    ) n
    ORDER BY distance_m, code
    LIMIT {kept}
) h ON h.distance_m <= CAST(:reach_m AS float8)
{joins}
ORDER BY h.distance_m, h.code

-- nearest_few --
-- with fetched: 20
-- with kept: 5
{nearest}

-- nearest_many --
-- with fetched: 80
-- with kept: 20
{nearest}

-- cell --
-- 0.01 degrees are about 1 km: cells are clipped by circles, with gaps between those of a town.
SELECT b.unit_id, NULL::float8 FROM boundary b JOIN admin_unit u ON u.id = b.unit_id
WHERE b.approximate AND u.level = 'commune' AND u.lifetime @> current_date
    AND ST_DWithin(b.geom, (SELECT {point}), 0.01)
ORDER BY ST_Distance(b.geom, (SELECT {point})), b.unit_id LIMIT 1

-- archipelago --
-- Only the islands of an archipelago are drawn. The sea between them belongs to it, which is not
-- true of the hull of a mainland coast.
SELECT b.unit_id, NULL::float8 FROM boundary b
JOIN admin_unit u ON u.id = b.unit_id
JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
WHERE v.kind = 'dac_khu' AND u.lifetime @> current_date AND b.geom && (SELECT {point})
    AND ST_Covers(ST_ConvexHull(b.geom), (SELECT {point}))
ORDER BY b.unit_id LIMIT 1

-- around_seat --
-- If not even the islands are drawn, everything near the seat: kilometres that include most islands
-- and no other country's land (Palawan begins at 335 from Trường Sa's, Hainan at 320 from Hoàng
-- Sa's). An import allows more, for places that its source reports there (`boundaries.reach`).
SELECT u.id, round(ST_Distance(u.seat::geography, (SELECT {point})::geography)) AS distance_m
FROM (VALUES ('20333', 250), ('22736', 310)) a (code, km)
JOIN admin_unit u ON u.code = a.code AND u.level = 'commune' AND u.lifetime @> current_date
WHERE ST_DWithin(u.seat::geography, (SELECT {point})::geography, a.km * 1000)
    AND NOT EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate)
ORDER BY distance_m LIMIT 1
