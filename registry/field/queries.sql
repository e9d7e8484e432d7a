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
-- A door is of the round where it is, or was, in its place: it may have been moved since.
SELECT h.code FROM household h
WHERE h.code = ANY (:codes) AND NOT h.restricted AND (h.{column} = ANY (:ids) OR EXISTS (
    SELECT FROM household_version v WHERE v.code = h.code AND v.{column} = ANY (:ids)))

-- doors_of_street --
-- with column: street_id
{doors_of_place}

-- doors_of_locality --
-- with column: locality_id
{doors_of_place}
