-- columns: id BIGINT, unit_id INTEGER, former_unit_id INTEGER, kind VARCHAR, name VARCHAR,
--   key VARCHAR, marks VARCHAR, own_key VARCHAR, merged_into_id BIGINT
SELECT id, unit_id, former_unit_id, kind, name, key, marks, own_key, merged_into_id
FROM place WHERE class = 'street' AND unit_id = ANY (%(units)s::int[])
