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
-- Numbers of hộ and of dwellings cannot be added, and a sum has the quality of its worst part.
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
    AND {of_homes}

-- withdraw_sum --
UPDATE target SET withdrawn_at = clock_timestamp()
WHERE unit_id = :unit AND source = :source AND withdrawn_at IS NULL

-- units_using_source --
SELECT DISTINCT unit_id FROM target
WHERE unit_id = ANY (CAST(:units AS int[])) AND source = :source AND withdrawn_at IS NULL

-- withdraw_source --
UPDATE target SET withdrawn_at = clock_timestamp()
WHERE source = :source AND withdrawn_at IS NULL RETURNING unit_id

-- newest_targets --
SELECT DISTINCT ON (unit_id) unit_id, households, quality, source, reference_date, counted
FROM target
WHERE unit_id = ANY (CAST(:units AS int[])) AND locality_id IS NULL AND withdrawn_at IS NULL
    AND {of_homes}
ORDER BY unit_id, {best_target}

-- targets_of_unit --
SELECT id, households, quality, source, reference_date, counted, recorded_at, withdrawn_at
FROM target WHERE unit_id = :unit AND locality_id IS NULL
ORDER BY withdrawn_at IS NOT NULL, NOT {of_homes}, {best_target}

-- is_expired --
-- Verifications expire after 24 months without a write; and a clock may be set back.
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
-- Counts and stores outdated communes.
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
-- Of a commune's two rows, the one with demonstration codes includes all households.
SELECT DISTINCT ON (unit_id) unit_id, {counts} FROM coverage_count
ORDER BY unit_id, with_demo DESC

-- counted_now --
-- Cached counts; outdated communes are counted now.
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
SELECT s.*, t.households AS target, t.counted, t.quality, t.source, t.reference_date, b.before,
    o.use_targets
FROM summed s
LEFT JOIN LATERAL (
    SELECT households, counted, quality, source, reference_date
    FROM target
    WHERE target.unit_id = s.unit_id AND locality_id IS NULL AND withdrawn_at IS NULL
        AND {of_homes}
    ORDER BY {best_target} LIMIT 1
) t ON true
LEFT JOIN LATERAL (
    SELECT jsonb_agg(u) AS use_targets FROM (
        SELECT DISTINCT ON (counted) counted, households, quality, source, reference_date
        FROM target
        WHERE target.unit_id = s.unit_id AND locality_id IS NULL AND withdrawn_at IS NULL
            AND NOT {of_homes}
        ORDER BY counted, {best_target}
    ) u
) o ON true
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

-- counting_stale --
-- with communes: stale
-- with which: {not_demo}
{counts_of_communes}

-- counting_stale_with_demo --
-- with communes: stale
-- with which: true
{counts_of_communes}

-- counting_with_demo --
-- with communes: with_demo
-- with which: true
{counts_of_communes}

-- counting_right --
-- with communes: right_now
-- with which: {not_demo}
{counts_of_communes}

-- not_demo --
-- A constant, not an input: a generic plan could not use a partial index.
h.code >= '1'

-- counts_of_communes --
-- Processes one commune after the other, so that its cost is proportional, and the plan the same
-- for one as for all. What each count means: docs/coverage.md.
SELECT s.unit_id, c.households, c.dwellings, c.positioned, c.verified,
    c.positioned - n.nowhere - d.ambiguous AS deliverable, coalesce(p.plated, 0) AS plated,
    d.suspected, n.unnumbered, c.verified_first, u.uses
FROM {communes} s
CROSS JOIN LATERAL (
    SELECT coalesce(sum(h.households_count), 0) AS households, count(*) AS dwellings,
        count(*) FILTER (WHERE h.position_accuracy_m <= {accurate_m}) AS positioned,
        count(*) FILTER (WHERE h.verified_on >= CAST(:verified_since AS date)) AS verified,
        min(h.verified_on)
            FILTER (WHERE h.verified_on >= CAST(:verified_since AS date)) AS verified_first
    FROM household h
    WHERE h.unit_id = s.unit_id AND {lived_in} AND {which}
) c
CROSS JOIN LATERAL (
    SELECT count(*) AS unnumbered,
        count(*) FILTER (
            WHERE h.position_accuracy_m <= {accurate_m} AND h.locality_id IS NULL
        ) AS nowhere
    FROM household h
    WHERE h.unit_id = s.unit_id AND {lived_in}
        AND h.house_number_key IS NULL AND h.unit_number IS NULL AND {which}
) n
CROSS JOIN LATERAL (
    SELECT count(*) AS suspected,
        count(*) FILTER (WHERE h.position_accuracy_m <= {accurate_m}) AS ambiguous
    FROM ({suspected_in_streets} UNION ALL {suspected_in_localities}) h
) d
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(o.use, o.doors) AS uses FROM (
        SELECT u.use, count(DISTINCT h.code) AS doors
        FROM household h JOIN household_use u ON u.code = h.code AND upper_inf(u.valid)
        WHERE h.unit_id = s.unit_id AND h.uses IS NOT NULL AND h.status = 'active' AND {which}
        GROUP BY u.use
    ) o
) u
LEFT JOIN (
    SELECT h.unit_id, count(*) AS plated
    FROM household h
    WHERE h.code IN (SELECT code FROM plate
        WHERE mounted_on IS NOT NULL AND lost_on IS NULL)
        AND h.unit_id IN (SELECT unit_id FROM {communes})
        AND {lived_in} AND {which}
    GROUP BY h.unit_id
) p USING (unit_id)

