SELECT DISTINCT source_ref FROM entry
WHERE NOT rejected AND source_ref IS NOT NULL
    AND source_ref NOT IN (SELECT source_ref FROM household_ref)
ORDER BY source_ref
