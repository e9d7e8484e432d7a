"""Administrative units, their versions and successions, and boundaries."""

from typing import Final

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import DATERANGE

from registry.core.tables import FILLED, KEY, METADATA

ADMIN_UNIT: Final = Table(
    "admin_unit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("level", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("lifetime", DATERANGE, nullable=False),
    Column("seat", Geometry("POINT", srid=4326, spatial_index=False)),
    Column("area_km2", Numeric),
    Column("source", Text, nullable=False),
)
ADMIN_UNIT_VERSION: Final = Table(
    "admin_unit_version",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("province_id", Integer),
    Column("district_id", Integer),
    Column("valid", DATERANGE, nullable=False),
    Column("legal_basis", Text),
    Column("date_basis", Text, nullable=False),
    Column("source", Text, nullable=False),
)
ADMIN_UNIT_ALIAS: Final = Table(
    "admin_unit_alias",
    METADATA,
    Column("unit_id", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
)
ADMIN_UNIT_SUCCESSION: Final = Table(
    "admin_unit_succession",
    METADATA,
    Column("predecessor_id", Integer, primary_key=True),
    Column("successor_id", Integer, primary_key=True),
    Column("extent", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("source", Text, nullable=False),
)
GAZETTEER_STATE: Final = Table(
    "gazetteer_state",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("seed_sha256", Text),
    Column("key_rules", Text),
)
UNIT_TOLD: Final = Table(
    "unit_told",
    METADATA,
    Column("unit_id", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("serial", BigInteger, nullable=False),
)
UNIT_TOLD_STATE: Final = Table(
    "unit_told_state",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("turned_on", Date),
    Column("digest", Text, nullable=False),
    Column("serial", BigInteger, nullable=False),
)
UNIT_IDENTIFIER: Final = Table(
    "unit_identifier",
    METADATA,
    Column("unit_id", Integer, primary_key=True),
    Column("scheme", KEY, primary_key=True),
    Column("value", KEY, primary_key=True),
    Column("valid", DATERANGE, nullable=False, server_default=FILLED),
    Column("source", Text, nullable=False),
)
BOUNDARY: Final = Table(
    "boundary",
    METADATA,
    Column("unit_id", Integer, primary_key=True),
    Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False), nullable=False),
    Column("source", Text, nullable=False),
    Column("approximate", Boolean, nullable=False),
    Column("loaded_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
BOUNDARY_PART: Final = Table(
    "boundary_part",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("geom", Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False),
)
