-- days_around --
SELECT (SELECT max(day) FROM coverage_day WHERE day <= :day) AS before,
    (SELECT min(day) FROM coverage_day WHERE day > :day) AS after

-- counts_of_day --
SELECT unit_id, households, dwellings, positioned, verified, deliverable, plated, suspected,
    unnumbered
FROM coverage_day WHERE day = :day AND unit_id = ANY (CAST(:units AS int[]))

-- write_day --
INSERT INTO coverage_day AS d (day, unit_id, households, dwellings, positioned, verified,
    deliverable, plated, suspected, unnumbered, target, target_quality, target_counted)
SELECT CAST(:day AS date), g.* FROM unnest(
    CAST(:unit_id AS int[]), CAST(:households AS int[]), CAST(:dwellings AS int[]),
    CAST(:positioned AS int[]), CAST(:verified AS int[]), CAST(:deliverable AS int[]),
    CAST(:plated AS int[]), CAST(:suspected AS int[]), CAST(:unnumbered AS int[]),
    CAST(:target AS int[]), CAST(:target_quality AS text[]), CAST(:target_counted AS text[])
) g
ON CONFLICT (day, unit_id) DO UPDATE SET households = excluded.households,
    dwellings = excluded.dwellings, positioned = excluded.positioned,
    verified = excluded.verified, deliverable = excluded.deliverable,
    plated = excluded.plated, suspected = excluded.suspected,
    unnumbered = excluded.unnumbered, target = excluded.target,
    target_quality = excluded.target_quality, target_counted = excluded.target_counted

-- series --
-- Numbers of hộ and of dwellings make no sum, and a sum is no better than its worst part.
SELECT day, sum(households)::int AS households, sum(dwellings)::int AS dwellings,
    sum(positioned)::int AS positioned, sum(verified)::int AS verified,
    sum(deliverable)::int AS deliverable, sum(plated)::int AS plated,
    sum(suspected)::int AS suspected, sum(unnumbered)::int AS unnumbered,
    CASE WHEN count(target) = count(*) AND count(DISTINCT target_counted) = 1
        THEN sum(target)::int END AS target,
    (ARRAY['declared', 'census', 'derived', 'estimate'])[max(array_position(
        ARRAY['declared', 'census', 'derived', 'estimate'], target_quality))] AS quality,
    min(target_counted) AS counted
FROM coverage_day
WHERE unit_id = ANY (CAST(:units AS int[])) AND day BETWEEN :since AND :until
GROUP BY day HAVING CAST(:parts AS int) IS NULL OR count(*) = :parts
ORDER BY day

-- shapes --
SELECT unit_id, approximate, ST_AsBinary(ST_SnapToGrid(geom, :grid)) AS wkb
FROM boundary WHERE unit_id = ANY (CAST(:units AS int[]))
