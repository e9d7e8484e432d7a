-- Rows of one door within the file are known references by now, and written rows are not asked about
-- again.
-- columns: row_number BIGINT, field VARCHAR, code VARCHAR, severity VARCHAR, value VARCHAR,
--   proposed_fix VARCHAR
SELECT row_number, field, code, severity, value, proposed_fix
FROM import_problem WHERE import_id = %(latest)s AND code <> ALL (%(once)s::text[]) ORDER BY id
