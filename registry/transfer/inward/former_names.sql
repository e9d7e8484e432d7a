INSERT INTO thoroughfare_alias (named_id, key, name, kind, thoroughfare_id, unit_id, until,
    event_id)
SELECT p.place, p.key, p.name, p.kind, p.leads_to, u.id, p.until, p.ended_by
FROM part p JOIN place_ref r USING (place) LEFT JOIN unit_ref u ON u.unit = p.commune
WHERE r.class = 'street';
INSERT INTO locality_alias (named_id, key, name, kind, locality_id, unit_id, until, event_id)
SELECT p.place, p.key, p.name, p.kind, p.leads_to, u.id, p.until, p.ended_by
FROM part p JOIN place_ref r USING (place) LEFT JOIN unit_ref u ON u.unit = p.commune
WHERE r.class = 'locality';
