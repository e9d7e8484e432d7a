"""The first households of a register: keys and indexes are made behind the rows, in one go each.

A row into tables with keys costs some 30 microseconds, and a fifth of it into tables without.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, text

from registry.core.sql import Statements

SQL: Final = Statements(__file__)

MANY: Final = 20_000
"""Rows from which on it pays to make keys behind them, and to tell the planner of them."""


@contextmanager
def keys_parked(connection: Connection, rows: int) -> Iterator[bool]:
    """Write `rows` households in the block, into tables without keys where there is none yet.

    The block is told whether they are without.

    Whoever reads the register waits for the transaction, which is why a register with households
    keeps its keys. A transaction that fails has them as before.
    """
    parked = rows >= MANY and bool(connection.execute(text("SELECT park_keys()")).scalar_one())
    yield parked
    if parked:
        connection.execute(SQL.text("memory_of_sorts"))
        connection.execute(text("SELECT unpark_keys()"))
    if rows >= MANY:
        connection.execute(text("SELECT analyse_register()"))
