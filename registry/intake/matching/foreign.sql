-- Rows that would change a record outside the units of the key: it was moved there, or belongs to
-- another commune.

INSERT INTO refused
SELECT f.row_number, 'source_ref', 'outside_your_units', u.code, $ended
FROM found f
JOIN household h ON h.code = f.code
JOIN unit_code u ON u.unit_id = h.unit_id
WHERE $bound AND f.outcome IN ('changed', 'revived') AND h.unit_id NOT IN (SELECT unit_id FROM writable);
DELETE FROM returned WHERE row_number IN (SELECT row_number FROM refused);
