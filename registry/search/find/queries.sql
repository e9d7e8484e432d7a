-- street --
-- with class: street
-- with column: street_id
-- with alone: true
-- with alone_then: true
-- with outer_of: NULL
-- with shown: {shown_in_street}
-- with locality_of: LEFT JOIN place l ON l.id = h.locality_id
-- with nested: SELECT k.id
-- with within: SELECT s.id

-- locality --
-- Doors of a locality are those without a street.
-- with class: locality
-- with column: locality_id
-- with alone: h.street_id IS NULL
-- with alone_then: f.street_id IS NULL
-- with outer_of: {outer_with_keys}
-- with shown: {shown_in_locality}
-- with locality_of: LEFT JOIN place l ON l.id = h.locality_id
-- with nested: SELECT k.id UNION ALL SELECT c.id FROM place c WHERE c.parent_id = k.id
-- with within: SELECT s.id UNION ALL SELECT c.id FROM place c WHERE c.parent_id = s.id

-- is_known --
h.status IN ('active', 'retired') AND NOT h.restricted

-- is_flat --
-- A flat is found only by its number; otherwise its building is returned, unless it has none.
(h.unit_number IS NULL OR h.parent_code IS NULL
    OR h.unit_number = ANY (ARRAY[k.flat, k.flat_too, k.flat_or]))

-- has_number --
house_number_key = ANY (ARRAY[k.number, k.backward])

-- has_alley --
-- EXISTS would be hashed, that is, computed for all alleys of the country, if there are many
-- streets. A merged street has no alleys of its own.
CASE WHEN k.alley IS NOT NULL AND s.named_id = s.id THEN (
    SELECT true FROM household h
    WHERE h.{column} = s.id AND h.house_number_key >= k.alley
        AND h.house_number_key < k.alley_end AND {open}
    LIMIT 1
) END

-- outer_with_keys --
CASE WHEN s.outer_ids <> '{}' THEN (
    SELECT array_agg(ARRAY[o.kind, o.name, o.key] ORDER BY cardinality(o.outer_ids) DESC)
    FROM place o WHERE o.id = ANY (s.outer_ids)
) END

-- renamed_in_found --
-- with holders: s.outer_ids
{renamed}

-- in_unit --
-- with of_unit: p.unit_id = k.unit_id
-- with of_unit_then: a.unit_id = k.unit_id

-- anywhere --
-- with of_unit: true
-- with of_unit_then: true

-- by_number --
-- Numbers of a merged street are not those of its successor: only recorded former numbers count
-- there.
-- with doors: {numbered_doors}
-- with has_former: {has_former_number}

-- by_building --
-- A building without a number must have a version in the merged place.
-- with doors: {built_doors}
-- with has_former: NULL

-- numbered_doors --
SELECT h.* FROM ({within}) n (id) JOIN household h ON h.{column} = n.id
WHERE s.named_id = s.id AND h.{has_number} AND {is_flat} AND {is_known}
    AND {alone}

-- built_doors --
SELECT h.* FROM household h
WHERE h.{column} = s.id AND h.building_key = k.building AND {is_flat} AND {is_known} AND {alone}
    AND CASE WHEN s.named_id = s.id THEN true ELSE (
        SELECT true FROM household_version v
        WHERE v.code = h.code AND v.{column} = s.named_id LIMIT 1
    ) END

-- has_former_number --
(
    SELECT true FROM household_former_number f
    WHERE f.{column} = s.named_id AND f.{has_number} AND {alone_then} LIMIT 1
)

-- places --
-- Places with a key, one row per door found. Successors of a door are queried only when it is
-- returned. One index probe per line: using = ANY (…) and plain joins, a generic plan expects so
-- many rows that it scans the tables (8 ms instead of 0.1).
-- by street, locality
-- by in_unit, anywhere
-- by by_number, by_building
SELECT k.question, s.id, s.unit_id, s.former_unit_id, s.key, s.name, s.kind,
    {outer_of}, {has_alley}, s.was, s.named_id, {has_former}, {shown}
