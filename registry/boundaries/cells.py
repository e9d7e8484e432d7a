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

# A commune without a published area counts as a middling one. MATERIALIZED: on a table without
# statistics, as it is after the first load, the planner would work the median out for every row.
_SEATS: Final = """
    CREATE TEMPORARY TABLE cell_seat ON COMMIT DROP AS
    WITH living AS (
        SELECT id, seat, nullif(area_km2, 0) AS area_km2 FROM admin_unit
        WHERE level = 'commune' AND lifetime @> current_date AND seat IS NOT NULL
    ), middling AS MATERIALIZED (
        SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY area_km2), 50) AS area_km2
        FROM living
    )
    SELECT l.id, l.seat,
        CAST(:radii AS float8) * sqrt(coalesce(l.area_km2, m.area_km2) * 1e6 / pi()) AS radius_m
    FROM living l, middling m
"""

# Cells follow from the seats and radii of the living communes and from nothing else. A change of
# the method needs other words here: the text is what tells old cells from new ones.
_SOURCE: Final = """
    SELECT 'Voronoi cell of the seat, in a circle; seats '
        || left(md5(string_agg(concat_ws(' ', id, seat::text, radius_m), ';' ORDER BY id)), 12)
    FROM cell_seat
"""

_OUTDATED: Final = """
    SELECT EXISTS (
        SELECT FROM cell_seat s WHERE NOT EXISTS (SELECT FROM boundary b WHERE b.unit_id = s.id)
    ) OR EXISTS (
        SELECT FROM boundary b WHERE b.approximate AND b.source IS DISTINCT FROM :source
    )
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
    connection.execute(text(_SEATS), {"radii": RADII})
    source = connection.scalar(text(_SOURCE))
    report = CellsReport()
    if connection.scalar(text(_OUTDATED), {"source": source}):
        report = _redraw(connection, source)
    connection.execute(text("DROP TABLE cell_seat"))
    return report


def _redraw(connection: Connection, source: str | None) -> CellsReport:
    lock_boundaries(connection)
    # Without the index each cell looks at each seat: eleven million tests, 1.6 s.
    connection.execute(text("CREATE INDEX ON cell_seat USING gist (seat)"))
    connection.execute(text("ANALYZE cell_seat"))
    connection.execute(text(_CELLS))
    removed = connection.execute(text(_REMOVE)).rowcount
    drawn = connection.execute(text(_UPSERT), {"source": source}).rowcount
    connection.execute(text("DROP TABLE cell"))
    return CellsReport(drawn=drawn, removed=removed)


def lock_boundaries(connection: Connection) -> None:
    """Let one transaction at a time write boundaries; readers are not disturbed."""
    connection.execute(text("LOCK TABLE boundary IN SHARE ROW EXCLUSIVE MODE"))
