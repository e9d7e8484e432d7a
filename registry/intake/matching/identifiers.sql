-- `issued`, `identifiers` and `problems` are for DuckDB, the other statements for PostgreSQL.

-- identifiers --
-- Each value once per record, from the first row that has it.
SELECT row_number() OVER () AS id, min(i.row_number) AS number, {row_code} AS code, i.scheme,
    i.value, NULL AS first, NULL AS after,
    any_value(e.unit_id) FILTER (WHERE o.code IS NULL) AS unit_id
FROM identifier i
JOIN outcome o ON o.row_number = i.row_number
JOIN entry e ON e.row_number = i.row_number
WHERE i.problem IS NULL
GROUP BY ALL

-- row_code --
coalesce(o.code, 'row ' || coalesce(o.head, o.row_number))

-- problems --
INSERT INTO problem (row_number, field, code, severity, value)
SELECT i.row_number, i.scheme, i.problem, 'warning', i.value
FROM identifier i JOIN outcome o ON o.row_number = i.row_number
WHERE i.problem IS NOT NULL
UNION ALL
SELECT row_number, scheme, code, 'warning', value
FROM refused_identifier
ORDER BY ALL

-- count --
SELECT scheme, count(*) FROM external_row GROUP BY scheme ORDER BY scheme

-- issued --
SELECT DISTINCT {row_code} AS row_code, n.code
FROM outcome o
JOIN identifier i ON i.row_number = o.row_number
JOIN door d ON d.row_number = o.row_number
JOIN ref_new n ON n.ref = d.ref
WHERE o.code IS NULL

-- name --
UPDATE external_row r SET code = i.code FROM identified i WHERE r.code = i.row_code

-- store --
INSERT INTO external_id (code, scheme, value, import_id)
SELECT code, scheme, value, :import_id FROM external_row
ON CONFLICT (code, scheme, value) DO NOTHING
