-- in: entry, reach; measured, the distances of questioned rows from their commune's seat.
-- out: outside, the rows whose point is outside the commune, each with a row of `problem`; those far
-- away are rejected.
INSERT INTO outside
SELECT e.row_number, e.lon, e.lat, concat_ws(' ', e.longitude, e.latitude) AS value, q.km,
    coalesce(q.km > r.reach_km, false) AS far
FROM measured q
JOIN entry e ON e.row_number = q.row_number
LEFT JOIN reach r ON r.unit_id = e.unit_id
WHERE q.drawn OR q.km > r.reach_km;
DROP TABLE questioned;
DROP TABLE measured;
-- needs: outside
INSERT INTO problem BY NAME
SELECT 64 AS id, row_number, 'longitude' AS field,
    CASE WHEN far THEN 'far_from_commune' ELSE 'outside_commune' END AS code,
    CASE WHEN far THEN 'error' ELSE 'warning' END AS severity,
    left(CASE WHEN far THEN value || ' (' || round(km)::BIGINT || ' km)' ELSE value END, 200)
        AS value
FROM outside;
-- needs: outside
UPDATE entry SET rejected = true WHERE row_number IN (SELECT row_number FROM outside WHERE far);
