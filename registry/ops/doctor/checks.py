"""The frame of the checks: what one is, how they are registered, how they are run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final, TypeAlias

from psycopg.errors import QueryCanceled
from sqlalchemy import Connection, TextClause, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from registry.core.database import APP_ROLE, CONNECT_TIMEOUT_S, first_line
from registry.core.errors import RegistryError
from registry.core.messages import Message, Several, translate
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.ops import cluster

SQL: Final = Statements(__file__, "queries.sql")

_STATEMENT_TIMEOUT_MS: Final = 60_000
_NAMED: Final = 5
"""So many are named of what is wrong."""


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"
    SKIPPED = "skipped"


Said: TypeAlias = Message | str
"""Words, or a name or version as it is."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: its state, and what a reader should know of it."""

    state: State
    detail: Said = ""

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


def none_of(names: Sequence[str], what: str, sick: Callable[[Said], Finding] = failure) -> Finding:
    """Nothing to do where there are none; else how many there are of `what`, a message's code, and
    the first of them.
    """
    if not names:
        return ok()
    return sick(Message(what, count=len(names), names=list(names[:_NAMED])))


def all_of(problems: Sequence[Message], sick: Callable[[Said], Finding] = failure) -> Finding:
    """All problems in one finding; nothing to do where there are none."""
    return sick(Several(problems)) if problems else ok()


class Need(IntEnum):
    """What must be there for a check to be made."""

    NOTHING = 0
    DATABASE = 1
    """A connection, as whom the URL names."""
    REGISTER = 2
    """The register's tables, read as the application's role."""


@dataclass
class Subject:
    """The register under examination."""

    settings: Settings
    open_connection: Connection | None = field(default=None, repr=False)

    def connect(self) -> Connection:
        """Connect as whom the URL names. Raises RegistryError, ArgumentError or DBAPIError."""
        url = make_url(cluster.database_url(self.settings)).set(drivername="postgresql+psycopg")
        options = {
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": "diachiso doctor",
            # Read only: a check never writes. A timeout: a sick database may never answer.
            "options": "-c default_transaction_read_only=on -c jit=off"
            f" -c timezone=Asia/Ho_Chi_Minh -c statement_timeout={_STATEMENT_TIMEOUT_MS}",
        }
        self.open_connection = create_engine(
            url, poolclass=NullPool, connect_args=options
        ).connect()
        return self.open_connection

    @property
    def connection(self) -> Connection:
        """The open connection; checks that use it say that they need it."""
        if self.open_connection is None:
            raise LookupError("this check needs Need.DATABASE")
        return self.open_connection

    def names(self, statement: str | TextClause, **parameters: object) -> list[str]:
        """The texts that a statement of one column answers."""
        asked = text(statement) if isinstance(statement, str) else statement
        return list(self.connection.scalars(asked, parameters))

    def offers(self) -> Need:
        """What is there."""
        if self.open_connection is None:
            return Need.NOTHING
        there = self.connection.scalar(
            SQL.text("is_register"),
            {"role": APP_ROLE},
        )
        return Need.REGISTER if there else Need.DATABASE


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its function, what it needs and how to repair what it finds."""

    name: str
    line: str
    """What is well where it finds nothing, in English."""
    hint: Message
    need: Need
    function: Callable[[Subject], Finding]


@dataclass(frozen=True, slots=True)
class Result:
    """One check and what it found."""

    name: str
    line: str
    """What is well where it finds nothing, in English."""
    state: State
    detail: Said
    hint: Message | None
    """How to repair it; none when it is well, or was skipped."""

    @property
    def english(self) -> str:
        """Its detail for programs."""
        return Finding(self.state, self.detail).english

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON values; its detail is English, for programs."""
        vi = translate(self.line, "vi")
        hint = self.hint and str(self.hint)
        return asdict(self) | {"vi": vi, "detail": self.english, "hint": hint}


class Chapter:
    """The checks of one module, in the order in which they stand there."""

    def __init__(self) -> None:
        self.in_order: list[Check] = []

    def check(
        self, *, hint: Message, need: Need = Need.REGISTER
    ) -> Callable[[Callable[[Subject], Finding]], Callable[[Subject], Finding]]:
        """Register a check; its docstring begins with what is well where it finds nothing."""

        def register(function: Callable[[Subject], Finding]) -> Callable[[Subject], Finding]:
            line = (function.__doc__ or function.__name__).splitlines()[0].rstrip(".")
            self.in_order.append(Check(function.__name__, line, hint, need, function))
            return function

        return register


def examine(checks: Iterable[Check], settings: Settings) -> list[Result]:
    """Run the checks on one connection, each in a transaction of its own that is rolled back."""
    subject = Subject(settings)
    try:
        return [_result(check, _run(check, subject)) for check in checks]
    finally:
        if subject.open_connection is not None:
            subject.open_connection.close()


def _result(check: Check, found: Finding) -> Result:
    sick = found.state in (State.WARNING, State.FAILURE)
    hint = check.hint if sick else None
    return Result(check.name, check.line, found.state, found.detail, hint)


def _run(check: Check, subject: Subject) -> Finding:
    try:
        with _transaction(check, subject) as lacking:
            return Finding(State.SKIPPED, lacking) if lacking else check.function(subject)
    except RegistryError as error:
        return failure(error.message)
    except ArgumentError:
        return failure(Message("database_url_invalid"))  # which may hold a password: not shown
    except DBAPIError as error:
        if error.connection_invalidated:
            subject.open_connection = None
        if isinstance(error.orig, QueryCanceled):
            return Finding(
                State.SKIPPED, Message("no_answer_within", seconds=_STATEMENT_TIMEOUT_MS // 1000)
            )
        return failure(first_line(error.orig or error))


@contextmanager
def _transaction(check: Check, subject: Subject) -> Iterator[Message | None]:
    """Prepare for a check; yields what it needs and does not get, or nothing."""
    offers = subject.offers()
    if check.need > offers:
        yield Message("needs_database" if offers == Need.NOTHING else "needs_tables")
        return
    if check.need == Need.NOTHING:
        yield None
        return
    connection = subject.connection
    try:
        if check.need == Need.REGISTER:
            connection.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))
        yield None
    finally:
        if not connection.invalidated:
            connection.rollback()
