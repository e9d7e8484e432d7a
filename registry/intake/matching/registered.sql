-- Match rows with a new reference to registered doors by address: by street, else by the innermost
-- place, else by the commune alone.

INSERT INTO address
SELECT row_number, unit_id, former_id, street_at, street_at IS NULL AND place_at IS NULL
        AND number_at IS NOT NULL AND NOT alley_only AS is_bare,
    dwelling(unit_id, number, number_key, building_key, storey, flat) AS dwelling,
    door_at(dwelling, street_key, place_keys[1]) AS own_door,
    hash(own_door, former_id, CASE WHEN street_key IS NULL THEN array_to_string(place_keys, '|') END)
        AS address,
    CASE WHEN street_key IS NULL THEN place_keys[2] END AS outer_key, numbered, lon, lat
FROM door;
-- needs: household
CREATE TABLE record AS
SELECT h.code, h.status, h.unit_id,
    CASE WHEN h.street_id IS NULL THEN l.former_unit_id ELSE t.former_unit_id END
        AS former_id,
    dwelling(h.unit_id, h.house_number, h.house_number_key, h.building_key, h.floor,
        h.unit_number) AS dwelling,
    door_at(dwelling, t.own_key, l.own_key) AS door,
    CASE WHEN h.street_id IS NULL THEN o.own_key END AS outer_key,
    h.house_number_key IS NOT NULL OR h.unit_number IS NOT NULL AS is_numbered, h.lon, h.lat
FROM household h
LEFT JOIN registered_street t ON t.id = h.street_id
LEFT JOIN registered_locality l ON l.id = h.locality_id
LEFT JOIN registered_locality o ON o.id = l.parent_id
WHERE h.kind = 'household';

-- The records that a row may mean. Former communes distinguish doors of one name, unless both have
-- points: on a former border, one door may be listed under either (`elsewhere`). Tổ 1 of one hamlet is
-- not that of another. A hamlet may have thousands of houses without a number, distinguished only by
-- points: a row is compared with those in the grid cells around it.
-- needs: record
INSERT INTO meeting
WITH unknown AS (
    SELECT * FROM address a WHERE NOT EXISTS (FROM known k WHERE k.row_number = a.row_number)
), column_of AS (
    SELECT *, unnest(range(square(lon - 0.00001), square(lon + 0.00001) + 1)) AS x
    FROM unknown WHERE NOT numbered AND lon IS NOT NULL
), square_of AS (
    SELECT *, unnest(range(square(lat - 0.00001), square(lat + 0.00001) + 1)) AS y
    FROM column_of
), pair AS (
    SELECT a.row_number, a.former_id AS row_former, a.street_at, a.outer_key AS row_outer,
        a.numbered, a.lon AS row_lon, a.lat AS row_lat, r.code, r.status, r.former_id,
        r.outer_key, r.lon, r.lat
    FROM unknown a
    JOIN record r ON r.door = a.door AND r.unit_id = a.unit_id AND r.is_numbered
    WHERE a.numbered
    UNION ALL
    SELECT a.row_number, a.former_id, a.street_at, a.outer_key, a.numbered, a.lon, a.lat, r.code,
        r.status, r.former_id, r.outer_key, r.lon, r.lat
    FROM square_of a
    JOIN record r ON r.door = a.door AND r.unit_id = a.unit_id AND NOT r.is_numbered
        AND square(r.lon) = a.x AND square(r.lat) = a.y
)
SELECT row_number, row_former, code, status, NOT may_be_same(former_id, row_former) AS elsewhere,
    sqrt(pow(row_lon - lon, 2) + pow(row_lat - lat, 2)) AS degrees
FROM pair
WHERE is_near(numbered, row_lon, row_lat, lon, lat) AND may_be_same(outer_key, row_outer)
    AND (may_be_same(former_id, row_former)
        OR street_at IS NOT NULL AND numbered AND row_lon IS NOT NULL AND lon IS NOT NULL);

-- The nearest one. If no point decides between several, `other` is another of them.
-- needs: meeting
INSERT INTO registered
SELECT row_number, list[1].code, list[1].unplaced,
    CASE WHEN list[1].unplaced AND NOT list[2].elsewhere THEN list[2].code END
FROM (
    SELECT row_number, list_sort(list({
        'elsewhere': elsewhere, 'unplaced': degrees IS NULL, 'degrees': degrees, 'code': code
    })) AS list
    FROM meeting WHERE status IN ('active', 'proposed') GROUP BY row_number
);
-- A row with a number but neither street nor place matches the only door of this number at its point.
-- needs: record
INSERT INTO registered
SELECT a.row_number, min(r.code), false, NULL
FROM address a
JOIN record r ON r.dwelling = a.dwelling AND r.unit_id = a.unit_id
    AND r.status IN ('active', 'proposed')
    AND abs(r.lon - a.lon) <= 0.00001 AND abs(r.lat - a.lat) <= 0.00001
WHERE a.is_bare AND NOT EXISTS (FROM known k WHERE k.row_number = a.row_number)
    AND NOT EXISTS (FROM registered k WHERE k.row_number = a.row_number)
GROUP BY a.row_number
HAVING count(*) = 1;

-- A merged commune may have several streets of one name, so number 12 without a former commune is
-- ambiguous. A record without a former commune matches rows of one former commune, but not of two.
-- needs: registered
INSERT INTO refused
SELECT row_number, 'former_commune', 'door_ambiguous', NULL, shown(code) || '; ' || shown(other)
FROM registered WHERE other IS NOT NULL
UNION ALL
SELECT r.row_number, 'former_commune', 'door_ambiguous', NULL,
    shown(r.code) || ' (trong sổ chưa ghi xã/phường cũ)'
FROM registered r
JOIN address a ON a.row_number = r.row_number AND a.former_id IS NOT NULL
WHERE r.unplaced AND r.other IS NULL AND r.code IN (
    SELECT s.code FROM registered s JOIN address b ON b.row_number = s.row_number
    WHERE s.unplaced AND s.other IS NULL
    GROUP BY s.code HAVING count(DISTINCT b.former_id) > 1);
DROP TABLE IF EXISTS record;
