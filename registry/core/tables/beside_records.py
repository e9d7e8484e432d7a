"""Tables that belong to records: successions, former numbers, identifiers, plates, certificates."""

from typing import Final

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import DATERANGE

from registry.core.tables import FILLED, KEY, METADATA

SUCCESSION_LINK: Final = Table(
    "succession_link",
    METADATA,
    Column("old_code", KEY, primary_key=True),
    Column("new_code", KEY, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("event_id", BigInteger, primary_key=True, server_default=FILLED),
    Column("ended_by_event_id", BigInteger),
)
HOUSEHOLD_FORMER_NUMBER: Final = Table(
    "household_former_number",
    METADATA,
    Column("code", KEY, primary_key=True),
    Column("event_id", BigInteger, primary_key=True, server_default=FILLED),
    Column("street_id", BigInteger),
    Column("locality_id", BigInteger),
    Column("house_number", Text, nullable=False),
    Column("house_number_key", KEY, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False, server_default=FILLED),
)
EXTERNAL_ID: Final = Table(
    "external_id",
    METADATA,
    Column("code", KEY, primary_key=True),
    Column("scheme", KEY, primary_key=True),
    Column("value", KEY, primary_key=True),
    Column("valid", DATERANGE, nullable=False, server_default=FILLED),
    Column("import_id", BigInteger),
)
HOUSEHOLD_USE: Final = Table(
    "household_use",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("code", KEY, nullable=False),
    Column("use", Text, nullable=False),
    Column("name", Text),
    Column("name_key", KEY),
    Column("valid", DATERANGE, nullable=False, server_default=FILLED),
    Column("event_id", BigInteger, server_default=FILLED),
)
PLATE: Final = Table(
    "plate",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("code", KEY, nullable=False),
    Column("issued_on", Date),
    Column("mounted_on", Date),
    Column("lost_on", Date),
)
CERTIFICATE: Final = Table(
    "certificate",
    METADATA,
    Column("number", KEY, primary_key=True),
    Column("code", KEY, nullable=False),
    Column("unit_id", Integer, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("label", Text, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("document_number", Text),
    Column("revoked_on", Date),
    Column("revoked_why", Text),
)
