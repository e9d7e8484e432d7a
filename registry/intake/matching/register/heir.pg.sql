-- Current and direct successors of ended records, in the file's communes or named by its references
-- elsewhere.
-- columns: old_code VARCHAR, heirs VARCHAR[], direct VARCHAR
-- needs: household_ref or household
WITH RECURSIVE ended AS (
    SELECT DISTINCT h.code, h.status
    FROM succession_link s JOIN household h ON h.code = s.old_code
    WHERE s.ended_by_event_id IS NULL
        AND (h.unit_id = ANY (%(units)s::int[]) OR h.code = ANY (%(codes)s::text[]))
), onward AS (
    SELECT s.old_code, s.new_code
    FROM ended e JOIN succession_link s ON s.old_code = e.code AND s.ended_by_event_id IS NULL
    UNION
    SELECT o.old_code, s.new_code
    FROM onward o
    JOIN succession_link s ON s.old_code = o.new_code AND s.ended_by_event_id IS NULL
)
SELECT o.old_code, coalesce(array_agg(n.code ORDER BY n.code) FILTER (
        WHERE e.status = 'retired' AND n.status IN ('active', 'proposed')), '{}') AS heirs,
    (SELECT string_agg(s.new_code, ' ' ORDER BY s.new_code) FROM succession_link s
        WHERE s.old_code = o.old_code AND s.ended_by_event_id IS NULL) AS direct
FROM onward o
JOIN ended e ON e.code = o.old_code
JOIN household n ON n.code = o.new_code
GROUP BY o.old_code
