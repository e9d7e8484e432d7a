"""Issuing codes: ordinals drawn from the database, permuted under its key."""

from functools import lru_cache
from typing import Final

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from geo.code import LENGTH
from geo.code_bulk import codes_from_serials
from geo.permutation import Permutation
from registry.core.errors import ConflictError
from registry.core.messages import Message

DEMO_SOURCE: Final = "demo"
"""The source that made-up households are imported from, and that nobody else may name."""


def issue_codes(connection: Connection | Session, count: int) -> list[str]:
    """`count` codes that no door has or ever had, canonical, in the order drawn.

    What a rolled-back transaction drew is burnt: the sequence never gives an ordinal twice.
    Raises ConflictError when fewer than `count` of the 846,825,858 codes are left.
    """
    joined = issue_code_string(connection, count).decode("ascii")
    return [joined[at : at + LENGTH] for at in range(0, len(joined), LENGTH)]


def issue_code_string(connection: Connection | Session, count: int, *, demo: bool = False) -> bytes:
    """The same, end to end, for millions of them.

    `demo` codes are of the range `0…`, which never stand on a real door.
    """
    if not count:
        return b""
    ordinals = _draw(connection, count, demo=demo)
    serials = ordinals if demo else _permutation(connection).code_serials(ordinals)
    return codes_from_serials(serials).tobytes()


def _draw(connection: Connection | Session, count: int, *, demo: bool) -> NDArray[np.int64]:
    """So many ordinals, ascending, of which only the gaps that others made are transferred.

    The database sees to it that a promoted standby draws none that the lost server had drawn.
    """
    try:
        first, last, drawn = connection.execute(
            text("SELECT first, last, drawn FROM draw_ordinals(:count, :demo)"),
            {"count": count, "demo": demo},
        ).one()
    except DataError as error:
        if isinstance(error.orig, psycopg.errors.SequenceGeneratorLimitExceeded):
            raise ConflictError(Message("codes_running_out", count=count)) from error
        raise
    if drawn is None:
        return np.arange(first, last + 1, dtype=np.int64)
    return np.array(drawn, dtype=np.int64)


def _permutation(connection: Connection | Session) -> Permutation:
    key: bytes = connection.execute(text("SELECT key FROM code_key")).scalar_one()
    return _tables(bytes(key))


@lru_cache(maxsize=4)
def _tables(key: bytes) -> Permutation:
    # Half a megabyte of tables, worth keeping from one issue to the next.
    return Permutation(key)
