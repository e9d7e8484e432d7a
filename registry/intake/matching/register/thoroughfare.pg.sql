SELECT id, unit_id, former_unit_id, kind, name, key, marks, own_key, merged_into_id
FROM thoroughfare WHERE unit_id = ANY (%(units)s::int[])
