WITH known AS (
    SELECT r.place, 'street' AS class, t.id IS NULL AS removed, t.kind, t.name, t.key, t.marks,
        t.unit_id, t.former_unit_id, NULL::bigint AS parent, m.place AS part_of, t.event_id
    FROM street_ref r
    LEFT JOIN thoroughfare t USING (id)
    LEFT JOIN street_ref m ON m.id = t.merged_into_id
    UNION ALL
    SELECT r.place, 'locality', t.id IS NULL, t.kind, t.name, t.key, t.marks, t.unit_id,
        t.former_unit_id, p.place, m.place, t.event_id
    FROM locality_ref r
    LEFT JOIN locality t USING (id)
    LEFT JOIN locality_ref p ON p.id = t.parent_id
    LEFT JOIN locality_ref m ON m.id = t.merged_into_id
)
SELECT k.place, k.class, k.removed, k.kind, k.name, k.key, k.marks, u.unit AS commune,
    f.unit AS former_commune, k.parent, k.part_of, k.event_id AS event
FROM known k
LEFT JOIN unit_ref u ON u.id = k.unit_id
LEFT JOIN unit_ref f ON f.id = k.former_unit_id
ORDER BY k.place
