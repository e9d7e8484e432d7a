-- street --
-- with class: street
-- with column: street_id
-- with alone: true
-- with holders: SELECT p.id
-- with only: NULL::text

-- locality --
-- Doors of a locality are those without a street. A quarter whose doors are all in its groups is a
-- place with doors. The only household of a hamlet is meant as often as the hamlet, since it has
-- the same address.
-- with class: locality
-- with column: locality_id
-- with alone: h.street_id IS NULL
-- with holders: SELECT p.id UNION ALL SELECT c.id FROM place c WHERE c.parent_id = p.id
-- with only: CASE WHEN d.doors = 1 THEN d.code END

-- outer_of --
-- Localities around a locality, the smaller first; streets have none.
CASE WHEN p.parent_id IS NOT NULL THEN (
    SELECT array_agg(ARRAY[o.kind, o.name] ORDER BY cardinality(o.outer_ids) DESC)
    FROM place o WHERE o.id = ANY (p.outer_ids)
) END

-- few --
-- Limits of doors: literals, so that the planner knows that they are few.
-- with limit: {few_doors}
-- with twice: {twice_few_doors}

-- many --
-- with limit: {many_doors}
-- with twice: {twice_many_doors}

-- exact --
-- with which: exact
-- with rank: {rank_exact}
-- with most: 2
-- with in_all: {limit}

-- prefix --
-- with which: prefix
-- with rank: {rank_prefix}
-- with most: {twice}
-- with in_all: {twice}

-- known --
-- by street, locality
SELECT 0, '{class}', p.id, p.kind, p.name, p.key, {outer_of}, {only}, NULL::text,
    ST_X(d.point), ST_Y(d.point), p.former_unit_id, NULL::text
FROM unnest(CAST(:{class}_known AS bigint[])) i (id) JOIN place p ON p.id = i.id
CROSS JOIN LATERAL (
    SELECT min(h.code) AS code, count(*) AS doors, (array_agg(h.point))[1] AS point FROM (
        SELECT h.code, h.point FROM ({holders}) c (id) CROSS JOIN LATERAL (
            SELECT h.code, h.point FROM household h WHERE h.{column} = c.id AND {open} LIMIT 2
        ) h LIMIT 2
    ) h HAVING count(*) > 0
) d

-- numbered --
-- Flats are left to their building: the 300 of a tower would hide every other number. The places
-- come in the order of the array, and the outer LIMIT ends the scan as soon as there are enough.
-- by street, locality
-- by exact, prefix
-- by few, many
SELECT {rank}, '{class}', p.id, p.kind, p.name, p.key, {outer_of}, d.code, d.house_number_key,
    ST_X(d.point), ST_Y(d.point), d.former_unit_id, d.house_number
FROM (
    SELECT i.id, h.code, h.house_number_key, h.house_number, h.point, h.former_unit_id
    FROM unnest(CAST(:{class}_{which} AS bigint[])) i (id) CROSS JOIN LATERAL (
        SELECT h.code, h.house_number_key, h.house_number, h.point, h.former_unit_id
        FROM household h
        WHERE h.{column} = i.id AND h.house_number_key >= :first
            AND h.house_number_key < :{which}_end AND {open}
            AND h.unit_number IS NULL AND {alone}
        ORDER BY h.house_number_key LIMIT {most}
    ) h
    LIMIT {in_all}
) d JOIN place p ON p.id = d.id

-- near --
SELECT {columns} FROM (
    SELECT h.* FROM household h
    WHERE {open} AND h.point && ST_Expand((SELECT {point}), 0.03)
    ORDER BY h.point <-> (SELECT {point})
    LIMIT 400
) h {joins}
WHERE h.house_number_key >= :first AND h.house_number_key < :end
    AND h.unit_number IS NULL
LIMIT 20
