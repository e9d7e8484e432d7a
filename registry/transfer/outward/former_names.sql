WITH alias AS (
    SELECT r.place, a.key, a.name, a.kind, o.place AS leads_to, a.unit_id, a.until, a.event_id
    FROM thoroughfare_alias a
    JOIN street_ref r ON r.id = a.named_id
    JOIN street_ref o ON o.id = a.thoroughfare_id
    UNION ALL
    SELECT r.place, a.key, a.name, a.kind, o.place, a.unit_id, a.until, a.event_id
    FROM locality_alias a
    JOIN locality_ref r ON r.id = a.named_id
    JOIN locality_ref o ON o.id = a.locality_id
)
SELECT a.place, a.key, a.name, a.kind, a.leads_to, u.unit AS commune, a.until,
    a.event_id AS ended_by
FROM alias a JOIN unit_ref u ON u.id = a.unit_id
ORDER BY a.place, a.key
