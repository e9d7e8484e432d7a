-- Rows to be written, with the kept parts of their records, and their storage order: by street and
-- number, so that neighbours are on one page of the table.

CREATE TABLE street_id (unit_id INTEGER, former_id INTEGER, "at" INTEGER, id BIGINT);
-- needs: named_street
INSERT INTO street_id
SELECT n.unit_id, n.former_id, n.at, t.id
FROM named_street n
JOIN street s ON s.at = n.at
JOIN registered_street t ON t.unit_id = n.unit_id AND t.own_key = s.street_key
    AND t.former_unit_id IS NOT DISTINCT FROM n.former_id;
CREATE TABLE place_id (unit_id INTEGER, former_id INTEGER, "at" INTEGER, id BIGINT);
-- needs: named_place
INSERT INTO place_id
SELECT n.unit_id, n.former_id, n.at, l.id
FROM named_place n
JOIN place p ON p.at = n.at
JOIN locality_path l ON l.unit_id = n.unit_id AND l.keys = p.place_keys
    AND l.former_unit_id IS NOT DISTINCT FROM n.former_id;
CREATE TABLE addressed AS
SELECT w.row_number, w.row_hash, w.is_new, w.code, coalesce(w.source_ref, r.ref) AS ref, w.unit_id,
    w.former_id AS former_unit_id, t.id AS street_id, l.id AS locality_id,
    n.number AS house_number, n.number_key AS house_number_key, f.building_name, f.building_key,
    f.storey AS floor, f.flat AS unit_number,
    households_of(w.uses_read, greatest(w.households, s.stated), s.now)::INTEGER AS households_count, w.lon, w.lat,
    -- each plain column: w.{name}_read AS {name},
    CASE WHEN w.lon IS NOT NULL THEN 'unknown' END AS position_method,
    CASE WHEN w.lon IS NOT NULL THEN w.accuracy_m END AS position_accuracy_m,
    w.hint AS delivery_hint
FROM written w
LEFT JOIN own_ref r ON r.row_number = w.row_number
LEFT JOIN shared s ON s.row_number = w.row_number
LEFT JOIN number n ON n.at = w.number_at
LEFT JOIN flat f ON f.at = w.flat_at
LEFT JOIN street_id t ON t.at = w.street_at AND t.unit_id = w.unit_id
    AND t.former_id IS NOT DISTINCT FROM w.former_id
LEFT JOIN place_id l ON l.at = w.place_at AND l.unit_id = w.unit_id
    AND l.former_id IS NOT DISTINCT FROM w.former_id;
-- needs: kept
UPDATE addressed a SET unit_id = h.unit_id, former_unit_id = h.former_unit_id,
    street_id = h.street_id, locality_id = h.locality_id,
    house_number = h.house_number, house_number_key = h.house_number_key,
    building_name = h.building_name, building_key = h.building_key, floor = h.floor,
    unit_number = h.unit_number
FROM kept k JOIN household h ON h.code = k.code
WHERE k.row_number = a.row_number AND k.address;
-- needs: kept
UPDATE addressed a SET lon = h.lon, lat = h.lat, position_method = h.position_method,
    position_accuracy_m = h.position_accuracy_m
FROM kept k JOIN household h ON h.code = k.code
WHERE k.row_number = a.row_number AND k.position;
-- needs: kept
UPDATE addressed a SET households_count = h.households_count
FROM kept k JOIN household h ON h.code = k.code
WHERE k.row_number = a.row_number AND k.households;
UPDATE addressed a SET households_count = h.households_count
FROM entry e, household h
WHERE e.row_number = a.row_number AND h.code = a.code AND NOT a.is_new
    AND is_kept_unlived(e.uses, e.uses_read, h.uses);
-- needs: kept
UPDATE addressed a SET delivery_hint = h.delivery_hint
FROM kept k JOIN household h ON h.code = k.code
WHERE k.row_number = a.row_number AND k.hint;
-- each plain column: UPDATE addressed a SET {name} = h.{name} FROM household h WHERE h.code = a.code AND NOT a.is_new AND a.{name} IS NULL;
-- each plain column: UPDATE addressed a SET {name} = h.{name} FROM kept k JOIN household h ON h.code = k.code WHERE k.row_number = a.row_number AND k.{name};
CREATE TABLE fresh AS
SELECT row_number, row_number() OVER (
    ORDER BY street_id, locality_id, house_number_key, row_number) AS turn
FROM addressed WHERE is_new;
