-- discard --
WITH discarded AS (UPDATE reform SET state = 'discarded' WHERE id = :id)
UPDATE reform_work SET report = NULL WHERE reform_id = :id

-- insert_work --
INSERT INTO reform_work (reform_id, file_name, task, phase, asked_by, asked_key_id, files_until)
VALUES (:id, :name, 'try', 'waiting', :asked_by, :key_id,
    clock_timestamp() + make_interval(days => :days))

-- due --
SELECT id, number, resolution, decided, actor FROM reform
WHERE state = 'prepared' AND effective_on <= current_date ORDER BY effective_on, id

-- other_reforms --
SELECT number, effective_on, state, unit_ids FROM reform
WHERE state IN ('prepared', 'carried') AND id <> :but

-- note_carried --
UPDATE reform SET state = 'carried', event_id = current_event_id(), unit_ids = :units,
    affected_ids = affected_ids || CAST(:units AS integer[]),
    counts = CAST(:counts AS jsonb)
WHERE id = :id

-- insert_reform --
INSERT INTO reform (number, title, effective_on, state, resolution, decided, unit_ids,
    affected_ids, event_id, actor)
VALUES (:number, :title, :effective_on, :state, CAST(:resolution AS jsonb),
    CAST(:decided AS jsonb), :unit_ids, :affected_ids, :event_id, :actor)
RETURNING id

-- prepare_again --
UPDATE reform SET number = :number, title = :title, effective_on = :effective_on,
    state = :state, resolution = CAST(:resolution AS jsonb),
    decided = CAST(:decided AS jsonb), unit_ids = :unit_ids, affected_ids = :affected_ids,
    event_id = :event_id
WHERE id = :id

-- lock_prepared --
SELECT number, effective_on, unit_ids FROM reform WHERE id = :id AND state = 'prepared' FOR UPDATE

-- keep_report --
UPDATE reform SET state = 'reported', number = :number, title = :title, effective_on = :day,
    affected_ids = :affected,
    resolution = CAST(:resolution AS jsonb), decided = CAST(:decided AS jsonb)
WHERE id = :id AND state IN ('staged', 'reported') RETURNING id

-- add_verdict --
UPDATE reform_work SET report = CAST(:report AS jsonb), verdict = verdict + :verdicts
WHERE reform_id = :id

-- columns --
r.id, r.state, r.event_id, w.file_name, coalesce(w.verdict, 0), w.phase, coalesce(w.done, 0),
    w.problem, w.asked_by, w.asked_key_id, w.files_until, r.number, r.title, r.effective_on,
    r.actor, r.recorded_at, c.occurred_at, u.occurred_at,
    (SELECT count(*) FROM jsonb_object_keys(r.decided)), w.task, coalesce(w.options, '{}'),
    CAST(w.report->>'undecided' AS bigint)

-- views --
reform r
    LEFT JOIN reform_work w ON w.reform_id = r.id
    LEFT JOIN event c ON c.id = r.event_id
    LEFT JOIN event u ON u.id = r.undone_event_id

-- is_seen --
(CAST(:reach AS integer[]) IS NULL OR r.affected_ids && CAST(:reach AS integer[])
    OR r.actor = :actor)

-- reforms --
SELECT {columns}, NULL, r.affected_ids FROM {views}
WHERE {is_seen} AND (CAST(:state AS text) IS NULL OR r.state = :state)
    AND (CAST(:before AS bigint) IS NULL OR r.id < :before)
ORDER BY r.id DESC LIMIT :limit

-- any_reform --
SELECT {columns}, w.report, r.affected_ids FROM {views} WHERE r.id = :id

-- reform_seen --
{any_reform} AND {is_seen}

-- lock_tables --
-- Blocks writers, not readers.
LOCK TABLE place, household, field_report, api_key_unit, target, boundary,
    service_area_unit, admin_unit, admin_unit_version, admin_unit_succession
    IN SHARE ROW EXCLUSIVE MODE

-- insert_successions --
INSERT INTO admin_unit_succession (predecessor_id, successor_id, extent, effective_on, source)
SELECT from_id, to_id, CASE WHEN bool_or(whole) OR count(*) OVER (PARTITION BY from_id) = 1
        AND bool_and(ends) THEN 'full' ELSE 'partial' END, :day, :source
FROM reform_leg JOIN reform_source s ON s.id = from_id
GROUP BY from_id, to_id
ON CONFLICT (predecessor_id, successor_id) DO NOTHING
