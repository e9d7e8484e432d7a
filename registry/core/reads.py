"""The hot path: questions answered by one prepared statement each, past the ORM.

A pool of psycopg connections beside SQLAlchemy's, which costs several times what a row by its key
does. Statements go through psycopg's wrapper of libpq (`psycopg.pq`): its cursors wait in Python,
convert the statement on each call, and look up every column's type anew, which together takes as
long as PostgreSQL does.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from weakref import WeakSet

import psycopg
from psycopg.abc import PyFormat
from psycopg.adapt import Dumper, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import URL

from registry.core.database import (
    APP_ROLE,
    POOL_TIMEOUT_S,
    RECOVERY_CONFLICT,
    SESSION,
    BrokenOffError,
    BusyError,
    TookTooLongError,
    is_lost,
    tried_again,
    with_role,
    wrong_role,
)
from registry.core.errors import DatabaseUnavailableError, NotPreparedError, WrongRoleError
from registry.core.messages import Message
from registry.core.tracing import traced

Row = tuple[Any, ...]


_RECONNECT_S: Final = 1.0
"""How long the pool tries by itself; each request that finds it empty lets it try anew."""

# Statements are written for generic plans: planned once a connection, whatever their parameters.
# Left to itself PostgreSQL compares, and where a custom plan looks cheaper it plans every call.
_PARAMETERS: Final = {
    **SESSION,
    "application_name": "diachiso",
    "plan_cache_mode": "force_generic_plan",
}


_PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\)s|%)")


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement as the server takes it."""

    text: bytes
    """With $1, $2, … for the parameters, and % for %%."""
    names: tuple[str, ...]
    """Parameters in their order."""
    formats: tuple[PyFormat, ...]


@lru_cache(maxsize=1_000)
def _statement(written: str) -> _Statement:
    names: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return names.setdefault(match[1], f"${len(names) + 1}") if match[1] else "%"

    text = _PLACEHOLDER.sub(number, written)
    return _Statement(text.encode(), tuple(names), (PyFormat.AUTO,) * len(names))


class _ArrayDumper(Dumper):
    """A list of texts or whole numbers, of whatever type the statement expects there.

    The driver's own asks each element for its type, and gives small numbers another than large.
    """

    oid = 0

    def dump(self, obj: list[str | int | None]) -> bytes:
        """An array as PostgreSQL reads it: JSON's list, but for what JSON escapes otherwise."""
        written = json.dumps(obj, ensure_ascii=False, separators=(",", ":"))
        inside = ",".join(map(_element, obj)) if "\\" in written else written[1:-1]
        return f"{{{inside}}}".encode()


def _element(value: str | int | None) -> str:
    if isinstance(value, str):
        if "\\" in value or '"' in value:
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{value}"'
    return "NULL" if value is None else str(value)


