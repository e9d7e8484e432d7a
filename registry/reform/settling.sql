-- Which household goes where.
--
-- Temporary tables of the transaction: `reform_leg` (what leaves a unit), `reform_by_…` (how its
-- parts are described), `reform_door` (each household of these units, and its target),
-- `reform_place` (the same for streets and localities; one that is cut has several rows),
-- `reform_parted` (communes of split provinces).

-- inputs --
CREATE TEMPORARY TABLE reform_leg (
    leg int PRIMARY KEY, from_id int NOT NULL, to_id int NOT NULL, whole boolean NOT NULL,
    rest boolean NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_source (
    id int PRIMARY KEY, ends boolean NOT NULL, default_to int,
    by_street boolean NOT NULL DEFAULT false, by_locality boolean NOT NULL DEFAULT false,
    by_former boolean NOT NULL DEFAULT false, by_area boolean NOT NULL DEFAULT false,
    only_areas boolean NOT NULL DEFAULT false
) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_by_street (
    leg int NOT NULL, street_id bigint NOT NULL, first int, last int, parity int
) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_by_locality (leg int NOT NULL, locality_id bigint NOT NULL)
ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_by_former (leg int NOT NULL, former_id int NOT NULL)
ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_area (
    area int PRIMARY KEY, geom geometry(MultiPolygon, 4326) NOT NULL
) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_by_area (leg int NOT NULL, area int NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_decided (code text COLLATE "C" PRIMARY KEY, to_id int NOT NULL)
ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_parted (
    unit_id int PRIMARY KEY, leg int, from_id int NOT NULL, to_id int NOT NULL,
    households bigint
) ON COMMIT DROP;
CREATE TEMPORARY TABLE reform_door (
    code text COLLATE "C" NOT NULL, from_id int NOT NULL, to_id int, how text,
    street_id bigint, locality_id bigint, former_unit_id int,
    parent_code text COLLATE "C", status text NOT NULL, households int NOT NULL
) ON COMMIT DROP

-- strange_decisions --
SELECT c.code, u.code FROM reform_decided c JOIN admin_unit u ON u.id = c.to_id
LEFT JOIN household h ON h.code = c.code
WHERE NOT EXISTS (SELECT FROM reform_leg g WHERE g.from_id = h.unit_id AND g.to_id = c.to_id)
    AND NOT EXISTS (SELECT FROM reform_source s
        WHERE s.id = h.unit_id AND s.id = c.to_id AND NOT s.ends)
ORDER BY 1 LIMIT 20

-- note_sources --
UPDATE reform_source s SET
    by_street = EXISTS (SELECT FROM reform_by_street b JOIN reform_leg g USING (leg)
        WHERE g.from_id = s.id),
    by_locality = EXISTS (SELECT FROM reform_by_locality b JOIN reform_leg g USING (leg)
        WHERE g.from_id = s.id),
    by_former = EXISTS (SELECT FROM reform_by_former b JOIN reform_leg g USING (leg)
        WHERE g.from_id = s.id),
    by_area = EXISTS (SELECT FROM reform_by_area b JOIN reform_leg g USING (leg)
        WHERE g.from_id = s.id),
    only_areas = NOT EXISTS (SELECT FROM reform_leg g WHERE g.from_id = s.id AND NOT g.rest
        AND NOT EXISTS (SELECT FROM reform_by_area b WHERE b.leg = g.leg))

-- parted --
-- A part of a province has the households of its communes, and their area if known.
UPDATE reform_parted p SET households = (
    SELECT coalesce(sum(h.households_count), 0) FROM household h
    WHERE h.unit_id = p.unit_id AND h.status = 'active');
INSERT INTO reform_area (area, geom)
SELECT :first + p.leg,
    ST_Multi(ST_CollectionExtract(ST_MakeValid(ST_Union(b.geom)), 3))
FROM reform_parted p JOIN admin_unit u ON u.id = p.unit_id AND u.level = 'commune'
LEFT JOIN boundary b ON b.unit_id = p.unit_id AND NOT b.approximate
WHERE p.leg IS NOT NULL
GROUP BY p.leg HAVING count(*) = count(b.geom);
INSERT INTO reform_by_area (leg, area)
SELECT DISTINCT p.leg, a.area FROM reform_parted p JOIN reform_area a ON a.area = :first + p.leg

-- nest_localities --
-- A named locality includes all localities in it.
INSERT INTO reform_by_locality (leg, locality_id)
SELECT b.leg, l.id FROM reform_by_locality b
JOIN place l ON l.parent_id IS NOT NULL AND l.outer_ids @> ARRAY[b.locality_id]
EXCEPT SELECT leg, locality_id FROM reform_by_locality

-- areas --
-- Pieces of polygons, small enough for an index.
CREATE TEMPORARY TABLE reform_piece ON COMMIT DROP AS
SELECT area, ST_Subdivide(geom, 128) AS geom FROM reform_area;
CREATE INDEX ON reform_piece USING gist (geom);
ANALYZE reform_piece;
ANALYZE reform_by_area

-- settle_whole --
INSERT INTO reform_door
SELECT h.code, h.unit_id, g.to_id, 'whole_unit', h.street_id, h.locality_id,
    h.former_unit_id, h.parent_code, h.status, h.households_count
FROM household h JOIN reform_leg g ON g.from_id = h.unit_id AND g.whole

-- settle_parts --
-- The first rule that matches a household settles it. An unmatched household belongs to the rest only
-- if everything that describes the parts of its unit is known of it.
INSERT INTO reform_door
WITH door AS MATERIALIZED (
    SELECT h.code, h.unit_id, h.street_id, h.locality_id, h.former_unit_id,
        h.parent_code, h.status, h.households_count, h.point,
        CAST(substring(h.house_number_key FROM '^[0-9]{1,9}') AS int) AS number
    FROM household h JOIN reform_source s ON s.id = h.unit_id
    WHERE NOT EXISTS (SELECT FROM reform_leg g WHERE g.from_id = h.unit_id AND g.whole)
), named AS (
    SELECT d.code, c.to_id, 0 AS rank, 'decided' AS how
    FROM door d JOIN reform_decided c ON c.code = d.code
    UNION ALL
    SELECT d.code, g.to_id, 1, 'street'
    FROM door d JOIN reform_by_street b ON b.street_id = d.street_id
    JOIN reform_leg g ON g.leg = b.leg AND g.from_id = d.unit_id
    WHERE (b.first IS NULL OR d.number >= b.first) AND (b.last IS NULL OR d.number <= b.last)
        AND (b.parity IS NULL OR d.number % 2 = b.parity)
    UNION ALL
    SELECT d.code, g.to_id, 2, 'locality'
    FROM door d JOIN reform_by_locality b ON b.locality_id = d.locality_id
    JOIN reform_leg g ON g.leg = b.leg AND g.from_id = d.unit_id
    UNION ALL
    SELECT d.code, g.to_id, 3, 'former_unit'
    FROM door d JOIN reform_by_former b ON b.former_id = d.former_unit_id
    JOIN reform_leg g ON g.leg = b.leg AND g.from_id = d.unit_id
    UNION ALL
    SELECT d.code, g.to_id, 4, 'polygon'
    FROM door d JOIN reform_piece p ON ST_Covers(p.geom, d.point)
    JOIN reform_by_area b ON b.area = p.area
    JOIN reform_leg g ON g.leg = b.leg AND g.from_id = d.unit_id
), ranked AS (
    SELECT *, rank = min(rank) OVER (PARTITION BY code) AS counts FROM named
), first AS (
    -- A household matched by two parts under one rule, as on a shared line, stays undecided.
    SELECT code, how, CASE WHEN count(DISTINCT to_id) = 1 THEN min(to_id) END AS to_id
    FROM ranked WHERE counts GROUP BY code, how
), settled AS (
    SELECT d.*, f.to_id AS named_to, f.how AS named_how, s.ends, s.default_to,
        f.code IS NULL AND ((d.point IS NOT NULL AND s.only_areas)
        OR NOT (s.by_area AND d.point IS NULL
            OR s.by_street AND (d.street_id IS NULL OR t.is_named AND d.number IS NULL)
            OR s.by_locality AND d.locality_id IS NULL AND NOT t.is_named
            OR s.by_former AND d.former_unit_id IS NULL)) AS is_rest
    FROM door d JOIN reform_source s ON s.id = d.unit_id LEFT JOIN first f USING (code)
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM reform_by_street b
        WHERE b.street_id = d.street_id) AS is_named) t
)
SELECT code, unit_id,
    CASE WHEN named_to IS NOT NULL THEN named_to WHEN is_rest THEN default_to END,
    CASE WHEN named_to IS NOT NULL THEN named_how
        WHEN is_rest AND default_to IS NOT NULL THEN 'rest' END,
    street_id, locality_id, former_unit_id, parent_code, status, households_count
