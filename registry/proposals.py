"""Records that were proposed and wait for an approver, those that wait longest first."""

import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.access.reach import IN_REACH, parameter, seen
from registry.records import COLUMNS, JOINS, Record

# The page first, so that what is beside a record is read for the page alone.
_WAITING: Final = """
    SELECT e.kind, e.actor, e.reason, e.occurred_at, {columns}
    FROM (
        SELECT * FROM household
        WHERE status = 'proposed' AND (event_id, code) > (:event, :code)
            AND {reach}
        ORDER BY event_id, code LIMIT {limit}
    ) h
    JOIN event e ON e.id = h.event_id
    {joins}
    ORDER BY h.event_id, h.code
"""


class Proposal(NamedTuple):
    """A record that waits, and the last that was done with it."""

    kind: str
    """Of the event."""
    actor: str
    reason: str | None
    at: datetime.datetime
    record: Record

    @property
    def place(self) -> tuple[int, str]:
        """Its place in the list."""
        return self.record.event_id, self.record.code


def proposals(
    session: Session, *, after: tuple[int, str] = (0, ""), limit: int = 100
) -> list[Proposal]:
    """Those that the caller sees; `after` is the place of the last one of the page before."""
    reach = IN_REACH.format(column="unit_id")
    statement = _WAITING.format(columns=COLUMNS, joins=JOINS, limit=int(limit), reach=reach)
    given = {**parameter(seen()), "event": after[0], "code": after[1]}
    rows: Any = session.execute(text(statement), given)
    return [
        Proposal(kind, actor, reason, at, Record(*shown))
        for kind, actor, reason, at, *shown in rows
    ]
