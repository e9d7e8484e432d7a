-- What changes in the register, and the problems of known and matched rows.

-- Rows whose reference had vanished, and whether their record is revived.
-- needs: known or found
INSERT INTO returned
SELECT k.row_number, r.source_ref, r.code, r.code IN (SELECT code FROM revivable) AS revives
FROM known k
JOIN door d ON d.row_number = k.row_number
JOIN household_ref r ON r.source_ref = d.ref
WHERE r.vanished_import_id IS NOT NULL
UNION ALL
SELECT f.row_number, NULL, f.code, true
FROM found f JOIN household h ON h.code = f.code AND h.status = 'retired'
WHERE f.outcome = 'linked';

-- A row with the same values in another spelling, or only with values not taken, is unchanged.
-- needs: reread
UPDATE found f SET outcome = 'unchanged'
FROM (
    SELECT k.row_number
    FROM known k
    JOIN door d ON d.row_number = k.row_number
    JOIN household h ON h.code = k.code
    LEFT JOIN kept p ON p.row_number = k.row_number
    LEFT JOIN shared s ON s.row_number = k.row_number
    LEFT JOIN registered_street t ON t.id = h.street_id
    LEFT JOIN registered_locality l ON l.id = h.locality_id
    WHERE NOT k.same AND NOT k.linked AND (
        h.status = 'retired' AND k.row_number NOT IN (
            SELECT row_number FROM returned WHERE revives)
        OR (p.address OR row(h.unit_id, t.own_key, l.own_key, h.house_number_key, h.building_key,
                h.floor, h.unit_number)
            IS NOT DISTINCT FROM row(d.unit_id, d.street_key, d.place_keys[1], d.number_key,
                d.building_key, d.storey, d.flat))
            -- each plain column: AND (p.{name} OR d.{name}_read IS NULL OR h.{name} IS NOT DISTINCT FROM d.{name}_read)
            AND (p.households OR is_kept_unlived(d.uses, d.uses_read, h.uses) OR h.households_count = households_of(d.uses_read, greatest(d.households, s.stated), s.now))
            AND (p.position OR d.lon IS NULL
                OR row(d.lon, d.lat) IS NOT DISTINCT FROM row(h.lon, h.lat)))
) u
WHERE f.row_number = u.row_number AND f.outcome = 'changed';
-- A record revived at its current address is a change.
-- needs: returned
UPDATE found SET outcome = 'revived'
WHERE outcome = 'unchanged' AND row_number IN (SELECT row_number FROM returned WHERE revives);

-- An active record whose point moves farther than its accuracy. A warning suffices: imports are
-- published by a second person.
-- needs: known
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT row_number, 'longitude', 'point_moved_far', 'warning',
    concat_ws(' ', longitude, latitude), CAST(round(moved_m) AS BIGINT) || ' m'
FROM (
    SELECT f.row_number, e.longitude, e.latitude, h.position_accuracy_m AS accuracy_m,
        metres(h.lon, h.lat, d.lon, d.lat) AS moved_m
    FROM found f
    JOIN door d ON d.row_number = f.row_number
    JOIN entry e ON e.row_number = f.row_number
    JOIN household h ON h.code = f.code AND h.status = 'active'
    LEFT JOIN kept p ON p.row_number = f.row_number
    WHERE f.outcome = 'changed' AND NOT coalesce(p.position, false)
)
WHERE moved_m > greatest(30, coalesce(accuracy_m, 0)) ORDER BY row_number;

-- A reference linked to a door whose number has changed, in this file or before: its row still has the
-- old number, and may be another door.
-- needs: linked
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
WITH changed AS (
    SELECT f.code, w.number, w.number_key, w.flat
    FROM found f JOIN door w ON w.row_number = f.row_number
    WHERE f.outcome = 'changed' AND f.code IN (SELECT code FROM known WHERE linked)
), linked AS (
    SELECT d.row_number, k.code, d.number_key, d.flat,
        CASE WHEN c.code IS NULL THEN h.house_number ELSE c.number END AS number,
        CASE WHEN c.code IS NULL THEN h.house_number_key ELSE c.number_key END AS key_now,
        CASE WHEN c.code IS NULL THEN h.unit_number ELSE c.flat END AS flat_now
    FROM known k
    JOIN door d ON d.row_number = k.row_number
    JOIN household h ON h.code = k.code
    LEFT JOIN changed c ON c.code = k.code
    WHERE k.linked
)
SELECT row_number, 'house_number', 'reference_moved_away', 'warning', code, number
FROM linked k
WHERE row(number_key, flat) IS DISTINCT FROM row(key_now, flat_now)
    AND row_number NOT IN (SELECT row_number FROM succeeded)
    AND NOT EXISTS (FROM former_number f
        WHERE f.code = k.code AND f.house_number_key = k.number_key)
ORDER BY row_number;
-- needs: head or beside
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT row_number, 'address', 'duplicate_in_file', 'warning', NULL, head
FROM found
WHERE head IS NOT NULL AND row_number NOT IN (SELECT row_number FROM sharing)
ORDER BY row_number;
-- needs: succeeded or found
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT row_number, 'source_ref', 'record_retired', 'warning', old_code, heirs[1] FROM succeeded
UNION ALL
SELECT f.row_number, 'source_ref', 'record_retired', 'warning', f.code, s.direct
FROM found f
JOIN household h ON h.code = f.code AND h.status = 'retired'
LEFT JOIN heir s ON s.old_code = f.code
WHERE f.row_number NOT IN (SELECT row_number FROM returned WHERE revives);

CREATE VIEW outcome AS
SELECT e.row_number, coalesce(f.outcome, 'new') AS outcome, f.code, f.head
FROM entry e LEFT JOIN found f ON f.row_number = e.row_number
WHERE NOT e.rejected;
-- New and changed rows.
CREATE VIEW written AS
SELECT e.*, f.row_number IS NULL AS is_new, f.code
FROM entry e LEFT JOIN found f ON f.row_number = e.row_number
WHERE NOT e.rejected AND coalesce(f.outcome, 'changed') = 'changed';
