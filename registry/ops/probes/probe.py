"""The building blocks of probes: findings, states, hints, alerts, and the examined register."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, TypeAlias

from sqlalchemy import Connection, TextClause, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from registry.core.database import APP_ROLE, CONNECT_TIMEOUT_S
from registry.core.messages import Message, Several
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.ops import cluster
from registry.ops.probes.alerts import Alert

SQL: Final = Statements(__file__, "queries.sql")

TIMEOUT_S: Final = 60
NAMED: Final = 5
"""Number of examples shown."""


class State(StrEnum):
    """The verdict of a probe."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


Detail: TypeAlias = Message | str
"""A message, or a name or version as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The finding of a probe: its state, and details for the reader."""

    state: State
    detail: Detail

    @property
    def english(self) -> str:
        """The detail in English, for programs."""
        return self.detail.words("en") if isinstance(self.detail, Message) else self.detail


def ok(detail: Detail = "") -> Finding:
    """Nothing to do."""
    return Finding(State.OK, detail)


def warning(detail: Detail) -> Finding:
    """Worth knowing; the register works."""
    return Finding(State.WARNING, detail)


def failure(detail: Detail) -> Finding:
    """Something is broken, or will be."""
    return Finding(State.FAILURE, detail)


def none_of(
    names: Sequence[str], code: str, verdict: Callable[[Detail], Finding] = failure
) -> Finding:
    """Return `ok` without names; else `verdict` on a message of that code, with the number of names
    and the first of them.
    """
    if not names:
        return ok()
    return verdict(Message(code, count=len(names), names=list(names[:NAMED])))


def all_of(
    problems: Iterable[Message],
    verdict: Callable[[Detail], Finding] = failure,
    *,
    well: Detail = "",
) -> Finding:
    """Return `ok(well)` without problems; else `verdict` on all of them."""
    found = list(problems)
    return verdict(Several(found)) if found else ok(well)


def over(value: float, detail: Detail, *, warn: float, fail: float = math.inf) -> Finding:
    """Judge a value by thresholds."""
    if value > fail:
        return failure(detail)
    return warning(detail) if value > warn else ok(detail)


class Need(IntEnum):
    """The requirement of a probe."""

    NOTHING = 0
    DATABASE = 1
    """A connection, as the user of the URL."""
    REGISTER = 2
    """The register's tables, read as the application's role."""


@dataclass
class Subject:
    """The examined register."""

    settings: Settings
    open_connection: Connection | None = field(default=None, repr=False)

    def connect(self) -> Connection:
        """Connect as the user of the URL. Raises RegistryError, ArgumentError or DBAPIError."""
        url = make_url(cluster.database_url(self.settings)).set(drivername="postgresql+psycopg")
        options = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "diachiso doctor",
            # Read-only, as probes never write; with a timeout, as a damaged database may hang.
            "options": "-c default_transaction_read_only=on -c jit=off"
            f" -c timezone=Asia/Ho_Chi_Minh -c statement_timeout={TIMEOUT_S}s",
        }
        self.open_connection = create_engine(
            url, poolclass=NullPool, connect_args=options
        ).connect()
        return self.open_connection

    @property
    def connection(self) -> Connection:
        """The open connection, for probes that declare Need.DATABASE or more."""
        if self.open_connection is None:
            raise LookupError("this probe needs Need.DATABASE")
        return self.open_connection

    def names(self, statement: str | TextClause, **parameters: object) -> list[str]:
        """Return the values of a statement that selects one column of text."""
        query = text(statement) if isinstance(statement, str) else statement
        return list(self.connection.scalars(query, parameters))

    def offers(self) -> Need:
        """Return what is currently available to probes."""
        if self.open_connection is None:
            return Need.NOTHING
        there = self.connection.scalar(SQL.text("is_register"), {"role": APP_ROLE})
        return Need.REGISTER if there else Need.DATABASE


@dataclass(frozen=True, slots=True)
class Probe:
    """One health check: how to run it, how to repair a failure, and its alerts."""

    name: str
    line: str
    """The condition that it checks, in English."""
    hint: Message
    need: Need
    alerts: tuple[Alert, ...]
    function: Callable[[Subject], Finding]


def probe(
    *alerts: Alert, hint: Message, need: Need = Need.REGISTER
) -> Callable[[Callable[[Subject], Finding]], Probe]:
    """Make a probe of a function; the first line of its docstring is the condition it checks."""

    def make(function: Callable[[Subject], Finding]) -> Probe:
        line = (function.__doc__ or function.__name__).splitlines()[0].rstrip(".")
        return Probe(function.__name__, line, hint, need, alerts, function)

    return make
