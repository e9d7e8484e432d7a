-- end_units --
UPDATE admin_unit SET lifetime = daterange(lower(lifetime), :day) WHERE id = ANY (:ids)

-- end_versions --
UPDATE admin_unit_version SET valid = daterange(lower(valid), :day)
WHERE unit_id = ANY (:ids) AND upper_inf(valid)

-- insert_units --
INSERT INTO admin_unit (level, code, lifetime, seat, area_km2, source)
SELECT level, code, daterange(:day, NULL), ST_SetSRID(ST_MakePoint(lon, lat), 4326), area_km2,
    :source
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
    AS r (level text, code text, lon float8, lat float8, area_km2 numeric)
RETURNING id, level, code

-- insert_versions --
INSERT INTO admin_unit_version (unit_id, name, name_en, kind, province_id, district_id, valid,
    legal_basis, date_basis, source)
SELECT unit_id, name, name_en, kind, province_id, district_id, daterange(:day, NULL), :basis,
    'effective', :source
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (unit_id int, name text, name_en text,
    kind text, province_id int, district_id int)

-- follow_parents --
-- Otherwise unchanged units of an ended province or district belong to its successor, or to no
-- district, from that day.
WITH heir AS (
    SELECT * FROM unnest(CAST(:olds AS int[]), CAST(:news AS int[])) AS h (old, new)
), gone AS (
    UPDATE admin_unit_version v SET valid = daterange(lower(v.valid), :day)
    WHERE (v.province_id IN (SELECT old FROM heir) OR v.district_id = ANY (:districts))
        AND upper_inf(v.valid) AND lower(v.valid) IS DISTINCT FROM :day
    RETURNING v.*
)
INSERT INTO admin_unit_version (unit_id, name, name_en, kind, province_id, district_id, valid,
    legal_basis, date_basis, source)
SELECT g.unit_id, g.name, g.name_en, g.kind, coalesce(h.new, g.province_id),
    CASE WHEN g.district_id = ANY (:districts) THEN NULL ELSE g.district_id END,
    daterange(:day, NULL), :basis, 'effective', :source
FROM gone g LEFT JOIN heir h ON h.old = g.province_id

-- carry_identifier --
INSERT INTO unit_identifier (unit_id, scheme, value, valid, source)
SELECT :new, scheme, value, valid * daterange(:day, NULL), :source FROM unit_identifier
WHERE unit_id = :old AND scheme = :scheme AND valid && daterange(:day, NULL)
