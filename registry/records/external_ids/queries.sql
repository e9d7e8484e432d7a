-- records_with_value --
SELECT x.code, x.scheme, x.value, lower(x.valid), upper(x.valid) FROM external_id x
JOIN household h ON h.code = x.code AND NOT h.restricted
WHERE x.scheme = :scheme AND x.value = :value AND x.valid @> CAST(:day AS date)
ORDER BY x.code LIMIT :most

-- values_of_record --
SELECT x.code, x.scheme, x.value, lower(x.valid), upper(x.valid) FROM external_id x
WHERE x.code = :code ORDER BY x.scheme, x.value

-- stage --
-- The unit is given for a record that is not created yet.
CREATE TEMPORARY TABLE external_row (
    id int, number int, code text COLLATE "C", scheme text COLLATE "C", value text COLLATE "C",
    first date, after date, unit_id int
) ON COMMIT DROP

-- valid --
daterange(r.first, r.after)

-- unknown --
-- A reserved code has no address yet; a retired one may have had the value.
DELETE FROM external_row r WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = r.code)
RETURNING r.number, 'code_unknown', r.code

-- communes --
SELECT DISTINCT r.scheme, coalesce(r.unit_id, h.unit_id)
FROM external_row r LEFT JOIN household h USING (code) WHERE r.scheme = ANY (:schemes)

-- contradict --
-- Of each scheme and commune: how a value may begin.
DELETE FROM external_row r USING (
    SELECT f.id FROM external_row f
    LEFT JOIN household h USING (code)
    JOIN (
        SELECT b.scheme, b.unit_id, array_agg(b.beginning) AS beginnings
        FROM unnest(
            CAST(:schemes AS text[]), CAST(:units AS int[]), CAST(:beginnings AS text[])
        ) b (scheme, unit_id, beginning)
        GROUP BY b.scheme, b.unit_id
    ) b ON b.scheme = f.scheme AND b.unit_id = coalesce(f.unit_id, h.unit_id)
    WHERE NOT EXISTS (SELECT FROM unnest(b.beginnings) e WHERE starts_with(f.value, e))
) wrong
WHERE wrong.id = r.id
RETURNING r.number, r.scheme, 'value_contradicts_commune', r.value

-- taken --
-- Four joins, so that each finds its index: with rows of the file and of the register, by value and by record.
SELECT r.id, r.number, r.scheme, w.problem, r.value FROM external_row r JOIN (
    SELECT r.id, 'value_taken' AS problem FROM external_row r
    JOIN external_row a ON a.scheme = r.scheme AND a.value = r.value AND a.code <> r.code
        AND daterange(a.first, a.after) && {valid}
    UNION
    SELECT r.id, 'record_has_other' FROM external_row r
    JOIN external_row a ON a.scheme = r.scheme AND a.code = r.code AND a.value <> r.value
        AND daterange(a.first, a.after) && {valid}
    UNION
    SELECT r.id, 'value_taken' FROM external_row r
    JOIN external_id x ON x.scheme = r.scheme AND x.value = r.value AND x.code <> r.code
        AND x.valid && {valid}
    WHERE {stays}
    UNION
    SELECT r.id, 'record_has_other' FROM external_row r
    JOIN external_id x ON x.scheme = r.scheme AND x.code = r.code AND x.value <> r.value
        AND x.valid && {valid}
    WHERE {stays}
) w USING (id)
WHERE r.scheme = ANY (:schemes)

-- stays --
EXISTS (SELECT FROM household h WHERE h.code = x.code AND h.status <> 'retired')
AND NOT EXISTS (
    SELECT FROM external_row o
    WHERE o.code = x.code AND o.scheme = x.scheme AND o.value = x.value)

-- remove --
DELETE FROM external_row WHERE id = ANY (:ids)

-- counts --
SELECT count(*) FILTER (WHERE x.code IS NULL),
    count(*) FILTER (WHERE x.valid <> {valid}), count(*) FILTER (WHERE x.valid = {valid})
FROM external_row r LEFT JOIN external_id x USING (code, scheme, value)

-- upsert --
INSERT INTO external_id AS x (code, scheme, value, valid)
SELECT r.code, r.scheme, r.value, {valid} FROM external_row r
ON CONFLICT (code, scheme, value) DO UPDATE SET valid = excluded.valid, import_id = NULL
    WHERE x.valid <> excluded.valid OR x.import_id IS NOT NULL

-- noticed --
SELECT r.number, 'value_shared', r.value FROM external_row r
WHERE EXISTS (
    SELECT FROM external_id x JOIN household h ON h.code = x.code AND h.status <> 'retired'
    WHERE x.scheme = r.scheme AND x.value = r.value AND x.code <> r.code
        AND x.valid && {valid})
UNION ALL
SELECT r.number, 'record_has_several', r.code FROM external_row r
WHERE EXISTS (
    SELECT FROM external_id x WHERE x.code = r.code AND x.scheme = r.scheme
        AND x.value <> r.value AND x.valid && {valid})
