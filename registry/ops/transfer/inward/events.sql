-- Events refer to places, which are loaded later and keep the file's ids.
INSERT INTO event (id, kind, actor, reason, decision_number, scope, occurred_at, xact)
OVERRIDING SYSTEM VALUE
SELECT p.event, p.operation, p.actor, p.reason, p.decision_number,
    p.about || CASE WHEN p.about ? 'units' THEN jsonb_build_object('units', (
        SELECT coalesce(jsonb_agg(pg_temp.unit_of(s.unit) ORDER BY s.at), '[]')
        FROM jsonb_array_elements_text(p.about -> 'units') WITH ORDINALITY s (unit, at)))
        ELSE '{}' END,
    p.at, 0
FROM part p;
INSERT INTO feed (event_id) SELECT event FROM part ORDER BY position;
