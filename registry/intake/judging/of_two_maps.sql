SELECT bool_or(code IN ('commune_code_of_two_maps', 'commune_code_maybe_old')) FROM problem;
