DELETE FROM admin_unit_version v USING part p, unit_ref r
WHERE r.unit = p.unit AND v.unit_id = r.id;
INSERT INTO admin_unit_version (unit_id, name, name_en, kind, province_id, district_id, valid,
    legal_basis, date_basis, source)
SELECT r.id, p.name, p.name_en, p.kind, o.id, d.id, daterange(p.first_day, p.last_day, '[]'),
    p.legal_basis, p.date_basis, p.source
FROM part p
JOIN unit_ref r USING (unit)
LEFT JOIN unit_ref o ON o.unit = p.province
LEFT JOIN unit_ref d ON d.unit = p.district;
