-- Of records that ended: what continues them now, and what they led to at once.
WITH RECURSIVE onward AS (
    SELECT old_code, new_code FROM succession_link WHERE ended_by_event_id IS NULL
    UNION
    SELECT o.old_code, s.new_code
    FROM onward o
    JOIN succession_link s ON s.old_code = o.new_code AND s.ended_by_event_id IS NULL
)
SELECT o.old_code, coalesce(array_agg(n.code ORDER BY n.code) FILTER (
        WHERE h.status = 'retired' AND n.status IN ('active', 'proposed')), '{}') AS heirs,
    (SELECT string_agg(s.new_code, ' ' ORDER BY s.new_code) FROM succession_link s
        WHERE s.old_code = o.old_code AND s.ended_by_event_id IS NULL) AS direct
FROM onward o
JOIN household h ON h.code = o.old_code
JOIN household n ON n.code = o.new_code
GROUP BY o.old_code
