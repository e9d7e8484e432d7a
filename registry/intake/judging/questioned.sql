-- in: entry, located, reach. out: questioned, the rows outside their polygon or, without one, far
-- from the seat, with both points; measured, still empty, for the distance between them.
CREATE TABLE questioned AS
SELECT e.row_number, q.drawn, e.lon, e.lat, r.lon AS seat_lon, r.lat AS seat_lat
FROM (
    SELECT row_number, true AS drawn FROM located WHERE NOT is_in
    UNION ALL
    SELECT e.row_number, false
    FROM entry e JOIN reach r ON r.unit_id = e.unit_id AND NOT r.drawn
    WHERE e.lon IS NOT NULL AND NOT e.shifted
        -- No degree is longer: within a reach in such degrees no point is too far.
        AND sqrt(pow(e.lon - r.lon, 2) + pow(e.lat - r.lat, 2)) > r.reach_km / $degree_km
) q
JOIN entry e ON e.row_number = q.row_number
LEFT JOIN reach r ON r.unit_id = e.unit_id;
CREATE TABLE measured (row_number BIGINT, drawn BOOLEAN, km DOUBLE);
