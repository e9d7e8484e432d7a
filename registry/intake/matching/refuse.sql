-- Reject undecidable rows with their question, and remove them from the matching tables.

INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
SELECT row_number, field, code, 'error', value, proposed_fix FROM refused ORDER BY row_number;
UPDATE entry SET rejected = true WHERE row_number IN (SELECT row_number FROM refused);
DELETE FROM address WHERE row_number IN (SELECT row_number FROM refused);
DELETE FROM known WHERE row_number IN (SELECT row_number FROM refused);
DELETE FROM registered WHERE row_number IN (SELECT row_number FROM refused);
DELETE FROM found WHERE row_number IN (SELECT row_number FROM refused);
TRUNCATE refused;
