-- in: valued, code and value of each problem of each row; outside. out: rows of `problem`.
INSERT INTO problem BY NAME
-- Numbered by the rules: whatever shows a row's problems shows them in that order.
SELECT place AS id, row_number, field, v.code, severity, left(value, 200) AS value
FROM valued v JOIN severity s ON s.code = v.code
UNION ALL
SELECT 64, row_number, 'longitude', s.code, s.severity,
    left(CASE WHEN far THEN value || ' (' || round(km)::BIGINT || ' km)' ELSE value END, 200)
FROM outside o
JOIN severity s ON s.code = CASE WHEN o.far THEN 'far_from_commune' ELSE 'outside_commune' END;
DROP VIEW valued;
