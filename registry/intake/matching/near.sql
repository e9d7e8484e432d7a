-- Possible duplicates, which only a person can decide. Equal doors are linked before. These are nearly
-- equal: one address at two distant points, two numbers at one point, one number on two streets whose
-- names differ by a letter or in two places that may be one, a flat with and without its block's mark,
-- a house over several numbers of which one is a separate door. Each is a warning with the other row
-- or the code in the register. Only new or changed rows are checked, so that questions do not repeat.

CREATE TABLE near (
    code VARCHAR, row_number BIGINT, head BIGINT, household VARCHAR, metres DOUBLE);
CREATE TABLE doubtful AS
SELECT w.row_number, w.code, w.unit_id, w.former_id, w.street_at, w.place_at, w.number_at, w.is_new,
    w.flat_at, w.lon, w.lat, n.number_key, n.alley_only, s.street_key, f.building_key, f.storey,
    f.flat
FROM written w
JOIN number n ON n.at = w.number_at
LEFT JOIN street s ON s.at = w.street_at
LEFT JOIN flat f ON f.at = w.flat_at;
-- needs: many
CHECKPOINT;
CREATE VIEW living AS
SELECT h.*, t.own_key AS street_key, t.former_unit_id AS street_former_id
FROM household h LEFT JOIN registered_street t ON t.id = h.street_id
WHERE h.kind = 'household' AND h.status IN ('active', 'proposed');

-- One address at two points: within the file, the first row with it is the head. Addresses of several
-- rows are in `head`; those of changed rows are added.
-- needs: doubtful, points, head or reread
INSERT INTO near (code, row_number, head, metres)
WITH same AS (
    SELECT d.row_number, d.lon, d.lat, a.unit_id, a.address, d.is_new
    FROM doubtful d JOIN address a ON a.row_number = d.row_number
    WHERE d.lon IS NOT NULL AND NOT d.alley_only AND EXISTS (
        FROM (
            SELECT unit_id, address FROM head
            UNION ALL
            SELECT b.unit_id, b.address FROM doubtful c
            JOIN address b ON b.row_number = c.row_number WHERE NOT c.is_new
        ) h WHERE h.unit_id = a.unit_id AND h.address = a.address)
), headed AS (
    SELECT row_number, lon, lat, first_value(row_number) OVER w AS head,
        first_value(lon) OVER w AS head_lon, first_value(lat) OVER w AS head_lat
    FROM same WINDOW w AS (PARTITION BY unit_id, address ORDER BY row_number)
)
SELECT 'near_same_address', row_number, head, metres(lon, lat, head_lon, head_lat)
FROM headed WHERE row_number <> head;
-- needs: doubtful, points, household
INSERT INTO near (code, row_number, household, metres)
SELECT DISTINCT ON (d.row_number) 'near_same_address', d.row_number, h.code,
    metres(d.lon, d.lat, h.lon, h.lat)
FROM doubtful d
JOIN living h ON h.unit_id = d.unit_id AND h.street_key = d.street_key
    AND h.house_number_key = d.number_key AND may_be_same(h.street_former_id, d.former_id)
WHERE d.lon IS NOT NULL AND h.lon IS NOT NULL AND h.code IS DISTINCT FROM d.code
    AND h.building_key IS NOT DISTINCT FROM d.building_key
    AND h.floor IS NOT DISTINCT FROM d.storey AND h.unit_number IS NOT DISTINCT FROM d.flat
ORDER BY d.row_number, pow(d.lon - h.lon, 2) + pow(d.lat - h.lat, 2), h.code;

