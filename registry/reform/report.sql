-- count_by_unit --
WITH door AS (
    SELECT from_id AS id, count(*) FILTER (WHERE status IN ('proposed', 'active')) AS records,
        coalesce(sum(households) FILTER (WHERE status = 'active'), 0) AS households
    FROM reform_door GROUP BY 1
), street AS (
    SELECT unit_id AS id, count(*) AS n FROM place
    WHERE class = 'street' AND merged_into_id IS NULL
        AND unit_id IN (SELECT id FROM reform_source) GROUP BY 1
), hamlet AS (
    SELECT unit_id AS id, count(*) AS n FROM place
    WHERE class = 'locality' AND merged_into_id IS NULL
        AND unit_id IN (SELECT id FROM reform_source) GROUP BY 1
), bound AS (
    SELECT b.unit_id AS id, count(*) AS n FROM api_key_unit b JOIN api_key k ON k.id = b.key_id
    WHERE k.revoked_at IS NULL GROUP BY 1
), targets AS (
    SELECT unit_id AS id, count(*) AS n FROM target WHERE withdrawn_at IS NULL GROUP BY 1
), report AS (
    SELECT unit_id AS id, count(*) AS n FROM field_report
    WHERE state IN ('open', 'proposed') GROUP BY 1
)
SELECT s.id, s.ends, coalesce(d.records, 0), coalesce(d.households, 0), coalesce(t.n, 0),
    coalesce(l.n, 0), coalesce(b.n, 0), coalesce(g.n, 0), coalesce(f.n, 0),
    (SELECT count(*) FROM import i JOIN import_work w ON w.import_id = i.id
        WHERE i.state IN ('staged', 'reported', 'publishing')
            AND (w.unit_ids IS NULL OR s.id = ANY (w.unit_ids)))
FROM reform_source s
LEFT JOIN door d USING (id) LEFT JOIN street t USING (id) LEFT JOIN hamlet l USING (id)
LEFT JOIN bound b USING (id) LEFT JOIN targets g USING (id) LEFT JOIN report f USING (id)
ORDER BY s.id

-- count_by_way --
SELECT from_id, to_id, how, count(*) AS records, sum(households) AS households
FROM reform_door WHERE status IN ('proposed', 'active')
GROUP BY from_id, to_id, how ORDER BY from_id, to_id, how

-- count_cut --
SELECT count(*) FILTER (WHERE class = 'street'), count(*) FILTER (WHERE class = 'locality')
FROM reform_place WHERE is_copy

-- streets --
-- Streets, or hamlets, of the same name that meet in one commune, and their numbers.
moved AS (
    SELECT r.to_id AS unit_id, r.class, r.key, r.id, r.new_id, r.from_id, r.kind, r.name
    FROM reform_place r WHERE r.merged_into_id IS NULL
    UNION ALL
    SELECT t.unit_id, t.class, t.key, t.id, t.id, t.unit_id, t.kind, t.name
    FROM place t
    WHERE t.merged_into_id IS NULL
        AND t.unit_id IN (SELECT to_id FROM reform_leg
            EXCEPT SELECT id FROM reform_source)
), met AS (
    SELECT unit_id, class, key, min(kind) AS kind, min(name) AS name, count(*) AS streets
    FROM moved GROUP BY unit_id, class, key HAVING count(DISTINCT from_id) > 1
)

-- streets_meet --
WITH {streets}
SELECT unit_id, kind, name, streets FROM met ORDER BY unit_id, name LIMIT 1000

-- numbers_meet --
WITH {streets}, door AS (
    SELECT m.unit_id, m.class, m.key, m.from_id, h.house_number_key, h.code
    FROM met JOIN moved m USING (unit_id, class, key)
    CROSS JOIN LATERAL (
        SELECT h.* FROM household h WHERE m.class = 'street' AND h.street_id = m.id
        UNION ALL
        SELECT h.* FROM household h
        WHERE m.class = 'locality' AND h.locality_id = m.id AND h.street_id IS NULL
    ) h
    LEFT JOIN reform_door d ON d.code = h.code
    WHERE h.house_number_key IS NOT NULL AND h.status IN ('proposed', 'active')
        AND h.unit_number IS NULL AND coalesce(d.to_id, h.unit_id) = m.unit_id
)
SELECT d.unit_id, met.kind, met.name, d.house_number_key, array_agg(d.code ORDER BY d.code)
FROM door d JOIN met USING (unit_id, class, key)
GROUP BY d.unit_id, d.class, d.key, met.kind, met.name, d.house_number_key
HAVING count(DISTINCT d.from_id) > 1
ORDER BY d.unit_id, met.name, d.house_number_key LIMIT 1000

-- sample --
SELECT code, to_id FROM (
    SELECT code, to_id, row_number() OVER (PARTITION BY from_id, to_id ORDER BY code) AS n
    FROM reform_door WHERE to_id <> from_id AND status = 'active'
        AND from_id IN (SELECT id FROM reform_source ORDER BY id LIMIT 40)
) s WHERE n <= 2 ORDER BY code LIMIT 40

-- records --
SELECT {record} FROM household h {joins} WHERE h.code = ANY (:codes)
