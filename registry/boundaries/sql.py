"""The statements of `registry.boundaries`: point-in-commune, then a load's in the order they run.

A load works on temporary tables of its transaction: `boundary_staged` (what came),
`boundary_code` (whose it is), `boundary_new` (what it means), `boundary_change` (what differs).
"""

from typing import Final

# The point stands in a sub-select so that its value hides from the planner: PostgreSQL then finds
# that a generic plan is no worse, and stops planning each call anew (0.20 ms becomes 0.12).
# DISTINCT: the parts of one commune share the edges along which they were cut.
COMMUNES_AT: Final = """
    SELECT DISTINCT p.unit_id
    FROM boundary_part p
    JOIN admin_unit u ON u.id = p.unit_id
    WHERE ST_Covers(p.geom, (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)))
        AND u.level = 'commune' AND u.lifetime @> current_date
    ORDER BY p.unit_id
"""

STAGED: Final = """
    CREATE TEMPORARY TABLE boundary_staged (
        code text, was_number boolean, restored boolean DEFAULT false,
        geom geometry(MultiPolygon, 4326)
    ) ON COMMIT DROP
"""

# A JSON number has lost its leading zeros. How many, one number cannot tell: 4 may be province 04
# or commune 00004. The file can: no province has three digits.
RESTORE_ZEROS: Final = """
    UPDATE boundary_staged SET code = lpad(code, :width, '0'), restored = true
    WHERE was_number AND length(code) < :width
"""

RESOLVE: Final = """
    CREATE TEMPORARY TABLE boundary_code ON COMMIT DROP AS
    SELECT c.code, coalesce(living.id, alias.id) AS unit_id, ended.id AS ended_id
    FROM (
        SELECT code,
            CASE length(code) WHEN 5 THEN 'commune' WHEN 2 THEN 'province' WHEN 3 THEN 'district'
            END AS level
        FROM boundary_staged GROUP BY code
    ) c
    LEFT JOIN admin_unit living
        ON living.level = c.level AND living.code = c.code AND living.lifetime @> current_date
    LEFT JOIN LATERAL (
        SELECT u.id FROM admin_unit_alias a JOIN admin_unit u ON u.id = a.unit_id
        WHERE a.kind = 'code' AND a.alias = c.code AND u.level = c.level
            AND u.lifetime @> current_date
        ORDER BY u.id LIMIT 1
    ) alias ON living.id IS NULL
    LEFT JOIN LATERAL (
        SELECT u.id FROM admin_unit u
        WHERE u.level = c.level AND u.code = c.code AND upper(u.lifetime) <= current_date
        ORDER BY upper(u.lifetime) DESC LIMIT 1
    ) ended ON living.id IS NULL AND alias.id IS NULL
"""

STRANGE: Final = """
    SELECT count(*), count(*) FILTER (WHERE unit_id IS NULL), count(ended_id),
        ARRAY(SELECT code FROM boundary_code WHERE unit_id IS NULL ORDER BY code LIMIT 3)
    FROM boundary_code
"""

# `structure` keeps what a drawing means where `linework` (even-odd) would make a hole of an
# overlap. What collapses to a line or point is left out: a boundary is polygons.
REPAIR: Final = """
    CREATE TEMPORARY TABLE boundary_new ON COMMIT DROP AS
    WITH piece AS MATERIALIZED (
        SELECT k.unit_id, s.geom, ST_IsValid(s.geom) AS valid,
            count(*) OVER (PARTITION BY k.unit_id) AS features
        FROM boundary_staged s JOIN boundary_code k USING (code)
        WHERE k.unit_id IS NOT NULL AND s.geom IS NOT NULL
    ), mended AS (
        SELECT unit_id, features, valid,
            CASE WHEN valid THEN geom
                ELSE ST_CollectionExtract(ST_MakeValid(geom, 'method=structure'), 3)
            END AS geom
        FROM piece
    ), unit AS (
        SELECT unit_id, min(features) AS features, bool_and(valid) AS valid,
            coalesce(
                (array_agg(geom) FILTER (WHERE features = 1))[1],
                ST_Union(geom) FILTER (WHERE features > 1)
            ) AS geom
        FROM mended GROUP BY unit_id
    )
    SELECT unit_id, features, valid, ST_Multi(geom) AS geom FROM unit WHERE NOT ST_IsEmpty(geom)
"""

COMPARE: Final = """
    CREATE TEMPORARY TABLE boundary_change ON COMMIT DROP AS
    SELECT n.unit_id, u.level, u.code, CASE
            WHEN b.unit_id IS NULL OR b.approximate THEN 'added'
            WHEN b.geom = n.geom THEN 'unchanged'
            ELSE 'replaced'
        END AS state
    FROM boundary_new n
    JOIN admin_unit u ON u.id = n.unit_id
    LEFT JOIN boundary b USING (unit_id)
"""

UPSERT: Final = """
    INSERT INTO boundary (unit_id, geom, source, approximate)
    SELECT n.unit_id, n.geom, :source, false
    FROM boundary_new n JOIN boundary_change c USING (unit_id)
    WHERE c.state <> 'unchanged'
    ON CONFLICT (unit_id) DO UPDATE
    SET geom = excluded.geom, source = excluded.source, approximate = false, loaded_at = now()
"""

REMOVE_PARTS: Final = """
    DELETE FROM boundary_part p USING boundary_change c
    WHERE c.unit_id = p.unit_id AND c.state <> 'unchanged'
"""

INSERT_PARTS: Final = """
    INSERT INTO boundary_part (unit_id, geom)
    SELECT n.unit_id, ST_Subdivide(n.geom, :vertices)
    FROM boundary_new n
    WHERE NOT EXISTS (SELECT FROM boundary_part p WHERE p.unit_id = n.unit_id)
"""

# An import that comes before autovacuum does would look through all parts for each of its rows.
ANALYSE: Final = "SELECT analyse_boundaries()"