-- Two numbers at one point, except flats, which share the point of their house. Many doors share the
-- point of a village, an office, or the place where the phone was.
-- needs: doubtful, points
CREATE TABLE shared_point AS
SELECT lon, lat, count(*) AS doors, min(row_number) AS head FROM doubtful
WHERE flat_at IS NULL AND lon IS NOT NULL
GROUP BY lon, lat HAVING count(*) > 1 AND min(number_at) <> max(number_at);
-- needs: shared_point
INSERT INTO near (code, row_number, head, metres)
SELECT 'near_same_point', d.row_number, s.head, 0
FROM doubtful d
JOIN shared_point s ON s.lon = d.lon AND s.lat = d.lat AND s.doors <= 20
JOIN doubtful h ON h.row_number = s.head
WHERE d.flat_at IS NULL AND d.number_key <> h.number_key;
-- needs: shared_point
INSERT INTO near (code, row_number, head, metres)
SELECT 'point_of_many', d.row_number, nullif(s.head, d.row_number), s.doors
FROM doubtful d JOIN shared_point s ON s.lon = d.lon AND s.lat = d.lat AND s.doors > 20
WHERE d.flat_at IS NULL;
-- needs: doubtful, points, household
INSERT INTO near (code, row_number, household, metres)
SELECT 'near_same_point', d.row_number, min(h.code), 0
FROM doubtful d JOIN living h ON h.unit_id = d.unit_id AND h.lon = d.lon AND h.lat = d.lat
WHERE d.flat_at IS NULL AND h.code IS DISTINCT FROM d.code AND h.unit_number IS NULL
    AND h.house_number_key <> d.number_key
GROUP BY d.row_number;

-- One number on two streets whose names differ by a typo.
-- needs: alike
INSERT INTO near (code, row_number, head, household, metres)
WITH suspect AS (
    SELECT row_number, NULL AS household, unit_id, street_key, number_key, building_key, storey,
        flat, lon, lat
    FROM doubtful
    UNION ALL
    SELECT NULL, code, unit_id, street_key, house_number_key, building_key, floor, unit_number,
        lon, lat
    FROM living
)
SELECT DISTINCT ON (d.row_number) 'near_same_name', d.row_number, o.row_number, o.household,
    metres(d.lon, d.lat, o.lon, o.lat)
FROM alike a
JOIN doubtful d ON d.unit_id = a.unit_id AND d.street_key = a.key AND a.part = 'street'
JOIN suspect o ON o.unit_id = a.unit_id AND o.street_key = a.other AND o.number_key = d.number_key
    AND coalesce(o.row_number < d.row_number, true)
WHERE o.building_key IS NOT DISTINCT FROM d.building_key
    AND o.storey IS NOT DISTINCT FROM d.storey AND o.flat IS NOT DISTINCT FROM d.flat
    AND CASE WHEN d.lon IS NULL OR o.lon IS NULL THEN NOT a.usual
        ELSE metres(d.lon, d.lat, o.lon, o.lat) <= 30 END
ORDER BY d.row_number, pow(d.lon - o.lon, 2) + pow(d.lat - o.lat, 2) NULLS LAST,
    o.row_number NULLS FIRST;

-- Doors of one number without a street, in places that may be one: Tổ 5 and Tổ dân phố 5. Files use
-- different kinds for the same group, or none, and some also name the quarter around it. Registered
-- places have their negative id.
-- needs: doubtful, named_place
CREATE TABLE alike_place AS
WITH RECURSIVE path AS (
    SELECT id, unit_id, parent_id, [kind] AS kinds, [own_key] AS keys
    FROM registered_locality WHERE merged_into_id IS NULL AND id IN (
        SELECT locality_id FROM household WHERE street_id IS NULL)
    UNION ALL
    SELECT p.id, p.unit_id, o.parent_id, list_append(kinds, o.kind), list_append(keys, o.own_key)
    FROM path p JOIN registered_locality o ON o.id = p.parent_id
), place_of AS (
    SELECT d.unit_id, p.at, p.place_kinds AS kinds, p.place_keys AS keys
    FROM (SELECT DISTINCT unit_id, place_at FROM doubtful WHERE street_at IS NULL) d
    JOIN place p ON p.at = d.place_at
    UNION ALL
    SELECT unit_id, -id, kinds, keys FROM path WHERE parent_id IS NULL
), called AS MATERIALIZED (
    SELECT *, without_kind(coalesce(kinds[1], ''), keys[1]) AS name FROM place_of
)
SELECT a.unit_id, a.at, b.at AS other
FROM called a JOIN called b ON b.unit_id = a.unit_id AND b.name = a.name
WHERE a.at > 0 AND row(a.kinds, a.keys) IS DISTINCT FROM row(b.kinds, b.keys)
    AND may_be_one(a.kinds, a.keys, b.kinds, b.keys);
