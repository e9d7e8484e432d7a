SELECT v.id AS place, v.valid_to AS until, v.ended_by_event_id AS ended_by, v.kind, v.name, v.key,
    u.unit AS commune, f.unit AS former_commune, v.parent_id AS parent, v.merged_into_id AS part_of
FROM place_version v
LEFT JOIN unit_ref u ON u.id = v.unit_id
LEFT JOIN unit_ref f ON f.id = v.former_unit_id
ORDER BY v.id, v.valid_to
