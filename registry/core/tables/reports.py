"""Field reports and field rounds."""

from typing import Final

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from registry.core.tables import FILLED, KEY, METADATA

FIELD_REPORT: Final = Table(
    "field_report",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("code", KEY),
    Column("unit_id", Integer, nullable=False),
    Column("point", Geometry("POINT", srid=4326, spatial_index=False)),
    Column("address_text", Text),
    Column("reporter_role", Text, nullable=False),
    Column("state", Text, nullable=False, server_default=FILLED),
    Column("reported_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("decided_event_id", BigInteger),
    Column("position_accuracy_m", Double),
    Column("address_parts", JSONB(none_as_null=True)),
    Column("address_key", KEY),
    Column("seen_event_id", BigInteger),
    Column("carriers", Integer, nullable=False, server_default=FILLED),
    Column("merchants", Integer, nullable=False, server_default=FILLED),
    Column("residents", Integer, nullable=False, server_default=FILLED),
    Column("officials", Integer, nullable=False, server_default=FILLED),
    Column("last_reported_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("reporters", Integer, nullable=False, server_default=FILLED),
    Column("word", Text),
    Column("entrance", Text),
    Column("note", Text),
)
FIELD_REPORT_VOICE: Final = Table(
    "field_report_voice",
    METADATA,
    Column("report_id", BigInteger, primary_key=True),
    Column("reporter", KEY, primary_key=True),
    Column("said_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
FIELD_REPORT_RECEIPT: Final = Table(
    "field_report_receipt",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("report_id", BigInteger, nullable=False),
    Column("key_id", BigInteger),
    Column("given_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
FIELD_ROUND: Final = Table(
    "field_round",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("unit_id", Integer, nullable=False),
    Column("street_id", BigInteger),
    Column("locality_id", BigInteger),
    Column("until", Date, nullable=False),
    Column("code_hash", LargeBinary, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("closed_at", DateTime(timezone=True)),
)
FIELD_RECORD: Final = Table(
    "field_record",
    METADATA,
    Column("id", Uuid, primary_key=True),
    Column("round_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("code", KEY),
    Column("seen_event_id", BigInteger),
    Column("point", Geometry("POINT", srid=4326, spatial_index=False)),
    Column("position_method", Text),
    Column("position_accuracy_m", Double),
    Column("spread_m", Double),
    Column("said", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("device", Uuid),
    Column("said_at", DateTime(timezone=True), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("state", Text, nullable=False, server_default=FILLED),
    Column("import_id", BigInteger),
    Column("made", ARRAY(Text), nullable=False, server_default=FILLED),
)
