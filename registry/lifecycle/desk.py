"""The start page of an office: what waits in its units, and the latest changes there."""

import datetime
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.access.reach import parameter, seen
from registry.core.sql import Statements
from registry.lifecycle.reports.queue import queues_seen
from registry.units.gazetteer import Gazetteer

SQL: Final = Statements(__file__)

KEY_DAYS: Final = 30
"""Keys that expire within this many days are listed."""
_MAX_EVENTS: Final = 300
_MAX_RECORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """Counts of what waits in some units."""

    proposals: int
    """Proposed records, and operations that wait for a second person."""
    reports: int
    """Field reports, including those that await an approver."""
    found: int
    """Findings of field rounds that nobody has taken over."""
    imports: int
    """Files after their dry run, neither published nor discarded."""
    reforms: tuple[tuple[str, datetime.date], ...]
    """Number and effective date of the resolutions prepared for these units."""
    keys: tuple[tuple[str, datetime.datetime], ...]
    """Name and expiry of the keys of these units that expire soon."""


@dataclass(frozen=True, slots=True)
class Latest:
    """An event, and the number of records of these units that it was the last to change."""

    event_id: int
    kind: str
    actor: str
    decision_number: str | None
    at: datetime.datetime
    records: int
    code: str
    """One of them."""


def waiting(session: Session, gazetteer: Gazetteer) -> Waiting:
    """Count what waits in the units that the caller sees."""
    given: dict[str, Any] = dict(parameter(queues_seen(gazetteer)))
    row = session.execute(SQL.text("waiting"), given).one()
    reforms = tuple(
        (each.number, each.effective_on) for each in session.execute(SQL.text("reforms"), given)
    )
    keys = tuple(
        (each.name, each.expires_at)
        for each in session.execute(SQL.text("keys_ending"), given | {"days": KEY_DAYS})
    )
    return Waiting(row.proposals, row.reports, row.found, row.imports, reforms, keys)


def latest_events(session: Session, *, limit: int = 12) -> list[Latest]:
    """Return the latest events that changed records in the caller's communes, newest first.

    Only the register's last 300 events are considered, and at most 200 records of each.
    """
    given = {**parameter(seen()), "events": _MAX_EVENTS, "records": _MAX_RECORDS, "limit": limit}
    return [Latest(*row) for row in session.execute(SQL.text("latest_events"), given)]
