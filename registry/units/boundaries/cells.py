"""Cells: a rough polygon for every commune that has no real one.

A cell is what lies nearer to this commune's seat than to any other's (Voronoi), and within a circle
around the seat. About three in four points lie in the cell of their own commune, so it serves for
drawing and as a last resort of reverse; it never warns, proposes, rejects or decides jurisdiction,
and point-in-commune (`boundary_part`) does not know it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from registry.core.sql import Statements

SQL: Final = Statements(__file__)

RADII: Final = 1.5
"""Radius of the clipping circle, in radii of a circle of the commune's area.

Measured on the real communes of 2025: the share of points in their own commune's cell is 0.67 for
1 radius, 0.75 for 1.5 and 0.76 without a circle; the share of the cells' area that is sea or abroad
2, 6 and more than 27 %.
"""


@dataclass(frozen=True, slots=True)
class CellsReport:
    """What drawing the cells changed."""

    drawn: int = 0
    removed: int = 0


def draw_cells(connection: Connection) -> CellsReport:
    """Give each living commune without a real polygon its cell; commits nothing.

    Looks first, in some ten milliseconds, and draws only when a seat, an area or a commune changed
    or a cell is missing (0.3 s for 3,321). Any role may call it that may write `boundary`.
    """
    connection.execute(SQL.text("seats"), {"radii": RADII})
    source = connection.scalar(SQL.text("source"))
    report = CellsReport()
    if connection.scalar(SQL.text("is_outdated"), {"source": source}):
        report = _redraw(connection, source)
    connection.execute(text("DROP TABLE cell_seat"))
    return report


def _redraw(connection: Connection, source: str | None) -> CellsReport:
    lock_boundaries(connection)
    # Without the index each cell looks at each seat: eleven million tests, 1.6 s.
    connection.execute(text("CREATE INDEX ON cell_seat USING gist (seat)"))
    connection.execute(text("ANALYZE cell_seat"))
    connection.execute(SQL.text("draw"))
    removed = connection.execute(SQL.text("remove")).rowcount
    drawn = connection.execute(SQL.text("upsert"), {"source": source}).rowcount
    connection.execute(text("DROP TABLE cell"))
    return CellsReport(drawn=drawn, removed=removed)


def lock_boundaries(connection: Connection) -> None:
    """Let one transaction at a time write boundaries; readers are not disturbed."""
    connection.execute(text("LOCK TABLE boundary IN SHARE ROW EXCLUSIVE MODE"))
