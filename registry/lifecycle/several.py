"""One operation on several records: one transaction, one event, all of them or none.

A dry run tries each by itself and tells which cannot be done and why, so that the others can be
asked for. What was asked for is then done as a whole: nobody has to find out which half was.
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
    """The event of the state that the caller has seen; None where it does not say."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record with which it cannot be done."""

    code: str
    error: RegistryError


@dataclass(frozen=True, slots=True)
class SeveralDone:
    """What was done, or would be."""

    event_id: int
    records: tuple[Changed, ...] = ()
    refused: tuple[Refused, ...] = ()
    units: tuple[str, ...] = ()
    """Codes of the communes that it is about, where somebody acts."""
    needs_second: bool = False
    """Whether the table asks for a second person."""
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
    """Do it with all of them, or with none.

    Raises SeveralRefusedError where any is refused, but in a dry run, which tells all of them;
    InvalidInputError for none or too many; AlreadyDoneError; ConflictError for what another writer
    made impossible meanwhile; and what session_scope raises.
    """
    if not 0 < len(several) <= MAX_SEVERAL:
        raise InvalidInputError.of_field(
            "codes", "too_many", Message("choose_number_of_codes", most=MAX_SEVERAL)
        )
    # In one order, so that two who overlap wait for each other only once.
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
    """Raises SeveralRefusedError where any was refused."""
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
    """What was done with each under one event, in the transaction of the session."""
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
