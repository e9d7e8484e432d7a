-- columns: unit_id INTEGER, key VARCHAR, kind VARCHAR, name VARCHAR, named_id BIGINT,
--   today_id BIGINT, former_unit_id INTEGER
SELECT a.unit_id, a.key, a.kind, a.name, a.named_id, a.place_id AS today_id, b.former_unit_id
FROM place_alias a JOIN place b ON b.id = a.named_id
WHERE a.class = 'street' AND a.unit_id = ANY (%(units)s::int[])
