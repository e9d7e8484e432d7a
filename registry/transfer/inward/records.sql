-- Doors of a street lie side by side, as an import lays them.
INSERT INTO household (code, event_id, recorded_at, kind, unit_id, former_unit_id, thoroughfare_id,
    locality_id, house_number, house_number_key, building_name, building_key, floor, unit_number,
    parent_code, households_count, point, position_method, position_accuracy_m, status, restricted,
    verified_on, delivery_hint, entrances)
SELECT p.code, p.event, p.since, p.kind, u.id, f.id, p.street, p.locality, p.house_number,
    p.number_key, p.building, p.building_key, p.floor, p.unit_number, p.parent, p.households_count,
    ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326), p.position_method, p.position_accuracy_m,
    p.status, p.restricted, p.verified_on, p.delivery_hint, p.entrances
FROM part p
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE p.until IS NULL
ORDER BY u.id, p.street, p.locality, p.number_key COLLATE "C", p.code COLLATE "C";
INSERT INTO household_version (code, event_id, valid_from, valid_to, ended_by_event_id, kind,
    unit_id, former_unit_id, thoroughfare_id, locality_id, house_number, house_number_key,
    building_name, building_key, floor, unit_number, parent_code, households_count, point,
    position_method, position_accuracy_m, status, restricted, verified_on, delivery_hint,
    entrances)
SELECT p.code, p.event, p.since, p.until, p.ended_by, p.kind, u.id, f.id, p.street, p.locality,
    p.house_number, p.number_key, p.building, p.building_key, p.floor, p.unit_number, p.parent,
    p.households_count, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326), p.position_method,
    p.position_accuracy_m, p.status, p.restricted, p.verified_on, p.delivery_hint, p.entrances
FROM part p
LEFT JOIN unit_ref u ON u.unit = p.commune
LEFT JOIN unit_ref f ON f.unit = p.former_commune
WHERE p.until IS NOT NULL
ORDER BY p.code COLLATE "C", p.since;
-- Here, and not at the end: what follows has foreign keys to the records.
SELECT unpark_keys(true);
