SELECT row_number, field, code, severity, value, proposed_fix FROM problem
WHERE severity = 'error' ORDER BY row_number, id LIMIT $most
