"""A record as it was: at a moment, and step by step with what changed it and why.

What a door was called depends on its street and localities as well, so their past is read with its
own. A code is answered from the moment it was recorded.
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
from registry.records.restricted import hidden, told_of_past
from registry.records.uses import told
from registry.units.gazetteer import VIET_NAM

_LONGEST_DAY: Final = len("2026-01-31")


SQL: Final = Statements(__file__, **FRAGMENTS)
_MADE: Final = {
    "street_id": ("street",),
    "locality_id": ("localities",),
    "point": ("lon", "lat"),
}
"""Column → what is told in its place."""
MEMBERS: Final = {
    name: name if column.name in _MADE else described(column).member
    for column in going(Goes.TRACED)
    for name in _MADE.get(column.name, (column.name,))
}
"""What of a record is worth telling when it changes, and its name in requests."""


@dataclass(frozen=True, slots=True)
class Change:
    """One member that became another; units by their id."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class Step:
    """What one event made of a record."""

    at: datetime.datetime
    """Since when it is on record."""
    event_id: int | None
    operation: str | None
    actor: str | None
    reason: str | None
    decision_number: str | None
    report_id: int | None
    """The field report that it follows: who was there, said so."""
    successors: tuple[str, ...]
    """Codes that continue it since this step: split, merged, replaced."""
    predecessors: tuple[str, ...]
    """Codes that it continues since this step."""
    record: Record | None
    """As it is since; None where it was removed."""
    changes: tuple[Change, ...]
    """What became different; in the first step all that is known."""


def moment_of(as_of: str) -> datetime.datetime:
    """The moment that a caller asks about: a day as it ended in Viet Nam, or a time with an offset.

    Raises InvalidInputError for what is neither, or has not come.
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
    """The record of a canonical code as it was, whatever its state; None before it was recorded."""
    rows = reads.rows(SQL.driver("then"), {"code": code, "at": moment})
    return Record(*rows[0]) if rows else None


def lookup_as_of(
    reads: Reads, text: str, moment: datetime.datetime, on: datetime.date | None = None
) -> Record:
    """What `registry.records.lookup.lookup` would have answered then; raises what it raises.

    Of a code that was retired then, the successors are those of today.
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
    return told_of_past(reads, record)


def history(reads: Reads, text: str) -> list[Step]:
    """Every step of a record, the oldest first; raises what `lookup` raises for what is no code.

    Also of a retired, reserved or removed record; NotFoundError where there never was one.
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
        # A state of its own counts also where it reads the same: verified twice on one day.
        written = record is not None and (before is None or record.event_id != before.event_id)
        if changes or written:
            at, event_id, operation, actor, why, decision, report, *linked = row
            new, old = (tuple(c for c in each if c not in unnamed) for each in linked)
            what = (at, event_id, operation, actor, why, decision, report)
            steps.append(Step(*what, new, old, record, changes))
        before = record
    return steps


def changes_between(before: Record | None, after: Record | None) -> tuple[Change, ...]:
    """What is different in another state of a record; all that is known where there was none."""
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
        "uses": told(record.uses) or None,
        "street": street,
        "localities": ", ".join(named(kind, name) for kind, name in record.localities) or None,
    }
    return {n: shown[n] if n in shown else getattr(record, n) for n in MEMBERS}
