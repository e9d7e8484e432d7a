"""API keys, sessions, the audit log, and approval by a second person."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from registry.core.tables import FILLED, KEY, METADATA

API_KEY: Final = Table(
    "api_key",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("rate_per_minute", Integer),
    Column("approves_own", Boolean, nullable=False, server_default=FILLED),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    Column("ending", Text, nullable=False),
    Column("rotated_at", DateTime(timezone=True)),
    Column("previous_hash", LargeBinary),
    Column("previous_until", DateTime(timezone=True)),
    Column("subject", LargeBinary),
)
API_KEY_UNIT: Final = Table(
    "api_key_unit",
    METADATA,
    Column("key_id", BigInteger, primary_key=True),
    Column("unit_id", Integer, primary_key=True),
    Column("widened_by_event_id", BigInteger),
)
AUDIT_ENTRY: Final = Table(
    "audit_entry",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("actor", Text, nullable=False),
    Column("key_id", BigInteger),
    Column("client", Text),
    Column("role", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("operation", Text),
    Column("codes", ARRAY(Text), nullable=False, server_default=FILLED),
    Column("units", ARRAY(Text), nullable=False, server_default=FILLED),
    Column("count", Integer),
    Column("event_id", BigInteger),
    Column("status", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
)
CLIENT_KEY: Final = Table(
    "client_key",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)
ENUMERATION_BUDGET: Final = Table(
    "enumeration_budget",
    METADATA,
    Column("holder", KEY, primary_key=True),
    Column("level", Double, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
REQUEST_RATE: Final = Table(
    "request_rate",
    METADATA,
    Column("minute", Integer, primary_key=True),
    Column("caller", KEY, primary_key=True),
    Column("machine", KEY, primary_key=True),
    Column("asked", Integer, nullable=False),
)
DESK_SESSION: Final = Table(
    "desk_session",
    METADATA,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("key_id", BigInteger, nullable=False),
    Column("began_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("seen_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
SECOND_PERSON_TABLE: Final = Table(
    "second_person_table",
    METADATA,
    Column("id", SmallInteger, primary_key=True, server_default=FILLED),
    Column("rules", Text, nullable=False),
    Column("set_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
PENDING_OPERATION: Final = Table(
    "pending_operation",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("requests", JSONB(none_as_null=True), nullable=False),
    Column("seen", JSONB(none_as_null=True), nullable=False),
    Column("unit_ids", ARRAY(Integer), nullable=False),
    Column("once", Text),
    Column("asked_by", Text, nullable=False),
    Column("asked_key_id", BigInteger),
    Column("asked_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("state", Text, nullable=False, server_default=FILLED),
    Column("decided_by", Text),
    Column("decided_key_id", BigInteger),
    Column("decided_at", DateTime(timezone=True)),
    Column("word", Text),
    Column("event_id", BigInteger),
)
