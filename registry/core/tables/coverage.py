"""Targets and counts of households."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from registry.core.tables import FILLED, METADATA

TARGET: Final = Table(
    "target",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("locality_id", BigInteger),
    Column("households", Integer, nullable=False),
    Column("quality", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("reference_date", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("counted", Text, nullable=False, server_default=FILLED),
    Column("withdrawn_at", DateTime(timezone=True)),
)
COVERAGE_DAY: Final = Table(
    "coverage_day",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("unit_id", Integer, primary_key=True),
    Column("households", Integer, nullable=False),
    Column("dwellings", Integer, nullable=False),
    Column("positioned", Integer, nullable=False),
    Column("verified", Integer, nullable=False),
    Column("deliverable", Integer, nullable=False),
    Column("plated", Integer, nullable=False),
    Column("suspected", Integer, nullable=False),
    Column("unnumbered", Integer, nullable=False),
    Column("target", Integer),
    Column("target_quality", Text),
    Column("target_counted", Text),
)
COVERAGE_COUNT: Final = Table(
    "coverage_count",
    METADATA,
    Column("unit_id", Integer, primary_key=True),
    Column("with_demo", Boolean, primary_key=True),
    Column("households", Integer, nullable=False),
    Column("dwellings", Integer, nullable=False),
    Column("positioned", Integer, nullable=False),
    Column("verified", Integer, nullable=False),
    Column("deliverable", Integer, nullable=False),
    Column("plated", Integer, nullable=False),
    Column("suspected", Integer, nullable=False),
    Column("unnumbered", Integer, nullable=False),
    Column("verified_since", Date, nullable=False),
    Column("verified_first", Date),
    Column("uses", JSONB),
)
COVERAGE_TOUCHED: Final = Table(
    "coverage_touched",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("records", BigInteger, nullable=False),
)
COVERAGE_STATE: Final = Table(
    "coverage_state",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("counted_at", DateTime(timezone=True), nullable=False),
)
