-- answers --
-- by given_codes, no_codes
-- In order of the file's rows. To the sender, a revived record is a change.
SELECT CASE WHEN p.row_number IS NOT NULL THEN 'skipped'
        WHEN o.outcome = 'revived' THEN 'changed'
        ELSE coalesce(o.outcome, 'rejected') END || chr(9) || coalesce(o.code, {code}, '')
FROM entry e
LEFT JOIN outcome o ON o.row_number = e.row_number
LEFT JOIN skipped p ON p.row_number = e.row_number
{with_issued}
ORDER BY e.row_number

-- given_codes --
-- with code: n.code
-- with with_issued: {issued}

-- no_codes --
-- with code: NULL
-- with with_issued:

-- issued --
LEFT JOIN (
    SELECT d.row_number, n.code FROM ref_new n JOIN door d ON d.ref = n.ref
) n ON n.row_number = e.row_number

-- problems --
SELECT row_number, field, code, severity, value, proposed_fix FROM problem
ORDER BY row_number, id

-- vanished_refs --
SELECT source_ref, code, code IN (SELECT code FROM retiring) AS retires FROM vanished

-- vanished --
-- For PostgreSQL, over `vanished_ref`; the other statements are for DuckDB.
SELECT v.source_ref, v.code, v.retires::int, u.code, h.house_number,
    concat_ws(' ', s.kind, s.name), concat_ws(' ', l.kind, l.name)
FROM vanished_ref v
JOIN household h ON h.code = v.code
LEFT JOIN admin_unit u ON u.id = h.unit_id
LEFT JOIN place s ON s.id = h.street_id
LEFT JOIN place l ON l.id = h.locality_id
ORDER BY v.source_ref
