-- in: judged. out: a row of `problem` for each commune code whose zeros were restored.
INSERT INTO problem BY NAME
SELECT row_number, 'commune_code' AS field, 'commune_code_padded' AS code, 'notice' AS severity,
    commune_code AS value, lpad(split_part(commune_code, '.', 1), 5, '0') AS proposed_fix
FROM judged
WHERE NOT rejected AND NOT regexp_full_match(commune_code, '[0-9]{5}');