-- needs: alike_place
INSERT INTO near (code, row_number, head, household, metres)
WITH suspect AS (
    SELECT row_number, NULL AS household, unit_id, place_at::BIGINT AS place, former_id, number_key,
        building_key, storey, flat, lon, lat
    FROM doubtful WHERE street_at IS NULL AND NOT alley_only
    UNION ALL
    SELECT NULL, code, unit_id, -locality_id, former_unit_id, house_number_key, building_key, floor,
        unit_number, lon, lat
    FROM living WHERE street_id IS NULL
)
SELECT DISTINCT ON (d.row_number) 'near_same_place', d.row_number, o.row_number, o.household,
    metres(d.lon, d.lat, o.lon, o.lat)
FROM alike_place a
JOIN doubtful d ON d.unit_id = a.unit_id AND d.place_at = a.at AND d.street_at IS NULL
    AND NOT d.alley_only
JOIN suspect o ON o.unit_id = a.unit_id AND o.place = a.other AND o.number_key = d.number_key
    AND CASE WHEN o.row_number IS NULL THEN o.household IS DISTINCT FROM d.code
        ELSE o.row_number < d.row_number END
WHERE o.building_key IS NOT DISTINCT FROM d.building_key
    AND o.storey IS NOT DISTINCT FROM d.storey AND o.flat IS NOT DISTINCT FROM d.flat
    AND may_be_same(o.former_id, d.former_id)
    AND coalesce(metres(d.lon, d.lat, o.lon, o.lat) <= 30, true)
ORDER BY d.row_number, pow(d.lon - o.lon, 2) + pow(d.lat - o.lat, 2) NULLS LAST,
    o.row_number NULLS FIRST;

-- Flats that are written with the mark of their block and without: A1205 and 1205 of block A.
-- needs: flat
CREATE TABLE flat_twin AS
SELECT "at", building_key, without_mark(flat, building_key) AS twin FROM flat
WHERE building_key IS NOT NULL AND regexp_matches(flat, '^[A-ZĐ]+[0-9.-]*[0-9]');
-- needs: flat_twin
CREATE TABLE flat_door AS
SELECT w.row_number, w.unit_id, w.former_id, w.code, w.flat_at, w.street_at, w.place_at,
    n.number_key, s.street_key, f.building_key, f.flat
FROM written w
JOIN flat f ON f.at = w.flat_at AND f.building_key IS NOT NULL
LEFT JOIN number n ON n.at = w.number_at
LEFT JOIN street s ON s.at = w.street_at
WHERE EXISTS (FROM flat_twin WHERE twin IS NOT NULL);
-- needs: flat_door
INSERT INTO near (code, row_number, head)
SELECT 'near_same_flat', greatest(d.row_number, o.row_number), least(d.row_number, o.row_number)
FROM flat_twin t
JOIN flat_door d ON d.flat_at = t.at
JOIN flat_door o ON o.unit_id = d.unit_id AND o.building_key = t.building_key AND o.flat = t.twin
    AND may_be_same(o.former_id, d.former_id)
WHERE o.number_key IS NOT DISTINCT FROM d.number_key
    AND o.street_key IS NOT DISTINCT FROM d.street_key
    AND (d.street_at IS NOT NULL OR o.place_at IS NOT DISTINCT FROM d.place_at);
