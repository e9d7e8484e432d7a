WITH state AS (
    SELECT code, recorded_at, NULL::timestamptz AS valid_to, event_id, NULL::bigint AS ended_by,
        -- each plain column: {name},
        unit_id, former_unit_id, street_id, locality_id, house_number_key, building_name,
        parent_code, point
    FROM household
    UNION ALL
    SELECT code, valid_from, valid_to, event_id, ended_by_event_id,
        -- each plain column: {name},
        unit_id, former_unit_id, street_id, locality_id, house_number_key, building_name,
        parent_code, point
    FROM household_version
)
SELECT h.code, h.recorded_at AS since, h.valid_to AS until, h.event_id AS event, h.ended_by,
    -- each plain column: h.{name},
    u.unit AS commune, f.unit AS former_commune, h.street_id AS street, h.locality_id AS locality,
    h.house_number_key AS number_key, h.building_name AS building, h.parent_code AS parent,
    ST_X(h.point) AS lon, ST_Y(h.point) AS lat
FROM state h
LEFT JOIN unit_ref u ON u.id = h.unit_id
LEFT JOIN unit_ref f ON f.id = h.former_unit_id
ORDER BY h.code, h.recorded_at
