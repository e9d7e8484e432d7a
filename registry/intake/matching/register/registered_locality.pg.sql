-- columns: id BIGINT, unit_id INTEGER, former_unit_id INTEGER, parent_id BIGINT, kind VARCHAR,
--   name VARCHAR, key VARCHAR, marks VARCHAR, own_key VARCHAR, merged_into_id BIGINT
SELECT id, unit_id, former_unit_id, parent_id, kind, name, key, marks, own_key, merged_into_id
FROM place WHERE class = 'locality' AND unit_id = ANY (%(units)s::int[])
