"""Who says so: told apart for a day, and known as nobody.

A key is an organisation. Everybody else is told apart by a hash of the network address, which is
another one each day; when the day is over it is removed.
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
    """A caller: the role of the key, and what tells this caller from others."""

    role: Role
    known_as: str
    """`key:` and the name of a key, or `client:` and the hash of a network address of today."""
    most_a_day: int | None = None
    """Reports that count on one day; None for any number."""
    key_id: int | None = None
    """Number of the key, which lists what it reported."""

    @property
    def kind(self) -> str:
        """Role as a report keeps it: a caller without a key is a resident."""
        return "resident" if self.role == "anonymous" else self.role

    @property
    def column(self) -> str:
        """Column of field_report in which it counts."""
        return _COLUMN.get(self.kind, "officials")


def refuse_too_many(session: Session, reporter: Reporter) -> None:
    """Raises TooManyReportsError when this reporter has said enough for today."""
    most = reporter.most_a_day
    if most is None:
        return
    if session.execute(SQL.text("said_today"), {"who": reporter.known_as}).scalar_one() >= most:
        raise too_many(Message("reports_used_up", most=most))


def too_many(detail: Message) -> TooManyReportsError:
    """The error that says to come back tomorrow."""
    now = datetime.datetime.now(VIET_NAM)
    tomorrow = datetime.datetime.combine(
        now.date() + datetime.timedelta(days=1), datetime.time.min, VIET_NAM
    )
    return TooManyReportsError(detail, retry_after_s=int((tomorrow - now).total_seconds()) + 1)


def forget_reporters(session: Session) -> None:
    """Remove what told callers without a key apart on days that are over."""
    session.execute(SQL.text("forget_voices"))