FROM settled

-- after_doors --
CREATE INDEX ON reform_door (code);
ANALYZE reform_door;
-- Flats go with their building, which is on one side of any line.
UPDATE reform_door f SET to_id = b.to_id, how = CASE WHEN b.to_id IS NULL THEN f.how
        ELSE 'building' END
FROM reform_door b
WHERE b.code = f.parent_code AND b.from_id = f.from_id
    AND b.to_id IS DISTINCT FROM f.to_id

-- count_undecided --
SELECT count(*) FROM reform_door WHERE to_id IS NULL AND status IN ('proposed', 'active')

-- nearest --
-- Neighbours: where the next number of its side of a street goes that the resolution cuts, else most
-- doors of its street, else of its hamlet. Else it stays if the unit continues, or goes with most
-- of the unit.
WITH undecided AS MATERIALIZED (
    SELECT d.code, d.from_id, d.street_id,
        CAST(substring(h.house_number_key FROM '^[0-9]{1,9}') AS int) AS number
    FROM reform_door d JOIN household h USING (code)
    WHERE d.to_id IS NULL AND d.street_id IN (SELECT street_id FROM reform_by_street)
), numbered AS MATERIALIZED (
    SELECT d.from_id, d.street_id, d.to_id,
        CAST(substring(h.house_number_key FROM '^[0-9]{1,9}') AS int) AS number
    FROM reform_door d JOIN household h USING (code)
    WHERE d.to_id IS NOT NULL AND d.street_id IN (SELECT street_id FROM reform_by_street)
), beside AS (
    SELECT DISTINCT ON (u.code) u.code, n.to_id
    FROM undecided u JOIN numbered n USING (from_id, street_id)
    WHERE u.number IS NOT NULL AND n.number IS NOT NULL
    ORDER BY u.code, (n.number - u.number) % 2 <> 0, abs(n.number - u.number), n.to_id
), vote AS (
    SELECT from_id, street_id, locality_id, to_id, count(*) AS doors
    FROM reform_door WHERE to_id IS NOT NULL GROUP BY 1, 2, 3, 4
), street AS (
    SELECT DISTINCT ON (street_id) street_id, to_id
    FROM (SELECT street_id, to_id, sum(doors) AS doors FROM vote
        WHERE street_id IS NOT NULL AND street_id NOT IN (
            SELECT street_id FROM reform_by_street) GROUP BY 1, 2) v
    ORDER BY street_id, doors DESC, to_id
), hamlet AS (
    SELECT DISTINCT ON (locality_id) locality_id, to_id
    FROM (SELECT locality_id, to_id, sum(doors) AS doors FROM vote
        WHERE locality_id IS NOT NULL GROUP BY 1, 2) v
    ORDER BY locality_id, doors DESC, to_id
), largest AS (
    SELECT DISTINCT ON (from_id) from_id, to_id
    FROM (SELECT from_id, to_id, sum(doors) AS doors FROM vote GROUP BY 1, 2
        UNION ALL SELECT from_id, to_id, 0 FROM reform_leg) v
    ORDER BY from_id, doors DESC, to_id
), near AS (
    SELECT d.code, coalesce(b.to_id, n.to_id, s.to_id, l.to_id,
        CASE WHEN NOT o.ends THEN d.from_id END, g.to_id) AS to_id
    FROM reform_door d JOIN reform_source o ON o.id = d.from_id
    LEFT JOIN reform_door b ON b.code = d.parent_code AND b.from_id = d.from_id
    LEFT JOIN beside n ON n.code = d.code
    LEFT JOIN street s ON s.street_id = d.street_id
    LEFT JOIN hamlet l ON l.locality_id = d.locality_id
    LEFT JOIN largest g ON g.from_id = d.from_id
    WHERE d.to_id IS NULL AND ({which})
)
UPDATE reform_door d SET to_id = n.to_id, how = :how FROM near n
WHERE n.code = d.code AND n.to_id IS NOT NULL

