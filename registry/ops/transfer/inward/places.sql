-- Outer places are inserted before inner ones.
WITH RECURSIVE nested AS (
    SELECT place, 0 AS depth FROM part WHERE NOT removed AND parent IS NULL
    UNION ALL
    SELECT p.place, n.depth + 1 FROM nested n JOIN part p ON p.parent = n.place AND NOT p.removed
)
INSERT INTO place (id, class, unit_id, former_unit_id, parent_id, key, name, kind, merged_into_id,
    event_id, marks)
SELECT p.place, p.class, u.id, f.id, p.parent, p.key, p.name, p.kind, p.part_of, p.event, p.marks
FROM part p
LEFT JOIN nested n USING (place)
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE NOT p.removed
ORDER BY n.depth;
