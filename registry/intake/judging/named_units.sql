SELECT list(DISTINCT unit_id) FROM (
    SELECT unnest(candidates) AS unit_id FROM commune
    UNION ALL SELECT assumed_id FROM commune WHERE assumed_id IS NOT NULL)
