-- in: asked_point, copied points. out: points outside the units of the key: neither in nor near
-- them, as measured in registry.access.jurisdiction.
-- columns: row_number BIGINT
-- needs: points
SELECT e.row_number
FROM asked_point e
CROSS JOIN (
    SELECT NOT EXISTS (
        SELECT FROM unnest(writable_units()) w (id) WHERE NOT EXISTS (
            SELECT FROM boundary b WHERE b.unit_id = w.id AND NOT b.approximate)) AS all_real
) own
CROSS JOIN LATERAL (SELECT ST_Point(e.lon, e.lat, 4326) AS point) p
WHERE NOT EXISTS (
        SELECT FROM boundary_part a JOIN boundary b ON b.unit_id = a.unit_id
        WHERE NOT b.approximate AND a.unit_id = ANY ((SELECT writable_units())::integer[])
            AND a.geom && ST_Expand(p.point, 0.002)
            AND ST_DWithin(a.geom::geography, p.point::geography, %(tolerance_m)s))
    AND (own.all_real OR EXISTS (
        SELECT FROM boundary_part a JOIN boundary b ON b.unit_id = a.unit_id
        JOIN admin_unit u ON u.id = a.unit_id AND u.lifetime @> current_date
        WHERE NOT b.approximate AND a.unit_id <> ALL ((SELECT writable_units())::integer[])
            AND ST_Covers(a.geom, p.point)
            AND NOT ST_DWithin(ST_Boundary(b.geom)::geography, p.point::geography,
                %(tolerance_m)s)))
