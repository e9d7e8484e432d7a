INSERT INTO thoroughfare_version (id, valid_to, ended_by_event_id, unit_id, former_unit_id, key,
    name, kind, merged_into_id)
SELECT p.place, p.until, p.ended_by, u.id, f.id, p.key, p.name, p.kind, p.part_of
FROM part p
JOIN place_ref r USING (place)
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE r.class = 'street';
INSERT INTO locality_version (id, valid_to, ended_by_event_id, unit_id, former_unit_id, parent_id,
    key, name, kind, merged_into_id)
SELECT p.place, p.until, p.ended_by, u.id, f.id, p.parent, p.key, p.name, p.kind, p.part_of
FROM part p
JOIN place_ref r USING (place)
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE r.class = 'locality';