FROM {lines} CROSS JOIN LATERAL (
    SELECT p.id, p.id AS named_id, p.unit_id, p.former_unit_id, p.outer_ids, p.key,
        p.name, p.kind, NULL::text[] AS was
    FROM place p WHERE p.class = '{class}' AND p.key = k.key COLLATE "C" AND {of_unit}
    UNION ALL
    SELECT p.id, a.named_id, p.unit_id, p.former_unit_id, p.outer_ids, p.key, p.name,
        p.kind, ARRAY[a.key, a.name, a.kind]
    FROM place_alias a JOIN place p ON p.id = a.place_id
    WHERE a.class = '{class}' AND a.key = k.key COLLATE "C" AND {of_unit_then}
    LIMIT {most_places}
) s
LEFT JOIN LATERAL ({doors} LIMIT {most_doors}) h ON true
{locality_of}

-- former --
-- Doors that formerly had a number in a street or locality, wherever they are today.
-- by street, locality
SELECT k.question, k.named_id, h.former_number, {columns}
FROM {lines} CROSS JOIN LATERAL (
    SELECT h.*, f.house_number_key AS former_number
    FROM household_former_number f JOIN household h ON h.code = f.code
    WHERE f.{column} = k.named_id AND f.{has_number} AND {is_flat} AND {is_known}
        AND {alone_then}
    LIMIT {most_doors}
) h
{joins}

-- in_communes --
-- Doors without street and locality, and buildings known only by their name.
SELECT k.question, {columns}
FROM {lines} CROSS JOIN LATERAL (
    SELECT h.* FROM household h
    WHERE h.unit_id = k.unit_id AND {is_known} AND {is_flat}
        AND CASE WHEN k.building IS NULL
            THEN h.{has_number} AND h.street_id IS NULL AND h.locality_id IS NULL
            ELSE h.building_key = k.building AND (k.number IS NULL OR h.{has_number}) END
    LIMIT {most_doors}
) h
{joins}

-- by_codes --
SELECT k.question, {columns}
FROM {lines} JOIN household h ON h.code = k.code COLLATE "C" {joins}

-- unnumbered --
-- Doors in a street or a locality, including its groups, as many as needed to see whether all of
-- them lack a number, and how many there are.
-- by street, locality
SELECT k.question, k.id, {columns}
FROM {lines} CROSS JOIN LATERAL (
    SELECT h.* FROM ({nested}) p (id) CROSS JOIN LATERAL (
        (SELECT h.* FROM household h
        WHERE h.{column} = p.id AND h.house_number_key IS NULL AND {open}
        LIMIT {most_unnumbered})
        UNION ALL
        (SELECT h.* FROM household h
        WHERE h.{column} = p.id AND h.house_number_key IS NOT NULL AND {open}
        LIMIT 1)
    ) h
    LIMIT {most_unnumbered}
) h
{joins}

-- points --
-- by street, locality
-- where in_alley
SELECT k.question, k.id, ST_X(c.point), ST_Y(c.point)
FROM {lines} CROSS JOIN LATERAL (
    SELECT ST_Centroid(ST_Collect(h.point)) AS point FROM (
        SELECT h.point FROM household h
        WHERE h.{column} = k.id AND {open}
            AND h.point IS NOT NULL AND {where}
        LIMIT 50
    ) h
) c
WHERE c.point IS NOT NULL

-- in_alley --
h.house_number_key >= k.alley AND h.house_number_key < k.alley_end

-- is_unknown --
-- A current or former name of any place is a name, not a slip, and needs no candidates. The range
-- of lengths keeps most names in the database. EXISTS would be hashed.
(
    SELECT true FROM place o WHERE o.class = '{class}' AND o.key = k.key LIMIT 1
) IS NULL AND (
    SELECT true FROM place_alias a WHERE a.class = '{class}' AND a.key = k.key LIMIT 1
) IS NULL

