INSERT INTO succession_link (old_code, new_code, kind, event_id, ended_by_event_id)
SELECT code, continued_by, kind, event, ended_by FROM part
ORDER BY event, code, continued_by;
