"""Load the first households of a register without keys and indexes, which are built afterwards.

Inserting a row into tables with keys takes some 30 microseconds, a fifth of that without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from registry.core.sql import Statements

SQL: Final = Statements(__file__)

MANY: Final = 20_000
"""Fewest rows for which building keys afterwards, and ANALYZE, pay off."""


@contextmanager
def keys_parked(connection: Connection, rows: int) -> Iterator[bool]:
    """Drop the keys of an empty register while `rows` households are written in the block.

    Yields whether they are dropped. Readers wait for the transaction, so a register with households
    keeps its keys. A failed transaction restores them.
    """
    parked = rows >= MANY and bool(connection.execute(text("SELECT park_keys()")).scalar_one())
    yield parked
    if parked:
        connection.execute(SQL.text("memory_of_sorts"))
        connection.execute(text("SELECT unpark_keys()"))
    if rows >= MANY:
        connection.execute(text("SELECT analyse_register()"))
