-- overlapping_states --
-- Two current states overlap, too: the first has no end.
SELECT code FROM (
    SELECT code, since, lag(coalesce(until, 'infinity')) OVER (
        PARTITION BY code ORDER BY since, until) AS before
    FROM part
) state WHERE before > since LIMIT 1

-- note_transfer --
UPDATE register_identity SET uuid = gen_random_uuid(), created_at = now(), note = 'transferred',
    timeline = server_timeline(), transferred_event_id = (SELECT max(id) FROM event)
