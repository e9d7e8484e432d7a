-- add --
-- In a fixed order, to avoid deadlocks between processes.
INSERT INTO service_count (day, kind, outcome, asked)
SELECT * FROM unnest(CAST(:days AS date[]), CAST(:kinds AS text[]),
    CAST(:outcomes AS text[]), CAST(:asked AS bigint[])) AS counted (day, kind, outcome, asked)
ORDER BY 1, 2, 3
ON CONFLICT (day, kind, outcome) DO UPDATE SET asked = service_count.asked + excluded.asked

-- of_days --
SELECT kind, outcome, CAST(sum(asked) AS bigint) FROM service_count
WHERE day > :after GROUP BY kind, outcome ORDER BY kind, outcome
