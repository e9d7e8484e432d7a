"""Streets and localities."""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from registry.core.tables import FILLED, KEY, METADATA

PLACE: Final = Table(
    "place",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("class", Text, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("former_unit_id", Integer),
    Column("parent_id", BigInteger),
    Column("outer_ids", ARRAY(BigInteger), nullable=False, server_default=FILLED),
    Column("key", KEY, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("merged_into_id", BigInteger),
    Column("event_id", BigInteger, server_default=FILLED),
    Column("marks", KEY),
    Column("own_key", KEY, nullable=False, server_default=FILLED),
)
PLACE_VERSION: Final = Table(
    "place_version",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("class", Text, nullable=False),
    Column("valid_to", DateTime(timezone=True), primary_key=True),
    Column("ended_by_event_id", BigInteger),
    Column("unit_id", Integer, nullable=False),
    Column("former_unit_id", Integer),
    Column("parent_id", BigInteger),
    Column("key", KEY, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("merged_into_id", BigInteger),
)
PLACE_ALIAS: Final = Table(
    "place_alias",
    METADATA,
    Column("named_id", BigInteger, primary_key=True),
    Column("class", Text, nullable=False),
    Column("key", KEY, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("place_id", BigInteger, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("event_id", BigInteger, server_default=FILLED),
)
