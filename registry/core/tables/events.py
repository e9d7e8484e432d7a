"""Events, the change feed, and the identity of the register."""

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from registry.core.tables import FILLED, METADATA

EVENT: Final = Table(
    "event",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("decision_number", Text),
    Column("scope", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("occurred_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("xact", BigInteger, nullable=False, server_default=FILLED),
)
EVENT_PENDING: Final = Table(
    "event_pending",
    METADATA,
    Column("event_id", BigInteger, primary_key=True),
)
FEED: Final = Table(
    "feed",
    METADATA,
    Column("position", BigInteger, primary_key=True),
    Column("event_id", BigInteger, nullable=False),
)
REGISTER_IDENTITY: Final = Table(
    "register_identity",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("uuid", Uuid, nullable=False, server_default=FILLED),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("note", Text, nullable=False, server_default=FILLED),
    Column("timeline", BigInteger, nullable=False),
    Column("transferred_event_id", BigInteger),
)
CODE_KEY: Final = Table(
    "code_key",
    METADATA,
    Column("id", SmallInteger, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)
