"""The newest gazetteer in the memory of a server.

The database says by one number (`gazetteer_state.version`) when a copy in memory is old, and the
copy itself knows the day on which something decided before takes effect.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sqlalchemy import Engine

from registry.database import session_scope, tried_again
from registry.errors import RegistryError
from registry.gazetteer import Gazetteer, today
from registry.gazetteer_loading import gazetteer_version, load_gazetteer
from registry.replica import Replica
from registry.watch import PATIENCE_S, Watch

RECHECK_S: Final = 0.25
_HANGS_S: Final = 10.0
"""How long a check, or the first load, may take."""


class GazetteerCache:
    """The newest gazetteer, checked against the database at most four times a second."""

    def __init__(self, engine: Engine, replica: Replica | None = None) -> None:
        self._engine = engine
        self._replica = replica
        self._current: Gazetteer | None = None
        self._watch = Watch(self._checked, new_s=RECHECK_S, hangs_s=_HANGS_S, patience_s=_HANGS_S)
        self._made_ready: Callable[[Gazetteer], None] | None = None
        self._loader: threading.Thread | None = None

    def load_aside(self, made_ready: Callable[[Gazetteer], None]) -> None:
        """Let no request load a new copy from now on, nor wait for a database that hangs: a thread
        loads it, and makes it ready.
        """
        self._made_ready = made_ready
        self._watch.patience_s = PATIENCE_S

    def get(self) -> Gazetteer:
        """The gazetteer; raises what `session_scope` raises when it is due for a check."""
        return self._watch.last()[0]

    def _checked(self) -> Gazetteer:
        current = self._current
        newest = self._asked(lambda: tried_again(lambda: self._newest(current)))
        if newest is not current:
            self._current = newest
        return self._current or newest

    def _asked(self, read: Callable[[], Gazetteer]) -> Gazetteer:
        # Always of the primary while it is there: a replica that is late has the former units.
        return self._replica.asked(read, own=True) if self._replica else read()

    def _newest(self, current: Gazetteer | None) -> Gazetteer:
        engine = self._replica.engine if self._replica else self._engine
        with session_scope(engine) as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            if current is not None and gazetteer_version(session) == current.version:
                newest = current.of_day(today())
            elif current is not None and self._made_ready is not None:
                self._load_soon(self._made_ready)
                return current
            else:
                newest = load_gazetteer(session)
        newest.named("")  # no request waits for the names
        return newest

    def _load_soon(self, made_ready: Callable[[Gazetteer], None]) -> None:
        if self._loader is None or not self._loader.is_alive():
            self._loader = threading.Thread(target=self._load, args=(made_ready,), daemon=True)
            self._loader.start()

    def _load(self, made_ready: Callable[[Gazetteer], None]) -> None:
        with suppress(RegistryError):  # the next check asks again
            newest = self._asked(lambda: self._newest(None))
            made_ready(newest)
            self._current = newest
