-- Number of buildings that would be made, for a dry run: addresses of several flats without a
-- building. Flats that change their address are not counted.

WITH flat_row AS (
    SELECT unit_id, former_id, hash(street_key, array_to_string(place_keys, '|'), number_key, building_key)
            AS place,
        hash(unit_id, street_key, number_key, building_key) AS known_place
    FROM door
    WHERE flat IS NOT NULL
        AND row_number IN (SELECT row_number FROM written WHERE is_new)
), place AS (
    SELECT unit_id, former_id, place, known_place, count(*) AS flats FROM flat_row GROUP BY ALL
), registered AS (
    SELECT hash(h.unit_id, t.own_key, h.house_number_key, h.building_key) AS known_place,
        count(*) AS flats, count(h.parent_code) AS held
    FROM household h LEFT JOIN registered_street t ON t.id = h.street_id
    WHERE h.kind = 'household' AND h.status = 'active' AND h.unit_number IS NOT NULL
       
    GROUP BY ALL
)
SELECT count(*)
FROM place p LEFT JOIN registered r ON r.known_place = p.known_place
WHERE coalesce(r.held, 0) = 0 AND p.flats + coalesce(r.flats, 0) > 1
