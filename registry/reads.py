"""The hot path: questions answered by one prepared statement each, past the ORM.

A pool of psycopg connections beside SQLAlchemy's, which costs several times what a row by its key
does.
"""

import threading
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import URL

from registry.database import APP_ROLE, POOL_TIMEOUT_S, with_role
from registry.errors import DatabaseUnavailableError, NotPreparedError

Row = tuple[Any, ...]

_RECONNECT_S: Final = 1.0
"""How long the pool tries by itself; each request that finds it empty lets it try anew."""

# Statements are written for generic plans: planned once a connection, whatever their parameters.
# Left to itself PostgreSQL compares, and where a custom plan looks cheaper it plans every call.
_PARAMETERS: Final = {
    "jit": "off",
    "application_name": "diachiso",
    "timezone": "Asia/Ho_Chi_Minh",
    "plan_cache_mode": "force_generic_plan",
}


class Reads:
    """Runs reading statements. Opening connects to nothing; the first question does."""

    def __init__(self, url: str, *, pool_size: int, statement_timeout_ms: int) -> None:
        parameters = _PARAMETERS | {"statement_timeout": str(statement_timeout_ms)}
        self._pool: ConnectionPool[psycopg.Connection[Row]] = ConnectionPool(
            kwargs=_connection_arguments(with_role(url, APP_ROLE, **parameters)),
            min_size=1,
            max_size=pool_size,
            timeout=POOL_TIMEOUT_S,
            reconnect_timeout=_RECONNECT_S,
            open=False,
            name="reads",
        )
        self._opening = threading.Lock()
        self._opened = False

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """What the statement finds. It must only read: it may run twice.

        A statement below 4,096 characters is converted to the driver's form once; a longer one on
        each call. Raises DatabaseUnavailableError within about two seconds when the database does
        not answer, is too busy, or takes longer than the statement timeout; NotPreparedError when
        it lacks the tables.
        """
        try:
            return self._rows_or_retry(statement, parameters)
        except PoolTimeout as error:
            raise DatabaseUnavailableError("the database does not answer") from error
        except psycopg.errors.QueryCanceled as error:
            raise DatabaseUnavailableError("the database took too long to answer") from error
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
            raise NotPreparedError(
                "the database has another schema; run `bin/diachiso database prepare`"
            ) from error

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    def _rows_or_retry(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        if not self._opened:
            self._open()
        try:
            return self._rows(statement, parameters)
        except psycopg.OperationalError as error:
            if not _is_broken(error):
                raise
        # The server went away under idle connections: they are all as broken as this one.
        self._pool.check()
        try:
            return self._rows(statement, parameters)
        except psycopg.OperationalError as error:
            if _is_broken(error):
                raise DatabaseUnavailableError("the database does not answer") from error
            raise

    def _rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        with self._pool.connection() as connection:
            return connection.execute(statement, parameters).fetchall()

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
    # prepare_threshold 0: prepared from the first use.
    return {**joined, "autocommit": True, "prepare_threshold": 0}


def _is_broken(error: psycopg.OperationalError) -> bool:
    """Whether the connection is lost, as opposed to a statement that failed."""
    state = error.sqlstate
    return not isinstance(error, PoolTimeout) and (
        state is None or state.startswith(("08", "57P")) or state == "53300"
    )
