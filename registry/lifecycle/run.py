"""Perform an operation in one transaction with one event."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from registry.access.jurisdiction import check_jurisdiction
from registry.core.actors import acting
from registry.core.database import session_scope
from registry.core.errors import (
    AlreadyDoneError,
    ConflictError,
    DatabaseUnavailableError,
    InvalidInputError,
    RegistryError,
    SecondPersonNeededError,
)
from registry.core.events import PUBLISH, move_pending_events
from registry.core.messages import Message
from registry.lifecycle.pending_store import file_pending
from registry.lifecycle.requests import OperationRequest, WideStreetRequest
from registry.lifecycle.second_person import needs_second
from registry.lifecycle.table import LEGAL_FROM, Operation
from registry.lifecycle.work import Done, Work
from registry.records.named_places import communes_with_street, read_street

# Foreign key, unique key, deadlock: another writer came between our read and our write.
_RIVALRY: Final = ("23503", "23505", "40P01")
_ONCE: Final = "uq_event_once"
_DONE: Final = text("SELECT id FROM event WHERE scope ? 'once' AND scope ->> 'once' = :once")


class _DryRunError(Exception):
    """Rolls back a dry run."""


@dataclass
class NeedsSecondPerson(Exception):  # noqa: N818 - not an error: it is filed for another
    """Rolls back an operation that needs a second person."""

    requests: Sequence[OperationRequest]
    units: Sequence[str]


def perform(
    engine: Engine,
    operation: Operation,
    request: OperationRequest,
    *,
    actor: str,
    seen_event: int | None = None,
    once: str | None = None,
    dry_run: bool = False,
    look: Callable[[Session], None] | None = None,
    second_person: str | None = None,
    demand_second: bool = False,
) -> Done:
    """Perform an operation atomically; `seen_event` is the state of the record the caller has seen.

    `look` reads the result within the transaction, which for a dry run is the only chance. A second
    operation under the name `once` raises AlreadyDoneError. If the register's table requires a
    second person nothing is written, and a pending operation is filed (`Done.pending_id`). The
    table applies to the operator only with `demand_second`, who then must name the
    `second_person`, or SecondPersonNeededError is raised.
    Raises the errors of the operation: InvalidInputError, NotFoundError, ConflictError with its
    kinds, StaleError; OutsideUnitsError; and what session_scope raises.
    """
    if seen_event is not None and not operation.of_record:
        raise InvalidInputError.of_field(
            "If-Match",
            "about_no_record",
            Message("operation_not_for_one_record", name=operation.name),
        )
    done: Done | None = None
    persons = {"second_person": second_person} if second_person else {}
    with once_only(engine, once):
        try:
            with attempt(engine, dry_run=dry_run) as session:
                work = work_of(session, operation, request, actor, seen_event, once, persons)
                resolved = with_communes(session, request)
                done = do(work, operation, resolved)
                bound = demand_second or acting() is not None
                if bound and not persons and needs_second(session, operation.name, [work]):
                    done = replace(done, needs_second=True)
                if done.needs_second and not dry_run:
                    refuse_alone([resolved], done.units, demand_second)
                if look is not None:
                    look(session)
        except NeedsSecondPerson as needs:
            return Done(
                0, units=tuple(needs.units), pending_id=file(engine, operation, needs, once)
            )
    if done is None:
        raise AssertionError(f"{operation.name} ended without a result")
    return done


def refuse_alone(
    requests: Sequence[OperationRequest], units: Sequence[str], demand_second: bool = False
) -> None:
    """Raise NeedsSecondPerson for a user or key, or SecondPersonNeededError for the operator if
    demanded.
    """
    if acting() is not None:
        raise NeedsSecondPerson(requests, units)
    if demand_second:
        raise SecondPersonNeededError(Message("second_person_required"))


def file(engine: Engine, operation: Operation, needs: NeedsSecondPerson, once: str | None) -> int:
    """File an operation for a second person; return its number."""
    actor = acting()
    if actor is None:
        raise AssertionError("nobody acts")
    with session_scope(engine) as session:
        return file_pending(
            session, operation, needs.requests, units=needs.units, actor=actor, once=once
        )


@contextmanager
def once_only(engine: Engine, once: str | None) -> Iterator[None]:
    """Raise AlreadyDoneError if the name `once` is used already, or by a concurrent request.

    A form sent twice gets this error, and not one about the state that the first request made.
    """
    _refuse_done(engine, once)
    try:
        yield
    except RegistryError:
        _refuse_done(engine, once)
        raise


def _refuse_done(engine: Engine, once: str | None) -> None:
    if once is not None:
        with session_scope(engine) as session:
            if session.execute(_DONE, {"once": once}).first():
                raise _already_done()


def _already_done() -> AlreadyDoneError:
    return AlreadyDoneError(Message("form_already_sent"))


def work_of(
    session: Session,
    operation: Operation,
    request: OperationRequest,
    actor: str,
    seen_event: int | None = None,
    once: str | None = None,
    persons: Mapping[str, object] | None = None,
) -> Work:
    """Return the work of an operation, which has no event yet."""
    return Work(
        session,
        operation.kind,
        operation.from_states,
        LEGAL_FROM,
        actor,
        request.reason,
        request.decision_number,
        seen_event,
        once=once,
        persons=persons or {},
    )


@contextmanager
def tried(
    engine: Engine, operation: Operation, request: OperationRequest, *, actor: str
) -> Iterator[tuple[Session, Done]]:
    """Show the register within the block as the operation would leave it, then roll back.

    Raises the errors of `perform`.
    """
    with attempt(engine, dry_run=True) as session:
        request = with_communes(session, request)
        yield session, do(work_of(session, operation, request, actor), operation, request)


def with_communes(session: Session, request: OperationRequest) -> OperationRequest:
    """Replace the province of a request by its communes that have the street.

    Raises InvalidInputError if none has it.
    """
    if not isinstance(request, WideStreetRequest) or request.province is None:
        return request
    communes = communes_with_street(session, request.province, read_street(request.street))
    if not communes:
        raise InvalidInputError.of_field(
            "street", "unknown_place", Message("name_unknown_in_province")
        )
    return request.model_copy(update={"communes": sorted(communes), "province": None})


def do(work: Work, operation: Operation, request: OperationRequest) -> Done:
    """Perform an operation in the transaction of the work; the result names its communes.

    Raises OutsideUnitsError where the actor may not write, and the errors of the operation.
    """
    units = check_jurisdiction(work.session, request)
    return replace(operation.run(work, request), units=units)


@contextmanager
def attempt(engine: Engine, *, dry_run: bool) -> Iterator[Session]:
    """Open a transaction for one event, which is then in the feed; a dry run writes nothing.

    Raises ConflictError for conflicts with concurrent writers, and the errors of session_scope.
    """
    published = False
    with suppress(_DryRunError), _rivalry(), session_scope(engine) as session:
        yield session
        if dry_run:
            raise _DryRunError
        # In the same commit: a second one would wait for the disk again.
        published = session.execute(PUBLISH).scalar_one()
    if not dry_run and not published:
        # As in events.write_scope: the write is kept even if the feed must wait.
        with suppress(DatabaseUnavailableError, OperationalError):
            move_pending_events(engine)


@contextmanager
def _rivalry() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _RIVALRY:
            raise
        if _ONCE in str(error.orig):
            raise _already_done() from error
        raise ConflictError(Message("concurrent_edit")) from error
