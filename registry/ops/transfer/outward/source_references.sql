SELECT source, source_ref AS reference, code, import_id AS import, linked, shares,
    vanished_import_id AS vanished
FROM household_ref
ORDER BY source, source_ref
