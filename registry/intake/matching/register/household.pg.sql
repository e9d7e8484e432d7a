-- columns: code VARCHAR, kind VARCHAR, status VARCHAR, unit_id INTEGER, former_unit_id INTEGER,
--   street_id BIGINT, locality_id BIGINT, house_number VARCHAR, house_number_key VARCHAR,
--   building_name VARCHAR, building_key VARCHAR, floor VARCHAR, unit_number VARCHAR,
--   parent_code VARCHAR, households_count INTEGER, lon DOUBLE, lat DOUBLE, position_method VARCHAR,
-- each plain column: --   {name} {duck},
--   position_accuracy_m DOUBLE, delivery_hint VARCHAR, event_id BIGINT
SELECT code, kind, status, unit_id, former_unit_id, street_id, locality_id, house_number,
    house_number_key, building_name, building_key, floor, unit_number, parent_code,
    -- each plain column: {name},
    households_count, ST_X(point) AS lon, ST_Y(point) AS lat, position_method,
    position_accuracy_m, delivery_hint, event_id
FROM household
WHERE (unit_id = ANY (%(units)s::int[]) OR code = ANY (%(codes)s::text[]))
    AND (code < '1') = %(demo)s
