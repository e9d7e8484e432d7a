"""The current actor: the caller of a web request, with the units in which it may write.

A command of the operator has no actor and no restrictions: whoever can reach the database may do
everything. A web request has an actor from start to end (`acting_as`), and
`registry.core.database.session_scope` passes its units to the database in each transaction, so that
row-level security also binds code that forgets to check.
"""

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.core.errors import ForbiddenError, OutsideUnitsError
from registry.core.messages import Message, Text
from registry.core.roles import RANK, Role
from registry.core.sessions import Setting

_RESTRICT: Final = text("SELECT set_config(:setting, :units, true)").bindparams(
    setting=Setting.WRITABLE_UNITS
)


@dataclass(frozen=True, slots=True)
class EndedUnit:
    """An ended unit that a key is bound to."""

    code: str
    name: str
    last_day: datetime.date
    successors: tuple[tuple[str, str], ...]
    """Code and full name of each current unit that succeeds it."""

    def __str__(self) -> str:
        successors = ", ".join(f"{name} ({code})" for code, name in self.successors)
        now = f", nay là {successors}" if successors else ""
        return f"{self.name} ({self.code}) hết ngày {self.last_day:%d/%m/%Y}{now}"

    def to_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        successors = [{"code": code, "name": name} for code, name in self.successors]
        return {
            "code": self.code,
            "name": self.name,
            "last_day": self.last_day.isoformat(),
            "successors": successors,
        }


@dataclass(frozen=True, slots=True)
class Actor:
    """The holder of a key, or anonymous: the name of a key, never of a person."""

    name: str
    role: Role
    unit_ids: frozenset[int] | None = None
    """Current communes in which it may write; None for all."""
    key_id: int | None = None
    """Id of the key; None without one."""
    rate_per_minute: int | None = None
    """Requests per minute; None for the default of the settings."""
    units: tuple[str, ...] | None = None
    """Codes of the current units that the key is bound to; None if unbound."""
    expires_at: datetime.datetime | None = None
    """Expiry of the key, or of its replaced secret."""
    approves_own: bool = False
    """Whether it may approve its own deliveries."""
    ended: tuple[EndedUnit, ...] = ()
    """Ended units that it is bound to."""
    views: frozenset[int] | None = frozenset()
    """For a viewer: current communes whose queues and drafts it sees; None for all."""

    @property
    def sees(self) -> frozenset[int] | None:
        """Current communes whose queues and drafts it sees: where it may write, or view."""
        return self.views if self.role == "viewer" else self.unit_ids

    def may(self, role: Role) -> bool:
        """Whether its role includes `role`."""
        return RANK[self.role] >= RANK[role]


ANONYMOUS: Final = Actor("anonymous", "anonymous", frozenset())

_acting: ContextVar[Actor | None] = ContextVar("diachiso_acting", default=None)


def acting() -> Actor | None:
    """Return the current actor; None for the operator."""
    return _acting.get()


def who_acts() -> tuple[str, Role]:
    """Return name and role of the actor for records; the operator's without one."""
    actor = acting()
    return ("operator", "admin") if actor is None else (actor.name, actor.role)


def act_as(actor: Actor | None) -> None:
    """Set the actor of this thread until the next call; None for the operator."""
    _acting.set(actor)


@contextmanager
def acting_as(actor: Actor | None) -> Iterator[None]:
    """Set the actor in the block; None for the operator."""
    before = acting()
    act_as(actor)
    try:
        yield
    finally:
        act_as(before)


def demand(role: Role, what: str) -> None:
    """Raise ForbiddenError if the actor's role is below `role`; `what` is a msgid."""
    actor = acting()
    if actor is not None and not actor.may(role):
        raise ForbiddenError(
            Message("operation_needs_role", what=Text(what), role=role, own_role=actor.role)
        )


def is_bound() -> bool:
    """Whether the actor may write only in some units."""
    actor = acting()
    return actor is not None and actor.unit_ids is not None


def only_commune() -> str | None:
    """Return the code of the only commune in which the actor may write; None if several or all."""
    actor = acting()
    if actor is None or actor.unit_ids is None or len(actor.unit_ids) != 1:
        return None
    codes = actor.units or ()
    return codes[0] if len(codes) == 1 else None


def ended_units() -> str | None:
    """Describe the actor's ended units and their successors; None without any."""
    actor = acting()
    return "; ".join(map(str, actor.ended)) or None if actor is not None else None


def outside_units(refusal: Message, codes: Sequence[str]) -> OutsideUnitsError:
    """Return the error for units outside of the key's, with the successors of its ended units."""
    actor = acting()
    ended = actor.ended if actor is not None else ()
    members: dict[str, object] = {"units": list(codes)}
    if ended:
        refusal = Message("units_of_key_ended", refusal=refusal, units=ended_units())
        members["ended"] = [unit.to_dict() for unit in ended]
    return OutsideUnitsError(refusal, **members)


def outside_own(*codes: str) -> OutsideUnitsError:
    """Return the error for units that the key is not bound to."""
    return outside_units(Message("units_outside_key", codes=list(codes)), codes)


def unbind(session: Session) -> None:
    """Let the rest of the transaction write everywhere, for operations that create units, once all
    existing units that they change are checked.
    """
    session.execute(_RESTRICT, {"units": ""})


@contextmanager
def unbound(connection: Connection) -> Iterator[None]:
    """Let the transaction write everywhere in the block, for rows that belong to no unit."""
    connection.execute(_RESTRICT, {"units": ""})
    try:
        yield
    finally:
        if not connection.invalidated:
            restrict_to_units(connection, acting())


def restrict_to_units(session: Session | Connection, actor: Actor | None) -> None:
    """Restrict the writes of the transaction to the units of `actor`; None for no restriction."""
    if actor is not None and actor.unit_ids is not None:
        units = f"{{{','.join(map(str, sorted(actor.unit_ids)))}}}"
        session.execute(_RESTRICT, {"units": units})
