-- Doors that have ended: records retired because this source's file lacked them, now back under
-- another reference, and records merged, split or recoded but still delivered unchanged. Such a row is
-- matched to the successor, whatever its reference or source. Several successors reject the row with
-- a question.

-- needs: revivable, meeting
INSERT INTO registered
SELECT DISTINCT ON (m.row_number) m.row_number, m.code, false, NULL
FROM meeting m JOIN revivable v ON v.code = m.code
WHERE NOT m.elsewhere AND m.row_number IN (SELECT row_number FROM address)
    AND NOT EXISTS (FROM registered k WHERE k.row_number = m.row_number)
ORDER BY m.row_number, m.degrees NULLS LAST, m.code;

-- needs: heir
INSERT INTO succeeded
SELECT k.row_number, k.code AS old_code, h.heirs, true AS known
FROM known k JOIN heir h ON h.old_code = k.code
WHERE len(h.heirs) = 1
UNION ALL
SELECT m.row_number, min(m.code), list_sort(list_distinct(flatten(list(h.heirs)))), false
FROM meeting m JOIN heir h ON h.old_code = m.code AND len(h.heirs) > 0
WHERE NOT m.elsewhere AND m.row_number IN (SELECT row_number FROM address)
    AND NOT EXISTS (FROM registered k WHERE k.row_number = m.row_number)
GROUP BY m.row_number;
-- needs: succeeded
INSERT INTO refused
SELECT row_number, 'former_commune', 'door_ambiguous', NULL,
    array_to_string(list_transform(heirs, lambda heir: shown(heir)), '; ')
FROM succeeded WHERE len(heirs) > 1;
-- needs: succeeded
DELETE FROM succeeded WHERE len(heirs) > 1;
-- needs: succeeded
UPDATE known k SET code = s.heirs[1], linked = true
FROM succeeded s WHERE s.row_number = k.row_number AND s.known;
-- needs: succeeded
INSERT INTO registered SELECT row_number, heirs[1], false, NULL FROM succeeded WHERE NOT known;
