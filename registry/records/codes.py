"""Issue codes: ordinals from a sequence of the database, permuted under its key."""

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
"""Reserved source of the demonstration's households."""


def issue_codes(connection: Connection | Session, count: int) -> list[str]:
    """Return `count` canonical codes that were never used, in the order drawn.

    Codes drawn by a rolled-back transaction are lost: the sequence never repeats an ordinal.
    Raises ConflictError if fewer than `count` of the 846,825,858 codes are left.
    """
    joined = issue_code_string(connection, count).decode("ascii")
    return [joined[at : at + LENGTH] for at in range(0, len(joined), LENGTH)]


def issue_code_string(connection: Connection | Session, count: int, *, demo: bool = False) -> bytes:
    """Return codes concatenated, for millions of them.

    `demo` codes are of the range `0…`, which is never used on a real door.
    """
    if not count:
        return b""
    ordinals = _draw(connection, count, demo=demo)
    serials = ordinals if demo else _permutation(connection).code_serials(ordinals)
    return codes_from_serials(serials).tobytes()


def _draw(connection: Connection | Session, count: int, *, demo: bool) -> NDArray[np.int64]:
    """Draw ascending ordinals; only the gaps made by concurrent transactions are transferred.

    The database ensures that a promoted standby repeats none that the lost server had drawn.
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
    # Half a megabyte of tables, cached between issues.
    return Permutation(key)
