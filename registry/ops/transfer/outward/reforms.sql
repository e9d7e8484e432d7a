SELECT f.id AS reform, f.number, f.title, f.effective_on, f.state, f.resolution, f.decided,
    (
        SELECT json_agg(r.unit ORDER BY r.unit COLLATE "C")
        FROM unit_ref r WHERE r.id = ANY (f.unit_ids)
    ) AS units,
    (
        SELECT json_agg(r.unit ORDER BY r.unit COLLATE "C")
        FROM unit_ref r WHERE r.id = ANY (f.affected_ids)
    ) AS affected,
    f.counts, f.actor, f.recorded_at, f.event_id AS event, f.undone_event_id AS undone_by
FROM reform f
WHERE f.state IN ('prepared', 'carried', 'undone', 'withdrawn')
ORDER BY f.id
