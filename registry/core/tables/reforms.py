"""Resolutions that change units."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from registry.core.tables import FILLED, METADATA

REFORM: Final = Table(
    "reform",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("number", Text),
    Column("title", Text),
    Column("effective_on", Date),
    Column("state", Text, nullable=False),
    Column("resolution", JSONB(none_as_null=True)),
    Column("decided", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("unit_ids", ARRAY(Integer), nullable=False, server_default=FILLED),
    Column("affected_ids", ARRAY(Integer), nullable=False, server_default=FILLED),
    Column("counts", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("actor", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("event_id", BigInteger),
    Column("undone_event_id", BigInteger),
)
REFORM_WORK: Final = Table(
    "reform_work",
    METADATA,
    Column("reform_id", BigInteger, primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("options", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("verdict", Integer, nullable=False, server_default=FILLED),
    Column("phase", Text),
    Column("done", BigInteger, nullable=False, server_default=FILLED),
    Column("report", JSONB(none_as_null=True)),
    Column("problem", JSONB(none_as_null=True)),
    Column("asked_by", Text, nullable=False),
    Column("asked_key_id", BigInteger),
    Column("files_until", DateTime(timezone=True)),
)
REFORM_BEFORE: Final = Table(
    "reform_before",
    METADATA,
    Column("reform_id", BigInteger, primary_key=True),
    Column("relation", Text, primary_key=True),
    Column("row_id", Text, primary_key=True),
    Column("was", JSONB(none_as_null=True)),
)
