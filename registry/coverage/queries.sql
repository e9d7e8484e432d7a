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

-- is_expired --
-- What was verified falls out of the 24 months by itself; and a clock may be set back.
(verified_first < CAST(:verified_since AS date) OR verified_since > CAST(:verified_since AS date))

-- is_left --
SELECT EXISTS (SELECT FROM coverage_touched)
    OR EXISTS (SELECT FROM coverage_count WHERE {is_expired}), counted_at
FROM coverage_state

-- within --
unit_id = ANY (CAST(:parts AS int[]))

-- backlog --
-- where within
WITH touched AS (
    SELECT unit_id, sum(records) AS records FROM coverage_touched WHERE {where} GROUP BY unit_id
), kept AS (
    SELECT unit_id, max(dwellings) AS dwellings, bool_or({is_expired}) AS expired
    FROM coverage_count WHERE {where} GROUP BY unit_id
)
SELECT count(*) AS communes,
    coalesce(sum(coalesce(t.records, 0) + coalesce(k.dwellings, 0)), 0)::bigint AS records
FROM touched t FULL JOIN kept k USING (unit_id)
WHERE t.unit_id IS NOT NULL OR k.expired

-- count --
-- Counts and keeps what is not right any more.
WITH taken AS (
    DELETE FROM coverage_touched RETURNING unit_id
), stale AS MATERIALIZED (
    SELECT unit_id FROM taken UNION SELECT unit_id FROM coverage_count WHERE {is_expired}
), with_demo AS MATERIALIZED (
    SELECT unit_id FROM stale WHERE EXISTS (SELECT FROM household WHERE code < '1')
), without_demo AS (
    DELETE FROM coverage_count k USING stale s
    WHERE k.unit_id = s.unit_id AND k.with_demo
        AND NOT EXISTS (SELECT FROM household WHERE code < '1')
), counted AS (
    INSERT INTO coverage_count AS k
        (unit_id, with_demo, {counts}, verified_since, verified_first)
    SELECT unit_id, false, {counts}, CAST(:verified_since AS date), verified_first
    FROM ({counting_stale}) f
    UNION ALL
    SELECT unit_id, true, {counts}, CAST(:verified_since AS date), verified_first
    FROM ({counting_with_demo}) f
    ON CONFLICT (unit_id, with_demo) DO UPDATE SET ({counts}) = ROW ({excluded}),
        verified_since = excluded.verified_since, verified_first = excluded.verified_first
)
UPDATE coverage_state SET counted_at = statement_timestamp() WHERE id = 1

-- touch_all --
INSERT INTO coverage_touched (unit_id, records)
SELECT id, 0 FROM admin_unit WHERE level = 'commune'

-- wrong_counts --
WITH right_now AS MATERIALIZED (
    SELECT id AS unit_id FROM admin_unit WHERE level = 'commune'
    EXCEPT SELECT unit_id FROM coverage_touched
    EXCEPT SELECT unit_id FROM coverage_count WHERE {is_expired}
), with_demo AS MATERIALIZED (
    SELECT unit_id FROM right_now
    WHERE EXISTS (SELECT FROM household WHERE code < '1')
        OR unit_id IN (SELECT unit_id FROM coverage_count WHERE with_demo)
), wrong AS (
    SELECT unit_id FROM ({counting_right}) f
    LEFT JOIN ({kept}) k USING (unit_id) WHERE {differ}
    UNION
    SELECT unit_id FROM ({counting_with_demo}) f
    LEFT JOIN ({kept_with_demo}) k USING (unit_id) WHERE {differ}
)
SELECT u.code FROM wrong JOIN admin_unit u ON u.id = wrong.unit_id ORDER BY u.code

-- kept --
SELECT unit_id, {counts} FROM coverage_count WHERE NOT with_demo

-- kept_with_demo --
-- Of two rows of a commune the one with demonstration codes has all of its households.
SELECT DISTINCT ON (unit_id) unit_id, {counts} FROM coverage_count
ORDER BY unit_id, with_demo DESC

-- counted_now --
-- As they are kept; those that are not right any more are counted.
WITH stale AS MATERIALIZED (
    SELECT unit_id FROM coverage_touched WHERE {within}
    UNION SELECT unit_id FROM coverage_count WHERE {within} AND {is_expired}
)
SELECT unit_id, {counts} FROM ({which_are_kept}) k
WHERE unit_id NOT IN (SELECT unit_id FROM stale)
UNION ALL
SELECT unit_id, {counts} FROM ({counting}) f

-- measure --
WITH counted AS (
    {counted_by_commune}
), summed AS (
    SELECT a.unit_id, {sums}
    FROM unnest(CAST(:units AS int[]), CAST(:parts AS int[])) AS a (unit_id, commune_id)
    LEFT JOIN counted c ON c.unit_id = a.commune_id
    GROUP BY a.unit_id
)
SELECT s.*, t.households AS target, t.counted, t.quality, t.source, t.reference_date, b.before
FROM summed s
LEFT JOIN LATERAL (
    SELECT households, counted, quality, source, reference_date
    FROM target
    WHERE target.unit_id = s.unit_id AND locality_id IS NULL AND withdrawn_at IS NULL
    ORDER BY {best_target} LIMIT 1
) t ON true
LEFT JOIN (
    SELECT d.unit_id, d.households AS before FROM coverage_day d
    WHERE d.day = (
        SELECT max(day) FROM coverage_day
        WHERE day < CAST(:day AS date) AND day >= CAST(:day AS date) - CAST(:jump_days AS int)
    )
) b ON b.unit_id = s.unit_id

-- measure_kept --
-- with counted_by_commune: {kept}
{measure}

-- measure_kept_with_demo --
-- with counted_by_commune: {kept_with_demo}
{measure}

-- measure_now --
-- with which_are_kept: {kept}
-- with counting: {counting_stale}
-- with counted_by_commune: {counted_now}
{measure}

-- measure_now_with_demo --
-- with which_are_kept: {kept_with_demo}
-- with counting: {counting_stale_with_demo}
-- with counted_by_commune: {counted_now}
{measure}
