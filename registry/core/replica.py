"""Routes reads to a replica while it is recent enough, else to the primary.

Data that the caller may have written itself is read from the primary, which needs no record of
writes and works on any machine. A request uses one of the two for all its statements
(`Replica.choose`), because a mix would be inconsistent. If one does not answer the other is used,
for some seconds without trying the first.

A frozen replica does not close its connections, so requests would wait forever. A thread checks it
each second while there are requests, and closes all connections to it if a check times out.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal, TypeVar
from weakref import WeakSet

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from registry.core.database import (
    BusyError,
    DatabaseFullError,
    ReadOnlyError,
    TookTooLongError,
    end_waiting,
    session_scope,
)
from registry.core.errors import DatabaseUnavailableError, RegistryError
from registry.core.messages import Message
from registry.core.reads import PoolFigures, Reads, Row
from registry.core.sql import Statements

SQL: Final = Statements(__file__)

T = TypeVar("T")
Place = Literal["primary", "replica"]

_RECHECK_S: Final = 1.0
_SILENT_S: Final = 3.0
"""Timeout of a check; a thousandth of it is usual."""
_AWAY_S: Final = 5.0
"""How long a server that did not answer is skipped if the other one answers."""
_LOOKS_ON_S: Final = 10.0
"""How long checks continue after the last request, which may still wait for an answer."""
_LOOKED_FOR_S: Final = 5.0
"""How much longer requests leave it to checks to find it again, as trying may take seconds."""
_IS_THERE: Final = (BusyError, DatabaseFullError, ReadOnlyError, TookTooLongError)
"""Errors of a server that answers."""
_OTHER: Final[dict[Place, Place]] = {"primary": "replica", "replica": "primary"}


_chosen: ContextVar[Place | None] = ContextVar("diachiso_place", default=None)


def chosen_place() -> Place | None:
    """Return the server that this thread reads from; None if each read chooses."""
    return _chosen.get()


def ask_at(place: Place | None) -> None:
    """Set the server that this thread reads from."""
    _chosen.set(place)


class Replica:
    """A replica and its primary, and the choice between them."""

    def __init__(self, reads: Reads, engine: Engine, primary: Engine, most_age_s: float) -> None:
        self.reads = reads
        self._engine = engine
        self._primary = primary
        self._most_age_s = most_age_s
        self._age_s = math.inf
        self._seen_at = -math.inf
        self._asked_at = -math.inf
        self._looking = threading.Lock()
        self._looker: threading.Thread | None = None
        self._seen, self._closed = threading.Event(), threading.Event()
        self._connected: WeakSet[psycopg.Connection[Any]] = WeakSet()
        event.listen(engine, "connect", lambda connection, _record: self._connected.add(connection))
        self._away_until: dict[Place, float] = {"primary": -math.inf, "replica": -math.inf}

    def choose(self, *, own: bool, looks: bool = False) -> Place:
        """Choose the server for a read; `own` if the caller may have written the data, `looks` for
        reads that no caller waits for.
        """
        now = time.monotonic()
        first: Place = "primary" if own or not self._is_new(now) else "replica"
        since = now if looks else now - _LOOKED_FOR_S
        is_gone, is_there = self._is_away(first, since), not self._is_away(_OTHER[first], now)
        return _OTHER[first] if is_gone and is_there else first

    def place(self) -> Place:
        """Return the server that this thread reads from."""
        return _chosen.get() or self.choose(own=False)

    @property
    def engine(self) -> Engine:
        """The engine of the server that this thread reads from."""
        return self._engine if self.place() == "replica" else self._primary

    def asked(self, read: Callable[[], T], *, own: bool = False) -> T:
        """Return the result of `read`, retried on the other server if its own does not answer."""
        place = _chosen.get() or self.choose(own=own, looks=True)
        _chosen.set(place)
        try:
            found = read()
        except _IS_THERE:
            raise
        except DatabaseUnavailableError as error:
            # Some data is read from the primary alone: its failure says nothing about the replica.
            gone: Place = "primary" if error.engine_id == id(self._primary) else place
            self._away_until[gone] = time.monotonic() + _AWAY_S
            if gone != place or self._is_away(_OTHER[place], time.monotonic()):
                raise
            _chosen.set(_OTHER[place])
            return read()
        self._away_until[place] = -math.inf
        return found

    def asked_independently(self, read: Callable[[], T], *, own: bool = False) -> T:
        """Like `asked`, independent of the choice of the current request."""
        chosen = _chosen.get()
        _chosen.set(None)
        try:
            return self.asked(read, own=own)
        finally:
            _chosen.set(chosen)

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """Like `Reads.rows` on the replica; fails fast if only the replica is down."""
        now = time.monotonic()
        if self._is_away("replica", now) and not self._is_away("primary", now):
            raise DatabaseUnavailableError(Message("replica_silent"))
        try:
            return self.reads.rows(statement, parameters)
        except _IS_THERE:
            raise
        except DatabaseUnavailableError:
            self._away_until["replica"] = time.monotonic() + _AWAY_S
            raise

    def age_s(self) -> float:
        """Return the age of the replica's newest commit; infinite if unknown."""
        self._asked_at = time.monotonic()
        if self._looker is None:
            with self._looking:
                if self._looker is None:
                    self._seen.clear()
                    self._looker = threading.Thread(target=self._look_on, daemon=True)
                    self._looker.start()
            self._seen.wait(_SILENT_S)
        is_seen = time.monotonic() - self._seen_at <= _RECHECK_S + _SILENT_S
        return self._age_s if is_seen else math.inf

    def _look_on(self) -> None:
        while not self._is_over():
            silent = threading.Timer(_SILENT_S, self._hang_up)
            silent.daemon = True
            silent.start()
            try:
                self._age_s = self._look()
            finally:
                silent.cancel()
            self._seen_at = time.monotonic()
            self._seen.set()
            self._closed.wait(_RECHECK_S)

    def _is_over(self) -> bool:
        with self._looking:
            over = self._closed.is_set() or time.monotonic() - self._asked_at > _LOOKS_ON_S
            if over:
                self._looker = None
        return over

    def _look(self) -> float:
        try:
            # By a connection that no request uses (`registry.register`).
            with session_scope(self._engine) as session:
                age_s = float(session.scalar(SQL.text("age")))
        except _IS_THERE:
            return math.inf
        except DatabaseUnavailableError:
            self._hang_up()
            return math.inf
        except (RegistryError, DBAPIError):
            return math.inf
        self._away_until["replica"] = -math.inf
        return age_s

    def _hang_up(self) -> None:
        self._away_until["replica"] = time.monotonic() + _AWAY_S
        end_waiting([*self._connected, *self.reads.connected])

    def close(self) -> None:
        """Close every connection to the replica."""
        self._closed.set()
        if looker := self._looker:
            looker.join(2 * _SILENT_S)  # returns its connection before the pool is disposed
        self.reads.close()
        self._engine.dispose()

    def _is_new(self, now: float) -> bool:
        return not self._is_away("replica", now) and self.age_s() <= self._most_age_s

    def _is_away(self, place: Place, now: float) -> bool:
        return now <= self._away_until[place]


class EitherReads(Reads):
    """Runs statements on the replica or the primary."""

    def __init__(self, primary: Reads, replica: Replica) -> None:
        self._primary = primary
        self._replica = replica

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """Like `Reads.rows`; outside of requests, on whichever answers."""

        def read() -> list[Row]:
            reads = self._replica if self._replica.place() == "replica" else self._primary
            return reads.rows(statement, parameters)

        return read() if _chosen.get() else self._replica.asked_independently(read)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Like `Reads.batch`."""
        with self._here().batch():
            yield

    def pool(self) -> PoolFigures:
        """Return figures of the connections that this thread uses."""
        return self._here().pool()

    def close(self) -> None:
        """Close every connection."""
        self._primary.close()
        self._replica.close()

    def _here(self) -> Reads:
        return self._replica.reads if self._replica.place() == "replica" else self._primary
