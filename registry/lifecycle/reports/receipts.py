"""Receipts: whoever reported reads what became of it, and nobody else does.

A receipt is random and kept as its SHA-256, like a key. It tells nothing of who reported, and what
it leads to is what the reporter knew: the code, or the address as it was understood. Those of a key
are its list of what it reported itself.
"""

import base64
import datetime
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.sessions import hash_token
from registry.core.database import session_scope
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

KEPT_DAYS: Final = 366
_BYTES: Final = 16
_LONGEST: Final = 64
_MOST_AGAIN: Final = 100
"""Receipts of one report that are left where somebody says the same again and again."""

_GIVEN: Final = text("SELECT report_id FROM field_report_receipt WHERE token_hash = :hash")
_NO_END: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as whoever reported sees it."""

    id: int
    kind: str
    state: str
    unit_id: int
    word: str | None
    """What who decided says to the reporter."""
    address: str | None
    """Of a new house, as it was understood."""
    code: str | None
    reported_at: datetime.datetime
    """When it was said first."""
    decided_at: datetime.datetime | None
    """None while it waits."""

    @property
    def outcome(self) -> str:
        """waiting | accepted | rejected: that an editor proposed something is no answer yet."""
        return "waiting" if self.state in ("open", "proposed") else self.state


def receipt_of(once: UUID) -> str:
    """The receipt of a report that is sent under a random key: the same however often it is sent.

    Whoever made the key alone can know it, as with any receipt.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(once.bytes).digest()[:_BYTES]).decode()[:-2]


def receipt_given(session: Session, receipt: str) -> int | None:
    """Id of the report that the receipt was given for; None where it was not."""
    found: int | None = session.execute(_GIVEN, {"hash": hash_token(receipt)}).scalar()
    return found


def give_receipt(
    session: Session, report_id: int, key_id: int | None, *, again: bool, once: UUID | None = None
) -> str:
    """A new receipt; `again`: for who has said the same before, and may have lost the other."""
    receipt = receipt_of(once) if once else secrets.token_urlsafe(_BYTES)
    given = {"hash": hash_token(receipt), "id": report_id, "key": key_id}
    session.execute(SQL.text("insert_receipt"), given)
    if again:
        session.execute(SQL.text("forget_oldest_receipts"), {"id": report_id, "most": _MOST_AGAIN})
    return receipt


def forget_receipts(session: Session) -> None:
    """Remove those whose year is over."""
    session.execute(SQL.text("forget_receipts"), {"days": KEPT_DAYS})


def by_receipt(engine: Engine, receipt: str) -> Reported:
    """What became of a report; raises NotFoundError for a receipt that is none, or no more."""
    with session_scope(engine) as session:
        given = {"hash": hash_token(receipt[:_LONGEST]), "days": KEPT_DAYS}
        row: Any = session.execute(SQL.text("report_of_receipt"), given).one_or_none()
    if row is None:
        raise NotFoundError(Message("receipt_unknown"))
    return Reported(*row)


def own_reports(
    engine: Engine, key_id: int | None, *, before: int | None = None, limit: int = 50
) -> list[Reported]:
    """What a key reported within the year, the newest first; `before` is the id of the last one of
    the page before.
    """
    if key_id is None:
        return []
    given = {"key": key_id, "before": before or _NO_END, "limit": limit}
    with session_scope(engine) as session:
        return [Reported(*row) for row in session.execute(SQL.text("reports_of_key"), given)]
