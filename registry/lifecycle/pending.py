"""Decisions of a second person on pending operations: dry run, approve, or decline."""

from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo import code as codes
from registry.access.jurisdiction import check_jurisdiction
from registry.core.actors import acting, demand, who_acts
from registry.core.database import session_scope
from registry.core.errors import (
    ConflictError,
    OwnProposalError,
    PendingDecidedError,
    PendingStaleError,
)
from registry.core.messages import N_, Message
from registry.core.sql import Statements
from registry.lifecycle.pending_store import Pending, find_pending, states_of
from registry.lifecycle.run import attempt, do, work_of
from registry.lifecycle.several import Each, do_each, refuse_half
from registry.lifecycle.work import Done, read_code

SQL: Final = Statements(__file__, "queries.sql")


def approve(engine: Engine, number: int, *, dry_run: bool = False) -> tuple[Pending, Done]:
    """Perform a pending operation as its second person; the event names both.

    A dry run reports what it would do to the current register.
    Raises NotFoundError; PendingDecidedError; OwnProposalError for the requester; ForbiddenError;
    PendingStaleError if a record has changed since; and the errors of the operation.
    """
    demand("approver", N_("approve"))
    done: tuple[Pending, Done] | None = None
    with attempt(engine, dry_run=dry_run) as session:
        pending = find_pending(session, number, lock=True)
        _check_waiting(pending)
        if not dry_run:
            _refuse_own(pending)
        _check_units(session, pending)
        _check_seen(session, pending)
        made = _do(session, pending, who_acts()[0])
        _decide(session, pending, "done", event=made.event_id)
        done = pending, made
    if done is None:
        raise AssertionError(f"pending operation {number} ended without a result")
    return done


def decline(engine: Engine, number: int, word: str | None) -> Pending:
    """Decline as an approver of all its communes, or withdraw as the requester.

    Raises NotFoundError, PendingDecidedError, ForbiddenError, OutsideUnitsError.
    """
    actor = acting()
    with session_scope(engine) as session:
        pending = find_pending(session, number, lock=True)
        _check_waiting(pending)
        own = actor is not None and pending.is_by(actor)
        if not own:
            demand("approver", N_("decline"))
            _check_units(session, pending)
        state = "withdrawn" if own else "declined"
        _decide(session, pending, state, word=word)
        return find_pending(session, number, anywhere=True)


def _check_waiting(pending: Pending) -> None:
    if pending.state != "waiting":
        raise PendingDecidedError(
            Message("pending_over", id=pending.id, state=pending.state),
            state=pending.state,
        )


def _check_units(session: Session, pending: Pending) -> None:
    for request in pending.requests():
        check_jurisdiction(session, request)


def _refuse_own(pending: Pending) -> None:
    actor = acting()
    if actor is not None and pending.is_by(actor) and not actor.approves_own:
        raise OwnProposalError(Message("pending_needs_other_person"))
    if pending.asker_revoked:
        raise ConflictError(Message("requesting_key_revoked", asked_by=pending.asked_by))


def _check_seen(session: Session, pending: Pending) -> None:
    """Raise PendingStaleError for a record whose place or address has changed."""
    now = states_of(session, pending.seen)
    changed = [code for code, state in pending.seen.items() if now.get(code) != state]
    if changed:
        shown = ", ".join(map(codes.format, sorted(changed)[:5]))
        raise PendingStaleError(Message("pending_record_changed", shown=shown))


def _do(session: Session, pending: Pending, second: str) -> Done:
    persons = {"second_person": second, "pending": pending.id}
    operation = pending.operation
    requests: list[Any] = pending.requests()
    if len(requests) == 1:
        (request,) = requests
        work = work_of(
            session, operation, request, pending.asked_by, once=pending.once, persons=persons
        )
        return do(work, operation, request)
    several = [Each(read_code("code", request.code), request, None) for request in requests]
    done = do_each(session, operation, several, pending.asked_by, pending.once, persons)
    refuse_half(done.refused)
    return Done(done.event_id, done.records, rewritten=len(done.records), units=done.units)


def _decide(
    session: Session,
    pending: Pending,
    state: str,
    *,
    word: str | None = None,
    event: int | None = None,
) -> None:
    actor = acting()
    values = {"id": pending.id, "state": state, "word": word, "event": event}
    key = None if actor is None else actor.key_id
    session.execute(SQL.text("settle_pending"), values | {"name": who_acts()[0], "key": key})
