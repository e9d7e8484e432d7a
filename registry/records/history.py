"""The history of a record: its state at a moment, and its changes step by step.

A door's label depends on its street and localities as well, so their history is read too. A code is
known from the moment it was recorded.
"""

import datetime
from dataclasses import dataclass
from itertools import chain
from typing import Final

from geo import code as codes
from geo.label import named
from registry.access import budget
from registry.core.batching import alone
from registry.core.days import parse_day
from registry.core.errors import GoneError, InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.core.tables.records import Goes, described, going
from registry.records.lookup import code_forms, read_code
from registry.records.past import FRAGMENTS, with_past
from registry.records.record import Record
from registry.records.restricted import disclosed_past, hidden
from registry.records.uses import visible_uses
from registry.units.gazetteer import VIET_NAM

_LONGEST_DAY: Final = len("2026-01-31")


SQL: Final = Statements(__file__, **FRAGMENTS)
_MADE: Final = {
    "street_id": ("street",),
    "locality_id": ("localities",),
    "point": ("lon", "lat"),
}
"""Column → members shown in its place."""
MEMBERS: Final = {
    name: name if column.name in _MADE else described(column).member
    for column in going(Goes.TRACED)
    for name in _MADE.get(column.name, (column.name,))
}
"""Columns whose changes are shown → their names in requests."""


@dataclass(frozen=True, slots=True)
class Change:
    """One changed member; units by id."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Step:
    """The changes of a record by one event."""

    at: datetime.datetime
    """When it was recorded."""
    event_id: int | None
    operation: str | None
    actor: str | None
    reason: str | None
    decision_number: str | None
    report_id: int | None
    """The field report that it is based on."""
    successors: tuple[str, ...]
    """Its successors since this step: split, merged, replaced."""
    predecessors: tuple[str, ...]
    """Its predecessors since this step."""
    record: Record | None
    """Its state since; None if it was removed."""
    changes: tuple[Change, ...]
    """The changed members; in the first step all members."""


def moment_of(as_of: str) -> datetime.datetime:
    """Parse a moment: the end of a day in Viet Nam, or a time with an offset.

    Raises InvalidInputError for an invalid or future one.
    """
    now = datetime.datetime.now(VIET_NAM)
    try:
        if len(as_of) <= _LONGEST_DAY:
            day = parse_day(as_of)
            if day > now.date():
                raise InvalidInputError.of_field(
                    "as_of", "day_in_future", Message("day_in_future", day=day)
                )
            end = datetime.datetime.combine(day, datetime.time.max, VIET_NAM)
            return min(end, now)
        moment = datetime.datetime.fromisoformat(as_of)
        readable = moment.tzinfo is not None
    except (ValueError, OverflowError):
        readable = False
    if not readable:
        raise InvalidInputError.of_field(
            "as_of",
            "malformed_moment",
            Message("moment_form_required"),
        )
    if moment > now:
        raise InvalidInputError.of_field(
            "as_of", "day_in_future", Message("day_in_future", day=as_of)
        )
    return moment


def record_at(reads: Reads, code: str, moment: datetime.datetime) -> Record | None:
    """Return the state of a record at a moment, in any status; None before it was recorded."""
    rows = reads.rows(SQL.driver("then"), {"code": code, "at": moment})
    return Record(*rows[0]) if rows else None


def lookup_as_of(
    reads: Reads, text: str, moment: datetime.datetime, on: datetime.date | None = None
) -> Record:
    """Return what `registry.records.lookup.lookup` would have returned then; raises its errors.

    A code that was retired then is reported with today's successors.
    """
    code = read_code(reads, text)
    budget.check()
    record = record_at(reads, code, moment)
    shown = codes.format(code)
    if record is None:
        budget.pay()
    if record is None or record.status == "reserved":
        raise NotFoundError(
            Message("code_unassigned_at_moment", shown=shown, moment=moment.isoformat())
        )
    if record.status == "retired":
        successors = [code_forms(successor) for successor in record.successors or []]
        raise GoneError(Message("code_retired_by_then", shown=shown), successors=successors)
    (record,) = alone(reads, with_past([record], on))
    return disclosed_past(reads, record)


def history(reads: Reads, text: str) -> list[Step]:
    """Return all steps of a record, oldest first; raises the errors of `lookup` for invalid codes.

    Includes retired, reserved and removed records; NotFoundError if there never was one.
    """
    code = read_code(reads, text)
    budget.check()
    moments = reads.rows(SQL.driver("steps"), {"code": code})
    if not moments:
        budget.pay()
        raise NotFoundError(Message("code_never_existed", code=codes.format(code)))
    parameters = {"code": code, "moments": [row[0].isoformat() for row in moments]}
    states = [
        Record(*row) if row[0] is not None else None
        for row in reads.rows(SQL.driver("then_each"), parameters)
    ]
    parents = [s.parent_code for s in states if s is not None and s.parent_code]
    unnamed = hidden(reads, chain(parents, *(row[-1] + row[-2] for row in moments)))
    states = [
        s._replace(parent_code=None) if s is not None and s.parent_code in unnamed else s
        for s in states
    ]
    steps: list[Step] = []
    before: Record | None = None
    for row, record in zip(moments, states, strict=True):
        changes = changes_between(before, record)
        # A version counts even without visible changes: verified twice on one day.
        written = record is not None and (before is None or record.event_id != before.event_id)
        *about, successors, predecessors = row
        if changes or written or predecessors:
            at, event_id, operation, actor, why, decision, report = about
            linked = successors, predecessors
            new, old = (tuple(c for c in each if c not in unnamed) for each in linked)
            what = (at, event_id, operation, actor, why, decision, report)
            steps.append(Step(*what, new, old, record, changes))
        before = record
    return steps


def changes_between(before: Record | None, after: Record | None) -> tuple[Change, ...]:
    """Return the members that differ between two states; all members without a former one."""
    old, new = _members(before), _members(after)
    return tuple(
        Change(MEMBERS[name], old.get(name), new.get(name))
        for name in MEMBERS
        if old.get(name) != new.get(name)
    )


def _members(record: Record | None) -> dict[str, object]:
    if record is None:
        return {}
    street = named(record.street_kind, record.street_name) if record.street_name else None
    shown = {
        "uses": visible_uses(record.uses) or None,
        "street": street,
        "localities": ", ".join(named(kind, name) for kind, name in record.localities) or None,
    }
    return {n: shown[n] if n in shown else getattr(record, n) for n in MEMBERS}
