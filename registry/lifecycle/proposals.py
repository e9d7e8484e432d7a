"""Proposed records that wait for an approver, longest waiting first."""

import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from registry.access.reach import parameter, seen
from registry.core.sql import Statements
from registry.records.record import COLUMNS, Record

SQL: Final = Statements(__file__, columns=COLUMNS)


class Proposal(NamedTuple):
    """A proposed record and its latest event."""

    kind: str
    """Kind of the event."""
    actor: str
    reason: str | None
    at: datetime.datetime
    record: Record

    @property
    def place(self) -> tuple[int, str]:
        """Its position in the list."""
        return self.record.event_id, self.record.code


def proposals(
    session: Session, *, after: tuple[int, str] = (0, ""), limit: int = 100
) -> list[Proposal]:
    """Return the proposals the caller sees; `after` is the last `place` of the previous page."""
    given = {**parameter(seen()), "event": after[0], "code": after[1], "limit": limit}
    rows: Any = session.execute(SQL.text("waiting"), given)
    return [
        Proposal(kind, actor, reason, at, Record(*shown))
        for kind, actor, reason, at, *shown in rows
    ]
