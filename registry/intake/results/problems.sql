SELECT $import_id::BIGINT AS import_id, row_number, field, code, severity, value, proposed_fix
FROM problem ORDER BY row_number, id
