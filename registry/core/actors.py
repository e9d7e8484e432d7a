"""Who acts: the caller of a web request, with the units in which it may write.

A command of the operator acts as nobody in particular and is bound to nothing: whoever reaches the
database may do everything. A web request acts as somebody from its first line to its last
(`acting_as`), and `registry.core.database.session_scope` tells the database so in each
transaction, so that row-level security binds also the code that forgets to ask.
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
    """A unit that a key is bound to and that is no more."""

    code: str
    name: str
    last_day: datetime.date
    successors: tuple[tuple[str, str], ...]
    """Code and full name of each unit of today that continues it."""

    def __str__(self) -> str:
        heirs = ", ".join(f"{name} ({code})" for code, name in self.successors)
        now = f", nay là {heirs}" if heirs else ""
        return f"{self.name} ({self.code}) hết ngày {self.last_day:%d/%m/%Y}{now}"

    def to_dict(self) -> dict[str, object]:
        """As JSON values."""
        successors = [{"code": code, "name": name} for code, name in self.successors]
        return {
            "code": self.code,
            "name": self.name,
            "last_day": self.last_day.isoformat(),
            "successors": successors,
        }


@dataclass(frozen=True, slots=True)
class Actor:
    """The holder of a key, or everybody who has none: the name of a key, never of a person."""

    name: str
    role: Role
    unit_ids: frozenset[int] | None = None
    """Communes of today in which it may write; None for everywhere."""
    key_id: int | None = None
    """Number of the key; None without one."""
    rate_per_minute: int | None = None
    """Requests a minute; None for what the settings say."""
    units: tuple[str, ...] | None = None
    """Codes of the units of today that the key is bound to; None where it is bound to none."""
    expires_at: datetime.datetime | None = None
    """When the key ends, or the secret that another one replaced."""
    approves_own: bool = False
    """Whether it may approve what it delivered itself."""
    ended: tuple[EndedUnit, ...] = ()
    """Units that it is bound to and that are no more."""
    views: frozenset[int] | None = frozenset()
    """Of a viewer: communes of today whose queues and drafts it sees; None for all."""

    @property
    def sees(self) -> frozenset[int] | None:
        """Communes of today whose queues and drafts it sees: those where it writes, or views."""
        return self.views if self.role == "viewer" else self.unit_ids

    def may(self, role: Role) -> bool:
        """Whether what is declared for `role` is open to this caller."""
        return RANK[self.role] >= RANK[role]


ANONYMOUS: Final = Actor("anonymous", "anonymous", frozenset())

_acting: ContextVar[Actor | None] = ContextVar("diachiso_acting", default=None)


def acting() -> Actor | None:
    """Who acts here; None for the operator."""
    return _acting.get()


def who_acts() -> tuple[str, Role]:
    """Name and role for what is written down: the operator's where nobody acts."""
    actor = acting()
    return ("operator", "admin") if actor is None else (actor.name, actor.role)


def act_as(actor: Actor | None) -> None:
    """From here on `actor` acts, in this thread and until the next call; None for the operator."""
    _acting.set(actor)


@contextmanager
def acting_as(actor: Actor | None) -> Iterator[None]:
    """In the block `actor` acts; None for the operator."""
    before = acting()
    act_as(actor)
    try:
        yield
    finally:
        act_as(before)


def demand(role: Role, what: str) -> None:
    """Raises ForbiddenError when somebody acts whose role is below `role`; `what` is a msgid."""
    actor = acting()
    if actor is not None and not actor.may(role):
        raise ForbiddenError(
            Message("operation_needs_role", what=Text(what), role=role, own_role=actor.role)
        )


def is_bound() -> bool:
    """Whether somebody acts who may not write everywhere."""
    actor = acting()
    return actor is not None and actor.unit_ids is not None


def only_commune() -> str | None:
    """Code of the one commune in which who acts may write; None for several, or everywhere."""
    actor = acting()
    if actor is None or actor.unit_ids is None or len(actor.unit_ids) != 1:
        return None
    codes = actor.units or ()
    return codes[0] if len(codes) == 1 else None


def ended_units() -> str | None:
    """Units to which who acts is bound and that have ended, with their heirs; None for none."""
    actor = acting()
    return "; ".join(map(str, actor.ended)) or None if actor is not None else None


def outside_units(refusal: Message, codes: Sequence[str]) -> OutsideUnitsError:
    """The refusal of what lies in these units, in words; what became of those that the key is bound
    to, where they have ended, is told as well.
    """
    actor = acting()
    ended = actor.ended if actor is not None else ()
    members: dict[str, object] = {"units": list(codes)}
    if ended:
        refusal = Message("units_of_key_ended", refusal=refusal, units=ended_units())
        members["ended"] = [unit.to_dict() for unit in ended]
    return OutsideUnitsError(refusal, **members)


def outside_own(*codes: str) -> OutsideUnitsError:
    """The refusal where the key is bound to none of these units."""
    return outside_units(Message("units_outside_key", codes=list(codes)), codes)


def unbind(session: Session) -> None:
    """Let the rest of the transaction write everywhere: for what makes units, once it is checked
    that all which it touches are the caller's.
    """
    session.execute(_RESTRICT, {"units": ""})


@contextmanager
def unbound(connection: Connection) -> Iterator[None]:
    """In the block the transaction may write everywhere: for what belongs to no unit."""
    connection.execute(_RESTRICT, {"units": ""})
    try:
        yield
    finally:
        if not connection.invalidated:
            restrict_to_units(connection, acting())


def restrict_to_units(session: Session | Connection, actor: Actor | None) -> None:
    """Let the transaction of `session` write in the units of `actor` only; None for anywhere."""
    if actor is not None and actor.unit_ids is not None:
        units = f"{{{','.join(map(str, sorted(actor.unit_ids)))}}}"
        session.execute(_RESTRICT, {"units": units})
