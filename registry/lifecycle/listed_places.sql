-- street --
-- with class: street
-- with column: street_id
-- with of: h.street_id = l.id
-- with counts: h.street_id = ANY (:ids)
-- with target: NULL

-- locality --
-- A locality numbers only the doors without a street.
-- with class: locality
-- with column: locality_id
-- with of: h.locality_id = ANY ({inside})
-- with counts: h.locality_id = ANY (:ids) AND h.street_id IS NULL
-- with target: {target_of_locality}

-- living --
h.status IN ('proposed', 'active')

-- inside --
-- A locality and all localities in it.
ARRAY (
    SELECT l.id UNION ALL SELECT n.id FROM place n
    WHERE n.parent_id IS NOT NULL AND n.outer_ids @> ARRAY[l.id]
)

-- inside_of --
SELECT {inside} FROM place l WHERE l.id = :id

-- target_of_locality --
(
    SELECT g.households FROM target g WHERE g.locality_id = l.id AND g.withdrawn_at IS NULL
        AND {of_homes}
    ORDER BY {best_target} LIMIT 1
)

-- listed --
-- by street, locality
-- where in_reach, is_called, is_after, is_it, is_namesake
-- with was: NULL
{places}

-- listed_as_called --
-- by street, locality
-- where in_reach, is_called, is_after
-- with was: (SELECT min(a.name) {called} AND a.place_id = l.id)
{places}

-- places --
SELECT l.id, l.unit_id, l.former_unit_id, l.kind, l.name, l.key,
    c.doors, c.households, c.pointless, c.unverified, {target}, {outer}, {was}
FROM (
    SELECT * FROM place WHERE class = '{class}' AND merged_into_id IS NULL AND {where}
    ORDER BY key, id LIMIT {page}
) l
LEFT JOIN LATERAL (
    SELECT count(*) AS doors,
        coalesce(sum(h.households_count) FILTER (WHERE h.kind = 'household'), 0) AS households,
        count(*) FILTER (WHERE h.point IS NULL) AS pointless,
        count(*) FILTER (WHERE h.verified_on IS NULL) AS unverified
    FROM household h WHERE {of} AND {living}
) c ON true
ORDER BY l.key, l.id

-- called --
FROM place_alias a WHERE a.key LIKE :called

-- is_called --
key LIKE :called OR id IN (SELECT a.place_id {called})

-- is_after --
(key, id) > (:key, :id)

-- is_it --
id = :id

-- is_namesake --
key = :key AND id <> :id

-- names --
SELECT id, kind, name, former_unit_id FROM place
WHERE class = :class AND unit_id = :unit AND merged_into_id IS NULL
ORDER BY key, id LIMIT {most_names}

-- doors --
-- by street, locality
-- with in_them: h.{column} = ANY (:ids)
{living_doors}

-- doors_counted --
-- Doors numbered in the place.
-- by street, locality
-- with in_them: {counts}
{living_doors}

-- living_doors --
SELECT {columns} FROM household h {joins}
WHERE {in_them} AND {living}
ORDER BY CAST(substring(h.house_number_key FROM '^[0-9]{1,9}') AS bigint) NULLS LAST,
    h.house_number_key, h.code
LIMIT :limit

-- state --
-- by street, locality
SELECT md5(concat(
    (SELECT string_agg(concat_ws(' ', p.id, p.key, p.name, p.kind), ';' ORDER BY p.id)
        FROM place p WHERE p.id = ANY (:ids)),
    (SELECT string_agg(concat_ws(' ', h.code, h.event_id), ';' ORDER BY h.code)
        FROM household h WHERE h.{column} = ANY (:ids))))