class _Connection(psycopg.Connection[Row]):
    """A connection that remembers which statements it has prepared."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._names: dict[tuple[str, tuple[int, ...] | None], bytes] = {}
        self.adapters.register_dumper(list, _ArrayDumper)
        self._transformer = Transformer(self)
        self.wrong: WrongRoleError | None = None
        """Why nothing may be asked through it."""

    def fetch(self, written: str, parameters: Mapping[str, object]) -> list[Row]:
        """All rows of a statement, prepared from its first use. Other threads run meanwhile.

        Raises the driver's errors; where the connection is lost (`is_lost`) it is closed as well.
        """
        if self.wrong is not None:
            self.close()  # the next one may be right
            raise self.wrong
        statement, transformer = _statement(written), self._transformer
        given = [parameters[name] for name in statement.names]
        # NULL is None, which the wrapper takes and its annotation forgets.
        values: Any = transformer.dump_sequence(given, statement.formats)
        types, formats = transformer.types, transformer.formats
        # The driver tells small integers from large ones: what it sends decides the plan.
        name = self._names.get((written, types)) or self._prepare(written, types)
        result = self.pgconn.exec_prepared(name, values, formats)
        if result.status != ExecStatus.TUPLES_OK:
            raise self._error(result)
        transformer.set_pgresult(result)
        rows = transformer.load_rows(0, result.ntuples, tuple)
        transformer.set_pgresult(None)  # it may be large
        return rows

    def _prepare(self, written: str, types: tuple[int, ...] | None) -> bytes:
        name = f"reads{len(self._names)}".encode()
        result = self.pgconn.prepare(name, _statement(written).text, types)
        if result.status != ExecStatus.COMMAND_OK:
            raise self._error(result)
        self._names[written, types] = name
        return name

    def _error(self, result: PGresult) -> psycopg.Error:
        error = error_from_result(result, encoding=self.info.encoding)
        if is_lost(error):
            self.close()  # libpq may still call it good, and the pool would keep it
        return error


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """Connections of a process to one database."""

    open: int
    used: int
    waiting: int = 0
    """Who waits for one now."""
    refused: int = 0
    """How often somebody waited in vain, since the process began."""


class Reads:
    """Runs reading statements. Opening connects to nothing; the first question does."""

    def __init__(self, url: str, *, pool_size: int, statement_timeout_ms: int) -> None:
        parameters = _PARAMETERS | {"statement_timeout": str(statement_timeout_ms)}
        self._pool: ConnectionPool[_Connection] = ConnectionPool(
            connection_class=_Connection,
            kwargs=_connection_arguments(with_role(url, APP_ROLE, **parameters)),
            min_size=1,
            max_size=pool_size,
            timeout=POOL_TIMEOUT_S,
            reconnect_timeout=_RECONNECT_S,
            configure=self._connect,
            open=False,
            name="reads",
        )
        self.connected: WeakSet[psycopg.Connection[Row]] = WeakSet()
        self._batches = threading.BoundedSemaphore(max(1, pool_size - 1))
        self._opening = threading.Lock()
        self._opened = False

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """What the statement finds. It must only read: it may run twice.

        It is a constant, with `%(name)s` for each parameter and `%%` for a percent sign: every
        connection keeps each statement prepared.

        Raises DatabaseUnavailableError within about two seconds when the database does not answer,
        is too busy, or takes longer than the statement timeout; NotPreparedError when it lacks the
        tables, WrongRoleError when connections do not act as the application.
        """
        if not self._opened:
            self._open()
        try:
            return tried_again(lambda: self._rows(statement, parameters))
        except (PoolTimeout, BrokenOffError) as error:
            raise DatabaseUnavailableError(Message("database_silent")) from error
        except psycopg.errors.QueryCanceled as error:
            raise TookTooLongError(Message("database_too_slow")) from error
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise NotPreparedError(Message("schema_differs")) from error

    @contextmanager
    def batch(self) -> Iterator[None]:
        """A turn for many questions: one connection is always left for single ones.

        Raises BusyError where the others are taken.
        """
        if not self._batches.acquire(blocking=False):
            raise BusyError(Message("too_many_batches"))
        try:
            yield
        finally:
            self._batches.release()

    def pool(self) -> PoolFigures:
        """How its connections do."""
        said = self._pool.get_stats()
        there = said.get("pool_size", 0)
        return PoolFigures(
            there,
            there - said.get("pool_available", 0),
            said.get("requests_waiting", 0),
            said.get("requests_errors", 0),
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @traced("database")
    def _rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        connection = self._pool.getconn()
        try:
            return connection.fetch(statement, parameters)
        except psycopg.Error as error:
            if is_lost(error):
                # The others may be as broken: none that was idle is used again.
                self._pool.drain()
            elif not isinstance(error, RECOVERY_CONFLICT):
                raise
            raise BrokenOffError(Message("query_cancelled")) from error
        finally:
            self._pool.putconn(connection)

    def _connect(self, connection: _Connection) -> None:
        self.connected.add(connection)
        # What is raised here shows as a pool that has no connection: whoever gets this one raises.
        connection.wrong = wrong_role(connection, APP_ROLE, may_be_pooled=True)

    def _open(self) -> None:
        # Only now: a pool opened before a server forks its workers would leave them its sockets.
        with self._opening:
            if not self._opened:
                self._pool.open(wait=False)
                self._opened = True


def _connection_arguments(url: URL) -> dict[str, Any]:
    given = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    # Several hosts come as a tuple.
    joined = {k: ",".join(v) if isinstance(v, tuple) else v for k, v in given.items()}
    return {**joined, "autocommit": True}