-- settle_past --
-- Records that nothing is delivered to: they need no decision.
-- with which: d.status NOT IN ('proposed', 'active')
{nearest}

-- settle_buildings --
-- with which: d.parent_code IS NULL
{nearest}

-- settle_rest --
-- with which: true
{nearest}

-- places --
UPDATE reform_source s SET default_to = l.to_id
FROM (
    SELECT DISTINCT ON (from_id) from_id, to_id
    FROM (SELECT from_id, to_id, count(*) AS doors FROM reform_door
            WHERE to_id IS NOT NULL GROUP BY 1, 2
        UNION ALL SELECT from_id, to_id, 0 FROM reform_leg) v
    ORDER BY from_id, doors DESC, to_id
) l WHERE l.from_id = s.id AND s.default_to IS NULL;
-- Places go with their doors, to several communes if these do, and enclosing places with them: a
-- quarter whose hamlets are separated is cut. A place without doors goes where it is named, else
-- with its former commune, else with most of its commune.
CREATE TEMPORARY TABLE reform_place ON COMMIT DROP AS
WITH held AS (
    SELECT street_id AS id, from_id, to_id, count(*) AS doors FROM reform_door
    WHERE street_id IS NOT NULL AND to_id IS NOT NULL GROUP BY 1, 2, 3
    UNION ALL
    SELECT locality_id, from_id, to_id, count(*) FROM reform_door
    WHERE locality_id IS NOT NULL AND to_id IS NOT NULL GROUP BY 1, 2, 3
), named AS (
    SELECT DISTINCT ON (id) id, to_id
    FROM (SELECT leg, street_id AS id, first FROM reform_by_street
        UNION ALL SELECT leg, locality_id, NULL FROM reform_by_locality) b
    JOIN reform_leg USING (leg)
    ORDER BY id, first NULLS FIRST, to_id
), own AS (
    SELECT id, from_id, to_id, doors FROM held
    UNION ALL
    SELECT p.id, p.unit_id, coalesce(n.to_id, f.to_id, s.default_to), 0
    FROM place p JOIN reform_source s ON s.id = p.unit_id
    LEFT JOIN named n ON n.id = p.id
    LEFT JOIN LATERAL (
        SELECT g.to_id FROM reform_by_former b JOIN reform_leg g USING (leg)
        WHERE b.former_id = p.former_unit_id AND g.from_id = p.unit_id LIMIT 1
    ) f ON true
    WHERE NOT EXISTS (SELECT FROM held h WHERE h.id = p.id)
        AND NOT EXISTS (SELECT FROM place i WHERE i.parent_id = p.id)
        AND coalesce(n.to_id, f.to_id, s.default_to) IS NOT NULL
), goes AS (
    SELECT a.id, o.from_id, o.to_id, sum(o.doors) AS doors
    FROM own o JOIN place p USING (id)
    CROSS JOIN LATERAL unnest(p.id || p.outer_ids) AS a (id)
    GROUP BY 1, 2, 3
), ranked AS (
    SELECT g.*, row_number() OVER (
        PARTITION BY id ORDER BY to_id = from_id DESC, doors DESC, to_id) AS rank
    FROM goes g
)
SELECT r.id, p.class, r.from_id, r.to_id, r.doors, r.rank > 1 AS is_copy,
    CASE WHEN r.rank = 1 THEN r.id ELSE nextval('place_id_seq') END AS new_id,
    p.key, p.name, p.kind, p.marks, p.parent_id, cardinality(p.outer_ids) AS depth,
    CASE WHEN r.to_id = r.from_id THEN p.former_unit_id
        ELSE coalesce(p.former_unit_id, r.from_id) END AS former_unit_id,
    p.former_unit_id AS was_former, p.merged_into_id
