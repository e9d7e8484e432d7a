"""The queue of reports: what to look at first, in one statement.

First what most have said, then what waits longest.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, text

from registry.database import session_scope
from registry.records import COLUMNS, JOINS, Record
from registry.reports import stale

STATES: Final = ("open", "proposed", "accepted", "rejected")
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500

# The page first, by the index in its order; what is beside a report is read for the page alone.
_QUEUE: Final = """
    SELECT f.id, f.kind, f.code, f.unit_id, f.state, f.address_text,
        ST_X(f.point), ST_Y(f.point), f.position_accuracy_m,
        f.reporters, f.carriers, f.merchants, f.residents, f.officials,
        f.reported_at, f.last_reported_at, {stale},
        CASE WHEN f.kind = 'wrong_point' AND h.point IS NOT NULL
            THEN ST_Distance(f.point::geography, h.point::geography) END,
        e.id, e.kind, e.reason, e.decision_number, e.occurred_at,
        {columns}
    FROM (
        SELECT * FROM field_report
        WHERE state = :state {where}
        ORDER BY {order} LIMIT {limit}
    ) f
    LEFT JOIN household h ON h.code = f.code
    {joins}
    LEFT JOIN event e ON e.id = f.decided_event_id
    ORDER BY {page_order}
"""
_ORDER: Final = "reporters DESC, id"
_NEWEST: Final = "decided_event_id DESC"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the queue."""

    record: Record | None
    """As it is now; none of a new house that was not accepted."""
    id: int
    kind: str
    code: str | None
    unit_id: int
    state: str
    address: str | None
    """Of a new house, as it was understood."""
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
    """Whether the record changed since, but for being verified."""
    distance_m: float | None
    """From the point on record to the one reported."""
    event_id: int | None
    """Event of the decision; None while it is open."""
    operation: str | None
    reason: str | None
    decision_number: str | None
    decided_at: datetime.datetime | None


def queue(
    engine: Engine,
    *,
    unit_ids: Collection[int] | None = None,
    state: str = "open",
    limit: int = DEFAULT_LIMIT,
) -> list[Entry]:
    """At most `limit` entries of these communes, or of all: those to decide in their order.

    What was decided comes newest first.
    """
    statement, parameters = statement_of(unit_ids, state, limit)
    with session_scope(engine) as session:
        return [_entry(row) for row in session.execute(text(statement), parameters)]


def statement_of(
    unit_ids: Collection[int] | None, state: str, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement and its parameters."""
    decided = state in ("accepted", "rejected")
    order = f"{_NEWEST}, id" if decided else _ORDER
    here = "" if unit_ids is None else "AND unit_id = ANY (:units)"
    statement = _QUEUE.format(
        stale=stale("f", "h"),
        columns=COLUMNS,
        joins=JOINS,
        where=here,
        order=order,
        # A literal: as a parameter it would hide from the planner how few are wanted.
        limit=min(max(int(limit), 1), MAX_LIMIT),
        page_order=", ".join(f"f.{column}" for column in order.split(", ")),
    )
    parameters: dict[str, Any] = {"state": state}
    if unit_ids is not None:
        parameters["units"] = sorted(unit_ids)
    return statement, parameters


def _entry(row: Any) -> Entry:
    own, shown = row[:23], row[23:]
    # The wording is the register's, also where the report says that it is wrong.
    record = Record(*shown) if shown[0] is not None else None
    return Entry(record, *own)
