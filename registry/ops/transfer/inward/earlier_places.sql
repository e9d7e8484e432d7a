INSERT INTO place_version (id, class, valid_to, ended_by_event_id, unit_id, former_unit_id, parent_id,
    key, name, kind, merged_into_id)
SELECT p.place, r.class, p.until, p.ended_by, u.id, f.id, p.parent, p.key, p.name, p.kind, p.part_of
FROM part p
JOIN place_ref r USING (place)
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune;
