-- Reject with a question: rows whose street or place is ambiguous in the commune, and rows with a new
-- name that has impossible syllables: `Đấ`, `Nhâ`, `Bàt`. Such a name was truncated, mistyped or read
-- in the wrong font; it is accepted once somebody creates a record with it manually. Unchanged rows of
-- known references are not asked about.

CREATE TABLE misspelled AS
WITH called AS MATERIALIZED (
    SELECT 'street' AS part, "at", street_key AS key, street_kind AS kind, street_name AS name
    FROM street
    UNION ALL
    SELECT 'place', "at", unnest(place_keys), unnest(place_kinds), unnest(place_names) FROM place
    UNION ALL
    SELECT 'flat', "at", building_key, '', building_name FROM flat WHERE building_key IS NOT NULL
), written AS (
    SELECT DISTINCT concat_ws(' ', kind, name) AS written FROM called
    WHERE strlen(name) > length(name)
), wrong AS MATERIALIZED (
    SELECT written FROM written WHERE is_misspelled(written)
)
SELECT c.part, c.at, c.key, c.name
FROM called c JOIN wrong w ON w.written = concat_ws(' ', c.kind, c.name);
-- needs: unclear or misspelled
INSERT INTO refused
WITH naming AS (
    SELECT row_number, unit_id, source_ref, row_hash, 'street' AS part, street_at AS "at" FROM entry
    WHERE NOT rejected
    UNION ALL
    SELECT row_number, unit_id, source_ref, row_hash, 'place', place_at FROM entry
    WHERE NOT rejected
    UNION ALL
    SELECT row_number, unit_id, source_ref, row_hash, 'flat', flat_at FROM entry
    WHERE NOT rejected
), there AS (
    SELECT 'street' AS part, unit_id, own_key AS key FROM registered_street
    UNION ALL SELECT 'street', unit_id, key FROM street_alias
    UNION ALL SELECT 'place', unit_id, own_key FROM registered_locality
    UNION ALL SELECT 'place', unit_id, key FROM locality_alias
    UNION ALL SELECT 'flat', unit_id, building_key FROM household
), asked AS (
    SELECT n.row_number, n.part, f.field || '_ambiguous' AS code, u.value, u.beside, n.source_ref,
        n.row_hash
    FROM unclear u JOIN naming n ON n.part = u.part AND n.unit_id = u.unit_id AND n.at = u.at
    JOIN field_of f ON f.part = u.part
    UNION ALL
    SELECT n.row_number, n.part, 'name_misspelled', m.name, NULL, n.source_ref, n.row_hash
    FROM misspelled m JOIN naming n ON n.part = m.part AND n.at = m.at
    WHERE NOT EXISTS (FROM there t WHERE t.part = n.part AND t.unit_id = n.unit_id AND t.key = m.key)
)
SELECT DISTINCT ON (row_number) row_number, f.field, code, value, beside
FROM asked a JOIN field_of f ON f.part = a.part
WHERE NOT EXISTS (
    FROM household_ref r WHERE r.source_ref = a.source_ref AND r.row_hash = a.row_hash)
ORDER BY row_number, code = 'name_misspelled', f.at, value;
