"""Households by cell: what tiles show where a household would be less than a pixel.

Each tile below zoom 15 has 64 by 64 cells. A cell of one zoom is four of the next, so the finest is
counted and the others are sums.
"""

from typing import Final

from sqlalchemy import Connection, text

from registry.records import OPEN

FINEST: Final = 14
"""The last zoom of the grid; the next one shows households."""
FIRST: Final = 4
_BITS: Final = 6
"""A tile's side is 2^6 cells."""

# Web Mercator by arithmetic, which is many times cheaper than ST_Transform: columns and rows of
# cells 2^20 to the world's side.
_COUNT: Final = text(f"""
    CREATE TEMPORARY TABLE grid_cell ON COMMIT DROP AS
    SELECT floor((ST_X(point) + 180) / 360 * :side)::int AS cx,
        floor((1 - ln(tan(radians(ST_Y(point))) + 1 / cos(radians(ST_Y(point)))) / pi()) / 2
            * :side)::int AS cy,
        sum(households_count)::int AS households
    FROM household h
    WHERE {OPEN} AND kind = 'household'
        AND point IS NOT NULL AND ST_Y(point) BETWEEN -85 AND 85
    GROUP BY 1, 2
""")  # noqa: S608 - constants
_STORE: Final = text("""
    INSERT INTO map_density (zoom, x, y, cells, households)
    SELECT :zoom, x, y, array_agg(cell ORDER BY cell), array_agg(households ORDER BY cell)
    FROM (
        SELECT (cx >> (:shift + 6)) AS x, (cy >> (:shift + 6)) AS y,
            (((cy >> :shift) & 63) * 64 + ((cx >> :shift) & 63))::smallint AS cell,
            sum(households)::int AS households
        FROM grid_cell GROUP BY 1, 2, 3
    ) c
    GROUP BY x, y
""")


def draw_grid(connection: Connection) -> None:
    """Count every household that may be shown into the cells of each zoom."""
    connection.execute(_COUNT, {"side": float(2 ** (FINEST + _BITS))})
    connection.execute(text("DELETE FROM map_density"))
    for zoom in range(FIRST, FINEST + 1):
        connection.execute(_STORE, {"zoom": zoom, "shift": FINEST - zoom})
    connection.execute(text("DROP TABLE grid_cell"))
