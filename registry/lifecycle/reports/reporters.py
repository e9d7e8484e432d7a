"""Reporters: distinguished within a day, never identified.

A key is an organisation. Other callers are distinguished by a hash of the network address, which
changes daily and is deleted after its day.
"""

import datetime
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from registry.core.errors import TooManyReportsError
from registry.core.messages import Message
from registry.core.roles import Role
from registry.core.sql import Statements
from registry.units.gazetteer import VIET_NAM

SQL: Final = Statements(__file__, "queries.sql")

_COLUMN: Final = {"carrier": "carriers", "merchant": "merchants", "resident": "residents"}


@dataclass(frozen=True, slots=True)
class Reporter:
    """A caller: the role of the key, and an identifier that distinguishes reporters."""

    role: Role
    known_as: str
    """`key:` and the name of a key, or `client:` and the hash of a network address of today."""
    most_a_day: int | None = None
    """Daily limit of reports; None for no limit."""
    key_id: int | None = None
    """Id of the key, which lists its own reports."""

    @property
    def kind(self) -> str:
        """Role as stored with a report: a caller without a key is a resident."""
        return "resident" if self.role == "anonymous" else self.role

    @property
    def column(self) -> str:
        """Column of field_report in which it counts."""
        return _COLUMN.get(self.kind, "officials")


def refuse_too_many(session: Session, reporter: Reporter) -> None:
    """Raise TooManyReportsError if this reporter has reached the daily limit."""
    most = reporter.most_a_day
    if most is None:
        return
    if session.execute(SQL.text("said_today"), {"who": reporter.known_as}).scalar_one() >= most:
        raise too_many(Message("reports_used_up", most=most))


def too_many(detail: Message) -> TooManyReportsError:
    """Return the error, with the time until tomorrow."""
    now = datetime.datetime.now(VIET_NAM)
    tomorrow = datetime.datetime.combine(
        now.date() + datetime.timedelta(days=1), datetime.time.min, VIET_NAM
    )
    return TooManyReportsError(detail, retry_after_s=int((tomorrow - now).total_seconds()) + 1)


def forget_reporters(session: Session) -> None:
    """Delete the identifiers of callers without a key from past days."""
    session.execute(SQL.text("forget_voices"))
