"""Connections: which role, which limits, and the one place that commits."""

import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from registry.core.actors import acting, restrict_to_units
from registry.core.errors import (
    DatabaseUnavailableError,
    NotPreparedError,
    OutcomeUnknownError,
    OutsideUnitsError,
    RegistryError,
    WrongRoleError,
)
from registry.core.messages import Message
from registry.core.tracing import watch

OWNER_ROLE: Final = "diachiso_owner"
"""Owns every object; used by migrations and seeds only."""
APP_ROLE: Final = "diachiso_app"
"""Everything else runs as this role, so that row-level security and append-only tables bind it."""

TIME_ZONE: Final = "Asia/Ho_Chi_Minh"
"""A day is a day in Viet Nam, for `current_date` as for `registry.units.gazetteer.today`."""
SESSION: Final = {"jit": "off", "timezone": TIME_ZONE}
"""What each session is told when it starts; behind a pooler its login is (`registry.web_login`)."""
POOL_TIMEOUT_S: Final = 2.0
CONNECT_TIMEOUT_S: Final = 2
SILENCE_MS: Final = 5_000
"""How long a server may leave what was sent to it unacknowledged; over a socket file no matter."""

_SILENT_S: Final = 5.0
"""How long a server that let somebody wait for a connection in vain is not asked for another."""
_POOLER_WAITED: Final = "query_wait_timeout"
_POOLER_SILENT_S: Final = 1.0
"""The same where PgBouncer says so, which tries to reach the server once a second."""

T = TypeVar("T")

RECOVERY_CONFLICT: Final = psycopg.errors.SerializationFailure
"""A standby's replay went before a statement; in the mode of our transactions nothing else is."""
_SILENT: Final = Message("database_silent")
_WHO: Final = b"SELECT current_user, current_setting('TimeZone'), pg_backend_pid()"
_WEB_LOGIN: Final = Message("make_web_login")
_BROKEN_OFF: Final = Message("database_connection_lost")
_READ_ONLY: Final = Message("database_read_only_unwritten")
_IN_DOUBT: Final = Message("connection_lost_in_commit")
_DISK_FULL: Final = Message("database_disk_full")


class BrokenOffError(DatabaseUnavailableError):
    """A connection was lost, or a standby put its replay first, before anything was written."""


class TookTooLongError(DatabaseUnavailableError):
    """One statement took longer than a statement may; others may be answered."""


class BusyError(DatabaseUnavailableError):
    """Every connection of this process is in use."""


class DatabaseFullError(DatabaseUnavailableError):
    """The disk of the database is full: it answers questions and takes no writes."""

    code = "storage_full"


class ReadOnlyError(DatabaseUnavailableError):
    """The database answers and takes no writes: it is a standby, or was told to be read only."""


def with_role(url: str, role: str, **parameters: str) -> URL:
    """The URL for psycopg 3, with `role` (and other server parameters) set when a session starts.

    A startup parameter, unlike `SET ROLE`, survives ROLLBACK and RESET ALL.
    """
    parsed = make_url(url)
    options = " ".join(f"-c {name}={value}" for name, value in {"role": role, **parameters}.items())
    given = parsed.query.get("options")
    if given:
        options = f"{given if isinstance(given, str) else ' '.join(given)} {options}"
    limits = {"connect_timeout": str(CONNECT_TIMEOUT_S), "tcp_user_timeout": str(SILENCE_MS)}
    query = {**limits, **parsed.query, "options": options}
    return parsed.set(drivername="postgresql+psycopg", query=query)


def make_engine(
    url: str,
    *,
    role: str = APP_ROLE,
    pool_size: int = 4,
    statement_timeout_ms: int | None = None,
    may_be_pooled: bool = False,
) -> Engine:
    """An engine whose sessions act as `role`; connecting raises WrongRoleError where they do not.

    `may_be_pooled` is for who needs nothing that outlives a transaction: others do not speak to a
    pooler. A stopped database shows within two seconds, and a restarted one is found again without
    a restart of the program (`pool_pre_ping`).
    """
    parameters = {**SESSION, "application_name": "diachiso"}
    if statement_timeout_ms is not None:
        parameters["statement_timeout"] = str(statement_timeout_ms)
    engine = create_engine(
        with_role(url, role, **parameters),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,
        # An error's text goes to the log, and parameters may be somebody's address.
        hide_parameters=True,
    )
    door = _Door()
    event.listen(engine, "handle_error", _tell_lost)
    event.listen(engine, "handle_error", door.listen)
    event.listen(engine, "do_connect", door.enter)
    check = partial(check_role, role=role, may_be_pooled=may_be_pooled)
    event.listen(engine, "connect", lambda connection, _record: check(connection))
    watch(engine)
    return engine


