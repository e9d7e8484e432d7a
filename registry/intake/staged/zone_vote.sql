-- landing --
SELECT DISTINCT p.n
FROM unnest(CAST(:n AS int[]), CAST(:units AS int[]), CAST(:lon AS float8[]),
    CAST(:lat AS float8[])) p (n, unit_id, lon, lat)
JOIN admin_unit u ON u.id = p.unit_id
WHERE CASE WHEN EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate)
    THEN EXISTS (SELECT FROM boundary_part b WHERE b.unit_id = u.id
        AND ST_Covers(b.geom, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)))
    ELSE :by_seat AND ST_DWithin(u.seat::geography,
        ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)::geography, CAST(:near_km AS int) * 1000)
    END
