-- drawn_area --
SELECT g.geom::text, ST_Area(g.geom::geography) / 1e6
FROM (SELECT ST_SetSRID(ST_GeomFromWKB(:wkb), 4326) AS geom) d
CROSS JOIN LATERAL (
    SELECT CASE WHEN CAST(:metres AS float8) > 0
        THEN ST_Buffer(d.geom::geography, CAST(:metres AS float8), 16)::geometry
        ELSE d.geom END AS geom
) g

-- count_within --
SELECT unit_id, count(*), count(*) FILTER (WHERE kind = 'household' AND lived_in),
    count(*) FILTER (WHERE kind = 'building'), sum(households_count)
FROM (
    SELECT DISTINCT * FROM (
        SELECT h.code, h.unit_id, h.kind, h.households_count, h.uses IS NULL
            OR h.uses @> '[{"use": "dwelling"}]' OR h.households_count > 0 AS lived_in
        {inside_area} AND (CAST(:demo AS boolean) OR h.code >= '1')
            AND (CAST(:use AS text) IS NULL OR {of_use})
        LIMIT :most
    ) h
) h
GROUP BY unit_id ORDER BY count(*) DESC, unit_id
