"""One operation on several records: one transaction, one event, all of them or none.

A dry run tries each by itself and tells which cannot be done and why, so that the others can be
asked for. What was asked for is then done as a whole: nobody has to find out which half was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.access.jurisdiction import check_jurisdiction
from registry.errors import InvalidInputError, RegistryError, SeveralRefusedError
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.run import attempt, once_only, work_of
from registry.lifecycle.table import Operation
from registry.lifecycle.work import Changed

MAX_SEVERAL: Final = 500


@dataclass(frozen=True, slots=True)
class Each:
    """One record of several."""

    code: str
    """Canonical."""
    request: OperationRequest
    seen_event: int
    """The event of the state that the caller has seen."""


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
            "codes", "too_many", f"chọn từ 1 đến {MAX_SEVERAL} mã (1 to {MAX_SEVERAL} codes)"
        )
    # In one order, so that two who overlap wait for each other only once.
    in_order = sorted(several, key=lambda each: each.code)
    done = SeveralDone(0)
    with once_only(engine, once), attempt(engine, dry_run=dry_run) as session:
        done = _each(session, operation, in_order, actor, once)
        if not dry_run:
            _refuse_half(done.refused)
    return done


def _refuse_half(refused: Sequence[Refused]) -> None:
    if refused:
        first = refused[0]
        raise SeveralRefusedError(
            f"chưa làm gì cả: có {len(refused)} mã không làm được; {first.error.detail}"
            " (nothing was done: some of them cannot be done)",
            refused={each.code: each.error.detail for each in refused},
        )


def _each(
    session: Session, operation: Operation, several: Sequence[Each], actor: str, once: str | None
) -> SeveralDone:
    opened = work_of(session, operation, several[0].request, actor, once=once)
    opened.begin(codes=[each.code for each in several])
    records: list[Changed] = []
    refused: list[Refused] = []
    units: set[str] = set()
    for each in several:
        work = work_of(session, operation, each.request, actor, each.seen_event)
        work.event_id = opened.event_id
        try:
            with session.begin_nested():
                units |= set(check_jurisdiction(session, each.request))
                records += operation.run(work, each.request).records
        except RegistryError as error:
            refused.append(Refused(each.code, error))
    return SeveralDone(opened.event_id, tuple(records), tuple(refused), tuple(sorted(units)))
