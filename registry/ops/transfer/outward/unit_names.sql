SELECT r.unit, lower(v.valid) AS first_day, upper(v.valid) - 1 AS last_day, v.name, v.name_en,
    v.kind, p.unit AS province, n.unit AS district, v.legal_basis, v.date_basis, v.source
FROM decided_unit d
JOIN admin_unit_version v ON v.unit_id = d.id
JOIN unit_ref r ON r.id = d.id
LEFT JOIN unit_ref p ON p.id = v.province_id
LEFT JOIN unit_ref n ON n.id = v.district_id
ORDER BY r.unit COLLATE "C", v.valid
