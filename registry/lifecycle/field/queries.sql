-- insert_import --
INSERT INTO import (source, file_name, delivery, decision_number, state)
VALUES (:source, :name, 'partial', :decision, 'staged') RETURNING id

-- publish_import --
UPDATE import SET state = 'published', published_event_id = :event,
    counts = CAST(:counts AS jsonb)
WHERE id = :id

-- settle_found --
UPDATE field_record SET state = 'done', import_id = :import, made = :made WHERE id = :id

-- put_aside --
UPDATE field_record SET state = :state
WHERE round_id = :round AND id = ANY (:ids) AND state <> 'done'

-- imports_of_round --
SELECT i.id, i.state, i.counts, p.occurred_at, p.actor, b.occurred_at, b.actor, ARRAY(
    SELECT ARRAY[h.code, h.status] FROM household h WHERE h.code IN (
        SELECT unnest(r.made) FROM field_record r WHERE r.import_id = i.id) ORDER BY h.code)
FROM import i
JOIN event p ON p.id = i.published_event_id
LEFT JOIN event b ON b.id = i.rolled_back_event_id
WHERE i.source = :source ORDER BY i.id DESC

-- file_record --
INSERT INTO field_record (id, round_id, kind, code, seen_event_id, point, position_method,
    position_accuracy_m, spread_m, said, device, said_at)
VALUES (:id, :round, :kind, :code, :seen, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :method,
    :accuracy_m, :spread_m, CAST(:said AS jsonb), :device, :said_at)
ON CONFLICT (id) DO NOTHING RETURNING id

-- open_round --
INSERT INTO field_round (unit_id, street_id, locality_id, until, code_hash, opened_by)
VALUES (:unit, :street, :locality, :until, :hash, :actor) RETURNING id

-- renew_round --
UPDATE field_round SET code_hash = :hash, until = :until, closed_at = NULL WHERE id = :id

-- close_round --
UPDATE field_round SET closed_at = coalesce(closed_at, clock_timestamp()) WHERE id = :id

-- onward --
WITH RECURSIVE onward AS (
    SELECT p.id, p.merged_into_id FROM place p WHERE p.id = :id
    UNION SELECT n.id, n.merged_into_id FROM onward o JOIN place n ON n.id = o.merged_into_id
) SELECT id FROM onward WHERE merged_into_id IS NULL

-- doors_of_place --
-- A door belongs to the round if it is, or was, in its place: it may have been moved since.
SELECT h.code FROM household h
WHERE h.code = ANY (:codes) AND NOT h.restricted AND (h.{column} = ANY (:ids) OR EXISTS (
    SELECT FROM household_version v WHERE v.code = h.code AND v.{column} = ANY (:ids)))

-- doors_of_street --
-- with column: street_id
{doors_of_place}

-- doors_of_locality --
-- with column: locality_id
{doors_of_place}

-- to_review --
SELECT f.id, f.kind, f.said, f.said_at, f.state, f.device,
    ST_X(f.point), ST_Y(f.point), f.position_method, f.position_accuracy_m, f.spread_m,
    {stale}, ST_Distance(f.point::geography, h.point::geography), f.code, {columns}
FROM (
    SELECT * FROM field_record WHERE round_id = :round AND state = ANY (:states)
    ORDER BY said_at, id LIMIT {most}
) f
LEFT JOIN household h ON h.code = f.code
{joins}
ORDER BY f.said_at, f.id

-- away --
-- by street, locality
SELECT q.place FROM unnest(CAST(:lons AS float8[]), CAST(:lats AS float8[]))
    WITH ORDINALITY q (lon, lat, place)
WHERE EXISTS (SELECT FROM household h WHERE h.{column} = ANY (:ids) AND h.point IS NOT NULL)
    AND NOT EXISTS (
        SELECT FROM household h WHERE h.{column} = ANY (:ids) AND ST_DWithin(h.point::geography,
            ST_SetSRID(ST_MakePoint(q.lon, q.lat), 4326)::geography, {away_m}))

-- street --
-- with column: street_id

-- locality --
-- with column: locality_id

-- is_walked --
h.status IN ('proposed', 'active') AND NOT h.restricted

-- inside --
ARRAY (
    SELECT r.locality_id
    UNION SELECT n.id FROM place n
        WHERE n.parent_id IS NOT NULL AND n.outer_ids @> ARRAY[r.locality_id]
)

-- is_it --
id = :id

-- of_code --
code_hash = :hash

-- before --
id < :before

-- rounds --
-- where is_it, of_code, before, in_reach
SELECT r.id, r.unit_id, r.street_id, r.locality_id, r.until, r.opened_by, r.opened_at,
    r.closed_at, coalesce(t.unit_id, l.unit_id), coalesce(t.kind, l.kind),
    coalesce(t.name, l.name), {outer},
    (SELECT count(*) FROM household h
        WHERE h.street_id = r.street_id AND {is_walked})
    + (SELECT count(*) FROM household h WHERE h.locality_id = ANY ({inside}) AND {is_walked}),
    c.ticked, c.new, c.gone, c.waiting, c.taken_over
FROM (
    SELECT * FROM field_round WHERE {where} ORDER BY id DESC LIMIT {page}
) r
LEFT JOIN place t ON t.id = r.street_id
LEFT JOIN place l ON l.id = r.locality_id
CROSS JOIN LATERAL (
    SELECT count(DISTINCT f.code) AS ticked, count(*) FILTER (WHERE f.kind = 'new') AS new,
        count(*) FILTER (WHERE f.kind = 'gone') AS gone,
        count(*) FILTER (WHERE f.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE i.state = 'published') AS taken_over
    FROM field_record f LEFT JOIN import i ON i.id = f.import_id WHERE f.round_id = r.id
) c
ORDER BY r.id DESC

-- hamlets --
-- by street, locality
SELECT l.kind, l.name, {outer}, count(*), count(*) FILTER (WHERE h.ticked)
FROM (
    SELECT h.locality_id, EXISTS (
        SELECT FROM field_record f WHERE f.round_id = :round AND f.code = h.code) AS ticked
    FROM household h WHERE h.{column} = ANY (:ids) AND {is_walked}
) h LEFT JOIN place l ON l.id = h.locality_id
GROUP BY l.id ORDER BY l.name, l.id