class _Door:
    """The way to a server. Nobody waits at it who comes soon after another waited in vain."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def enter(
        self,
        dialect: Dialect,
        _record: object,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> DBAPIConnection:
        """A connection. Raises the driver's errors, at once where the server was just silent."""
        if time.monotonic() < self._silent_until:
            raise psycopg.errors.ConnectionTimeout("the database does not answer")
        try:
            return dialect.connect(*arguments, **named)
        except psycopg.errors.ConnectionTimeout:
            self._silent_until = time.monotonic() + _SILENT_S
            raise

    def listen(self, context: ExceptionContext) -> None:
        """Hear from a pooler that it let somebody wait for the server in vain."""
        if _POOLER_WAITED in str(context.original_exception):
            self._silent_until = max(self._silent_until, time.monotonic() + _POOLER_SILENT_S)


def _tell_lost(context: ExceptionContext) -> None:
    # SQLAlchemy asks the driver, which believes in a connection until it has read its end.
    established = context.connection is not None or context.is_pre_ping
    if established and is_lost(context.original_exception):
        context.is_disconnect = True


def is_lost(error: BaseException | None) -> bool:
    """Whether an error of the driver is one of the connection, as opposed to a statement on it.

    All that the server says has an SQLSTATE; what has none is libpq's own, for which the driver
    has an OperationalError or no class at all. Behind a FATAL the server hangs up.
    """
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError) or type(error) is psycopg.DatabaseError
    return error.diag.severity_nonlocalized in ("FATAL", "PANIC")


def end_waiting(connections: Iterable[psycopg.Connection[Any]]) -> None:
    """Have whoever waits for the server by one of these find the connection lost."""
    for connection in connections:
        # Only the socket: the thread that waits is inside of libpq, and closes the rest itself.
        with (
            suppress(psycopg.Error, OSError),
            socket.socket(fileno=os.dup(connection.fileno())) as own,
        ):
            own.shutdown(socket.SHUT_RDWR)


def tried_again(read: Callable[[], T]) -> T:
    """What `read` returns; it must only read, for it is done once more where it was broken off."""
    try:
        return read()
    except (BrokenOffError, OutcomeUnknownError):
        return read()


def check_role(
    connection: psycopg.Connection[Any], role: str, *, may_be_pooled: bool = False
) -> None:
    """Raise WrongRoleError, and close the new connection, unless it acts as `role`."""
    if wrong := wrong_role(connection, role, may_be_pooled=may_be_pooled):
        connection.close()
        raise wrong


def wrong_role(
    connection: psycopg.BaseConnection[Any], role: str, *, may_be_pooled: bool = False
) -> WrongRoleError | None:
    """What is wrong where a new connection, of any pool, does not act as `role`, or is a pooler's
    that may be none.

    Raises psycopg.Error when it is lost already.
    """
    # Past the cursors: one round trip, no transaction, and the same for the worker's connections.
    result = connection.pgconn.exec_(_WHO)
    if result.status != ExecStatus.TUPLES_OK:
        raise error_from_result(result)
    acts_as, zone, process = ((result.get_value(0, i) or b"").decode() for i in range(3))
    if acts_as != role:
        return WrongRoleError(
            Message(
                "connection_role_wrong",
                acts_as=acts_as,
                role=role,
                remedy=_WEB_LOGIN,
            )
        )
    # A pooler gives each of its clients a number of its own.
    if int(process) == connection.pgconn.backend_pid:
        return None
    if not may_be_pooled:
        return WrongRoleError(Message("pooler_without_session"))
    if zone != TIME_ZONE:
        return WrongRoleError(
            Message(
                "pooler_time_zone",
                zone=zone,
                remedy=_WEB_LOGIN,
            )
        )
    return None


