"""The queue of reports, in one statement: most reporters first, then longest waiting."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, Integer, TextClause, bindparam
from sqlalchemy.orm import Session

from geo.street import parse_street
from geo.text import fold
from registry.access.reach import bound_provinces, seen
from registry.core.actors import outside_own
from registry.core.database import session_scope
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.records.record import COLUMNS, Record
from registry.units import unit_by_code
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.lineage import ancestors
from registry.units.onward import communes_of

SQL: Final = Statements(__file__, "queries.sql", columns=COLUMNS)

STATES: Final = ("open", "proposed", "accepted", "rejected")
DECIDED: Final = ("accepted", "rejected")
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500

_ALIKE_DEGREES: Final = 0.0004
_ALIKE_M: Final = 30.0
"""Two new houses within this distance may be one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the queue."""

    record: Record | None
    """The current record; None for a new house that was not accepted."""
    id: int
    kind: str
    code: str | None
    unit_id: int
    state: str
    address: str | None
    """Address of a new house, as understood."""
    lon: float | None
    lat: float | None
    accuracy_m: float | None
    reporters: int
    carriers: int
    merchants: int
    residents: int
    officials: int
    first_at: datetime.datetime
    last_at: datetime.datetime
    stale: bool
    """Whether the record changed since the report, apart from verifications."""
    distance_m: float | None
    """Metres from the recorded point to the reported one."""
    event_id: int | None
    """Event of the decision; None while it is open."""
    operation: str | None
    reason: str | None
    decision_number: str | None
    decided_at: datetime.datetime | None
    word: str | None
    """Message to the reporters."""
    entrance: str | None
    """Kind of an entrance."""
    note: str | None
    """Note on an entrance; removed by the decision."""

    @property
    def place(self) -> tuple[int, int]:
        """Its position in the order of its state."""
        return (self.event_id or 0 if self.is_decided else self.reporters), self.id

    @property
    def is_decided(self) -> bool:
        """Whether it is accepted or rejected."""
        return self.state in DECIDED


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the queue."""

    unit: str | None = None
    """Code of a unit; None for all that the caller sees."""
    state: str = "open"
    limit: int = DEFAULT_LIMIT
    kind: str | None = None
    street: str | None = None
    """Name of a street: reports on its doors, and new houses reported in it."""
    after: tuple[int, int] | None = None
    """`Entry.place` of the last entry of the previous page."""


def queues_of(gazetteer: Gazetteer, unit: Unit) -> frozenset[int]:
    """Return the units whose queues belong to a unit: its communes, and for a province itself and
    its predecessors.
    """
    communes = communes_of(gazetteer, today(), unit)
    return communes | _own_queues(gazetteer, unit) if unit.level == "province" else communes


def queues_seen(gazetteer: Gazetteer) -> frozenset[int] | None:
    """Return the units whose queues the caller sees; None for all."""
    sees = seen()
    if sees is None:
        return None
    provinces = bound_provinces(gazetteer)
    return sees.union(*(_own_queues(gazetteer, province) for province in provinces))


def queues_asked(gazetteer: Gazetteer, code: str | None) -> frozenset[int] | None:
    """Return the visible queues of a unit, or all visible ones; None for all of the register.

    Raises OutsideUnitsError if the caller sees none of the unit's queues.
    """
    own = queues_seen(gazetteer)
    if code is None:
        return own
    asked = queues_of(gazetteer, unit_by_code(gazetteer, code, None))
    if own is not None and not asked & own:
        raise outside_own(code)
    return asked if own is None else asked & own


def _own_queues(gazetteer: Gazetteer, province: Unit) -> frozenset[int]:
    before = ancestors(gazetteer, province)
    return frozenset({province.id, *(i for i in before if gazetteer.units[i].level == "province")})


def queue(engine: Engine, gazetteer: Gazetteer, wanted: Wanted) -> list[Entry]:
    """Return at most `limit` entries: open ones in queue order, decided ones newest first.

    Raises OutsideUnitsError.
    """
    statement, parameters = statement_of(wanted, queues_asked(gazetteer, wanted.unit))
    with session_scope(engine) as session:
        return [_entry(row) for row in session.execute(statement, parameters)]


def find_entry(session: Session, gazetteer: Gazetteer, report_id: int) -> Entry:
    """Return one entry; raises NotFoundError, and OutsideUnitsError if the caller cannot see it."""
    found = _entries(session, [report_id]) if 0 <= report_id < 2**63 else []
    if not found:
        raise NotFoundError(Message("report_unknown", report_id=report_id))
    sees = queues_seen(gazetteer)
    if sees is not None and found[0].unit_id not in sees:
        raise outside_own(gazetteer.units[found[0].unit_id].code)
    return found[0]


def _entries(session: Session, ids: Collection[int]) -> list[Entry]:
    """Return the entries with these numbers, in the order of the queue."""
    given = {"ids": list(ids), "limit": min(max(len(ids), 1), MAX_LIMIT)}
    return [_entry(row) for row in session.execute(_statement("by_voices", "are"), given)]


def grouped(engine: Engine, gazetteer: Gazetteer, entries: Sequence[Entry]) -> list[list[Entry]]:
    """Group the entries of a page, in order, with all entries about the same door or house.

    Waiting entries that are not on the page are fetched from queues that the caller sees; new
    houses are grouped by equal address, or within 30 m.
    """
    sees = queues_seen(gazetteer)
    given = {"ids": [each.id for each in entries], "degrees": _ALIKE_DEGREES, "near_m": _ALIKE_M}
    with session_scope(engine) as session:
        pairs = session.execute(SQL.text("alike"), given).all()
        known = {each.id: each for each in entries}
        more = {other for _, other in pairs} - known.keys()
        beyond = _entries(session, more) if more else []
        known |= {each.id: each for each in beyond if sees is None or each.unit_id in sees}
    beside: dict[int, set[int]] = {}
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    left = dict(known)
    groups = []
    for entry in entries:
        found, near = [], [entry.id]
        while near:
            if (each := left.pop(near.pop(), None)) is not None:
                found.append(each)
                near += sorted(beside.get(each.id, ()), reverse=True)
        if found:
            groups.append(found)
    return groups


def statement_of(
    wanted: Wanted, units: Collection[int] | None
) -> tuple[TextClause, dict[str, Any]]:
    """Return the statement and its parameters; `units` are those whose queues are read."""
    where = ["in_state"]
    given: dict[str, Any] = {
        "state": wanted.state,
        "limit": min(max(int(wanted.limit), 1), MAX_LIMIT),
    }
    if units is not None:
        where.append("of_units")
        given["units"] = sorted(units)
    if wanted.kind:
        where.append("of_kind")
        given["kind"] = wanted.kind
    if wanted.street:
        where.append("of_street")
        given["streets"] = _street_keys(wanted.street)
    if wanted.after is not None:
        where.append("after")
        given |= {"first": wanted.after[0], "second": wanted.after[1]}
    return _statement("newest" if wanted.state in DECIDED else "by_voices", *where), given


def _statement(*conditions: str) -> TextClause:
    # The limit is a literal: a parameter would hide from the planner how few rows are needed.
    return SQL.text("queue", *conditions).bindparams(
        bindparam("limit", type_=Integer, literal_execute=True)
    )


def _street_keys(written: str) -> list[str]:
    read = parse_street(written)
    return [read.key, *read.alt_keys] if read else [fold(written)]


def _entry(row: Any) -> Entry:
    own, shown = row[:26], row[26:]
    # The label is the register's, even if the report disputes it.
    record = Record(*shown) if shown[0] is not None else None
    return Entry(record, *own)
