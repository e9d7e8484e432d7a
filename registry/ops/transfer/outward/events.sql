-- `reading` refers to rules of one release and is left out: the next delivery is always read.
SELECT e.id AS event, row_number() OVER (ORDER BY f.position, e.id) AS position,
    e.kind AS operation, e.actor, e.reason, e.decision_number,
    e.scope - ARRAY['reading', 'units']
        || CASE WHEN e.scope ? 'units' THEN jsonb_build_object('units', (
            SELECT coalesce(jsonb_agg(r.unit ORDER BY s.at), '[]')
            FROM jsonb_array_elements_text(e.scope -> 'units') WITH ORDINALITY s (id, at)
            JOIN unit_ref r ON r.id = s.id::bigint)) ELSE '{}' END AS about,
    e.occurred_at AS at
FROM event e LEFT JOIN feed f ON f.event_id = e.id
ORDER BY e.id
