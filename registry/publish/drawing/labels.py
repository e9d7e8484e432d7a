"""Names on the map, and the first zoom that shows each.

Each zoom shows the largest name in every field of 128 pixels; a name that is never the largest
appears at the last zoom of its kind. So every tile has only a few names.
"""

from typing import Final

from sqlalchemy import Connection, text

from geo.label import named
from registry.core.database import driver_connection
from registry.core.sql import Statements
from registry.coverage.shapes import ARCHIPELAGOS

STREETS_FROM: Final = 13
LAST_ZOOM: Final = 17
SQL: Final = Statements(__file__)


def draw_unit_labels(connection: Connection) -> None:
    """Write names of provinces and communes, from what `draw_units` drew."""
    connection.execute(
        text("DELETE FROM map_label WHERE kind IN ('province', 'archipelago', 'commune')")
    )
    codes = list(ARCHIPELAGOS)
    connection.execute(SQL.text("insert_provinces"))
    connection.execute(
        SQL.text("insert_archipelagos"), {"codes": codes, "names": list(ARCHIPELAGOS.values())}
    )
    connection.execute(SQL.text("insert_communes"), {"codes": codes, "first": 6, "last": 11})


def draw_place_labels(connection: Connection) -> None:
    """Write names of streets and localities with visible households."""
    connection.execute(text("DELETE FROM map_label WHERE kind IN ('street', 'locality')"))
    _draw_places(connection, "street")
    _draw_places(connection, "locality")


def _draw_places(connection: Connection, kind: str) -> None:
    connection.execute(SQL.text("name_places", kind))
    zooms = {"first": STREETS_FROM, "last": LAST_ZOOM}
    rows = connection.execute(SQL.text("names_of_places"), zooms).all()
    columns = "kind, name, place_id, first_zoom, weight, point"
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy(f"COPY map_label ({columns}) FROM STDIN") as copy,
    ):
        for own_kind, name, *rest in rows:
            copy.write_row((kind, named(own_kind, name), *rest))
    connection.execute(text("DROP TABLE place_name"))
