INSERT INTO reform (id, number, title, effective_on, state, resolution, decided, unit_ids,
    affected_ids, counts, actor, recorded_at, event_id, undone_event_id)
SELECT p.reform, p.number, p.title, p.effective_on, p.state, p.resolution, p.decided,
    ARRAY(SELECT pg_temp.unit_of(u) FROM json_array_elements_text(p.units) u ORDER BY 1),
    ARRAY(SELECT pg_temp.unit_of(u) FROM json_array_elements_text(p.affected) u ORDER BY 1), p.counts,
    p.actor, p.recorded_at, p.event, p.undone_by
FROM part p;
