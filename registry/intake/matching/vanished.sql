-- Missing from a full delivery: references of the source, and the records that only they name.

-- The reference of a rejected row has not vanished. Without a reference, its door identifies the
-- record, in any commune, since the commune may be the error. A key affects only records of its units.
INSERT INTO vanished
SELECT r.source_ref, r.code
FROM household_ref r
LEFT JOIN household h ON h.code = r.code
WHERE r.vanished_import_id IS NULL
    AND (NOT $bound OR h.unit_id IN (SELECT unit_id FROM writable))
    AND NOT EXISTS (FROM entry e WHERE e.source_ref = r.source_ref)
    AND NOT EXISTS (
        FROM own_ref o JOIN entry e ON e.row_number = o.row_number AND NOT e.rejected
        WHERE o.ref = r.source_ref);
DELETE FROM vanished WHERE code IN (
    WITH spared AS (
        SELECT hash(street_key, CASE WHEN street_key IS NULL THEN place_keys[1] END, number_key,
            building_key, storey, flat) AS door
        FROM judged WHERE source_ref IS NULL AND rejected
    )
    SELECT h.code
    FROM (SELECT DISTINCT code FROM vanished) v
    JOIN household h ON h.code = v.code
    LEFT JOIN registered_street t ON t.id = h.street_id
    LEFT JOIN registered_locality l ON l.id = h.locality_id
    LEFT JOIN elsewhere_name e ON e.code = h.code
    JOIN spared s ON s.door = hash(coalesce(t.key, e.street_key),
        CASE WHEN coalesce(t.key, e.street_key) IS NULL THEN coalesce(l.key, e.place_key) END,
        h.house_number_key, h.building_key, h.floor, h.unit_number));
-- Records named by any other reference, including one of this file, are not retired.
INSERT INTO retiring
SELECT DISTINCT v.code
FROM vanished v
JOIN household h ON h.code = v.code AND h.status IN ('active', 'proposed')
WHERE NOT EXISTS (FROM outcome o WHERE o.code = v.code)
    AND NOT EXISTS (FROM other_source o WHERE o.code = v.code)
    AND NOT EXISTS (
        FROM household_ref r WHERE r.code = v.code AND r.vanished_import_id IS NULL
            AND NOT EXISTS (FROM vanished w WHERE w.source_ref = r.source_ref));
UPDATE vanishing SET vanished = (SELECT count(*) FROM vanished),
    retiring = (SELECT count(*) FROM retiring), living = (
        SELECT count(*) FROM household_ref r LEFT JOIN household h ON h.code = r.code
        WHERE r.vanished_import_id IS NULL
            AND (NOT $bound OR h.unit_id IN (SELECT unit_id FROM writable)));
