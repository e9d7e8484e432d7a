WITH earlier AS (
    SELECT r.place, v.valid_to, v.ended_by_event_id, v.kind, v.name, v.key, v.unit_id,
        v.former_unit_id, NULL::bigint AS parent, m.place AS part_of
    FROM thoroughfare_version v
    JOIN street_ref r USING (id)
    LEFT JOIN street_ref m ON m.id = v.merged_into_id
    UNION ALL
    SELECT r.place, v.valid_to, v.ended_by_event_id, v.kind, v.name, v.key, v.unit_id,
        v.former_unit_id, p.place, m.place
    FROM locality_version v
    JOIN locality_ref r USING (id)
    LEFT JOIN locality_ref p ON p.id = v.parent_id
    LEFT JOIN locality_ref m ON m.id = v.merged_into_id
)
SELECT e.place, e.valid_to AS until, e.ended_by_event_id AS ended_by, e.kind, e.name, e.key,
    u.unit AS commune, f.unit AS former_commune, e.parent, e.part_of
FROM earlier e
LEFT JOIN unit_ref u ON u.id = e.unit_id
LEFT JOIN unit_ref f ON f.id = e.former_unit_id
ORDER BY e.place, e.valid_to
