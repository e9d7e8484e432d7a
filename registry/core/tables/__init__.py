"""The tables that the program uses, described in SQLAlchemy Core, by area.

Columns, types, nullability and primary keys are defined here; constraints, indexes, triggers and
grants only in `migrations/`. A test compares both.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from sqlalchemy import FetchedValue, MetaData, Text

METADATA: Final = MetaData()
KEY: Final = Text(collation="C")
"""A code or search key, compared bytewise."""
FILLED: Final = FetchedValue()
"""Default of a column that the database fills in."""


def all_tables() -> MetaData:
    """Return the metadata with the tables of all areas."""
    for area in iter_modules(__path__, f"{__name__}."):
        import_module(area.name)
    return METADATA
