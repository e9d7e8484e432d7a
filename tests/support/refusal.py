"""What a test expects the database to refuse."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


@contextmanager
def refused(
    session: Session | Connection,
    *,
    by: str | None = None,
    message: str | None = None,
    sqlstate: str | None = None,
) -> Iterator[None]:
    """The block is refused: by the constraint `by`, with `message`, as `sqlstate`.

    Earlier work of the transaction is kept: the block runs in a savepoint.
    """
    with pytest.raises(DBAPIError, match=message) as caught, session.begin_nested():
        yield
    check_refusal(caught.value, by=by, sqlstate=sqlstate)


def check_refusal(error: DBAPIError, *, by: str | None = None, sqlstate: str | None = None) -> None:
    """AssertionError unless the error comes from the constraint `by`, as `sqlstate`."""
    diagnosis = error.orig.diag  # type: ignore[union-attr]
    if by is not None:
        assert diagnosis.constraint_name == by, error
    if sqlstate is not None:
        assert diagnosis.sqlstate == sqlstate, error