FROM ranked r JOIN place p ON p.id = r.id;
CREATE UNIQUE INDEX ON reform_place (id, to_id);
CREATE INDEX ON reform_place (to_id, key);
ANALYZE reform_place;
UPDATE reform_place l SET parent_id = p.new_id FROM reform_place p
WHERE p.id = l.parent_id AND p.to_id = l.to_id;
-- Places of the same name that meet are distinguished by their former commune: the one before July
-- 2025, else the one that they just left, and finally by their number.
UPDATE reform_place r SET former_unit_id = r.from_id
WHERE r.to_id <> r.from_id AND r.merged_into_id IS NULL AND r.former_unit_id <> r.from_id
    AND ({rival_of_former});
UPDATE reform_place r SET marks = concat_ws(' ', r.marks, '#' || r.new_id)
WHERE r.to_id <> r.from_id AND r.merged_into_id IS NULL
    AND ({rival_of_number})

-- rival_of_former --
-- with behind: true
{rival}

-- rival_of_number --
-- with behind: o.new_id < r.new_id
{rival}

-- rival --
EXISTS (SELECT FROM place o
    WHERE o.unit_id = r.to_id AND o.class = r.class AND o.key = r.key AND o.id <> r.id
        AND o.former_unit_id IS NOT DISTINCT FROM r.former_unit_id
        AND o.marks IS NOT DISTINCT FROM r.marks
        AND o.parent_id IS NOT DISTINCT FROM r.parent_id
        AND NOT EXISTS (SELECT FROM reform_place m WHERE m.id = o.id AND m.to_id <> o.unit_id
            AND NOT m.is_copy))
OR EXISTS (SELECT FROM reform_place o
    WHERE o.to_id = r.to_id AND o.class = r.class AND o.key = r.key AND o.new_id <> r.new_id
        AND o.former_unit_id IS NOT DISTINCT FROM r.former_unit_id
        AND o.marks IS NOT DISTINCT FROM r.marks
        AND o.parent_id IS NOT DISTINCT FROM r.parent_id AND {behind})
