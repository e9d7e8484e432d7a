"""Tables that the program reads and writes, as SQLAlchemy's Core needs to know them, by area.

Columns, types, nullability and primary keys stand here; constraints, indexes, triggers and grants
once, in `migrations/`. A test compares both.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from sqlalchemy import FetchedValue, MetaData, Text

METADATA: Final = MetaData()
KEY: Final = Text(collation="C")
"""A code, or what is matched: compared byte by byte."""
FILLED: Final = FetchedValue()
"""Where nothing is given the database fills the column in."""


def all_tables() -> MetaData:
    """The tables of all areas."""
    for area in iter_modules(__path__, f"{__name__}."):
        import_module(area.name)
    return METADATA
