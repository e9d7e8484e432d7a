"""Imports, their problems and edits, and the references of sources to records."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from registry.core.tables import FILLED, KEY, METADATA

IMPORT: Final = Table(
    "import",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("source", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_sha256", Text),
    Column("delivery", Text, nullable=False, server_default=FILLED),
    Column("decision_number", Text),
    Column("state", Text, nullable=False),
    Column("counts", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("published_event_id", BigInteger),
    Column("rolled_back_event_id", BigInteger),
)
IMPORT_PROBLEM: Final = Table(
    "import_problem",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("import_id", BigInteger, nullable=False),
    Column("row_number", BigInteger, nullable=False),
    Column("field", Text),
    Column("code", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("value", Text),
    Column("proposed_fix", Text),
)
IMPORT_EDIT: Final = Table(
    "import_edit",
    METADATA,
    Column("import_id", BigInteger, primary_key=True),
    Column("place", BigInteger, primary_key=True),
    Column("column", Integer, primary_key=True),
    Column("value", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=FILLED),
    Column("edited_by", Text, nullable=False),
    Column("edited_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
SOURCE_NAME: Final = Table(
    "source_name",
    METADATA,
    Column("source", Text, primary_key=True),
    Column("spelled", Text, primary_key=True),
    Column("meant", Text, nullable=False),
    Column("settled_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
IMPORT_WORK: Final = Table(
    "import_work",
    METADATA,
    Column("import_id", BigInteger, primary_key=True),
    Column("actor", Text, nullable=False),
    Column("key_id", BigInteger),
    Column("unit_ids", ARRAY(Integer)),
    Column("request", JSONB(none_as_null=True), nullable=False, server_default=FILLED),
    Column("size_bytes", BigInteger, nullable=False),
    Column("idempotency_key", Text),
    Column("verdict", Integer, nullable=False, server_default=FILLED),
    Column("phase", Text),
    Column("rows_done", BigInteger, nullable=False, server_default=FILLED),
    Column("problem", JSONB(none_as_null=True)),
    Column("asked_by", Text),
    Column("asked_key_id", BigInteger),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=FILLED),
    Column("files_until", DateTime(timezone=True)),
)
HOUSEHOLD_REF: Final = Table(
    "household_ref",
    METADATA,
    Column("source", KEY, primary_key=True),
    Column("source_ref", KEY, primary_key=True),
    Column("code", KEY, nullable=False),
    Column("import_id", BigInteger),
    Column("linked", Boolean, nullable=False, server_default=FILLED),
    Column("shares", Boolean, nullable=False, server_default=FILLED),
    Column("row_hash", Uuid),
    Column("vanished_import_id", BigInteger),
)
HOUSEHOLD_REF_BEFORE: Final = Table(
    "household_ref_before",
    METADATA,
    Column("import_id", BigInteger, primary_key=True),
    Column("source_ref", KEY, primary_key=True),
    Column("linked", Boolean, nullable=False),
    Column("shares", Boolean, nullable=False),
    Column("row_hash", Uuid),
    Column("vanished_import_id", BigInteger),
)
PARKED_KEY: Final = Table(
    "parked_key",
    METADATA,
    Column("place", Integer, primary_key=True),
    Column("relation", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("is_constraint", Boolean, nullable=False),
)