-- lived_in --
-- A door without a dwelling has no households, and is not counted as a dwelling.
h.status = 'active' AND h.kind = 'household' AND h.households_count > 0

-- door --
-- Columns that distinguish doors of one street or hamlet.
h.house_number_key, h.building_key, h.floor, h.unit_number

-- suspected_in_streets --
-- with class: street
-- with column: street_id
-- with only: true
{suspected}

-- suspected_in_localities --
-- with class: locality
-- with column: locality_id
-- with only: h.street_id IS NULL AND h.house_number_key IS NOT NULL
{suspected}

-- suspected --
-- Duplicates are found street by street: an index has a street's numbers in order, and rows are read
-- only for repeated numbers.
SELECT h.position_accuracy_m
FROM (
    SELECT p.id FROM place p CROSS JOIN LATERAL (
        SELECT count(h.house_number_key) AS numbers, count(DISTINCT h.house_number_key) AS doors
        FROM household h WHERE h.{column} = p.id AND {only}
    ) n WHERE p.class = '{class}' AND p.unit_id = s.unit_id AND n.numbers > n.doors
) d CROSS JOIN LATERAL (
    SELECT h.position_accuracy_m, count(*) OVER (PARTITION BY {door}) AS same
    FROM household h
    WHERE h.{column} = d.id AND {only} AND h.house_number_key IS NOT NULL
        AND {lived_in} AND {which}
) h WHERE h.same > 1

-- measure_localities --
-- where not_demo
WITH inside (id, holder) AS (
    SELECT l.id, unnest(l.id || l.outer_ids) FROM place l
    WHERE l.class = 'locality' AND l.unit_id = :commune
), door AS (
    SELECT h.locality_id, h.households_count, h.verified_on,
        coalesce(h.position_accuracy_m <= {accurate_m}, false) AS positioned,
        h.house_number_key IS NOT NULL OR h.unit_number IS NOT NULL AS numbered,
        h.house_number_key IS NOT NULL AND count(*) OVER (
            PARTITION BY h.street_id,
                CASE WHEN h.street_id IS NULL THEN h.locality_id END, {door}
        ) > 1 AS suspected,
        EXISTS (
            SELECT FROM plate p WHERE p.code = h.code AND p.mounted_on IS NOT NULL
                AND p.lost_on IS NULL
        ) AS plated
    FROM household h
    WHERE h.unit_id = :commune AND {lived_in} AND {where}
), counted AS (
    SELECT locality_id, sum(households_count) AS households, count(*) AS dwellings,
        count(*) FILTER (WHERE positioned) AS positioned,
        count(*) FILTER (WHERE verified_on >= CAST(:verified_since AS date)) AS verified,
        count(*) FILTER (
            WHERE positioned AND NOT suspected AND (numbered OR locality_id IS NOT NULL)
        ) AS deliverable,
        count(*) FILTER (WHERE plated) AS plated,
        count(*) FILTER (WHERE suspected) AS suspected,
        count(*) FILTER (WHERE NOT numbered) AS unnumbered, NULL::jsonb AS uses
    FROM door GROUP BY locality_id
), summed AS (
    SELECT i.holder AS locality_id, {sums}
    FROM inside i LEFT JOIN counted c ON c.locality_id = i.id GROUP BY i.holder
    UNION ALL
    SELECT NULL, {sums} FROM counted c WHERE c.locality_id IS NULL HAVING count(*) > 0
)
SELECT s.*, l.kind, l.name, l.parent_id, t.households AS target, t.counted, t.quality,
    t.source, t.reference_date
FROM summed s
LEFT JOIN place l ON l.id = s.locality_id
LEFT JOIN LATERAL (
    SELECT households, counted, quality, source, reference_date FROM target
    WHERE target.unit_id = :commune AND target.locality_id = s.locality_id
        AND withdrawn_at IS NULL AND {of_homes}
    ORDER BY {best_target} LIMIT 1
) t ON true
WHERE l.merged_into_id IS NULL
ORDER BY l.name COLLATE "C" NULLS LAST, l.kind, s.locality_id