-- needs: flat_door, household
INSERT INTO near (code, row_number, household)
SELECT 'near_same_flat', d.row_number, h.code
FROM flat_twin t
JOIN flat_door d ON d.flat_at = t.at
JOIN living h ON h.unit_id = d.unit_id AND h.building_key = t.building_key
    AND h.unit_number = t.twin
WHERE h.code IS DISTINCT FROM d.code AND h.house_number_key IS NOT DISTINCT FROM d.number_key
    AND h.street_key IS NOT DISTINCT FROM d.street_key;

-- Doors over several numbers, 12-14, of which one is a separate door or part of another range: `12,
-- 14` in a cell is one house over both numbers, or two houses in one row. Registered doors count only
-- on streets: numbers at places are seldom ranges.
-- needs: doubtful
CREATE TABLE covered AS
WITH range AS (
    SELECT DISTINCT number_key AS key FROM number
    UNION SELECT house_number_key FROM living WHERE street_id IS NOT NULL AND unit_number IS NULL
)
SELECT key, unnest(numbers_of(key)) AS number_key FROM range
WHERE regexp_matches(key, '(^|/)[0-9]+[A-Z]?(-[0-9]+[A-Z]?)+$');
-- needs: covered
INSERT INTO near (code, row_number, head, household)
WITH bearing AS (
    SELECT row_number, NULL AS household, code, unit_id, former_id, street_key, place_at, number_key
    FROM doubtful WHERE flat_at IS NULL AND NOT alley_only
    UNION ALL
    SELECT NULL, code, code, unit_id, street_former_id, street_key, NULL, house_number_key
    FROM living WHERE street_id IS NOT NULL AND unit_number IS NULL
), ranged AS (
    SELECT b.*, c.number_key AS each FROM bearing b JOIN covered c ON c.key = b.number_key
)
SELECT DISTINCT 'near_same_range', greatest(d.row_number, o.row_number),
    CASE WHEN o.household IS NULL AND d.household IS NULL
        THEN least(d.row_number, o.row_number) END, coalesce(d.household, o.household)
FROM ranged d
JOIN (
    SELECT *, number_key AS each FROM bearing WHERE EXISTS (FROM covered)
    UNION ALL SELECT * FROM ranged
) o ON o.unit_id = d.unit_id AND o.each = d.each AND o.number_key <> d.number_key
    AND o.street_key IS NOT DISTINCT FROM d.street_key AND may_be_same(o.former_id, d.former_id)
WHERE (d.household IS NULL AND o.household IS NULL
        OR (d.household IS NULL OR o.household IS NULL) AND o.code IS DISTINCT FROM d.code)
    AND (d.street_key IS NOT NULL OR o.place_at IS NOT DISTINCT FROM d.place_at);

-- One warning of each kind per row, registered doors before rows; at most `$most` of each kind.
-- needs: near
INSERT INTO problem (row_number, field, code, severity, value, proposed_fix)
WITH each AS (
    SELECT DISTINCT ON (code, row_number) * FROM near
    ORDER BY code, row_number, household NULLS LAST, head
)
SELECT row_number,
    CASE code WHEN 'near_same_name' THEN 'street' WHEN 'near_same_place' THEN 'locality'
        WHEN 'near_same_point' THEN 'house_number' WHEN 'near_same_range' THEN 'house_number'
        WHEN 'near_same_flat' THEN 'unit' ELSE 'longitude' END,
    code, CASE code WHEN 'point_of_many' THEN 'notice' ELSE 'warning' END,
    CASE WHEN code = 'point_of_many' THEN metres::INTEGER || ' nhà'
        WHEN code <> 'near_same_point' THEN round(metres)::INTEGER || ' m' END,
    coalesce(shown(household), 'dòng ' || head)
FROM each
QUALIFY row_number() OVER (PARTITION BY code ORDER BY row_number) <= $most
ORDER BY code, row_number;
DROP TABLE doubtful;
DROP TABLE address;
