-- fill --
SELECT count(*) FROM (
    SELECT repeat(md5(CAST(g AS text)), 32) AS line FROM generate_series(1, 1000) g
    ORDER BY line OFFSET 0
) sorted
