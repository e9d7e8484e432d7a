SELECT old_code AS code, new_code AS continued_by, kind, event_id AS event,
    ended_by_event_id AS ended_by
FROM succession_link
ORDER BY event_id, old_code, new_code
