SELECT code, scheme, value, lower(valid) AS valid_from, upper(valid) - 1 AS valid_to
FROM external_id
ORDER BY code, scheme, value
