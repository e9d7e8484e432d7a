"""Requests of this minute on other machines: what each counts is added up in the database.

A machine counts its own requests in its memory (`api.core.counters`), exactly. It tells the others
of a caller, and asks them, each time that another tenth of what the caller may was asked of it: a
caller like most costs no statement. So who asks several machines may go over its limit by that
tenth for each of them.
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
"""Share of a limit after which the others are told."""
_ALONE_S: Final = 10.0
"""How long a process counts alone after the database did not take what it had counted."""


class SharedRates:
    """What other machines counted of callers in this minute."""

    def __init__(self, engine: Engine, machine: str) -> None:
        """`machine` is the same for all processes that count in one memory."""
        self._engine = engine
        self._machine = machine
        self._lock = threading.Lock()
        self._minute = 0
        self._known: dict[str, tuple[int, int]] = {}
        """Caller → what the others were told, and said."""
        self._alone_until = -math.inf

    def elsewhere(self, caller: str, here: int, limit: int, minute: int) -> int:
        """How often others were asked by `caller` in that minute, who asked `here` so often."""
        with self._lock:
            is_first = minute != self._minute
            if is_first:
                self._minute, self._known = minute, {}
            told, found = self._known.get(caller, (0, 0))
            # Who is refused here already is known to the others.
            if here - told < STEP * limit or told > limit or time.monotonic() < self._alone_until:
                return found
            self._known[caller] = here, found  # one thread asks, the others go on
        found = self._exchange(caller, here, minute, forget=is_first)
        with self._lock:
            if minute == self._minute:
                self._known[caller] = here, found
        return found

    def _exchange(self, caller: str, here: int, minute: int, *, forget: bool) -> int:
        given = {"caller": caller, "machine": self._machine, "minute": minute}
        try:
            with session_scope(self._engine) as session:
                if forget:
                    session.execute(SQL.text("forget_rates"), given)
                session.execute(SQL.text("add_rate"), given | {"asked": here})
                return int(session.execute(SQL.text("rate_elsewhere"), given).scalar_one())
        except (RegistryError, DBAPIError):
            self._alone_until = time.monotonic() + _ALONE_S
            return 0
