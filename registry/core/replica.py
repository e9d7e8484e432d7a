"""Where questions are asked: of a replica while its word is new enough, else of the primary.

What a caller may have written itself is read where it was written: that needs no memory of who
wrote when, and so holds on whichever machine the next request is answered. A request asks one of
the two from its first statement to its last (`Replica.choose`), for what is read of both fits
together nowhere. Where one does not answer the other is asked, for some seconds without trying the
first.

A replica that is frozen breaks no connection: who waits for it would wait for ever. A thread looks
at it each second, as long as anybody asks, and where that look is not answered it ends all
connections to it.
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
"""How long a look at it may take; a thousandth of that is usual."""
_AWAY_S: Final = 5.0
"""How long one that did not answer is not asked, where the other does."""
_LOOKS_ON_S: Final = 10.0
"""How long it is looked at behind the last question: while one may still wait for it."""
_LOOKED_FOR_S: Final = 5.0
"""How much longer requests leave it to looks to find it again: who tries may wait for seconds."""
_IS_THERE: Final = (BusyError, DatabaseFullError, ReadOnlyError, TookTooLongError)
"""What one says that answers."""
_OTHER: Final[dict[Place, Place]] = {"primary": "replica", "replica": "primary"}


_chosen: ContextVar[Place | None] = ContextVar("diachiso_place", default=None)


def chosen_place() -> Place | None:
    """Where this thread asks; None where each question looks for itself."""
    return _chosen.get()


def ask_at(place: Place | None) -> None:
    """From here on this thread asks there."""
    _chosen.set(place)


class Replica:
    """A replica and its primary, and which of them answers questions now."""

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
        """Where a question is best asked now; `own` where its answer may be the caller's doing, and
        no caller waits for who `looks`.
        """
        now = time.monotonic()
        first: Place = "primary" if own or not self._is_new(now) else "replica"
        since = now if looks else now - _LOOKED_FOR_S
        is_gone, is_there = self._is_away(first, since), not self._is_away(_OTHER[first], now)
        return _OTHER[first] if is_gone and is_there else first

    def place(self) -> Place:
        """Where this thread asks."""
        return _chosen.get() or self.choose(own=False)

    @property
    def engine(self) -> Engine:
        """Connections to where this thread asks."""
        return self._engine if self.place() == "replica" else self._primary

    def asked(self, read: Callable[[], T], *, own: bool = False) -> T:
        """What `read` returns; it is done once more, at the other place, where its own is gone."""
        place = _chosen.get() or self.choose(own=own, looks=True)
        _chosen.set(place)
        try:
            found = read()
        except _IS_THERE:
            raise
        except DatabaseUnavailableError as error:
            # Some of what is read is the primary's alone, which says nothing of a replica.
            gone: Place = "primary" if error.engine_id == id(self._primary) else place
            self._away_until[gone] = time.monotonic() + _AWAY_S
            if gone != place or self._is_away(_OTHER[place], time.monotonic()):
                raise
            _chosen.set(_OTHER[place])
            return read()
        self._away_until[place] = -math.inf
        return found

    def asked_aside(self, read: Callable[[], T], *, own: bool = False) -> T:
        """The same, whatever the request asks in which it happens to be needed."""
        chosen = _chosen.get()
        _chosen.set(None)
        try:
            return self.asked(read, own=own)
        finally:
            _chosen.set(chosen)

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """As `Reads.rows`, of the replica; refused at once where it is away, the primary not."""
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
        """Of the replica's newest commit; infinite where it does not answer, or does not know."""
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
            # By a connection that no request holds (`registry.register`).
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
            looker.join(2 * _SILENT_S)  # its connection goes back before the pool is given up
        self.reads.close()
        self._engine.dispose()

    def _is_new(self, now: float) -> bool:
        return not self._is_away("replica", now) and self.age_s() <= self._most_age_s

    def _is_away(self, place: Place, now: float) -> bool:
        return now <= self._away_until[place]


class EitherReads(Reads):
    """Statements asked of the replica or the primary."""

    def __init__(self, primary: Reads, replica: Replica) -> None:
        self._primary = primary
        self._replica = replica

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        """As `Reads.rows`; outside of requests, of whichever answers."""

        def read() -> list[Row]:
            asked = self._replica if self._replica.place() == "replica" else self._primary
            return asked.rows(statement, parameters)

        return read() if _chosen.get() else self._replica.asked_aside(read)

    @contextmanager
    def batch(self) -> Iterator[None]:
        """As `Reads.batch`."""
        with self._here().batch():
            yield

    def pool(self) -> PoolFigures:
        """How the connections do by which this thread asks."""
        return self._here().pool()

    def close(self) -> None:
        """Close every connection."""
        self._primary.close()
        self._replica.close()

    def _here(self) -> Reads:
        return self._replica.reads if self._replica.place() == "replica" else self._primary
