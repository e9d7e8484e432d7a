"""The newest gazetteer in the memory of a server.

One number in the database (`gazetteer_state.version`) shows if a copy in memory is outdated, and
the copy knows the day of the next announced change. A copy may be a second old; an answer that
this would make wrong waits for a new one (`registry.units.one_map`).
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from sqlalchemy import Engine

from registry.core.database import TookTooLongError, session_scope, tried_again
from registry.core.errors import RegistryError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.replica import Replica
from registry.core.watch import PATIENCE_S, Watch
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import VERSION, gazetteer_version, load_gazetteer
from registry.units.one_map import Asking, asking

T = TypeVar("T")

RECHECK_S: Final = 0.25
_HANGS_S: Final = 10.0
"""Timeout of a check, or of a load that a caller waits for."""
_ASKED_AGAIN: Final = 2
"""Retries of a query for a newer map: reforms are not seconds apart."""


class GazetteerCache:
    """The newest gazetteer, checked against the database at most four times a second."""

    def __init__(
        self, engine: Engine, replica: Replica | None = None, reads: Reads | None = None
    ) -> None:
        """`reads` checks a doubtful answer in one round trip; a session needs four."""
        self._engine = engine
        self._replica = replica
        self._reads = reads
        self._current: Gazetteer | None = None
        self._watch = Watch(self._checked, new_s=RECHECK_S, hangs_s=_HANGS_S, patience_s=_HANGS_S)
        self._made_ready: Callable[[Gazetteer], None] | None = None
        self._loader: threading.Thread | None = None
        self._turn = threading.Lock()
        self._read: Gazetteer | None = None
        """The latest copy that a caller waited for; it may not be prepared yet."""

    def load_in_background(self, made_ready: Callable[[Gazetteer], None]) -> None:
        """Load and prepare new copies in a thread, so that no request loads one or waits for a
        database that hangs.
        """
        self._made_ready = made_ready
        self._watch.patience_s = PATIENCE_S

    def get(self) -> Gazetteer:
        """Return the gazetteer, the same throughout a query.

        Raises the errors of `session_scope` if a check is due.
        """
        now = asking.get()
        if now is None:
            return self._watch.last()[0]
        if now.known is None:
            now.known = self._watch.last()[0]
        return now.known

    def close(self) -> None:
        """Wait for a running load, unless it hangs."""
        self._watch.close()
        if self._loader is not None:
            self._loader.join(_HANGS_S)

    def newest(self) -> Gazetteer:
        """Return the gazetteer as the database has it now, for operations that write."""
        known = self.get()
        return self._read_behind(known) if self._is_behind(known) else known

    def of_one_map(self, read: Callable[[], T]) -> T:
        """Return the result of `read`, computed with one map.

        `read` must not write: it is repeated if the answer is doubtful and the database has a newer
        map.

        Raises TookTooLongError if the newer map cannot be loaded in time.
        """
        if asking.get() is not None:
            return read()  # part of a query that already uses one map
        known: Gazetteer | None = None
        for _ in range(_ASKED_AGAIN):
            now = Asking(known)
            before = asking.set(now)
            try:
                found = read()
            except (RegistryError, LookupError):  # no such unit on this map
                if now.known is None or not now.is_doubtful or not self._is_behind(now.known):
                    raise
            else:
                if now.known is None or not now.is_doubtful or not self._is_behind(now.known):
                    return found
            finally:
                asking.reset(before)
            known = self._read_behind(now.known)
        before = asking.set(Asking(known))
        try:
            return read()
        finally:
            asking.reset(before)

    def _is_behind(self, known: Gazetteer) -> bool:
        if self._reads is not None:
            ((version,),) = self._reads.rows(VERSION, {})
            return bool(version > known.version)
        with session_scope(self._nearest_engine()) as session:
            return gazetteer_version(session) > known.version

    def _read_behind(self, known: Gazetteer) -> Gazetteer:
        """Return a newer map than `known`: one thread reads it, other threads wait."""
        if not self._turn.acquire(timeout=_HANGS_S):
            raise TookTooLongError(Message("unit_map_loading"))
        try:
            read = self._read
            if read is None or read.version <= known.version:
                read = self._read = self._asked(lambda: self._newest(None))
            return read
        finally:
            self._turn.release()

    def _checked(self) -> Gazetteer:
        current = self._current
        newest = self._asked(lambda: tried_again(lambda: self._newest(current)))
        if newest is not current:
            self._current = newest
        return self._current or newest

    def _asked(self, read: Callable[[], Gazetteer]) -> Gazetteer:
        # Always from the primary if available: a lagging replica has former units.
        return self._replica.asked(read, own=True) if self._replica else read()

    def _newest(self, current: Gazetteer | None) -> Gazetteer:
        with session_scope(self._nearest_engine()) as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            if current is not None and gazetteer_version(session) == current.version:
                newest = current.of_day(today())
            elif current is not None and self._made_ready is not None:
                self._load_soon(self._made_ready)
                return current
            else:
                newest = load_gazetteer(session)
        newest.named("")  # builds the index of names, so that no request does
        return newest

    def _nearest_engine(self) -> Engine:
        return self._replica.engine if self._replica else self._engine

    def _load_soon(self, made_ready: Callable[[Gazetteer], None]) -> None:
        if self._loader is None or not self._loader.is_alive():
            self._loader = threading.Thread(target=self._load, args=(made_ready,), daemon=True)
            self._loader.start()

    def _load(self, made_ready: Callable[[Gazetteer], None]) -> None:
        with suppress(RegistryError):  # the next check asks again
            newest = self._asked(lambda: self._newest(None))
            made_ready(newest)
            self._current = newest
