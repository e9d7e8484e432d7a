-- lock_carried --
SELECT id, number, title, effective_on, unit_ids, affected_ids, event_id FROM reform
WHERE number = :number AND state = 'carried' FOR UPDATE

-- born --
SELECT id FROM admin_unit WHERE id = ANY (:units) AND source = :source
    AND lower(lifetime) = :day

-- went --
CREATE TEMPORARY TABLE reform_went ON COMMIT DROP AS
SELECT successor_id AS now_unit, predecessor_id AS unit_id FROM admin_unit_succession
WHERE source = :source AND effective_on = :day

-- in_the_way --
-- (kind, code) of each obstacle.
SELECT 'reform_later', r.number FROM reform r, reform mine
WHERE mine.id = :reform AND r.id > mine.id AND r.state IN ('prepared', 'carried')
    AND r.unit_ids && mine.unit_ids
UNION ALL
(SELECT 'household_new', h.code FROM household h
WHERE h.unit_id = ANY (:born) AND NOT EXISTS (SELECT FROM touched t WHERE t.code = h.code)
ORDER BY h.code LIMIT 20)
UNION ALL
(SELECT p.class || '_new', p.kind || ' ' || p.name FROM place p
WHERE p.unit_id = ANY (:born) AND p.event_id > :event ORDER BY 1 DESC, 2 LIMIT 20)
UNION ALL
(SELECT 'report_new', CAST(f.id AS text) FROM field_report f
WHERE f.unit_id = ANY (:born) AND CAST(f.id AS text) NOT IN (
    SELECT row_id FROM reform_before WHERE reform_id = :reform AND relation = 'field_report')
ORDER BY f.id LIMIT 20)
UNION ALL
(SELECT 'key_bound', k.name FROM api_key_unit b JOIN api_key k ON k.id = b.key_id
WHERE b.unit_id = ANY (:born) AND b.key_id || ' ' || b.unit_id NOT IN (
    SELECT row_id FROM reform_before WHERE reform_id = :reform AND relation = 'api_key_unit')
ORDER BY 2 LIMIT 20)
UNION ALL
(SELECT 'target_new', CAST(t.id AS text) FROM target t
WHERE t.unit_id = ANY (:born) AND CAST(t.id AS text) NOT IN (
    SELECT row_id FROM reform_before WHERE reform_id = :reform AND relation = 'target')
ORDER BY t.id LIMIT 20)
UNION ALL
(SELECT 'unit_changed', u.code FROM admin_unit u
WHERE u.id = ANY (:born) AND NOT upper_inf(u.lifetime) ORDER BY 2 LIMIT 20)

-- restore_units --
-- Units that the reform created end today, or never existed if created today; their printed codes
-- lead back. Their official codes are free for the restored units, or for those of an earlier undone
-- reform.
UPDATE admin_unit u SET lifetime = CASE WHEN :day < current_date
        THEN daterange(:day, current_date) ELSE daterange(CAST(:day AS date) - 1, :day) END,
    code = CASE WHEN EXISTS (SELECT FROM admin_unit o WHERE o.level = u.level
            AND o.code = u.code AND o.id <> u.id AND (o.id = ANY (:units)
                OR o.lifetime && CASE WHEN :day < current_date
                    THEN daterange(:day, current_date) ELSE daterange(CAST(:day AS date) - 1, :day) END))
        THEN '~' || u.id ELSE u.code END
WHERE u.id = ANY (:born);
UPDATE admin_unit_version SET valid = CASE WHEN :day < current_date
        THEN daterange(:day, current_date) ELSE daterange(CAST(:day AS date) - 1, :day) END
WHERE unit_id = ANY (:born) AND lower(valid) = :day;
UPDATE admin_unit SET lifetime = daterange(lower(lifetime), NULL)
WHERE id = ANY (:units) AND NOT id = ANY (:born) AND upper(lifetime) = :day;
-- A name that was valid for some days is kept as a version; one of today is kept as an alias.
INSERT INTO admin_unit_alias (unit_id, kind, alias)
SELECT v.unit_id, 'former', v.name FROM admin_unit_version v
WHERE v.source = :source AND lower(v.valid) = :day AND upper_inf(v.valid)
    AND :day >= current_date
ON CONFLICT DO NOTHING;
SELECT forget_steps(:source, :day);
UPDATE admin_unit_version SET valid = daterange(lower(valid), current_date)
WHERE source = :source AND lower(valid) = :day AND upper_inf(valid);
INSERT INTO admin_unit_version (unit_id, name, name_en, kind, province_id, district_id, valid,
    legal_basis, date_basis, source)
SELECT v.unit_id, v.name, v.name_en, v.kind, v.province_id, v.district_id,
    daterange(greatest(:day, current_date), NULL), v.legal_basis, 'effective',
    :source || ', undone'
