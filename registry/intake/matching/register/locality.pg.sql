SELECT id, unit_id, former_unit_id, parent_id, kind, name, key, marks, own_key, merged_into_id
FROM locality WHERE unit_id = ANY (%(units)s::int[])
