-- columns: unit_id INTEGER, key VARCHAR, kind VARCHAR, name VARCHAR, named_id BIGINT,
--   today_id BIGINT, former_unit_id INTEGER
SELECT a.unit_id, a.key, a.kind, a.name, a.named_id, a.thoroughfare_id AS today_id, b.former_unit_id
FROM thoroughfare_alias a JOIN thoroughfare b ON b.id = a.named_id
WHERE a.unit_id = ANY (%(units)s::int[])
