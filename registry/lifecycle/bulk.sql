-- street --
-- with column: street_id
-- with alone: true
-- with other_alone: true

-- locality --
-- Numbers are unique along the street, or in the locality for doors without a street.
-- with column: locality_id
-- with alone: h.street_id IS NULL
-- with other_alone: o.street_id IS NULL

-- insert_place --
INSERT INTO place (class, unit_id, former_unit_id, parent_id, key, marks, name, kind)
VALUES (:class, :unit, :former, :parent, :key, :marks, :name, :kind)
ON CONFLICT DO NOTHING RETURNING id

-- namesake --
SELECT id, kind, name FROM place
WHERE class = :class AND unit_id = :unit AND former_unit_id IS NOT DISTINCT FROM :former
    AND key = :key AND marks IS NOT DISTINCT FROM :marks AND id <> :id
    AND parent_id IS NOT DISTINCT FROM :parent

-- remembered --
INSERT INTO household_former_number (code, street_id, locality_id, house_number, house_number_key)
SELECT h.code, h.street_id, h.locality_id, h.house_number, h.house_number_key

-- keep_numbers --
-- by street, locality
{remembered}
FROM household h WHERE h.{column} = :id AND {alone} AND h.house_number_key IS NOT NULL

-- move_doors --
-- by street, locality
UPDATE household SET {column} = :into WHERE {column} = :id

-- meeting --
-- by street, locality
SELECT h.house_number_key FROM household h
WHERE h.{column} = :id AND {alone} AND h.house_number_key IS NOT NULL
    AND h.status IN ('proposed', 'active') AND EXISTS (
        SELECT FROM household o WHERE o.{column} = :into
            AND o.house_number_key = h.house_number_key AND o.status IN ('proposed', 'active')
            AND {other_alone})
GROUP BY 1 ORDER BY 1 LIMIT :limit

-- inner_meeting --
SELECT a.name FROM place a JOIN place b ON b.parent_id = :into AND b.own_key = a.own_key
    AND b.former_unit_id IS NOT DISTINCT FROM a.former_unit_id
WHERE a.parent_id = :id AND a.merged_into_id IS NULL ORDER BY 1 LIMIT :limit

-- doors_of_streets --
SELECT street_id AS id, count(*) AS doors FROM household
WHERE street_id = ANY (:ids) AND status IN ('proposed', 'active') GROUP BY 1

-- count_in_streets --
-- Active records whose address has the name of a place.
SELECT count(*) FROM household WHERE street_id = ANY (:ids) AND status = 'active'

-- count_in_localities --
SELECT count(*) FROM household h
WHERE h.status = 'active' AND h.locality_id IN (SELECT id FROM place
    WHERE id = ANY (:ids) OR parent_id IS NOT NULL AND outer_ids && CAST(:ids AS bigint[]))

-- lines --
-- The lines of a table of new numbers.
unnest(CAST(:old AS text[]), CAST(:written AS text[]), CAST(:new AS text[]),
    CAST(:unit AS integer[]))

-- numbered --
{lines} AS n (old, written, new, unit)

-- is_numbered --
-- Whether the household `h` is a door of the line `n`.
h.{column} = ANY (:ids) AND {alone} AND h.status IN ('proposed', 'active')
    AND h.house_number_key = n.old COLLATE "C" AND (n.unit IS NULL OR n.unit = h.unit_id)

-- unknown_numbers --
-- by street, locality
SELECT n.old FROM {numbered} WHERE NOT EXISTS (SELECT FROM household h WHERE {is_numbered})
LIMIT :limit

-- numbers_in_range --
-- by street, locality
SELECT n.old FROM {numbered} JOIN household h ON {is_numbered} WHERE n.unit IS NULL
GROUP BY 1 HAVING count(DISTINCT h.{column}) > 1 ORDER BY 1 LIMIT :limit

-- taken_numbers --
-- The doors of the table give up their current numbers.
-- by street, locality
SELECT DISTINCT n.new FROM {numbered} JOIN household h ON {is_numbered}
JOIN household o ON o.{column} = h.{column} AND {other_alone}
    AND o.status IN ('proposed', 'active') AND o.house_number_key = n.new COLLATE "C"
WHERE NOT EXISTS (SELECT FROM {lines} AS m (old, written, new, unit)
    WHERE m.old COLLATE "C" = o.house_number_key AND (m.unit IS NULL OR m.unit = o.unit_id))
LIMIT :limit

-- keep_numbers_of_lines --
-- by street, locality
{remembered}
FROM {numbered} JOIN household h ON {is_numbered}

-- renumber --
-- by street, locality
WITH done AS (UPDATE household h SET house_number = n.written, house_number_key = n.new
    FROM {numbered} WHERE {is_numbered} RETURNING h.{column} AS id)
SELECT id, count(*) AS rewritten FROM done GROUP BY 1
