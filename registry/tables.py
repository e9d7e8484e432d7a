"""The one table that is read and written column by column, as SQLAlchemy's Core needs to know it.

What every table holds and which rules it keeps is written once, in `migrations/`; every other
statement is SQL that names its columns itself.
"""

from typing import Any, Final

import shapely
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType


class _Point(UserDefinedType[str]):
    """A geometry as PostGIS writes it, WKB in hexadecimal, or reads it, which is EWKT as well.

    GeoAlchemy's would load the dialects of four other databases: six megabytes a process.
    """

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        """As it stands in the schema."""
        return "geometry(Point,4326)"


HOUSEHOLD: Final = Table(
    "household",
    MetaData(),
    Column("code", Text),
    Column("event_id", BigInteger),
    Column("recorded_at", DateTime(timezone=True)),
    Column("kind", Text),
    Column("unit_id", Integer),
    Column("former_unit_id", Integer),
    Column("thoroughfare_id", BigInteger),
    Column("locality_id", BigInteger),
    Column("house_number", Text),
    Column("house_number_key", Text),
    Column("building_name", Text),
    Column("building_key", Text),
    Column("floor", Text),
    Column("unit_number", Text),
    Column("parent_code", Text),
    Column("households_count", Integer),
    Column("point", _Point),
    Column("position_method", Text),
    Column("position_accuracy_m", Double),
    Column("status", Text),
    Column("restricted", Boolean),
    Column("verified_on", Date),
    Column("delivery_hint", Text),
    Column("entrances", JSONB(none_as_null=True)),
)
STAMPED: Final = ("event_id", "recorded_at")
"""Columns that the database fills in: every other one the application may insert."""


def lon_lat(point: str) -> tuple[float, float]:
    """Where a point is, as its column is read."""
    found = shapely.from_wkb(point)
    return float(shapely.get_x(found)), float(shapely.get_y(found))
