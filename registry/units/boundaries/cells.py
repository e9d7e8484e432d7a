"""Cells: an approximate polygon for every commune without a real one.

A cell is the area nearer to this commune's seat than to any other's (Voronoi), within a circle
around the seat. About three in four points lie in the cell of their own commune, so cells are used
only for drawing and as a last resort of reverse geocoding; they never cause a warning, proposal,
rejection or decision on jurisdiction, and are not part of `boundary_part`.
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
    """Counts of changed cells."""

    drawn: int = 0
    removed: int = 0


def draw_cells(connection: Connection) -> CellsReport:
    """Draw the cell of each living commune without a real polygon; does not commit.

    First checks, in some ten milliseconds, and draws only if a seat, an area or a commune changed
    or a cell is missing (0.3 s for 3,321). Needs write permission on `boundary`.
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
    # Without the index each cell is compared with each seat: eleven million tests, 1.6 s.
    connection.execute(text("CREATE INDEX ON cell_seat USING gist (seat)"))
    connection.execute(text("ANALYZE cell_seat"))
    connection.execute(SQL.text("draw"))
    removed = connection.execute(SQL.text("remove")).rowcount
    drawn = connection.execute(SQL.text("upsert"), {"source": source}).rowcount
    connection.execute(text("DROP TABLE cell"))
    return CellsReport(drawn=drawn, removed=removed)


def lock_boundaries(connection: Connection) -> None:
    """Lock boundaries against other writers until the transaction ends; readers are not blocked."""
    connection.execute(text("LOCK TABLE boundary IN SHARE ROW EXCLUSIVE MODE"))
