INSERT INTO household_ref (source, source_ref, code, import_id, linked, shares, vanished_import_id)
SELECT source, reference, code, import, linked, shares, vanished FROM part
ORDER BY line;
