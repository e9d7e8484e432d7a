INSERT INTO place_alias (named_id, class, key, name, kind, place_id, unit_id, until, event_id)
SELECT p.place, r.class, p.key, p.name, p.kind, p.leads_to, u.id, p.until, p.ended_by
FROM part p JOIN place_ref r USING (place) LEFT JOIN unit_ref u ON u.unit = p.commune;
