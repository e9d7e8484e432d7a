SELECT a.named_id AS place, a.key, a.name, a.kind, a.place_id AS leads_to, u.unit AS commune, a.until,
    a.event_id AS ended_by
FROM place_alias a JOIN unit_ref u ON u.id = a.unit_id
ORDER BY a.named_id, a.key
