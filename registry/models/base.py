"""What every table shares: names of constraints, types, comments."""

import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import BigInteger, CheckConstraint, DateTime, MetaData, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase

NOW: Final = text("clock_timestamp()")


class Base(DeclarativeBase):
    """Base of all tables. Every table and every column carries a comment; a test says so."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        datetime.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        int: BigInteger,
    }


def one_of(column: str, *values: str, name: str | None = None) -> CheckConstraint:
    """A check that `column` holds one of `values`: readable in psql, changed without a rewrite."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


def on_earth(column: str) -> CheckConstraint:
    """A check that the point in `column` has coordinates, and that they are degrees.

    It refuses the empty point, metres, and most swaps of lon and lat in Viet Nam.
    """
    return CheckConstraint(
        f"{column} IS NULL OR coalesce(ST_X({column}) BETWEEN -180 AND 180"
        f" AND ST_Y({column}) BETWEEN -90 AND 90, false)",
        name=f"{column}_on_earth",
    )
