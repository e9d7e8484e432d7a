-- An identity is (level, code, born). `seed_key` joins the files' rows to the ids in the database.

-- unit_states --
SELECT u.id, u.lifetime, v.name, v.kind, v.province_id, v.district_id, v.valid, v.legal_basis,
    v.date_basis
FROM admin_unit u LEFT JOIN admin_unit_version v ON v.unit_id = u.id

-- remember_units --
CREATE TEMPORARY TABLE seed_before ON COMMIT DROP AS {unit_states}

-- end_units --
-- End units first: a reused code must be free on the first day of its new unit.
UPDATE admin_unit u
SET lifetime = daterange(lower(u.lifetime), least(upper(u.lifetime), s.ended::date)),
    seat = ST_SetSRID(ST_MakePoint(s.lon::float8, s.lat::float8), 4326),
    area_km2 = s.area_km2::numeric,
    source = s.source
FROM seed_units s
WHERE u.level = s.level AND u.code = s.code
    AND lower(u.lifetime) IS NOT DISTINCT FROM s.born::date

-- add_units --
INSERT INTO admin_unit (level, code, lifetime, seat, area_km2, source)
SELECT s.level, s.code, daterange(s.born::date, s.ended::date),
    ST_SetSRID(ST_MakePoint(s.lon::float8, s.lat::float8), 4326), s.area_km2::numeric, s.source
FROM seed_units s
WHERE NOT EXISTS (
    SELECT FROM admin_unit u
    WHERE u.level = s.level AND u.code = s.code
        AND lower(u.lifetime) IS NOT DISTINCT FROM s.born::date
)
-- Codes of the demonstration follow these numbers, and the pages name some of them.
ORDER BY s.level COLLATE "C", s.code COLLATE "C", s.born COLLATE "C"

-- date_versions --
-- A change that is only signed does not end the version before it.
CREATE TEMPORARY TABLE seed_dated ON COMMIT DROP AS
SELECT v.level, v.code, v.born::date, v.kind, v.name, v.name_en, v.province_code,
    v.district_code, v.legal_basis, v.source, daterange(v.valid_from::date, coalesce(
        lead(v.valid_from::date) OVER life, s.ended::date)) AS valid,
    replace(v.date_basis, 'signed', 'effective') AS date_basis
FROM seed_unit_versions v
JOIN seed_units s ON s.level = v.level AND s.code = v.code
    AND s.born IS NOT DISTINCT FROM v.born
WHERE v.date_basis <> 'signed' OR v.valid_from IS NULL
WINDOW life AS (PARTITION BY v.level, v.code, v.born ORDER BY v.valid_from NULLS FIRST)
UNION ALL
SELECT level, code, born::date, kind, name, name_en, province_code, district_code, legal_basis,
    source, 'empty', date_basis
FROM seed_unit_versions
WHERE date_basis = 'signed' AND valid_from IS NOT NULL

-- key_units --
CREATE TEMPORARY TABLE seed_key ON COMMIT DROP AS
SELECT id, level, code, lower(lifetime) AS born, lifetime, lifetime * daterange(NULL, (
    SELECT min(lower(v.valid)) FROM admin_unit_version v
    WHERE v.unit_id = u.id AND v.source LIKE 'decision%'
)) AS told_by_seeds
FROM admin_unit u

-- index_keys --
-- Otherwise the planner expects one version, and would scan all keys for each one's province.
CREATE INDEX ON seed_key (level, code)

-- analyse_keys --
ANALYZE seed_key

-- remove_versions --
DELETE FROM admin_unit_version v USING seed_key k, seed_units s
WHERE v.unit_id = k.id AND s.level = k.level AND s.code = k.code
    AND s.born::date IS NOT DISTINCT FROM k.born AND v.source NOT LIKE 'decision%'
    AND (isempty(v.valid) OR v.valid && daterange(NULL, upper(k.told_by_seeds)))

-- add_versions --
-- A version's province and district are those of its last day, or of today, or of its first day.
INSERT INTO admin_unit_version (
    unit_id, name, name_en, kind, province_id, district_id, valid, legal_basis, date_basis,
    source
)
SELECT k.id, v.name, v.name_en, v.kind, p.id, d.id, v.valid * k.told_by_seeds, v.legal_basis,
    v.date_basis, v.source
FROM seed_dated v
JOIN seed_key k ON k.level = v.level AND k.code = v.code AND k.born IS NOT DISTINCT FROM v.born
LEFT JOIN seed_key p ON p.level = 'province' AND p.code = v.province_code
    AND p.lifetime @> coalesce(upper(v.valid) - 1, greatest(lower(v.valid), current_date))
LEFT JOIN seed_key d ON d.level = 'district' AND d.code = v.district_code
    AND d.lifetime @> coalesce(upper(v.valid) - 1, greatest(lower(v.valid), current_date))
WHERE v.date_basis = 'signed' OR v.valid && k.told_by_seeds

-- add_successions --
INSERT INTO admin_unit_succession (predecessor_id, successor_id, extent, effective_on, source)
SELECT p.id, n.id, s.extent, s.effective_on::date, s.source
FROM seed_unit_successions s
JOIN seed_key p ON p.level = s.pred_level AND p.code = s.pred_code
    AND p.born IS NOT DISTINCT FROM s.pred_born::date
JOIN seed_key n ON n.level = s.succ_level AND n.code = s.succ_code
    AND n.born IS NOT DISTINCT FROM s.succ_born::date
ON CONFLICT (predecessor_id, successor_id) DO UPDATE
SET extent = excluded.extent, effective_on = excluded.effective_on, source = excluded.source

-- add_aliases --
INSERT INTO admin_unit_alias (unit_id, kind, alias)
SELECT k.id, a.kind, a.alias
FROM seed_unit_aliases a
JOIN seed_key k ON k.level = a.level AND k.code = a.code
    AND k.born IS NOT DISTINCT FROM a.born::date
ON CONFLICT DO NOTHING

-- remove_identifiers --
-- Identifiers from a file or a reform are kept.
DELETE FROM unit_identifier WHERE source NOT LIKE 'file %' AND source NOT LIKE 'decision %'

-- add_identifiers --
INSERT INTO unit_identifier (unit_id, scheme, value, valid, source)
SELECT k.id, s.scheme, s.value, daterange(s.valid_from::date, NULL), s.source
FROM seed_unit_identifiers s
JOIN seed_key k ON k.level = s.level AND k.code = s.code
    AND k.born IS NOT DISTINCT FROM s.born::date
WHERE NOT EXISTS (
    SELECT FROM unit_identifier f WHERE f.scheme = s.scheme AND f.source LIKE 'file %'
) AND NOT EXISTS (
    SELECT FROM unit_identifier r
    WHERE r.unit_id = k.id AND r.scheme = s.scheme
        AND r.valid && daterange(s.valid_from::date, NULL)
)

-- add_targets --
INSERT INTO target (unit_id, households, quality, source, reference_date)
SELECT k.id, t.households::int, t.quality, t.source, t.reference_date::date
FROM seed_targets t
JOIN seed_key k ON k.level = 'province' AND k.code = t.province_code
    AND k.lifetime @> current_date
ON CONFLICT DO NOTHING

-- changed_units --
WITH now AS ({unit_states})
SELECT id FROM (TABLE now EXCEPT TABLE seed_before) n
UNION
SELECT id FROM (TABLE seed_before EXCEPT TABLE now) b
ORDER BY id
