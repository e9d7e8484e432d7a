-- called --
SELECT k.question, k.key, {columns}
FROM {lines} CROSS JOIN LATERAL (
    SELECT u.code FROM household_use u
    WHERE u.name_key = k.key COLLATE "C" AND u.valid @> current_date LIMIT 50
) u JOIN household h ON h.code = u.code {joins}
WHERE {open}

-- prefix --
SELECT u.name, {columns}
FROM (
    SELECT code, name, name_key FROM household_use
    WHERE name_key >= CAST(:key AS text) COLLATE "C" AND name_key < CAST(:end AS text) COLLATE "C"
        AND valid @> current_date ORDER BY name_key, code LIMIT 50
) u JOIN household h ON h.code = u.code {joins}
WHERE {open} ORDER BY u.name_key, h.code LIMIT :most