def driver_connection(connection: Connection) -> psycopg.Connection[tuple[object, ...]]:
    """The psycopg connection below, in the same transaction: for COPY, which SQLAlchemy lacks."""
    below = connection.connection.driver_connection
    if not isinstance(below, psycopg.Connection):
        raise TypeError("the register speaks to PostgreSQL through psycopg 3 only")
    return below


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """A session that commits at the end, or rolls back when the block raises: nobody else does.

    It writes in the units of who acts (`registry.core.actors`), and the database sees to it:
    OutsideUnitsError.
    Raises DatabaseUnavailableError when the database cannot be reached or goes away meanwhile:
    nothing is written then, but with OutcomeUnknownError, which is never to be tried again
    unseen. NotPreparedError when its roles or tables are missing.
    """
    try:
        with translated_errors(), _Session(engine) as session, session.begin():
            yield session
            if session.in_transaction():  # the block may have rolled it back
                session.flush()
                _commit(session)
    except DatabaseUnavailableError as error:
        error.engine_id = error.engine_id or id(engine)
        raise


def _commit(session: Session) -> None:
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise OutcomeUnknownError(_IN_DOUBT) from error
        raise


class _Session(Session):
    """A session that tells the database where it may write, before its first statement."""


@event.listens_for(_Session, "after_begin")
def _restrict(_session: Session, _transaction: object, connection: Connection) -> None:
    restrict_to_units(connection, acting())


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's ways of saying 'no database' into the register's own two errors."""
    try:
        yield
    except PoolTimeoutError as error:
        raise BusyError(Message("database_connections_busy")) from error
    except psycopg.Error as error:  # COPY goes past SQLAlchemy
        if _is_disk_full(error):
            raise DatabaseFullError(_DISK_FULL) from error
        if is_lost(error):
            raise BrokenOffError(_BROKEN_OFF) from error
        raise
    except DBAPIError as error:
        meant = _meaning_of(error)
        if meant is None:
            raise
        raise meant from error


def reason_of(error: BaseException | None) -> str | None:
    """What the driver said of an error of ours, for the operator alone: it names the host.

    Never the URL, which may hold a password.
    """
    while error is not None:
        if isinstance(error, psycopg.OperationalError):
            return first_line(error).removeprefix("connection failed: ")
        error = error.orig if isinstance(error, DBAPIError) else error.__cause__
    return None


def first_line(error: object) -> str:
    """What a driver's error says first; the rest points into statements."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _meaning_of(error: DBAPIError) -> RegistryError | None:
    """What a failed statement is to the caller; None for a mistake of ours."""
    cause = error.orig
    if _is_outside_units(cause):
        return OutsideUnitsError(Message("key_cannot_write_here"))
    if _is_disk_full(cause):
        return DatabaseFullError(_DISK_FULL)
    if unready := _unready(cause):
        return NotPreparedError(unready)
    if isinstance(cause, psycopg.errors.QueryCanceled):
        return TookTooLongError(Message("database_too_slow"))
    if error.connection_invalidated or isinstance(cause, RECOVERY_CONFLICT):
        return BrokenOffError(_BROKEN_OFF)
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return ReadOnlyError(_READ_ONLY)
    return DatabaseUnavailableError(_SILENT) if is_lost(cause) else None


def _is_disk_full(cause: BaseException | None) -> bool:
    """Whether a file could not grow: the disk is full, or a limit of sizes is reached."""
    if isinstance(cause, psycopg.errors.DiskFull):
        return True
    # A table's file is extended, the log's and a temporary one's are written: by the server's name
    # for it these are errors of its own (XX000).
    says = ("could not extend file", "could not write to", "could not write block")
    return isinstance(cause, psycopg.Error) and any(words in str(cause) for words in says)


def _is_outside_units(cause: BaseException | None) -> bool:
    """Whether a policy of row-level security refused a row, as opposed to a missing privilege."""
    refused = isinstance(cause, psycopg.errors.InsufficientPrivilege)
    return refused and acting() is not None and "row-level security" in str(cause)


def _unready(cause: BaseException | None) -> Message | None:
    """The remedy when the database is reachable but is no register yet, else None."""
    if isinstance(cause, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return Message("schema_differs")
    if isinstance(cause, psycopg.OperationalError) and "role" in str(cause):
        for role in (APP_ROLE, OWNER_ROLE):
            if f'role "{role}"' in str(cause):
                return Message("role_missing", role=role)
    return None