-- names --
-- by street, locality
SELECT DISTINCT k.question, p.key, p.name, p.kind
FROM {lines} CROSS JOIN LATERAL (
    SELECT q.key, q.name, q.kind FROM place q
    WHERE q.class = '{class}' AND q.unit_id = k.unit_id AND q.merged_into_id IS NULL
        AND length(q.name) BETWEEN k.least AND k.most
    LIMIT 5000
) p
WHERE {is_unknown}

-- near_names --
-- Trigrams only collect candidates; the letters decide. A short name with a wrong letter falls
-- below 0.4 and is lost here; with its commune it is found.
-- by street, locality
SELECT DISTINCT k.question, p.key, p.name, p.kind
FROM {lines} CROSS JOIN LATERAL (
    SELECT q.key, q.name, q.kind FROM place q
    WHERE q.class = '{class}' AND q.key % k.key AND similarity(q.key, k.key) >= 0.4
        AND q.merged_into_id IS NULL
    ORDER BY similarity(q.key, k.key) DESC, q.key LIMIT 200
) p
WHERE {is_unknown}

-- are_numbered --
SELECT k.question, p.class, k.unit_id, k.key, bool_or(d.numbered)
FROM {lines} JOIN place p ON p.class = k.class AND p.unit_id = k.unit_id AND p.key = k.key
JOIN LATERAL (
    (SELECT h.house_number_key IS NOT NULL AS numbered FROM household h
    WHERE h.street_id = p.id AND {open} ORDER BY h.house_number_key LIMIT 1)
    UNION ALL
    (SELECT h.house_number_key IS NOT NULL FROM household h
    WHERE h.locality_id = p.id AND p.class = 'locality' AND {open}
    ORDER BY h.house_number_key LIMIT 1)
) d ON true
GROUP BY 1, 2, 3, 4

-- ranges --
SELECT k.question, k.id, min(d.number), max(d.number)
FROM {lines} CROSS JOIN LATERAL (
    SELECT substring(h.house_number_key FROM '^\d{1,6}')::int AS number
    FROM household h
    WHERE h.street_id = k.id AND {open}
        AND h.house_number_key ~ '^\d' AND h.unit_number IS NULL
    LIMIT 20000
) d
WHERE d.number % 2 = k.number % 2
GROUP BY k.question, k.id

-- beside_number --
-- Doors on one side of a street, or in one alley of it, with numbers near a given one: one index
-- probe per number, because text does not sort as numbers do.
SELECT k.question, k.at, h.house_number_key, ST_X(h.point), ST_Y(h.point), h.position_accuracy_m
FROM {lines} CROSS JOIN LATERAL (
    SELECT p.id FROM place p
    WHERE p.class = 'street' AND p.key = k.key COLLATE "C" AND p.unit_id = k.unit_id
        AND p.name = k.name AND p.former_unit_id IS NOT DISTINCT FROM k.former_id
    LIMIT 1
) s
CROSS JOIN generate_series(-{steps}, {steps}, 2) step
CROSS JOIN unnest(ARRAY['', 'A', 'B', 'C']) letter
CROSS JOIN LATERAL (
    SELECT h.* FROM household h
    WHERE h.street_id = s.id AND h.house_number_key = (k.alley || k.number + step || letter)
            COLLATE "C"
        AND {open} AND h.point IS NOT NULL AND h.position_method NOT IN ('interpolated', 'centroid')
    LIMIT 1
) h

-- numbers_in_range --
SELECT DISTINCT k.question, h.house_number_key
FROM {lines} JOIN household h ON h.street_id = k.id AND h.house_number_key LIKE '%-%'
WHERE {open}

-- names_of_places --
SELECT k.question, p.kind, p.name FROM {lines} JOIN place p ON p.class IN ('street', 'locality')
    AND p.unit_id = k.unit_id AND p.merged_into_id IS NULL
