"""One operation on several records: one transaction, one event, all of them or none.

A dry run tries each by itself and reports which fail and why, so that the caller can leave them
out. The real run is atomic: it never applies to some of the records only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.errors import InvalidInputError, RegistryError, SeveralRefusedError
from registry.core.messages import Message
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.run import (
    NeedsSecondPerson,
    attempt,
    do,
    file,
    once_only,
    refuse_alone,
    work_of,
)
from registry.lifecycle.second_person import needs_second
from registry.lifecycle.table import Operation
from registry.lifecycle.work import Changed, Work

MAX_SEVERAL: Final = 500


@dataclass(frozen=True, slots=True)
class Each:
    """One record of several."""

    code: str
    """Canonical."""
    request: OperationRequest
    seen_event: int | None
    """The event of the state that the caller has seen, if given."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the operation refuses."""

    code: str
    error: RegistryError


@dataclass(frozen=True, slots=True)
class SeveralDone:
    """What was done, or by a dry run would be."""

    event_id: int
    records: tuple[Changed, ...] = ()
    refused: tuple[Refused, ...] = ()
    units: tuple[str, ...] = ()
    """Codes of its communes, if a user or key acts."""
    needs_second: bool = False
    """Whether the table requires a second person."""
    pending_id: int | None = None
    """The pending operation that was filed instead: then nothing was written."""


def perform_several(
    engine: Engine,
    operation: Operation,
    several: Sequence[Each],
    *,
    actor: str,
    once: str | None = None,
    dry_run: bool = False,
) -> SeveralDone:
    """Perform the operation on all records, or on none.

    Raises SeveralRefusedError if any is refused, except in a dry run, which returns all refusals;
    InvalidInputError for none or too many; AlreadyDoneError; ConflictError for conflicts with
    concurrent writers; and the errors of session_scope.
    """
    if not 0 < len(several) <= MAX_SEVERAL:
        raise InvalidInputError.of_field(
            "codes", "too_many", Message("choose_number_of_codes", most=MAX_SEVERAL)
        )
    # In a fixed order, so that overlapping requests do not deadlock.
    in_order = sorted(several, key=lambda each: each.code)
    done = SeveralDone(0)
    with once_only(engine, once):
        try:
            with attempt(engine, dry_run=dry_run) as session:
                done = do_each(session, operation, in_order, actor, once)
                if not dry_run:
                    refuse_half(done.refused)
                    if done.needs_second:
                        refuse_alone([each.request for each in in_order], done.units)
        except NeedsSecondPerson as needs:
            pending_id = file(engine, operation, needs, once)
            return SeveralDone(0, units=done.units, pending_id=pending_id)
    return done


def refuse_half(refused: Sequence[Refused]) -> None:
    """Raise SeveralRefusedError if any was refused."""
    if refused:
        first = refused[0]
        raise SeveralRefusedError(
            Message("several_refused", count=len(refused), detail=first.error.detail),
            refused={each.code: each.error.detail for each in refused},
        )


def do_each(
    session: Session,
    operation: Operation,
    several: Sequence[Each],
    actor: str,
    once: str | None,
    persons: Mapping[str, object] | None = None,
) -> SeveralDone:
    """Perform the operation on each under one event, in the transaction of the session."""
    opened = work_of(session, operation, several[0].request, actor, once=once, persons=persons)
    opened.begin(codes=[each.code for each in several])
    records: list[Changed] = []
    refused: list[Refused] = []
    units: set[str] = set()
    works: list[Work] = []
    for each in several:
        work = work_of(session, operation, each.request, actor, each.seen_event)
        work.event_id = opened.event_id
        try:
            with session.begin_nested():
                made = do(work, operation, each.request)
        except RegistryError as error:
            refused.append(Refused(each.code, error))
        else:
            units |= set(made.units)
            records += made.records
            works.append(work)
    done = SeveralDone(opened.event_id, tuple(records), tuple(refused), tuple(sorted(units)))
    alone = persons is None and needs_second(session, operation.name, works)
    return replace(done, needs_second=alone)
