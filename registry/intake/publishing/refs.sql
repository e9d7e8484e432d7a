-- References after the import: existing ones that it changes, with their previous state, and new ones.

CREATE TABLE ref_changed (
    source_ref VARCHAR, was_linked BOOLEAN, was_shares BOOLEAN, was_row_hash UUID,
    was_vanished_import_id BIGINT, code VARCHAR, linked BOOLEAN, shares BOOLEAN, row_hash UUID,
    vanished_import_id BIGINT);
-- needs: household_ref
INSERT INTO ref_changed
WITH again AS (
    SELECT d.ref, d.row_hash
    FROM known k JOIN door d ON d.row_number = k.row_number WHERE NOT k.same
), sharing_ref AS (
    SELECT d.ref
    FROM sharing s
    JOIN door d ON d.row_number = s.row_number
    JOIN known k ON k.row_number = s.row_number
), back AS (
    SELECT DISTINCT source_ref FROM returned WHERE source_ref IS NOT NULL
)
SELECT r.source_ref, r.linked AS was_linked, r.shares AS was_shares, r.row_hash AS was_row_hash,
    r.vanished_import_id AS was_vanished_import_id, r.code,
    -- A source owns a record by one reference: if another took over, this one is only linked.
    r.linked OR b.source_ref IS NOT NULL AND r.code IN (
        SELECT code FROM household_ref WHERE NOT linked AND vanished_import_id IS NULL) AS linked,
    r.shares OR s.ref IS NOT NULL AS shares, coalesce(a.row_hash, r.row_hash) AS row_hash,
    CASE WHEN v.source_ref IS NOT NULL THEN $import_id
        WHEN b.source_ref IS NULL THEN r.vanished_import_id END AS vanished_import_id
FROM household_ref r
LEFT JOIN again a ON a.ref = r.source_ref
LEFT JOIN sharing_ref s ON s.ref = r.source_ref
LEFT JOIN back b ON b.source_ref = r.source_ref
LEFT JOIN vanished v ON v.source_ref = r.source_ref
WHERE (a.ref IS NOT NULL OR s.ref IS NOT NULL OR b.source_ref IS NOT NULL
        OR v.source_ref IS NOT NULL)
    AND r.source_ref NOT IN (SELECT source_ref FROM named_by_code);

-- A source that renumbers its references still owns its records: the first new reference of each takes
-- over from the vanished ones.
CREATE TABLE taken_over (row_number BIGINT);
-- needs: household_ref, found
INSERT INTO taken_over
WITH own AS (
    SELECT r.code, bool_and(CASE WHEN c.source_ref IS NULL THEN r.vanished_import_id
        ELSE c.vanished_import_id END IS NOT NULL) AS vanished
    FROM household_ref r LEFT JOIN ref_changed c ON c.source_ref = r.source_ref
    WHERE NOT coalesce(c.linked, r.linked)
    GROUP BY r.code
)
SELECT min(f.row_number) AS row_number
FROM found f JOIN own o ON o.code = f.code AND o.vanished
WHERE f.outcome = 'linked' GROUP BY f.code;
CREATE VIEW ref_new AS
SELECT a.ref, a.code, false AS linked, false AS shares, a.row_hash FROM addressed a WHERE a.is_new
UNION ALL
SELECT d.ref, coalesce(f.code, h.code), f.row_number NOT IN (SELECT row_number FROM taken_over),
    f.row_number IN (SELECT row_number FROM sharing), d.row_hash
FROM found f
JOIN door d ON d.row_number = f.row_number
LEFT JOIN addressed h ON h.row_number = f.head AND h.is_new
WHERE f.outcome = 'linked'
UNION ALL
SELECT d.ref, k.code, k.linked, false, d.row_hash
FROM known k
JOIN door d ON d.row_number = k.row_number
JOIN named_by_code n ON n.source_ref = d.ref;
