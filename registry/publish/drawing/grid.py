"""Counts households by cell, for tiles in which a household would be smaller than a pixel.

Each tile below zoom 15 has 64 by 64 cells. A cell of one zoom is four of the next, so the finest
zoom is counted and the others are sums.
"""

from typing import Final

from sqlalchemy import Connection, text

from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

FINEST: Final = 14
"""The last zoom of the grid; the next shows households."""
FIRST: Final = 4
_BITS: Final = 6
"""A tile's side is 2^6 cells."""


def draw_grid(connection: Connection) -> None:
    """Count all visible households into the cells of each zoom."""
    connection.execute(SQL.text("count_cells"), {"side": float(2 ** (FINEST + _BITS))})
    connection.execute(text("DELETE FROM map_density"))
    for zoom in range(FIRST, FINEST + 1):
        connection.execute(SQL.text("store_zoom"), {"zoom": zoom, "shift": FINEST - zoom})
    connection.execute(text("DROP TABLE grid_cell"))
