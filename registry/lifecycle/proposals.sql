-- waiting --
-- The page first, so that joined tables are read for this page only.
SELECT e.kind, e.actor, e.reason, e.occurred_at, {columns}
FROM (
    SELECT * FROM household
    WHERE status = 'proposed' AND (event_id, code) > (:event, :code)
        AND (CAST(:reach AS integer[]) IS NULL OR unit_id = ANY (:reach))
    ORDER BY event_id, code LIMIT :limit
) h
JOIN event e ON e.id = h.event_id
{joins}
ORDER BY h.event_id, h.code
