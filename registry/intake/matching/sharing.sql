-- Several households (hộ) at one door: rows of a file with references of their own. They have one
-- record and one code; its `households_count` is their number, or the count stated in a row if that is
-- greater. Only the source that delivered the record counts, and only in a file with the record's own
-- row, or a full delivery without it: renumbered references are not more households. Rows without a
-- reference, and rows matched through a succession, do not count.

-- For each door its first row, and the rows that share it. The first row of a registered door is that
-- of its own reference, or the first one if a full delivery lacks that reference.
INSERT INTO sharing
WITH named AS (
    SELECT f.row_number, f.code, a.address, coalesce(k.linked, true) AS linked
    FROM found f
    JOIN entry e ON e.row_number = f.row_number AND e.source_ref IS NOT NULL
    JOIN address a ON a.row_number = f.row_number
    LEFT JOIN known k ON k.row_number = f.row_number
    WHERE f.code IN (SELECT code FROM found GROUP BY code HAVING count(*) > 1)
        AND NOT EXISTS (FROM succeeded s WHERE s.row_number = f.row_number)
), grouped AS (
    SELECT row_number, code, first_value(row_number) OVER w AS first,
        first_value(linked) OVER w AS without_own
    FROM named WINDOW w AS (PARTITION BY code, address ORDER BY linked, row_number)
), own AS (
    SELECT r.code, bool_or(j.row_number IS NOT NULL) AS delivered
    FROM household_ref r LEFT JOIN door j ON j.ref = r.source_ref
    WHERE NOT r.linked AND r.code IN (SELECT code FROM grouped)
    GROUP BY r.code
)
SELECT f.row_number, f.head AS first, NULL::VARCHAR AS code
FROM found f
JOIN entry e ON e.row_number = f.row_number AND e.source_ref IS NOT NULL
JOIN entry h ON h.row_number = f.head AND h.source_ref IS NOT NULL
WHERE f.code IS NULL
UNION ALL
SELECT row_number, first, code FROM grouped g
WHERE row_number <> first AND (NOT without_own
    OR $full AND EXISTS (FROM own o WHERE o.code = g.code AND NOT o.delivered));

-- For each door that is or was shared: its row, and the number of references before and now.
-- needs: sharing or household_ref
INSERT INTO shared
WITH ref AS (
    SELECT r.code, r.source_ref, r.vanished_import_id IS NULL AS living, d.row_number
    FROM household_ref r LEFT JOIN door d ON d.ref = r.source_ref
    WHERE (NOT r.linked OR r.shares) AND r.code IN (
        SELECT code FROM sharing WHERE code IS NOT NULL
        UNION SELECT code FROM household_ref WHERE shares)
), named AS (
    SELECT code, source_ref, row_number
    FROM ref r
    WHERE row_number IS NOT NULL OR living AND (NOT $full OR EXISTS (
        FROM judged j WHERE j.source_ref = r.source_ref))
    UNION
    SELECT s.code, d.ref, d.row_number
    FROM (SELECT code, row_number FROM sharing UNION SELECT code, first FROM sharing) s
    JOIN door d ON d.row_number = s.row_number
    WHERE s.code IS NOT NULL
), was AS (
    SELECT code, count(*) FILTER (living) AS before FROM ref GROUP BY code
), now AS (
    SELECT n.code, count(*) FILTER (WHERE is_lived_in(e.uses_read)) AS now, max(e.households) AS stated
    FROM named n LEFT JOIN entry e ON e.row_number = n.row_number GROUP BY n.code
), own AS (
    SELECT code, min(row_number) AS row_number FROM known WHERE NOT linked GROUP BY code
)
SELECT own.row_number, code, was.before, coalesce(now.now, 0) AS now, now.stated
FROM was LEFT JOIN now USING (code) LEFT JOIN own USING (code)
UNION ALL
SELECT s.first, NULL, 0,
    count(*) FILTER (WHERE is_lived_in(e.uses_read)) + bool_or(is_lived_in(h.uses_read))::INTEGER,
    greatest(max(e.households), min(h.households))
FROM sharing s
JOIN entry e ON e.row_number = s.row_number
JOIN entry h ON h.row_number = s.first
WHERE s.code IS NULL
GROUP BY s.first;
-- needs: sharing
INSERT INTO problem (row_number, field, code, severity, proposed_fix)
SELECT s.row_number, 'address', 'shares_door', 'notice', s.first
FROM sharing s
WHERE NOT EXISTS (
    FROM door d JOIN household_ref r ON r.source_ref = d.ref AND r.shares
    WHERE d.row_number = s.row_number)
ORDER BY s.row_number;
