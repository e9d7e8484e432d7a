"""Cells: a rough polygon for every commune that has no real one.

A cell is what lies nearer to this commune's seat than to any other's (Voronoi), and within a circle
around the seat. About three in four points lie in the cell of their own commune, so it serves for
drawing and as a last resort of reverse; it never warns, proposes, rejects or decides jurisdiction,
and point-in-commune (`boundary_part`) does not know it.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

RADII: Final = 1.5
"""Radius of the clipping circle, in radii of a circle of the commune's area.

Measured on the real communes of 2025: the share of points in their own commune's cell is 0.67 for
1 radius, 0.75 for 1.5 and 0.76 without a circle; the share of the cells' area that is sea or abroad
2, 6 and more than 27 %.
"""

_LIVING: Final = "u.level = 'commune' AND u.lifetime @> current_date AND u.seat IS NOT NULL"

# Cells follow from the seats and areas of the living communes and from nothing else. A change of
# the method needs another word here: the text is what tells old cells from new ones.
_SOURCE: Final = f"""
    SELECT 'Voronoi cell of the seat, within {RADII:g} radii; seats ' || left(md5(
        string_agg(concat_ws(' ', u.id, u.seat::text, u.area_km2), ';' ORDER BY u.id)), 12)
    FROM admin_unit u
    WHERE {_LIVING}
"""

_OUTDATED: Final = f"""
    SELECT EXISTS (
        SELECT FROM admin_unit u
        WHERE {_LIVING} AND NOT EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id)
    ) OR EXISTS (
        SELECT FROM boundary b WHERE b.approximate AND b.source IS DISTINCT FROM :source
    )
"""

# A commune without a published area counts as a middling one.
_SEATS: Final = f"""
    CREATE TEMPORARY TABLE cell_seat ON COMMIT DROP AS
    SELECT u.id, u.seat, {RADII} * sqrt(coalesce(nullif(u.area_km2, 0), m.area_km2) * 1e6 / pi())
        AS radius_m
    FROM admin_unit u, (
        SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY u.area_km2), 50) AS area_km2
        FROM admin_unit u WHERE {_LIVING}
    ) m
    WHERE {_LIVING}
"""

# One circle of radius 1 in degrees, stretched for each seat: a hundred times faster than
# ST_Buffer on geography, and for a rough cell as good. A degree of latitude has 110,570 m here.
_CELLS: Final = """
    CREATE TEMPORARY TABLE cell ON COMMIT DROP AS
    WITH area AS (
        SELECT (ST_Dump(ST_VoronoiPolygons(ST_Collect(seat)))).geom FROM cell_seat
    ), circle AS MATERIALIZED (
        SELECT ST_Buffer(ST_MakePoint(0, 0), 1, 8) AS geom
    )
    SELECT s.id AS unit_id, ST_Multi(ST_Intersection(a.geom, ST_SetSRID(
        ST_Translate(
            ST_Scale(
                c.geom,
                s.radius_m / (111320 * cos(radians(ST_Y(s.seat)))),
                s.radius_m / 110570
            ),
            ST_X(s.seat), ST_Y(s.seat)
        ), 4326))) AS geom
    FROM area a
    JOIN cell_seat s ON ST_Covers(a.geom, s.seat)
    CROSS JOIN circle c
"""

_REMOVE: Final = """
    DELETE FROM boundary b
    WHERE b.approximate AND NOT EXISTS (SELECT FROM cell c WHERE c.unit_id = b.unit_id)
"""

_UPSERT: Final = """
    INSERT INTO boundary AS b (unit_id, geom, source, approximate)
    SELECT unit_id, geom, :source, true FROM cell
    ON CONFLICT (unit_id) DO UPDATE
    SET geom = excluded.geom, source = excluded.source, loaded_at = now()
    WHERE b.approximate
"""


@dataclass(frozen=True, slots=True)
class CellsReport:
    """What drawing the cells changed."""

    drawn: int = 0
    removed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)


def draw_cells(connection: Connection) -> CellsReport:
    """Give each living commune without a real polygon its cell; commits nothing.

    Looks first, in some ten milliseconds, and draws only when a seat, an area or a commune changed
    or a cell is missing (0.3 s for 3,321). Any role may call it that may write `boundary`.
    """
    source = connection.scalar(text(_SOURCE))
    if not connection.scalar(text(_OUTDATED), {"source": source}):
        return CellsReport()
    lock_boundaries(connection)
    connection.execute(text(_SEATS))
    # Without the index each cell looks at each seat: eleven million tests, 1.6 s.
    connection.execute(text("CREATE INDEX ON cell_seat USING gist (seat)"))
    connection.execute(text("ANALYZE cell_seat"))
    connection.execute(text(_CELLS))
    removed = connection.execute(text(_REMOVE)).rowcount
    drawn = connection.execute(text(_UPSERT), {"source": source}).rowcount
    connection.execute(text("DROP TABLE cell, cell_seat"))
    return CellsReport(drawn=drawn, removed=removed)


def lock_boundaries(connection: Connection) -> None:
    """Let one transaction at a time write boundaries; readers are not disturbed."""
    connection.execute(text("LOCK TABLE boundary IN SHARE ROW EXCLUSIVE MODE"))
