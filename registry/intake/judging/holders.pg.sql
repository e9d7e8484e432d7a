-- in: outside_point, copied points. out: the commune that contains each, if any.
-- columns: row_number BIGINT, unit_id INTEGER
-- needs: outside
SELECT o.row_number, min(b.unit_id) AS unit_id
FROM outside_point o
JOIN boundary_part b ON ST_Covers(b.geom, ST_Point(o.lon, o.lat, 4326))
JOIN admin_unit u ON u.id = b.unit_id AND u.level = 'commune' AND u.lifetime @> current_date
GROUP BY o.row_number
HAVING count(DISTINCT b.unit_id) = 1
