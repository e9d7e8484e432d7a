-- Streets and localities that written rows name, each once in a commune, under its first row; and
-- what is told of those that are new.

CREATE TABLE named_street AS
SELECT w.unit_id, w.former_id, w.street_at AS "at", min(w.row_number) AS first_row
FROM written w WHERE w.street_at IS NOT NULL GROUP BY ALL;
CREATE TABLE named_place AS
SELECT w.unit_id, w.former_id, w.place_at AS "at", min(w.row_number) AS first_row
FROM written w WHERE w.place_at IS NOT NULL GROUP BY ALL;

-- A slip of the marks makes a place as well: Hàng Dầu beside Hàng Đậu.
-- needs: told
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT w.row_number, f.field, f.field || '_spelled_otherwise', 'warning', t.value, t.beside
FROM told t
JOIN field_of f ON f.part = t.part
JOIN (
    SELECT row_number, unit_id, 'street' AS part, street_at AS "at" FROM written
    UNION ALL
    SELECT row_number, unit_id, 'place', place_at FROM written
) w ON w.part = t.part AND w.at = t.new_at AND w.unit_id = t.unit_id
WHERE t.beside IS NOT NULL
ORDER BY f.at, w.row_number;

-- New streets called as another one of the commune, and more: `Quán Thánh kéo dài`, `… cũ`. Some are
-- streets of their own and some are a clerk's words for a stretch of the other one. The other street
-- is told as the register calls it, else as the file does.
-- needs: named_street
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
WITH named AS (
    SELECT DISTINCT n.unit_id, n.at, s.street_key, concat_ws(' ', s.street_kind, s.street_name)
        AS shown, s.street_name
    FROM named_street n JOIN street s ON s.at = n.at
), stretched AS (
    SELECT n.*, regexp_replace(street_key, ' (keo dai|noi dai|cu|moi)$', '') AS key
    FROM named n
    WHERE regexp_matches(lower(street_name), ' (kéo dài|nối dài|cũ|mới|keo dai|noi dai)$')
        AND NOT EXISTS (
            FROM thoroughfare t WHERE t.unit_id = n.unit_id AND t.own_key = n.street_key)
), beside AS (
    SELECT s.unit_id, s.at, s.shown, coalesce(min(concat_ws(' ', t.kind, t.name))
        FILTER (t.id IS NOT NULL), min(o.shown)) AS other
    FROM stretched s
    LEFT JOIN thoroughfare t ON t.unit_id = s.unit_id AND t.key = s.key
        AND t.merged_into_id IS NULL
    LEFT JOIN named o ON o.unit_id = s.unit_id AND o.street_key = s.key
    GROUP BY s.unit_id, s.at, s.shown
)
SELECT w.row_number, 'street', 'street_stretched', 'warning', b.shown, b.other
FROM beside b JOIN written w ON w.unit_id = b.unit_id AND w.street_at = b.at
WHERE b.other IS NOT NULL
ORDER BY w.row_number;
