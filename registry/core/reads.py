"""The hot path: reads by prepared statements, bypassing SQLAlchemy.

Uses a psycopg pool of its own, because SQLAlchemy costs several times as much as a lookup by key.
Statements go through psycopg's wrapper of libpq (`psycopg.pq`): its cursors wait in Python, convert
the statement on each call, and look up every column's type again, which together takes as long as
PostgreSQL does.
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
    BusyError,
    ConnectionLostError,
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
"""How long the pool reconnects by itself; a request that finds it empty starts it again."""

# Statements are written for generic plans, planned once per connection whatever their parameters.
# By default PostgreSQL would replan every call whose custom plan looks cheaper.
_PARAMETERS: Final = {
    **SESSION,
    "application_name": "diachiso",
    "plan_cache_mode": "force_generic_plan",
}


_PLACEHOLDER: Final = re.compile(r"%(?:\((\w+)\)s|%)")


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement in the server's form."""

    text: bytes
    """With $1, $2, … for the parameters, and % for %%."""
    names: tuple[str, ...]
    """Parameters in order."""
    formats: tuple[PyFormat, ...]


@lru_cache(maxsize=1_000)
def _statement(written: str) -> _Statement:
    names: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return names.setdefault(match[1], f"${len(names) + 1}") if match[1] else "%"

    text = _PLACEHOLDER.sub(number, written)
    return _Statement(text.encode(), tuple(names), (PyFormat.AUTO,) * len(names))


class _ArrayDumper(Dumper):
    """Dumps a list of texts or integers without a type, for any type the statement expects.

    The driver's own dumper inspects each element, and types small and large integers differently.
    """

    oid = 0

    def dump(self, obj: list[str | int | None]) -> bytes:
        """Format an array literal: a JSON list, except for escaped characters."""
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
    """A connection that keeps track of its prepared statements."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._names: dict[tuple[str, tuple[int, ...] | None], bytes] = {}
        self.adapters.register_dumper(list, _ArrayDumper)
        self._transformer = Transformer(self)
        self.wrong: WrongRoleError | None = None
        """Why it must not be used."""

    def fetch(self, written: str, parameters: Mapping[str, object]) -> list[Row]:
        """Return all rows of a statement, preparing it on first use. Releases the GIL.

        Raises the driver's errors; a lost connection (`is_lost`) is closed.
        """
        if self.wrong is not None:
            self.close()  # the next one may be right
            raise self.wrong
        statement, transformer = _statement(written), self._transformer
        given = [parameters[name] for name in statement.names]
        # None for NULL is accepted by the wrapper but missing in its annotation.
        values: Any = transformer.dump_sequence(given, statement.formats)
        types, formats = transformer.types, transformer.formats
        # The driver types small and large integers differently, which affects the plan.
        name = self._names.get((written, types)) or self._prepare(written, types)
        result = self.pgconn.exec_prepared(name, values, formats)
        if result.status != ExecStatus.TUPLES_OK:
            raise self._error(result)
        transformer.set_pgresult(result)
        rows = transformer.load_rows(0, result.ntuples, tuple)
        transformer.set_pgresult(None)  # release a large result
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
            self.close()  # libpq may still report it as good, and the pool would keep it
        return error


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """Connections of a process to one database."""

    open: int
    used: int
    waiting: int = 0
    """Requests that wait for one."""
    refused: int = 0
    """Requests that timed out waiting, since the process started."""


class Reads:
    """Runs read-only statements. Connects on first use."""

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
        """Return the rows of a statement. It must only read, as it may run twice.

        It is a constant, with `%(name)s` for each parameter and `%%` for a percent sign: every
        connection keeps each statement prepared.

        Raises DatabaseUnavailableError within about two seconds if the database does not answer, is
        too busy, or exceeds the statement timeout; NotPreparedError if tables are missing,
        WrongRoleError if connections do not act as the application.
        """
        if not self._opened:
            self._open()
        try:
            return tried_again(lambda: self._rows(statement, parameters))
        except (PoolTimeout, ConnectionLostError) as error:
            raise DatabaseUnavailableError(Message("database_silent")) from error
        except psycopg.errors.QueryCanceled as error:
            raise TookTooLongError(Message("database_too_slow")) from error
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise NotPreparedError(Message("schema_differs")) from error

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Reserve a connection for a batch; one is always left for single requests.

        Raises BusyError if the others are taken.
        """
        if not self._batches.acquire(blocking=False):
            raise BusyError(Message("too_many_batches"))
        try:
            yield
        finally:
            self._batches.release()

    def pool(self) -> PoolFigures:
        """Return figures of its connections."""
        stats = self._pool.get_stats()
        size = stats.get("pool_size", 0)
        return PoolFigures(
            size,
            size - stats.get("pool_available", 0),
            stats.get("requests_waiting", 0),
            stats.get("requests_errors", 0),
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
                # Idle connections may be lost, too: reuse none of them.
                self._pool.drain()
            elif not isinstance(error, RECOVERY_CONFLICT):
                raise
            raise ConnectionLostError(Message("query_cancelled")) from error
        finally:
            self._pool.putconn(connection)

    def _connect(self, connection: _Connection) -> None:
        self.connected.add(connection)
        # Raising here would only show as an empty pool: the user of the connection raises instead.
        connection.wrong = wrong_role(connection, APP_ROLE, may_be_pooled=True)

    def _open(self) -> None:
        # Not earlier: workers forked by a server would share the sockets of an open pool.
        with self._opening:
            if not self._opened:
                self._pool.open(wait=False)
                self._opened = True


def _connection_arguments(url: URL) -> dict[str, Any]:
    given = {**url.translate_connect_args(username="user", database="dbname"), **url.query}
    # Several hosts come as a tuple.
    joined = {k: ",".join(v) if isinstance(v, tuple) else v for k, v in given.items()}
    return {**joined, "autocommit": True}
