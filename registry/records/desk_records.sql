-- no_street --
h.street_id IS NULL

-- in_street --
h.street_id = :street

-- no_locality --
h.locality_id IS NULL

-- no_point --
h.point IS NULL

-- unverified --
h.verified_on IS NULL

-- called --
h.street_id IN ({called_so}) OR h.locality_id IN ({called_so}) OR {used_so}

-- identified --
h.code IN (SELECT code FROM external_id WHERE value = :value)

-- used_so --
-- Doors with uses are read by ix_household_used.
h.uses IS NOT NULL AND EXISTS (
    SELECT FROM household_use u WHERE u.code = h.code AND u.name_key LIKE ANY (:used)
)

-- wide_number --
-- Pads the digits of a number to equal width; an alley sorts after the house of its number.
coalesce(regexp_replace(regexp_replace(translate({number}, '/', '~'),
    '([0-9]+)', '00000\1', 'g'), '0*([0-9]{6})', '\1', 'g'), '~~') COLLATE "C"

-- wide_number_of_record --
-- with number: h.house_number_key
{wide_number}

-- wide_number_found --
-- with number: f.house_number_key
{wide_number}

-- in_locality --
h.locality_id IN (
    SELECT id FROM place WHERE id = :locality
        OR parent_id IS NOT NULL AND outer_ids @> ARRAY[CAST(:locality AS bigint)]
)

-- numbered --
(h.house_number_key = :number
    OR (h.house_number_key >= :alley AND h.house_number_key < :alley || '~')
    OR h.code IN (
        SELECT f.code FROM place t JOIN household_former_number f
            ON f.street_id = t.id AND f.house_number_key = :number
        WHERE t.class = 'street' AND t.unit_id = :unit
        UNION ALL
        SELECT f.code FROM place l JOIN household_former_number f
            ON f.locality_id = l.id AND f.house_number_key = :number
        WHERE l.class = 'locality' AND l.unit_id = :unit
    ))

-- called_so --
SELECT p.id FROM place p
WHERE p.unit_id = :unit AND (p.id || p.outer_ids) && ARRAY (
    SELECT id FROM place WHERE unit_id = :unit AND key LIKE ANY (:called)
    UNION ALL
    SELECT place_id FROM place_alias
    WHERE unit_id = :unit AND key LIKE ANY (:called))

-- doubled --
-- Compares as `registry.lifecycle.addresses.refuse_taken`; includes duplicates declared as right.
h.code IN (
    SELECT code FROM (
        SELECT code, count(*) OVER (PARTITION BY street_id,
            CASE WHEN street_id IS NULL THEN locality_id END, house_number_key, kind,
            building_key, floor, unit_number) AS records
        FROM household
        WHERE unit_id = :unit AND status IN ('proposed', 'active')
            AND (house_number_key IS NOT NULL OR unit_number IS NOT NULL)
    ) s WHERE records > 1
)

-- place --
(t.key IS NULL)::int AS unplaced,
    coalesce(t.key, l.key, '') COLLATE "C" AS place, coalesce(t.id, l.id, 0) AS place_id

-- records --
-- where no_street, in_street, no_locality, in_locality, no_point, unverified
-- where doubled, numbered, called, identified
-- Padding numbers is most of the work: it is done only for the streets on the page.
WITH found AS MATERIALIZED (
    SELECT {place}, h.house_number_key, h.code FROM household h {joins}
    WHERE h.unit_id = :unit AND h.status = ANY (:statuses) AND {where}
), start AS MATERIALIZED (
    SELECT {place}, {wide_number_of_record} AS number, h.code
    FROM household h {joins} WHERE h.code = CAST(:after AS text)
), near_place AS (
    SELECT f.unplaced, f.place, f.place_id,
        (f.unplaced, f.place, f.place_id) = (s.unplaced, s.place, s.place_id) AS begun,
        sum(count(*)) FILTER (WHERE (f.unplaced, f.place, f.place_id)
            IS DISTINCT FROM (s.unplaced, s.place, s.place_id)) OVER (
            ORDER BY f.unplaced, f.place, f.place_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
    FROM found f LEFT JOIN start s ON true
    WHERE s.code IS NULL
        OR (f.unplaced, f.place, f.place_id) >= (s.unplaced, s.place, s.place_id)
    GROUP BY f.unplaced, f.place, f.place_id, s.unplaced, s.place, s.place_id
), near AS (
    SELECT f.unplaced, f.place, f.place_id, {wide_number_found} AS number, f.code
    FROM found f JOIN near_place p USING (unplaced, place, place_id)
    WHERE p.begun OR coalesce(p.before, 0) < :limit
), page AS (
    SELECT n.* FROM near n LEFT JOIN start s ON true
    WHERE s.code IS NULL OR (n.unplaced, n.place, n.place_id, n.number, n.code)
        > (s.unplaced, s.place, s.place_id, s.number, s.code)
    ORDER BY n.unplaced, n.place, n.place_id, n.number, n.code LIMIT :limit
)
SELECT (SELECT count(*) FROM found), {columns}
FROM page p JOIN household h ON h.code = p.code {joins}
ORDER BY p.unplaced, p.place, p.place_id, p.number, p.code

-- spots --
-- where no_street, in_street, no_locality, in_locality, no_point, unverified
-- where doubled, numbered, called, identified
SELECT ST_X(h.point), ST_Y(h.point), h.code, h.status, h.house_number_key FROM household h
WHERE h.unit_id = :unit AND h.status = ANY (:statuses) AND h.point IS NOT NULL AND {where}
LIMIT :limit

-- localities --
SELECT l.id, l.kind, l.name, p.kind, p.name
FROM place l LEFT JOIN place p ON p.id = l.parent_id
WHERE l.class = 'locality' AND l.unit_id = :unit AND l.merged_into_id IS NULL
ORDER BY l.key, l.id

-- outline --
SELECT CAST(ST_AsGeoJSON(ST_Transform(geom, 4326), 6) AS json) AS drawn, approximate
FROM map_unit
WHERE unit_id = :unit AND level = 'commune' ORDER BY detail DESC LIMIT 1

-- affected --
SELECT
    (SELECT coalesce(sum(households_count), 0) FROM household
        WHERE code = ANY (:codes) AND status <> 'reserved'),
    (SELECT count(*) FROM household
        WHERE parent_code = ANY (:codes) AND status IN ('proposed', 'active')),
    (SELECT count(*) FROM plate WHERE code = ANY (:codes)),
    (SELECT count(DISTINCT source) FROM household_ref WHERE code = ANY (:codes)),
    (SELECT count(*) FROM field_report
        WHERE code = ANY (:codes) AND state IN ('open', 'proposed'))

-- streets --
-- A merged place is found only by its former name, and has no records.
SELECT id, kind, name, NULL, NULL FROM place
WHERE class = 'street' AND unit_id = :unit AND merged_into_id IS NULL ORDER BY key, id


-- records_of --
SELECT {columns} FROM household h {joins} WHERE h.code = ANY (:codes)
