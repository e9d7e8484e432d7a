SELECT row_number, field, code, severity, value, proposed_fix FROM problem
QUALIFY row_number() OVER (PARTITION BY code ORDER BY row_number, id) <= $most
ORDER BY code, problem.row_number, id
