-- A loaded file replaces all seeds of its scheme.
DELETE FROM unit_identifier i USING part p JOIN unit_ref r USING (unit)
WHERE i.scheme = p.scheme AND (p.source LIKE 'file %' OR i.unit_id = r.id);
INSERT INTO unit_identifier (unit_id, scheme, value, valid, source)
SELECT r.id, p.scheme, p.value, daterange(p.valid_from, p.valid_to, '[]'), p.source
FROM part p JOIN unit_ref r USING (unit);
