"""The drawn map."""

from typing import Final

from geoalchemy2 import Geometry
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from registry.core.tables import METADATA

MAP_UNIT: Final = Table(
    "map_unit",
    METADATA,
    Column("unit_id", Integer, primary_key=True),
    Column("detail", SmallInteger, primary_key=True),
    Column("level", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("approximate", Boolean, nullable=False),
    Column("geom", Geometry("MULTIPOLYGON", srid=3857, spatial_index=False), nullable=False),
)
MAP_LABEL: Final = Table(
    "map_label",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("holder", Text),
    Column("place_id", BigInteger),
    Column("first_zoom", SmallInteger, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("point", Geometry("POINT", srid=3857, spatial_index=False), nullable=False),
)
MAP_DENSITY: Final = Table(
    "map_density",
    METADATA,
    Column("zoom", SmallInteger, primary_key=True),
    Column("x", Integer, primary_key=True),
    Column("y", Integer, primary_key=True),
    Column("cells", ARRAY(SmallInteger), nullable=False),
    Column("households", ARRAY(Integer), nullable=False),
)
MAP_STATE: Final = Table(
    "map_state",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("units", Text),
    Column("event_id", BigInteger),
    Column("drawn_at", DateTime(timezone=True)),
    Column("rests_until", DateTime(timezone=True)),
)
