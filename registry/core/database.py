"""Database connections: roles, limits, error translation, and the only place that commits."""

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
"""Role of everything else, bound by row-level security and append-only tables."""

TIME_ZONE: Final = "Asia/Ho_Chi_Minh"
"""A day is a day in Viet Nam, for `current_date` as for `registry.units.gazetteer.today`."""
SESSION: Final = {"jit": "off", "timezone": TIME_ZONE}
"""Settings of each session; behind a pooler, of its login (`registry.web_login`)."""
POOL_TIMEOUT_S: Final = 2.0
CONNECT_TIMEOUT_S: Final = 2
SILENCE_MS: Final = 5_000
"""Limit of unacknowledged data over TCP (`tcp_user_timeout`)."""

_SILENT_S: Final = 5.0
"""After a connection timed out no other is attempted for this long."""
_POOLER_WAITED: Final = "query_wait_timeout"
_POOLER_SILENT_S: Final = 1.0
"""The same after a timeout of PgBouncer, which retries the server once a second."""

T = TypeVar("T")

RECOVERY_CONFLICT: Final = psycopg.errors.SerializationFailure
"""A standby cancelled a statement for its replay; at our isolation level it means nothing else."""
_SILENT: Final = Message("database_silent")
_WHO: Final = b"SELECT current_user, current_setting('TimeZone'), pg_backend_pid()"
_WEB_LOGIN: Final = Message("make_web_login")
_CONNECTION_LOST: Final = Message("database_connection_lost")
_READ_ONLY: Final = Message("database_read_only_unwritten")
_IN_DOUBT: Final = Message("connection_lost_in_commit")
_DISK_FULL: Final = Message("database_disk_full")


class ConnectionLostError(DatabaseUnavailableError):
    """A connection was lost, or a standby cancelled a statement, before anything was written."""


class TookTooLongError(DatabaseUnavailableError):
    """A statement exceeded its timeout; others may succeed."""


class BusyError(DatabaseUnavailableError):
    """Every connection of this process is in use."""


class DatabaseFullError(DatabaseUnavailableError):
    """The disk of the database is full: it answers reads and refuses writes."""

    code = "storage_full"


class ReadOnlyError(DatabaseUnavailableError):
    """The database answers reads and refuses writes: it is a standby, or set to read-only."""


def with_role(url: str, role: str, **parameters: str) -> URL:
    """Return the URL for psycopg 3 with `role` and other server parameters set at session start.

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
    """Make an engine whose sessions act as `role`; connecting raises WrongRoleError otherwise.

    `may_be_pooled` allows a pooler, for callers without session state beyond a transaction. A
    stopped database is noticed within two seconds, a restarted one is used again without a restart
    of the program (`pool_pre_ping`).
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
        # Error texts are logged, and parameters may contain an address.
        hide_parameters=True,
    )
    connector = _Connector()
    event.listen(engine, "handle_error", _mark_lost)
    event.listen(engine, "handle_error", connector.note_error)
    event.listen(engine, "do_connect", connector.connect)
    check = partial(check_role, role=role, may_be_pooled=may_be_pooled)
    event.listen(engine, "connect", lambda connection, _record: check(connection))
    watch(engine)
    return engine


class _Connector:
    """Connects to a server, failing fast for some seconds after a timeout."""

    def __init__(self) -> None:
        self._silent_until = 0.0

    def connect(
        self,
        dialect: Dialect,
        _record: object,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> DBAPIConnection:
        """Connect. Raises the driver's errors, immediately after a recent timeout."""
        if time.monotonic() < self._silent_until:
            raise psycopg.errors.ConnectionTimeout("the database does not answer")
        try:
            return dialect.connect(*arguments, **named)
        except psycopg.errors.ConnectionTimeout:
            self._silent_until = time.monotonic() + _SILENT_S
            raise

    def note_error(self, context: ExceptionContext) -> None:
        """Note a pooler's timeout."""
        if _POOLER_WAITED in str(context.original_exception):
            self._silent_until = max(self._silent_until, time.monotonic() + _POOLER_SILENT_S)


def _mark_lost(context: ExceptionContext) -> None:
    # SQLAlchemy relies on the driver, which notices a lost connection only when it reads.
    established = context.connection is not None or context.is_pre_ping
    if established and is_lost(context.original_exception):
        context.is_disconnect = True


def is_lost(error: BaseException | None) -> bool:
    """Whether an error of the driver is about the connection, not about a statement.

    Errors of the server have an SQLSTATE; those of libpq have none, and are an OperationalError or
    a plain DatabaseError of the driver. After a FATAL the server closes the connection.
    """
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError) or type(error) is psycopg.DatabaseError
    return error.diag.severity_nonlocalized in ("FATAL", "PANIC")


