-- As the seeds do: end the former unit of a reused code before the new one begins.
UPDATE admin_unit u SET lifetime = daterange(p.first_day, p.last_day, '[]')
FROM part p
WHERE u.level = p.level AND u.code = p.code AND lower(u.lifetime) IS NOT DISTINCT FROM p.first_day;
INSERT INTO admin_unit (level, code, lifetime, seat, area_km2, source)
SELECT p.level, p.code, daterange(p.first_day, p.last_day, '[]'),
    ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326), p.area_km2, p.source
FROM part p
WHERE NOT EXISTS (
    SELECT FROM admin_unit u
    WHERE u.level = p.level AND u.code = p.code
        AND lower(u.lifetime) IS NOT DISTINCT FROM p.first_day)
ORDER BY p.unit COLLATE "C";

CREATE TEMPORARY TABLE unit_by_code ON COMMIT DROP AS SELECT code, id, lifetime FROM admin_unit;
CREATE INDEX ON unit_by_code (code);
ANALYZE unit_by_code;
-- Without a day the unit that has not ended, or that ended last.
CREATE FUNCTION pg_temp.unit_of(unit text) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT u.id FROM unit_by_code u
    WHERE u.code = split_part(unit, '@', 1)
        AND (position('@' IN unit) = 0 OR u.lifetime @> split_part(unit, '@', 2)::date)
    ORDER BY upper(u.lifetime) DESC NULLS FIRST
    LIMIT 1
$$;
