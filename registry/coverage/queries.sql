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

-- write_targets --
WITH given AS (
    SELECT * FROM unnest(CAST(:units AS int[]), CAST(:households AS int[]),
        CAST(:qualities AS text[]), CAST(:sources AS text[]), CAST(:dates AS date[]),
        CAST(:counted AS text[]), CAST(:localities AS bigint[]))
        AS g (unit_id, households, quality, source, reference_date, counted, locality_id)
), written AS (
    INSERT INTO target AS t (unit_id, households, quality, source, reference_date, counted,
        locality_id)
    SELECT * FROM given
    ON CONFLICT (unit_id, locality_id, quality, source, reference_date, counted) DO UPDATE
        SET households = excluded.households, recorded_at = clock_timestamp(),
            withdrawn_at = NULL
        WHERE t.households <> excluded.households OR t.withdrawn_at IS NOT NULL
    RETURNING (xmax = 0) AS is_new
)
SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written

-- withdraw_target --
UPDATE target SET withdrawn_at = clock_timestamp()
WHERE id = :id AND withdrawn_at IS NULL RETURNING unit_id

-- withdraw_own_target --
UPDATE target SET withdrawn_at = clock_timestamp()
WHERE unit_id = :unit AND locality_id IS NULL AND withdrawn_at IS NULL AND quality = :quality

-- withdraw_sum --
UPDATE target SET withdrawn_at = clock_timestamp()
WHERE unit_id = :unit AND source = :source AND withdrawn_at IS NULL

-- units_using_source --
SELECT DISTINCT unit_id FROM target
WHERE unit_id = ANY (CAST(:units AS int[])) AND source = :source AND withdrawn_at IS NULL

-- withdraw_source --
UPDATE target SET withdrawn_at = clock_timestamp()
WHERE source = :source AND withdrawn_at IS NULL RETURNING unit_id

-- records_to_look_at --
SELECT coalesce(sum(records), 0)::bigint FROM (
    SELECT max(dwellings) AS records FROM coverage_count
    WHERE unit_id = ANY (CAST(:communes AS int[])) GROUP BY unit_id
    UNION ALL
    SELECT records FROM coverage_touched WHERE unit_id = ANY (CAST(:communes AS int[]))
) r

-- newest_targets --
SELECT DISTINCT ON (unit_id) unit_id, households, quality, source, reference_date, counted
FROM target
WHERE unit_id = ANY (CAST(:units AS int[])) AND locality_id IS NULL AND withdrawn_at IS NULL
ORDER BY unit_id, {best_target}

-- targets_of_unit --
SELECT id, households, quality, source, reference_date, counted, recorded_at, withdrawn_at
FROM target WHERE unit_id = :unit AND locality_id IS NULL
ORDER BY withdrawn_at IS NOT NULL, {best_target}
