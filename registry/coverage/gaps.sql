-- not_demo --
-- A constant, not an input: a generic plan could not use a partial index.
h.code >= '1'

-- shown --
NOT h.restricted

-- in_communes --
h.unit_id = ANY (CAST(:communes AS int[]))

-- in_streets --
h.street_id = ANY (:ids)

-- with_points --
-- with point: c.lon, c.lat

-- without_points --
-- with point: NULL::float8 AS lon, NULL::float8 AS lat

-- records_to_look_at --
SELECT coalesce(sum(records), 0)::bigint FROM (
    SELECT max(dwellings) AS records FROM coverage_count
    WHERE unit_id = ANY (CAST(:communes AS int[])) GROUP BY unit_id
    UNION ALL
    SELECT records FROM coverage_touched WHERE unit_id = ANY (CAST(:communes AS int[]))
) r

-- holes --
-- where not_demo, shown, in_communes, in_streets
WITH numbered AS MATERIALIZED ( -- or each number would be cut out as often as it is named
    SELECT h.street_id AS street, h.point,
        CAST(substring(h.house_number_key FROM '^[0-9]+') AS int) AS first,
        CASE WHEN strpos(h.house_number_key, '-') > 0
            THEN CAST(substring(h.house_number_key FROM '{range}') AS int) END AS last
    FROM household h
    WHERE h.street_id IS NOT NULL AND h.house_number_key ~ '^[0-9]{1,4}([^0-9]|$)'
        AND h.status <> 'reserved' AND {where}
), at AS (
    SELECT street, n, avg(ST_X(point)) AS lon, avg(ST_Y(point)) AS lat
    FROM (
        SELECT street, point, generate_series(
            first,
            CASE WHEN last BETWEEN first AND first + {longest} THEN last ELSE first END,
            CASE WHEN (last - first) % 2 <> 0 THEN 1 ELSE 2 END) AS n
        FROM numbered
    ) standing
    GROUP BY street, n
), side AS (
    SELECT *, lead(n) OVER ahead AS next, lead(lon) OVER ahead AS next_lon,
        lead(lat) OVER ahead AS next_lat, count(*) OVER whole AS known,
        (max(n) OVER whole - min(n) OVER whole) / 2 + 1 AS expected
    FROM at
    WINDOW whole AS (PARTITION BY street, n % 2), ahead AS (whole ORDER BY n)
)
SELECT t.unit_id, t.former_unit_id, t.kind, t.name, s.street, s.n, s.next,
    (coalesce(lon, next_lon) + coalesce(next_lon, lon)) / 2 AS lon,
    (coalesce(lat, next_lat) + coalesce(next_lat, lat)) / 2 AS lat
FROM side s JOIN place t ON t.id = s.street
WHERE s.next - s.n BETWEEN 4 AND {widest} AND s.known >= {least_known}
    AND s.known * 2 >= s.expected
ORDER BY t.unit_id, t.name COLLATE "C", s.street, s.n % 2 DESC, s.n

-- localities_below --
-- by with_points, without_points
-- where not_demo
WITH wanted AS (
    SELECT DISTINCT ON (locality_id) unit_id, locality_id, households AS target, counted,
        quality, source, reference_date
    FROM target WHERE locality_id IS NOT NULL AND unit_id = ANY (CAST(:communes AS int[]))
        AND withdrawn_at IS NULL AND {of_homes}
    ORDER BY locality_id, {best_target}
), inside (id, holder) AS (
    SELECT locality_id, locality_id FROM wanted
    UNION ALL
    SELECT l.id, w.locality_id FROM wanted w
    JOIN place l ON l.parent_id IS NOT NULL AND l.outer_ids @> ARRAY[w.locality_id]
), counted AS (
    SELECT i.holder, sum(h.households_count) AS households, count(*) AS dwellings,
        avg(ST_X(h.point)) AS lon, avg(ST_Y(h.point)) AS lat
    FROM inside i JOIN household h ON h.locality_id = i.id
    WHERE h.status = 'active' AND h.kind = 'household' AND {where}
    GROUP BY i.holder
)
SELECT w.*, l.kind, l.name, coalesce(c.households, 0)::int AS households,
    coalesce(c.dwellings, 0)::int AS dwellings, {point}
FROM wanted w JOIN place l ON l.id = w.locality_id AND l.merged_into_id IS NULL
LEFT JOIN counted c ON c.holder = w.locality_id
ORDER BY w.unit_id, l.name COLLATE "C", l.id

-- delivered --
-- One delivered record is enough. Without the limit all records of the register are joined.
(
    SELECT true FROM household h
    WHERE {within} AND {where} AND EXISTS (SELECT FROM household_ref r WHERE r.code = h.code) LIMIT 1
)

-- localities_never --
-- with within: h.locality_id = l.id
-- where not_demo
-- A place with data for its inner places has data.
WITH delivered AS MATERIALIZED (
    SELECT DISTINCT unnest(l.id || l.outer_ids) AS id FROM place l
    WHERE l.class = 'locality' AND l.unit_id = ANY (CAST(:communes AS int[])) AND {delivered}
)
SELECT l.unit_id, l.id, l.kind, l.name FROM place l
WHERE l.class = 'locality' AND l.unit_id = ANY (CAST(:communes AS int[]))
    AND l.merged_into_id IS NULL AND NOT EXISTS (SELECT FROM delivered d WHERE d.id = l.id)
ORDER BY l.unit_id, l.name COLLATE "C", l.id

-- communes_never --
-- with within: h.unit_id = u.id
-- where not_demo
SELECT u.id FROM unnest(CAST(:communes AS int[])) u (id) WHERE {delivered} IS NULL
