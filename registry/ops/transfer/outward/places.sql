SELECT r.place, r.class, p.id IS NULL AS removed, p.kind, p.name, p.key, p.marks,
    u.unit AS commune, f.unit AS former_commune, p.parent_id AS parent,
    p.merged_into_id AS part_of, p.event_id AS event
FROM place_ref r
LEFT JOIN place p ON p.id = r.place
LEFT JOIN unit_ref u ON u.id = p.unit_id
LEFT JOIN unit_ref f ON f.id = p.former_unit_id
ORDER BY r.place