def end_waiting(connections: Iterable[psycopg.Connection[Any]]) -> None:
    """Shut down these connections, so that threads waiting on them get an error."""
    for connection in connections:
        # Only the socket: the waiting thread is inside libpq, and closes the connection itself.
        with (
            suppress(psycopg.Error, OSError),
            socket.socket(fileno=os.dup(connection.fileno())) as own,
        ):
            own.shutdown(socket.SHUT_RDWR)


def tried_again(read: Callable[[], T]) -> T:
    """Return the result of `read`, retried once after a lost connection; it must only read."""
    try:
        return read()
    except (ConnectionLostError, OutcomeUnknownError):
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
    """Return the error if a new connection does not act as `role`, or is a pooler's without
    `may_be_pooled`.

    Raises psycopg.Error if it is already lost.
    """
    # Without cursors: one round trip, no transaction, and usable for the worker's connections.
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
    # A pooler gives each client a process id of its own.
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
    """Return the underlying psycopg connection, in the same transaction, for COPY."""
    below = connection.connection.driver_connection
    if not isinstance(below, psycopg.Connection):
        raise TypeError("the register requires psycopg 3")
    return below


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """Yield a session that commits at the end, or rolls back if the block raises; nothing else
    commits.

    The database restricts its writes to the units of the actor (`registry.core.actors`), with
    OutsideUnitsError. Raises DatabaseUnavailableError if the database cannot be reached or fails
    meanwhile, without having written; OutcomeUnknownError if that is uncertain, which must not be
    retried blindly; NotPreparedError if roles or tables are missing.
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
    """A session that restricts where it may write, before its first statement."""


@event.listens_for(_Session, "after_begin")
def _restrict(_session: Session, _transaction: object, connection: Connection) -> None:
    restrict_to_units(connection, acting())


@contextmanager
def translated_errors() -> Iterator[None]:
    """Translate errors of the driver into RegistryError."""
    try:
        yield
    except PoolTimeoutError as error:
        raise BusyError(Message("database_connections_busy")) from error
    except psycopg.Error as error:  # COPY bypasses SQLAlchemy
        if _is_disk_full(error):
            raise DatabaseFullError(_DISK_FULL) from error
        if is_lost(error):
            raise ConnectionLostError(_CONNECTION_LOST) from error
        raise
    except DBAPIError as error:
        translated = _translated(error)
        if translated is None:
            raise
        raise translated from error


def reason_of(error: BaseException | None) -> str | None:
    """Return the driver's message behind an error, for the operator only: it names the host.

    Never the URL, which may contain a password.
    """
    while error is not None:
        if isinstance(error, psycopg.OperationalError):
            return first_line(error).removeprefix("connection failed: ")
        error = error.orig if isinstance(error, DBAPIError) else error.__cause__
    return None


def first_line(error: object) -> str:
    """Return the first line of a driver's error; the rest points into statements."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _translated(error: DBAPIError) -> RegistryError | None:
    """Return the error for the caller of a failed statement; None for a bug."""
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
        return ConnectionLostError(_CONNECTION_LOST)
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return ReadOnlyError(_READ_ONLY)
    return DatabaseUnavailableError(_SILENT) if is_lost(cause) else None


def _is_disk_full(cause: BaseException | None) -> bool:
    """Whether a file could not grow: the disk is full, or a size limit is reached."""
    if isinstance(cause, psycopg.errors.DiskFull):
        return True
    # Extending a table's file, or writing the log or a temporary file, fails as XX000.
    phrases = ("could not extend file", "could not write to", "could not write block")
    return isinstance(cause, psycopg.Error) and any(words in str(cause) for words in phrases)


def _is_outside_units(cause: BaseException | None) -> bool:
    """Whether row-level security refused a row, as opposed to a missing privilege."""
    refused = isinstance(cause, psycopg.errors.InsufficientPrivilege)
    return refused and acting() is not None and "row-level security" in str(cause)


def _unready(cause: BaseException | None) -> Message | None:
    """Return the remedy if the database is not prepared as a register, else None."""
    if isinstance(cause, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return Message("schema_differs")
    if isinstance(cause, psycopg.OperationalError) and "role" in str(cause):
        for role in (APP_ROLE, OWNER_ROLE):
            if f'role "{role}"' in str(cause):
                return Message("role_missing", role=role)
    return None
