INSERT INTO thoroughfare (id, unit_id, former_unit_id, key, name, kind, merged_into_id, event_id,
    marks)
SELECT p.place, u.id, f.id, p.key, p.name, p.kind, p.part_of, p.event, p.marks
FROM part p
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE p.class = 'street' AND NOT p.removed;
INSERT INTO locality (id, unit_id, former_unit_id, parent_id, key, name, kind, merged_into_id,
    event_id, marks)
SELECT p.place, u.id, f.id, p.parent, p.key, p.name, p.kind, p.part_of, p.event, p.marks
FROM part p
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE p.class = 'locality' AND NOT p.removed;
