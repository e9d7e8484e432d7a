-- units --
SELECT u.id, u.level, u.code, lower(u.lifetime) AS born, upper(u.lifetime) AS ended,
    ST_X(u.seat) AS lon, ST_Y(u.seat) AS lat, u.area_km2::float8 AS area_km2, a.aliases
FROM admin_unit u
LEFT JOIN (
    SELECT unit_id, array_agg(ARRAY[kind, alias] ORDER BY kind, alias) AS aliases
    FROM admin_unit_alias GROUP BY unit_id
) a ON a.unit_id = u.id
ORDER BY u.id

-- versions --
SELECT unit_id, name, name_en, kind, province_id, district_id, lower(valid) AS valid_from,
    upper(valid) AS valid_to, legal_basis, date_basis, isempty(valid) AS undated
FROM admin_unit_version
ORDER BY unit_id, valid

-- identifiers --
SELECT unit_id, scheme, value, lower(valid) AS first, upper(valid) AS after FROM unit_identifier
ORDER BY unit_id, scheme, valid

-- successions --
SELECT s.predecessor_id, s.successor_id, s.extent, s.effective_on
FROM admin_unit_succession s
JOIN admin_unit p ON p.id = s.predecessor_id
JOIN admin_unit n ON n.id = s.successor_id
ORDER BY p.code, n.code, p.id, n.id
