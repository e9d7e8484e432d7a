-- Number of households in new rows, by commune.
SELECT list(unit_id), list(fresh) FROM (
    SELECT w.unit_id, sum(greatest(w.households, s.now, s.stated, 1))::BIGINT AS fresh
    FROM written w LEFT JOIN shared s ON s.row_number = w.row_number
    WHERE w.is_new GROUP BY w.unit_id
)
