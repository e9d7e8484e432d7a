"""The one table that is read and written column by column, as SQLAlchemy's Core needs to know it.

What every table holds and which rules it keeps is written once, in `migrations/`; every other
statement is SQL that names its columns itself.
"""

from typing import Final

from geoalchemy2 import Geometry, WKBElement
from geoalchemy2.shape import to_shape
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
    Column("point", Geometry("POINT", srid=4326, spatial_index=False)),
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


def lon_lat(point: WKBElement) -> tuple[float, float]:
    """Where a point is, as its column is read, in degrees (EPSG:4326)."""
    (lon, lat), *_ = to_shape(point).coords
    return lon, lat
