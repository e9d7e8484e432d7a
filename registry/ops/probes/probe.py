"""What a probe is: its facts, verdict, hint and alerts, and the register it examines."""

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
"""How many examples of what is wrong are shown."""


class State(StrEnum):
    """The verdict of a probe."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


Said: TypeAlias = Message | str
"""Words, or a name or version as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found: its state, and what a reader should know of it."""

    state: State
    detail: Said

    @property
    def english(self) -> str:
        """Its detail for programs."""
        return self.detail.words("en") if isinstance(self.detail, Message) else self.detail


def ok(detail: Said = "") -> Finding:
    """Nothing to do."""
    return Finding(State.OK, detail)


def warning(detail: Said) -> Finding:
    """Worth knowing; the register works."""
    return Finding(State.WARNING, detail)


def failure(detail: Said) -> Finding:
    """Something is broken, or will be."""
    return Finding(State.FAILURE, detail)


def none_of(
    names: Sequence[str], code: str, verdict: Callable[[Said], Finding] = failure
) -> Finding:
    """`ok` without names; else `verdict` on the message of that code, with the number of names and
    the first of them.
    """
    if not names:
        return ok()
    return verdict(Message(code, count=len(names), names=list(names[:NAMED])))


def all_of(
    problems: Iterable[Message], verdict: Callable[[Said], Finding] = failure, *, well: Said = ""
) -> Finding:
    """`ok(well)` without problems; else `verdict` on all of them."""
    found = list(problems)
    return verdict(Several(found)) if found else ok(well)


def over(value: float, detail: Said, *, warn: float, fail: float = math.inf) -> Finding:
    """The verdict on a value by its thresholds."""
    if value > fail:
        return failure(detail)
    return warning(detail) if value > warn else ok(detail)


class Need(IntEnum):
    """What must be there for a probe to run."""

    NOTHING = 0
    DATABASE = 1
    """A connection, as the user of the URL."""
    REGISTER = 2
    """The register's tables, read as the application's role."""


@dataclass
class Subject:
    """The register under examination."""

    settings: Settings
    open_connection: Connection | None = field(default=None, repr=False)

    def connect(self) -> Connection:
        """Connect as the user of the URL. Raises RegistryError, ArgumentError or DBAPIError."""
        url = make_url(cluster.database_url(self.settings)).set(drivername="postgresql+psycopg")
        options = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "diachiso doctor",
            # Read only: a probe never writes. A timeout: a damaged database may never answer.
            "options": "-c default_transaction_read_only=on -c jit=off"
            f" -c timezone=Asia/Ho_Chi_Minh -c statement_timeout={TIMEOUT_S}s",
        }
        self.open_connection = create_engine(
            url, poolclass=NullPool, connect_args=options
        ).connect()
        return self.open_connection

    @property
    def connection(self) -> Connection:
        """The open connection; probes that use it declare that they need it."""
        if self.open_connection is None:
            raise LookupError("this probe needs Need.DATABASE")
        return self.open_connection

    def names(self, statement: str | TextClause, **parameters: object) -> list[str]:
        """The values of a statement that selects one column of text."""
        asked = text(statement) if isinstance(statement, str) else statement
        return list(self.connection.scalars(asked, parameters))

    def offers(self) -> Need:
        """What is available to probes now."""
        if self.open_connection is None:
            return Need.NOTHING
        there = self.connection.scalar(SQL.text("is_register"), {"role": APP_ROLE})
        return Need.REGISTER if there else Need.DATABASE


@dataclass(frozen=True, slots=True)
class Probe:
    """One thing that may be wrong: how it is found, how to repair it, and which alerts fire."""

    name: str
    line: str
    """What is well where it finds nothing, in English."""
    hint: Message
    need: Need
    alerts: tuple[Alert, ...]
    function: Callable[[Subject], Finding]


def probe(
    *alerts: Alert, hint: Message, need: Need = Need.REGISTER
) -> Callable[[Callable[[Subject], Finding]], Probe]:
    """Make a probe of a function; its docstring begins with what is well where it finds nothing."""

    def make(function: Callable[[Subject], Finding]) -> Probe:
        line = (function.__doc__ or function.__name__).splitlines()[0].rstrip(".")
        return Probe(function.__name__, line, hint, need, alerts, function)

    return make
