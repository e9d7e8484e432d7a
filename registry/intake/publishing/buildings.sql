-- One building for several flats at one address, unless there is one already.

CREATE TABLE housed (row_number BIGINT, parent_code VARCHAR);
-- needs: flat or kept
CREATE VIEW placed AS
SELECT *, hash(unit_id, former_unit_id, street_id, locality_id, house_number_key,
    building_key) AS place
FROM household WHERE status = 'active';
-- A flat with a changed address leaves its building.
-- needs: flat or kept
CREATE TABLE written_flat AS
SELECT a.*, b.code AS parent_code
FROM (
    SELECT *, hash(unit_id, former_unit_id, street_id, locality_id, house_number_key,
        building_key) AS place
    FROM addressed WHERE unit_number IS NOT NULL
) a
LEFT JOIN household was ON was.code = a.code AND NOT a.is_new
LEFT JOIN placed b ON b.code = was.parent_code AND b.place = a.place;
-- needs: written_flat
CREATE TABLE neighbour AS
SELECT h.*, p.code AS building
FROM placed h
LEFT JOIN household p ON p.code = h.parent_code AND p.status = 'active'
WHERE h.kind = 'household' AND h.unit_number IS NOT NULL
    AND h.place IN (SELECT place FROM written_flat)
    AND h.code NOT IN (SELECT code FROM written_flat);
-- needs: written_flat
CREATE TABLE building AS
SELECT place, any_value(unit_id) AS unit_id, any_value(former_unit_id) AS former_unit_id,
    any_value(street_id) AS street_id, any_value(locality_id) AS locality_id,
    any_value(house_number_key) AS house_number_key, any_value(building_key) AS building_key,
    min(house_number) AS house_number, min(building_name) AS building_name,
    avg(lon) AS lon, avg(lat) AS lat, min(parent_code) AS code, min(parent_code) IS NULL AS is_new
FROM (
    SELECT place, unit_id, former_unit_id, street_id, locality_id, house_number_key,
        building_key, house_number, building_name, lon, lat, parent_code
    FROM written_flat
    UNION ALL
    SELECT place, unit_id, former_unit_id, street_id, locality_id, house_number_key,
        building_key, house_number, building_name, lon, lat, building
    FROM neighbour
)
GROUP BY place
HAVING count(*) > 1 OR min(parent_code) IS NOT NULL;