FROM admin_unit_version v JOIN admin_unit u ON u.id = v.unit_id
WHERE upper(v.valid) = :day AND upper_inf(u.lifetime) AND :day < current_date
    AND EXISTS (SELECT FROM admin_unit_version n
        WHERE n.unit_id = v.unit_id AND n.source = :source AND lower(n.valid) = :day);
UPDATE admin_unit_version v SET valid = daterange(lower(v.valid), NULL)
FROM admin_unit u
WHERE u.id = v.unit_id AND upper(v.valid) = :day AND upper_inf(u.lifetime)
    AND NOT EXISTS (SELECT FROM admin_unit_version n
        WHERE n.unit_id = v.unit_id AND lower(n.valid) >= :day)

-- lead_back --
INSERT INTO admin_unit_succession (predecessor_id, successor_id, extent, effective_on, source)
SELECT DISTINCT now_unit, unit_id,
    CASE WHEN count(*) OVER (PARTITION BY now_unit) = 1 AND now_unit = ANY (:born) THEN 'full'
        ELSE 'partial' END,
    least(:day, current_date), :source || ', undone'
FROM (SELECT DISTINCT now_unit, unit_id FROM reform_went) w
WHERE now_unit <> unit_id
ON CONFLICT (predecessor_id, successor_id) DO NOTHING

-- unmark_places --
-- A number after the marks distinguishes a street from the half that a reform cut off.
UPDATE touched_place SET marks = nullif(regexp_replace(marks, ' ?#[0-9]+$', ''), '')

-- former_numbers --
UPDATE household_former_number n SET {column} = CAST(b.was ->> 'copy_of' AS bigint)
FROM reform_before b
WHERE b.reform_id = :reform AND b.relation = 'place'
    AND n.{column} = CAST(b.row_id AS bigint)

-- former_numbers_of_streets --
-- with column: street_id
{former_numbers}

-- former_numbers_of_localities --
-- with column: locality_id
{former_numbers}

-- restore_belongings --
-- What belongs to units, as kept in `reform_before`.
UPDATE field_report f SET unit_id = CAST(b.was ->> 'unit_id' AS int)
FROM reform_before b
WHERE b.reform_id = :reform AND b.relation = 'field_report' AND f.id = CAST(b.row_id AS bigint);
DELETE FROM api_key_unit u USING reform_before b
WHERE b.reform_id = :reform AND b.relation = 'api_key_unit' AND b.was IS NULL
    AND b.row_id = u.key_id || ' ' || u.unit_id;
INSERT INTO api_key_unit (key_id, unit_id, widened_by_event_id)
SELECT CAST(was ->> 'key_id' AS bigint), CAST(was ->> 'unit_id' AS int),
    CAST(was ->> 'widened_by_event_id' AS bigint)
FROM reform_before
WHERE reform_id = :reform AND relation = 'api_key_unit' AND was IS NOT NULL
ON CONFLICT DO NOTHING;
DELETE FROM service_area_unit u USING reform_before b
WHERE b.reform_id = :reform AND b.relation = 'service_area_unit' AND b.was IS NULL
    AND b.row_id = u.area_id || ' ' || u.unit_id;
INSERT INTO service_area_unit (area_id, unit_id)
SELECT a.id, CAST(b.was ->> 'unit_id' AS int)
FROM reform_before b JOIN service_area a ON a.id = CAST(b.was ->> 'area_id' AS bigint)
WHERE b.reform_id = :reform AND b.relation = 'service_area_unit' AND b.was IS NOT NULL
ON CONFLICT DO NOTHING;
UPDATE target t SET unit_id = CAST(b.was ->> 'unit_id' AS int),
    withdrawn_at = CAST(b.was ->> 'withdrawn_at' AS timestamptz)
FROM reform_before b
WHERE b.reform_id = :reform AND b.relation = 'target' AND b.was IS NOT NULL
    AND t.id = CAST(b.row_id AS bigint);
UPDATE target t SET withdrawn_at = clock_timestamp()
FROM reform_before b
WHERE b.reform_id = :reform AND b.relation = 'target' AND b.was IS NULL
    AND t.id = CAST(b.row_id AS bigint);
DELETE FROM boundary_part p USING reform_before b
WHERE b.reform_id = :reform AND b.relation = 'boundary' AND p.unit_id = CAST(b.row_id AS int);
UPDATE boundary d SET geom = CAST(b.was ->> 'geom' AS geometry), source = b.was ->> 'source',
    approximate = CAST(b.was ->> 'approximate' AS boolean), loaded_at = now()
FROM reform_before b
WHERE b.reform_id = :reform AND b.relation = 'boundary' AND b.was IS NOT NULL
    AND d.unit_id = CAST(b.row_id AS int);
INSERT INTO boundary_part (unit_id, geom)
SELECT d.unit_id, ST_Subdivide(d.geom, 128) FROM boundary d JOIN reform_before b
    ON b.reform_id = :reform AND b.relation = 'boundary' AND d.unit_id = CAST(b.row_id AS int)
WHERE NOT d.approximate
