"""Issuing codes: ordinals drawn from the database, permuted under its key."""

from functools import lru_cache

import numpy as np
import psycopg
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from geo.code_bulk import codes_from_serials
from geo.permutation import Permutation
from registry.errors import ConflictError


def issue_codes(connection: Connection | Session, count: int) -> list[str]:
    """`count` codes that no door has or ever had, canonical, in the order drawn.

    What a rolled-back transaction drew is burnt: the sequence never gives an ordinal twice.
    Raises ConflictError when fewer than `count` of the 846,825,858 codes are left.
    """
    ordinals = _draw(connection, "code_ordinal", count)
    serials = _permutation(connection).code_serials(ordinals)
    return _written(serials)


def issue_demo_codes(connection: Connection | Session, count: int) -> list[str]:
    """`count` codes of the range `0…`, which never stand on a real door.

    Raises ConflictError when they are used up.
    """
    return _written(_draw(connection, "demo_ordinal", count))


def _draw(connection: Connection | Session, sequence: str, count: int) -> NDArray[np.int64]:
    try:
        drawn = connection.scalars(
            select(func.nextval(sequence)).select_from(func.generate_series(1, count))
        ).all()
    except DataError as error:
        if isinstance(error.orig, psycopg.errors.SequenceGeneratorLimitExceeded):
            raise ConflictError(f"fewer than {count:,} codes are left to issue") from error
        raise
    return np.array(drawn, dtype=np.int64)


def _written(serials: NDArray[np.int64]) -> list[str]:
    return [code.decode("ascii") for code in codes_from_serials(serials).tolist()]


def _permutation(connection: Connection | Session) -> Permutation:
    key: bytes = connection.execute(text("SELECT key FROM code_key")).scalar_one()
    return _tables(bytes(key))


@lru_cache(maxsize=4)
def _tables(key: bytes) -> Permutation:
    # Half a megabyte of tables, worth keeping from one issue to the next.
    return Permutation(key)
