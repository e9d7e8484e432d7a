"""Storage of pending operations: file, find, list."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ValidationError
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from registry.access.jurisdiction import named_codes
from registry.access.reach import parameter, seen
from registry.core.actors import Actor
from registry.core.errors import ConflictError, NotFoundError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.lifecycle.requests import OperationRequest
from registry.lifecycle.table import BY_NAME, Operation

SQL: Final = Statements(__file__, "queries.sql")

DAYS: Final = 14
"""How long an operation waits for its second person."""
_MAX_ID: Final = 2**63 - 1

State = Literal["waiting", "expired", "done", "declined", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that waits for a second person, or was decided."""

    id: int
    operation: Operation
    given: tuple[dict[str, Any], ...]
    """The request as sent; one for each record of several."""
    seen: dict[str, str]
    """Code of each named record → a hash of its state when filed."""
    asked_by: str
    asked_key_id: int | None
    asked_at: datetime.datetime
    expires_at: datetime.datetime
    state: State
    decided_by: str | None
    decided_at: datetime.datetime | None
    word: str | None
    event_id: int | None
    once: str | None
    asker_revoked: bool

    def requests(self) -> list[OperationRequest]:
        """Parse the requests. Raises ConflictError if this version no longer accepts them."""
        try:
            return [self.operation.request.model_validate(given) for given in self.given]
        except ValidationError as error:
            raise ConflictError(Message("pending_unreadable", id=self.id)) from error

    def is_by(self, actor: Actor) -> bool:
        """Whether this key or account requested it."""
        own_key = self.asked_key_id is not None and self.asked_key_id == actor.key_id
        return own_key or self.asked_by == actor.name


def file_pending(
    session: Session,
    operation: Operation,
    requests: Sequence[OperationRequest],
    *,
    units: Collection[str],
    actor: Actor,
    once: str | None,
) -> int:
    """Store an operation for a second person; return its number, also if it waits already."""
    given = [request.model_dump(mode="json", exclude_unset=True) for request in requests]
    values = {
        "operation": operation.name,
        "requests": given,
        "seen": states_of(session, {c for request in requests for c in named_codes(request)}),
        "units": sorted(units),
        "once": once,
        "name": actor.name,
        "key": actor.key_id,
        "days": DAYS,
    }
    waiting = session.execute(_SAME, values).scalar()
    number: int = waiting or session.execute(_FILE, values).scalar_one()
    return number


def states_of(session: Session, codes: Collection[str]) -> dict[str, str]:
    """Map codes to a hash of the record's place and address; locks until the transaction ends."""
    rows = session.execute(SQL.text("states_of_records"), {"codes": sorted(codes)}) if codes else ()
    return {row.code: row.state for row in rows}


def find_pending(
    session: Session, number: int, *, lock: bool = False, anywhere: bool = False
) -> Pending:
    """Return an operation that the caller sees, or any. Raises NotFoundError."""
    given = _reach(None if anywhere else seen()) | {"id": min(number, _MAX_ID)}
    statement = SQL.text("lock_pending") if lock else SQL.text("pending")
    row = session.execute(statement, given).one_or_none()
    if row is None:
        raise NotFoundError(Message("pending_unknown", number=number))
    return _pending(row)


def list_pending(
    session: Session, *, code: str | None = None, after: int = 0, limit: int = 100
) -> list[Pending]:
    """Return waiting operations that the caller sees, of one record or all, oldest first."""
    given = _reach(seen()) | {"code": code, "after": after, "limit": limit}
    rows = session.execute(SQL.text("waiting"), given)
    return [_pending(row) for row in rows]


def _reach(units: Collection[int] | None) -> dict[str, Any]:
    return {**parameter(units), "known": sorted(BY_NAME)}


def _pending(row: Any) -> Pending:
    values = row._asdict()
    return Pending(
        **values
        | {"operation": BY_NAME[values["operation"]], "given": tuple(values.pop("requests"))}
    )


_SAME: Final = SQL.text("same_pending").bindparams(bindparam("requests", type_=JSONB))
_FILE: Final = SQL.text("file_pending").bindparams(
    bindparam("requests", type_=JSONB), bindparam("seen", type_=JSONB)
)
