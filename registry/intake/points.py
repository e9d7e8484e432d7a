"""Whether points lie in the communes that their rows name, and which commune they lie in.

A real polygon decides to the metre; without one, and of the points outside of it, the reach of the
commune from its seat (`registry.boundaries.reach`): a point beyond makes the row an error.
"""

from typing import Final

from sqlalchemy import text

from registry.boundaries.reach import DEGREE_KM, REACH
from registry.intake.staging import Staging

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


def find_outside(staging: Staging) -> None:
    """Leave `outside`, the rows whose point is not where it should be; reject those far away.

    Needs `entry` of `judge`.
    """
    staging.select("reach", REACH, stats="unit_id")
    staging.key("reach", "unit_id")
    if staging.select("outside", _OUTSIDE, stats="row_number"):
        staging.connection.execute(text(_REJECT))
