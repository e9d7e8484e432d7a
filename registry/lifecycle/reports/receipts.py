"""Receipts, by which only the reporter reads the outcome of a report.

A receipt is random and stored as its SHA-256, like a key. It does not identify the reporter, and
gives only what the reporter knew: the code, or the address as understood. An API key lists its own
reports instead.

Rejected: receipts computed from number and secret, of which none expires, and a lost secret opens
all; answers by mail or telephone, which are personal data.
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
"""Receipts kept for one report if the same caller repeats it."""

_GIVEN: Final = text("SELECT report_id FROM field_report_receipt WHERE token_hash = :hash")
_NO_END: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as its reporter sees it."""

    id: int
    kind: str
    state: str
    unit_id: int
    word: str | None
    """Message to the reporter."""
    address: str | None
    """Address of a new house, as understood."""
    code: str | None
    reported_at: datetime.datetime
    """When it was first reported."""
    decided_at: datetime.datetime | None
    """None while it waits."""

    @property
    def outcome(self) -> str:
        """waiting | accepted | rejected; an editor's proposal still counts as waiting."""
        return "waiting" if self.state in ("open", "proposed") else self.state


def receipt_of(once: UUID) -> str:
    """Derive the receipt of a report sent under a random key, so that repeats give the same one.

    Only the sender knows the key, and so the receipt.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(once.bytes).digest()[:_BYTES]).decode()[:-2]


def receipt_given(session: Session, receipt: str) -> int | None:
    """Return the id of the report of a receipt, or None."""
    found: int | None = session.execute(_GIVEN, {"hash": hash_token(receipt)}).scalar()
    return found


def give_receipt(
    session: Session, report_id: int, key_id: int | None, *, again: bool, once: UUID | None = None
) -> str:
    """Issue a receipt; `again`: to a reporter who repeats a report and may have lost the former."""
    receipt = receipt_of(once) if once else secrets.token_urlsafe(_BYTES)
    given = {"hash": hash_token(receipt), "id": report_id, "key": key_id}
    session.execute(SQL.text("insert_receipt"), given)
    if again:
        session.execute(SQL.text("forget_oldest_receipts"), {"id": report_id, "most": _MOST_AGAIN})
    return receipt


def forget_receipts(session: Session) -> None:
    """Delete receipts older than a year."""
    session.execute(SQL.text("forget_receipts"), {"days": KEPT_DAYS})


def by_receipt(engine: Engine, receipt: str) -> Reported:
    """Return the outcome of a report; raises NotFoundError for an unknown or expired receipt."""
    with session_scope(engine) as session:
        given = {"hash": hash_token(receipt[:_LONGEST]), "days": KEPT_DAYS}
        row: Any = session.execute(SQL.text("report_of_receipt"), given).one_or_none()
    if row is None:
        raise NotFoundError(Message("receipt_unknown"))
    return Reported(*row)


def own_reports(
    engine: Engine, key_id: int | None, *, before: int | None = None, limit: int = 50
) -> list[Reported]:
    """Return the reports of a key within the year, newest first; `before` is the last id of the
    previous page.
    """
    if key_id is None:
        return []
    given = {"key": key_id, "before": before or _NO_END, "limit": limit}
    with session_scope(engine) as session:
        return [Reported(*row) for row in session.execute(SQL.text("reports_of_key"), given)]
