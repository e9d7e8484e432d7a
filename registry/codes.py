"""Issuing codes: ordinals drawn from the database, permuted under its key."""

from functools import lru_cache

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.code_bulk import codes_from_serials
from geo.permutation import Permutation


def issue_codes(session: Session, count: int) -> list[str]:
    """`count` codes that no door has or ever had, canonical, in the order drawn.

    What a rolled-back transaction drew is burnt: the sequence never gives an ordinal twice.
    Raises sqlalchemy.exc.DataError when the 846,825,858 codes are used up.
    """
    drawn = session.scalars(
        text("SELECT nextval('code_ordinal') FROM generate_series(1, :count)"), {"count": count}
    )
    ordinals = np.fromiter(drawn, dtype=np.int64)
    serials = _permutation(session).code_serials(ordinals)
    return [code.decode("ascii") for code in codes_from_serials(serials).tolist()]


def _permutation(session: Session) -> Permutation:
    key: bytes = session.execute(text("SELECT key FROM code_key")).scalar_one()
    return _tables(bytes(key))


@lru_cache(maxsize=4)
def _tables(key: bytes) -> Permutation:
    # Half a megabyte of tables, worth keeping from one issue to the next.
    return Permutation(key)
