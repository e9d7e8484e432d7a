-- Doors of a street are stored side by side, as by an import.
INSERT INTO household (code, event_id, recorded_at,
    -- each plain column: {name},
    unit_id, former_unit_id, street_id, locality_id, house_number_key, building_name,
    parent_code, point)
SELECT p.code, p.event, p.since,
    -- each plain column: p.{name},
    u.id, f.id, p.street, p.locality, p.number_key, p.building, p.parent,
    ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)
FROM part p
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE p.until IS NULL
ORDER BY u.id, p.street, p.locality, p.number_key COLLATE "C", p.code COLLATE "C";
INSERT INTO household_version (code, event_id, valid_from, valid_to, ended_by_event_id,
    -- each plain column: {name},
    unit_id, former_unit_id, street_id, locality_id, house_number_key, building_name,
    parent_code, point)
SELECT p.code, p.event, p.since, p.until, p.ended_by,
    -- each plain column: p.{name},
    u.id, f.id, p.street, p.locality, p.number_key, p.building, p.parent,
    ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)
FROM part p
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE p.until IS NOT NULL
ORDER BY p.code COLLATE "C", p.since;
-- Here, not at the end: the following parts have foreign keys to the records.
SELECT unpark_keys(true);
