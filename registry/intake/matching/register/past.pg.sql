-- All states of the records that rows change, if not only the source's imports changed them before.
-- columns: code VARCHAR, own BOOLEAN, since BIGINT, unit_id INTEGER, former_unit_id INTEGER,
--   street_id BIGINT, locality_id BIGINT, house_number VARCHAR, house_number_key VARCHAR,
--   building_name VARCHAR, building_key VARCHAR, floor VARCHAR, unit_number VARCHAR,
-- each plain column: --   {name} {duck},
--   households_count INTEGER, lon DOUBLE, lat DOUBLE, delivery_hint VARCHAR, street_key VARCHAR,
--   place_key VARCHAR
-- needs: reread
WITH own_event AS (
    SELECT published_event_id AS id FROM import WHERE source = %(source)s AND state = 'published'
), touched AS MATERIALIZED (
    SELECT code FROM household
    WHERE code = ANY (%(codes)s::text[]) AND event_id NOT IN (SELECT id FROM own_event)
    UNION
    SELECT code FROM household_version
    WHERE code = ANY (%(codes)s::text[]) AND event_id NOT IN (SELECT id FROM own_event)
), state AS (
    SELECT code, event_id, valid_from, unit_id, former_unit_id, street_id, locality_id,
        house_number, house_number_key, building_name, building_key, floor, unit_number,
        -- each plain column: {name},
        households_count, point, delivery_hint
    FROM household_version WHERE code IN (SELECT code FROM touched)
    UNION ALL
    SELECT code, event_id, recorded_at, unit_id, former_unit_id, street_id, locality_id,
        house_number, house_number_key, building_name, building_key, floor, unit_number,
        -- each plain column: {name},
        households_count, point, delivery_hint
    FROM household WHERE code IN (SELECT code FROM touched)
)
SELECT s.code, s.event_id IN (SELECT id FROM own_event) AS own,
    (extract(epoch FROM s.valid_from) * 1000000)::bigint AS since, s.unit_id, s.former_unit_id,
    s.street_id, s.locality_id, s.house_number, s.house_number_key, s.building_name,
    s.building_key, s.floor, s.unit_number,
    -- each plain column: s.{name},
    s.households_count, ST_X(s.point) AS lon,
    ST_Y(s.point) AS lat, s.delivery_hint, t.own_key AS street_key, l.own_key AS place_key
FROM state s
LEFT JOIN place t ON t.id = s.street_id
LEFT JOIN place l ON l.id = s.locality_id
