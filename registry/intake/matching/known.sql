-- Rows whose reference the source has delivered before. A vanished reference that returns beside its
-- replacement is only linked to the record.

INSERT INTO known
SELECT d.row_number, r.code, r.row_hash IS NOT DISTINCT FROM d.row_hash AS same,
    r.linked OR r.vanished_import_id IS NOT NULL AND r.code IN (
        SELECT code FROM household_ref WHERE NOT linked AND vanished_import_id IS NULL) AS linked
FROM door d JOIN household_ref r ON r.source_ref = d.ref;
