-- in: entry, unit_code, writable, other_place. out: beyond, rows outside the units of the key, which
-- are rejected. $ended: former units of the key, and their successors.
-- If a row names a commune of the key, its point is the problem, which may be recorded already.
CREATE TABLE beyond AS
SELECT row_number, min(field) AS field, min(value) AS value
FROM (
    SELECT e.row_number, 'commune' AS field, u.code AS value
    FROM entry e JOIN unit_code u ON u.unit_id = e.unit_id
    WHERE e.unit_id NOT IN (SELECT unit_id FROM writable)
    UNION ALL
    SELECT e.row_number, 'longitude', concat_ws(' ', e.longitude, e.latitude)
    FROM entry e JOIN other_place o ON o.row_number = e.row_number
)
GROUP BY row_number;
INSERT INTO problem BY NAME
SELECT row_number, field,
    CASE field WHEN 'commune' THEN 'outside_your_units' ELSE 'point_outside_your_units' END AS code,
    'error' AS severity, value, CASE field WHEN 'commune' THEN $ended END AS proposed_fix
FROM beyond
WHERE row_number NOT IN (SELECT row_number FROM problem WHERE code = 'far_from_commune');
UPDATE entry SET rejected = true WHERE row_number IN (SELECT row_number FROM beyond);
