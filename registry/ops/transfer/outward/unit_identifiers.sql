SELECT r.unit, i.scheme, i.value, lower(i.valid) AS valid_from, upper(i.valid) - 1 AS valid_to,
    i.source
FROM unit_identifier i JOIN unit_ref r ON r.id = i.unit_id
WHERE i.source LIKE 'file %' OR i.source LIKE 'decision %'
ORDER BY r.unit COLLATE "C", i.scheme, i.valid
