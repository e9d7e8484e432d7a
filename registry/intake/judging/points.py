"""Which of several communes a point means, and whether it lies in the one that its row names.

A real polygon decides to the metre; without one, and of the points outside of it, the reach of the
commune from its seat (`registry.boundaries.reach`): a point beyond makes the row an error.
"""

from typing import Final

from sqlalchemy import text

from registry.boundaries.reach import DEGREE_KM, REACH
from registry.intake.staged.staging import Staging

# Viet Nam with its archipelagos, degrees.
INSIDE: Final = "lon BETWEEN 102 AND 118 AND lat BETWEEN 6 AND 24"

_POINT: Final = "ST_Point(lon, lat, 4326)"
# A split commune is decided by the point, where exactly one candidate holds it.
_HELD: Final = f"""
    SELECT d.row_number, min(b.unit_id) AS unit_id
    FROM delivered d
    JOIN commune c ON c.at = d.commune_at AND cardinality(c.candidates) > 1
    JOIN boundary_part b ON b.unit_id = ANY (c.candidates)
        AND ST_Covers(b.geom, CASE WHEN {INSIDE} THEN {_POINT} END)
    GROUP BY d.row_number
    HAVING count(DISTINCT b.unit_id) = 1
"""
# Namesakes in several provinces are told apart by their seats: the point is in reach of one, and
# three times as far from each other one, which reaches half as far at most. Parts of a split
# commune lie side by side, and are not.
_NEAREST: Final = f"""
    INSERT INTO decided
    SELECT a.row_number, a.nearest
    FROM (
        SELECT m.row_number, min(m.unit_id) FILTER (WHERE m.place = 1) AS nearest,
            bool_and(CASE WHEN m.place = 1 THEN m.km <= m.reach_km
                ELSE m.km > m.reach_km / 2 AND m.km > 3 * m.least END) AS apart
        FROM (
            SELECT o.row_number, c.unit_id, c.km, r.reach_km,
                min(c.km) OVER of_row AS least, row_number() OVER (of_row ORDER BY c.km) AS place
            FROM (
                SELECT d.row_number, d.lon, d.lat, c.candidates
                FROM delivered d
                JOIN commune c ON c.at = d.commune_at AND cardinality(c.candidates) > 1
                WHERE {INSIDE} AND NOT EXISTS (
                    SELECT FROM decided u WHERE u.row_number = d.row_number)
            ) o
            CROSS JOIN unnest(o.candidates) n (unit_id)
            LEFT JOIN reach r ON r.unit_id = n.unit_id
            CROSS JOIN LATERAL (SELECT n.unit_id,
                ST_DistanceSphere({_POINT}, r.seat) / 1000 AS km) c
            WINDOW of_row AS (PARTITION BY o.row_number)
        ) m
        GROUP BY m.row_number
        HAVING bool_and(m.km IS NOT NULL)
    ) a
    WHERE a.apart
"""

# Rows inside the commune that they state are most: they are left after one look at its parts, or at
# the seat. True distances are worked out for the others. A row with shifted cells has no point.
_OUTSIDE: Final = f"""
    SELECT *, coalesce(km > reach_km, false) AS far
    FROM (
        SELECT o.row_number, o.point, concat_ws(' ', o.longitude, o.latitude) AS value, r.reach_km,
            o.drawn, ST_Distance(o.point::geography, r.seat::geography) / 1000 AS km
        FROM (
            SELECT e.row_number, e.unit_id, e.point, e.longitude, e.latitude, e.shifted,
                true AS drawn
            FROM entry e
            JOIN boundary k ON k.unit_id = e.unit_id AND NOT k.approximate
            WHERE e.point IS NOT NULL AND NOT EXISTS (
                SELECT FROM boundary_part b
                WHERE b.unit_id = e.unit_id AND ST_Covers(b.geom, e.point))
            UNION ALL
            SELECT e.row_number, e.unit_id, e.point, e.longitude, e.latitude, e.shifted, false
            FROM entry e
            JOIN reach r ON r.unit_id = e.unit_id AND NOT r.drawn
            WHERE e.point IS NOT NULL
                AND NOT ST_DWithin(e.point, r.seat, r.reach_km / {DEGREE_KM})
        ) o
        LEFT JOIN reach r ON r.unit_id = o.unit_id
        WHERE NOT o.shifted
    ) measured
    WHERE drawn OR km > reach_km
"""
_REJECT: Final = """
    UPDATE entry e SET rejected = true FROM outside o WHERE o.far AND e.row_number = o.row_number
"""

OUTSIDE_PROBLEMS: Final = """
    SELECT row_number, 'longitude',
        CASE WHEN far THEN 'far_from_commune' ELSE 'outside_commune' END,
        CASE WHEN far THEN value || ' (' || round(km) || ' km)' ELSE value END
    FROM outside
"""
"""In SQL, the problems of rows in `outside`: row_number, field, code and value."""

HOLDERS: Final = """
    SELECT o.row_number, min(b.unit_id) AS unit_id
    FROM outside o JOIN boundary_part b ON ST_Covers(b.geom, o.point)
    GROUP BY o.row_number
    HAVING count(DISTINCT b.unit_id) = 1
"""
"""In SQL, the commune that holds the point of each row in `outside`; needs real polygons."""


def decide_communes(staging: Staging) -> None:
    """Leave `decided`, the communes of rows that name several, as far as their points decide.

    Leaves `reach` as well.
    """
    staging.select("reach", REACH, stats="unit_id")
    staging.key("reach", "unit_id")
    staging.select("decided", _HELD)
    staging.connection.execute(text(_NEAREST))
    staging.key("decided", "row_number")


def find_outside(staging: Staging) -> None:
    """Leave `outside`, the rows whose point is not where it should be; reject those far away.

    Needs `entry` of `judge`, and `reach`.
    """
    if staging.select("outside", _OUTSIDE, stats="row_number"):
        staging.connection.execute(text(_REJECT))
