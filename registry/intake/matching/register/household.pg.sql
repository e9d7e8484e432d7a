SELECT code, kind, status, unit_id, former_unit_id, thoroughfare_id, locality_id, house_number,
    house_number_key, building_name, building_key, floor, unit_number, parent_code,
    households_count, ST_X(point) AS lon, ST_Y(point) AS lat, position_method,
    position_accuracy_m, delivery_hint, event_id
FROM household
WHERE (unit_id = ANY (%(units)s::int[]) OR code = ANY (%(codes)s::text[]))
    AND (code < '1') = %(demo)s
