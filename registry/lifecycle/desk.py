"""What an office's desk shows first: what waits in its units, and what was done there last."""

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
"""A key that ends within so many days is told of."""
_LOOKED_AT: Final = 300
_OF_EACH: Final = 200


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits in some units."""

    proposals: int
    """Records that were proposed, and operations that wait for a second person."""
    reports: int
    """Field reports, those proposed to be carried out among them."""
    found: int
    """What was found on rounds in the field and nobody has taken over."""
    imports: int
    """Files that were tried, and are neither published nor put away."""
    reforms: tuple[tuple[str, datetime.date], ...]
    """Number and day of the resolutions that are prepared for these units."""
    keys: tuple[tuple[str, datetime.datetime], ...]
    """Name and end of the keys of these units that end soon."""


@dataclass(frozen=True, slots=True)
class Latest:
    """An event, with how many records it last changed in these units, as far as counted."""

    event_id: int
    kind: str
    actor: str
    decision_number: str | None
    at: datetime.datetime
    records: int
    code: str
    """One of them."""


def waiting(session: Session, gazetteer: Gazetteer) -> Waiting:
    """What waits in the units that the caller sees."""
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
    """The last events that changed records of communes that the caller sees, newest first.

    Only the register's last 300 events are looked at, and of each no more than 200 records.
    """
    given = {**parameter(seen()), "events": _LOOKED_AT, "records": _OF_EACH, "limit": limit}
    return [Latest(*row) for row in session.execute(SQL.text("latest_events"), given)]
