"""Performing an operation: one transaction, one event, and what others see of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from registry.database import session_scope
from registry.errors import ConflictError, DatabaseUnavailableError, InvalidInputError
from registry.events import move_pending_events
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.table import LEGAL_FROM, Operation
from registry.lifecycle.work import Done, Work

# Foreign key, unique key, deadlock: another writer was there between our look and our write.
_RIVALRY: Final = ("23503", "23505", "40P01")


class _DryRunError(Exception):
    """Rolls back what was only tried."""


def perform(
    engine: Engine,
    operation: Operation,
    request: OperationRequest,
    *,
    actor: str,
    seen_event: int | None = None,
    dry_run: bool = False,
) -> Done:
    """Do it, as a whole or not at all; `seen_event` is that of the record as the caller knows it.

    Raises the errors of the operation: InvalidInputError, NotFoundError, ConflictError with its
    kinds, StaleError; and what session_scope raises.
    """
    if seen_event is not None and not operation.of_record:
        raise InvalidInputError.of_field(
            "If-Match", "about_no_record", f"{operation.name} is about no single record"
        )
    done: Done | None = None
    with suppress(_DryRunError), _rivalry(), session_scope(engine) as session:
        work = Work(
            session,
            operation.name,
            operation.from_states,
            LEGAL_FROM,
            actor,
            request.reason,
            request.decision_number,
            seen_event,
        )
        done = operation.run(work, request)
        if dry_run:
            raise _DryRunError
    if done is None:
        raise AssertionError(f"{operation.name} ended without a result")
    if not dry_run:
        # As in events.write_scope: the write stands also where the feed must wait.
        with suppress(DatabaseUnavailableError, OperationalError):
            move_pending_events(engine)
    return done


@contextmanager
def _rivalry() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _RIVALRY:
            raise
        raise ConflictError(
            "có người khác vừa sửa cùng chỗ này; hãy thử lại (another writer was faster; try again)"
        ) from error
