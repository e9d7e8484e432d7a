-- Streets and localities that written rows name, each once per commune with its first row; and new
-- ones whose name is similar to another one of the commune.

CREATE TABLE named_street AS
SELECT w.unit_id, w.former_id, w.street_at AS "at", min(w.row_number) AS first_row, count(*) AS rows
FROM written w WHERE w.street_at IS NOT NULL GROUP BY ALL;
CREATE TABLE named_place AS
SELECT w.unit_id, w.former_id, w.place_at AS "at", min(w.row_number) AS first_row, count(*) AS rows
FROM written w WHERE w.place_at IS NOT NULL GROUP BY ALL;

-- Names in the communes, registered or in the file; the innermost of nested places.
CREATE TABLE place_name AS
SELECT part, unit_id, key, bool_or(known) AS known, sum(rows) AS rows, min(first_row) AS first_row,
    coalesce(any_value(kind) FILTER (known), any_value(kind), '') AS kind,
    coalesce(any_value(shown) FILTER (known), any_value(shown)) AS shown
FROM (
    SELECT 'street' AS part, n.unit_id, s.street_key AS key, s.street_kind AS kind,
        named(s.street_kind, s.street_name) AS shown, false AS known, n.rows, n.first_row
    FROM named_street n JOIN street s ON s.at = n.at
    UNION ALL
    SELECT 'place', n.unit_id, p.place_keys[1], p.place_kinds[1],
        named(p.place_kinds[1], p.place_names[1]), false, n.rows, n.first_row
    FROM named_place n JOIN place p ON p.at = n.at
    UNION ALL
    SELECT 'street', unit_id, own_key, kind, named(kind, name), true, 0, NULL FROM registered_street
    WHERE merged_into_id IS NULL AND unit_id IN (SELECT unit_id FROM named_street)
    UNION ALL
    SELECT 'place', unit_id, own_key, kind, named(kind, name), true, 0, NULL FROM registered_locality
    WHERE merged_into_id IS NULL AND unit_id IN (SELECT unit_id FROM named_place)
) GROUP BY ALL;

-- Names that differ by a typo, without comparing all pairs: two such names are equal if a letter of
-- one, or one of each, is left out. `usual`: both names also exist elsewhere, or they differ only in
-- diacritics.
-- needs: place_name
CREATE TABLE alike AS
WITH bearers AS (
    SELECT part, key, count(*) > 1 AS several FROM place_name GROUP BY ALL
), lettered AS (
    SELECT part, unit_id, key, rows, replace(folded(key), ' ', '') AS letters FROM place_name
), shortened AS (
    SELECT part, unit_id, key, rows, unnest(list_distinct(list_append(list_transform(
        range(length(letters)), lambda i: letters[:i] || letters[i + 2:]), letters))) AS short
    FROM lettered WHERE length(letters) >= 5
), pair AS MATERIALIZED (
    SELECT DISTINCT a.part, a.unit_id, a.key, b.key AS other
    FROM shortened a
    JOIN shortened b ON b.part = a.part AND b.unit_id = a.unit_id AND b.short = a.short
    WHERE a.rows > 0 AND a.key <> b.key
)
SELECT p.part, p.unit_id, p.key, p.other,
    folded(p.key) = folded(p.other) OR a.several AND b.several AS usual
FROM pair p
JOIN bearers a ON a.part = p.part AND a.key = p.key
JOIN bearers b ON b.part = p.part AND b.key = p.other
WHERE is_slip(folded(p.key), folded(p.other));

-- `at`: the only part concerned, if the name is not the innermost of a nested place.
CREATE TABLE near_name (part VARCHAR, unit_id INTEGER, "at" INTEGER, key VARCHAR, code VARCHAR,
    value VARCHAR, beside VARCHAR);
-- A typo in diacritics makes a place too: Hàng Dầu beside Hàng Đậu.
-- needs: reassigned
INSERT INTO near_name
SELECT t.part, t.unit_id, t.new_at, t.keys[1], f.field || '_spelled_otherwise', t.value, t.beside
FROM reassigned t JOIN field_of f ON f.part = t.part WHERE t.beside IS NOT NULL;
-- `Quán Thánh kéo dài`, `… cũ`: a street of its own, or a section of the other one. `Đội Cấn T1`: a
-- mark behind the name. `Tổ 1` and `1`, `Đại lộ Thăng Long` and `Thăng Long`: one name with and
-- without its kind. Of two new names, the one with fewer rows gets the warning.
-- needs: place_name
INSERT INTO near_name
WITH pair AS (
    SELECT part, unit_id, key, other, '_near_another' AS why FROM alike WHERE NOT usual
    UNION ALL
    SELECT part, unit_id, key, regexp_replace(key, ' (keo dai|noi dai|cu|moi)$', ''), '_stretched'
    FROM place_name
    WHERE part = 'street' AND regexp_matches(lower(shown), ' (kéo|nối|keo|noi) d[àa]i$| cũ$| mới$')
    UNION ALL
    SELECT part, unit_id, key, regexp_replace(key, ' [a-z]{1,2}[0-9]{1,3}$', ''), '_near_another'
    FROM place_name WHERE regexp_matches(key, '[a-z] [a-z]{1,2}[0-9]{1,3}$')
    UNION ALL
    SELECT a.part, a.unit_id, a.key, b.key, '_near_another'
    FROM place_name a
    JOIN place_name b ON b.part = a.part AND b.unit_id = a.unit_id AND b.key <> a.key
        AND without_kind(b.kind, b.key) = without_kind(a.kind, a.key)
    WHERE CASE a.part WHEN 'street' THEN regexp_matches(without_kind(a.kind, a.key), '[a-z]{2}')
        ELSE may_be_one([a.kind], [a.key], [b.kind], [b.key]) END
)
SELECT p.part, p.unit_id, NULL, p.key, f.field || min(p.why), n.shown,
    string_agg(DISTINCT o.shown, '; ' ORDER BY o.shown)
FROM pair p
JOIN field_of f ON f.part = p.part
JOIN place_name n ON n.part = p.part AND n.unit_id = p.unit_id AND n.key = p.key
JOIN place_name o ON o.part = p.part AND o.unit_id = p.unit_id AND o.key = p.other
WHERE n.key <> o.key AND NOT n.known
    AND (o.known OR n.rows < o.rows OR n.rows = o.rows AND n.first_row > o.first_row)
    AND NOT EXISTS (
        FROM near_name t WHERE t.part = p.part AND t.unit_id = p.unit_id AND t.key = p.key)
GROUP BY p.part, p.unit_id, p.key, f.field, n.shown;
-- needs: near_name, settled
DELETE FROM near_name WHERE lower(value) IN (SELECT name FROM settled);
-- needs: near_name
CREATE TABLE near_row AS
SELECT w.row_number, f.at, f.field, n.code, n.value, n.beside
FROM (
    SELECT w.row_number, w.unit_id, 'street' AS part, s.at, s.street_key AS key
    FROM written w JOIN street s ON s.at = w.street_at
    UNION ALL
    SELECT w.row_number, w.unit_id, 'place', p.at, p.place_keys[1]
    FROM written w JOIN place p ON p.at = w.place_at
) w
JOIN near_name n ON n.part = w.part AND n.unit_id = w.unit_id AND n.key = w.key
    AND (n.at = w.at) IS NOT false
JOIN field_of f ON f.part = n.part;
-- needs: near_row
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT row_number, field, code, 'warning', value, beside FROM near_row ORDER BY "at", row_number;
