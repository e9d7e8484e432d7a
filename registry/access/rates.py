"""Rate limits across machines: the database adds up each machine's requests of this minute.

A machine counts its own requests in memory (`api.core.counters`), exactly. It exchanges the count
of a caller with the database after each tenth of the caller's limit, so that most callers cost no
statement. A caller of several machines may thus exceed its limit by a tenth for each of them.
"""

import math
import threading
import time
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

STEP: Final = 0.1
"""Share of a limit between exchanges."""
_ALONE_S: Final = 10.0
"""How long a process counts alone after the database refused its counts."""


class SharedRates:
    """Counts of callers on other machines in this minute."""

    def __init__(self, engine: Engine, machine: str) -> None:
        """`machine` is the same for all processes that share counters in memory."""
        self._engine = engine
        self._machine = machine
        self._lock = threading.Lock()
        self._minute = 0
        self._known: dict[str, tuple[int, int]] = {}
        """Caller → the count last written, and the count read of other machines."""
        self._alone_until = -math.inf

    def on_other_machines(self, caller: str, own: int, limit: int, minute: int) -> int:
        """Return the requests of `caller` on other machines in that minute; `own`: on this one."""
        with self._lock:
            is_first = minute != self._minute
            if is_first:
                self._minute, self._known = minute, {}
            written, found = self._known.get(caller, (0, 0))
            # A caller refused here is already known to other machines.
            if (
                own - written < STEP * limit
                or written > limit
                or time.monotonic() < self._alone_until
            ):
                return found
            self._known[caller] = own, found  # one thread exchanges, written continue
        found = self._exchange(caller, own, minute, forget=is_first)
        with self._lock:
            if minute == self._minute:
                self._known[caller] = own, found
        return found

    def _exchange(self, caller: str, own: int, minute: int, *, forget: bool) -> int:
        given = {"caller": caller, "machine": self._machine, "minute": minute}
        try:
            with session_scope(self._engine) as session:
                if forget:
                    session.execute(SQL.text("forget_rates"), given)
                session.execute(SQL.text("add_rate"), given | {"asked": own})
                return int(session.execute(SQL.text("rate_elsewhere"), given).scalar_one())
        except (RegistryError, DBAPIError):
            self._alone_until = time.monotonic() + _ALONE_S
            return 0
