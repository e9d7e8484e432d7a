"""Records that were proposed and wait for an approver, those that wait longest first."""

import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from registry.access.reach import parameter, seen
from registry.core.sql import Statements
from registry.records.record import COLUMNS, Record

SQL: Final = Statements(__file__, columns=COLUMNS)


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
    given = {**parameter(seen()), "event": after[0], "code": after[1], "limit": limit}
    rows: Any = session.execute(SQL.text("waiting"), given)
    return [
        Proposal(kind, actor, reason, at, Record(*shown))
        for kind, actor, reason, at, *shown in rows
    ]
