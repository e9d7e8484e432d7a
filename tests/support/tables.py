"""The register's tables as the database has them, for tests that write past the program.

Their columns are read from the first database that a process of the tests clones: `migrations/`
alone says what they are.
"""

from typing import Any

import geoalchemy2  # noqa: F401 - SQLAlchemy then reads columns of geometry
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.declarative import DeferredReflection
from sqlalchemy.orm import DeclarativeBase

from registry.database import make_engine


class Base(DeclarativeBase):
    """What all of them share: one MetaData."""


@event.listens_for(Base.metadata, "column_reflect")
def _store_none_as_null(_inspector: object, _table: object, column: dict[str, Any]) -> None:
    if isinstance(column["type"], JSONB):
        column["type"] = JSONB(none_as_null=True)


class _Table(DeferredReflection, Base):
    __abstract__ = True


def read_tables(url: str) -> None:
    """Let the tables have the columns that they have in this register, unless they are known."""
    if not Base.metadata.tables["household"].columns:
        engine = make_engine(url, pool_size=1)
        _Table.prepare(engine)
        engine.dispose()


class AdminUnit(_Table):
    __tablename__ = "admin_unit"


class AdminUnitSuccession(_Table):
    __tablename__ = "admin_unit_succession"


class AdminUnitVersion(_Table):
    __tablename__ = "admin_unit_version"


class ApiKey(_Table):
    __tablename__ = "api_key"


class CodeKey(_Table):
    __tablename__ = "code_key"


class CoverageDay(_Table):
    __tablename__ = "coverage_day"


class Event(_Table):
    __tablename__ = "event"


class EventPending(_Table):
    __tablename__ = "event_pending"


class Feed(_Table):
    __tablename__ = "feed"


class FieldReport(_Table):
    __tablename__ = "field_report"


class FieldRound(_Table):
    __tablename__ = "field_round"


class Household(_Table):
    __tablename__ = "household"


class HouseholdVersion(_Table):
    __tablename__ = "household_version"


class Import(_Table):
    __tablename__ = "import"


class Place(_Table):
    __tablename__ = "place"


class Plate(_Table):
    __tablename__ = "plate"


class Reform(_Table):
    __tablename__ = "reform"


class SuccessionLink(_Table):
    __tablename__ = "succession_link"


class Target(_Table):
    __tablename__ = "target"


class Webhook(_Table):
    __tablename__ = "webhook"
