"""Large batches, webhooks, service areas, request counts and backups."""

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
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB

from registry.core.tables import FILLED, KEY, METADATA

BATCH: Final = Table(
    "batch",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("key_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("request", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("state", Text, nullable=False, server_default=FILLED),
    Column("phase", Text, server_default=FILLED),
    Column("rows_count", BigInteger),
    Column("done", BigInteger, nullable=False, server_default=FILLED),
    Column("written_bytes", BigInteger, nullable=False, server_default=FILLED),
    Column("counts", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("problem", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("files_until", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
WEBHOOK: Final = Table(
    "webhook",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("key_id", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    Column("note", Text),
    Column("kinds", ARRAY(Text), nullable=False, server_default=FILLED),
    Column("codes", Integer),
    Column("demo", Boolean, nullable=False, server_default=FILLED),
    Column("secret", LargeBinary, nullable=False),
    Column("previous_secret", LargeBinary),
    Column("previous_until", DateTime(timezone=True)),
    Column("state", Text, nullable=False, server_default=FILLED),
    Column("cursor", Text, nullable=False),
    Column("caught_up", BigInteger, nullable=False),
    Column("round", Integer, nullable=False, server_default=FILLED),
    Column("attempts", Integer, nullable=False, server_default=FILLED),
    Column("failing_since", DateTime(timezone=True)),
    Column("last_outcome", Text),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
WEBHOOK_UNIT: Final = Table(
    "webhook_unit",
    METADATA,
    Column("webhook_id", BigInteger, primary_key=True),
    Column("unit_id", Integer, primary_key=True),
)
WEBHOOK_CODE: Final = Table(
    "webhook_code",
    METADATA,
    Column("webhook_id", BigInteger, primary_key=True),
    Column("code", KEY, primary_key=True),
)
WEBHOOK_DELIVERY: Final = Table(
    "webhook_delivery",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("webhook_id", BigInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("behind", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("took_ms", Integer, nullable=False),
    Column("status", Integer),
    Column("outcome", Text, nullable=False),
    Column("given_up", Boolean, nullable=False, server_default=FILLED),
)
SERVICE_COUNT: Final = Table(
    "service_count",
    METADATA,
    Column("day", Date, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("outcome", Text, primary_key=True),
    Column("asked", BigInteger, nullable=False),
)
SERVICE_OFFICE: Final = Table(
    "service_office",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("point", Geometry("POINT", srid=4326, spatial_index=False)),
    Column("hours", Text),
    Column("event_id", BigInteger, nullable=False, server_default=FILLED),
)
SERVICE_AREA: Final = Table(
    "service_area",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("operator", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("office_id", BigInteger),
    Column("geom", Geometry("MULTIPOLYGON", srid=4326, spatial_index=False)),
    Column("valid", DATERANGE, nullable=False, server_default=FILLED),
    Column("digest", LargeBinary, nullable=False),
    Column("event_id", BigInteger, nullable=False, server_default=FILLED),
)
SERVICE_AREA_UNIT: Final = Table(
    "service_area_unit",
    METADATA,
    Column("area_id", BigInteger, primary_key=True),
    Column("unit_id", Integer, primary_key=True),
)
SERVICE_AREA_CODE: Final = Table(
    "service_area_code",
    METADATA,
    Column("area_id", BigInteger, primary_key=True),
    Column("code", KEY, primary_key=True),
)
BACKUP_RUN: Final = Table(
    "backup_run",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("done_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("label", Text, nullable=False),
)
