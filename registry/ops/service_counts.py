"""Counts of requests by day, kept by each process and added up in the database."""

import datetime
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.units.gazetteer import today

SQL: Final = Statements(__file__)

VERDICT: Final = "verdict"
"""The kind under which verdicts are counted."""
EVERY_S: Final = 10.0

_FIRST: Final = "SELECT min(day) FROM service_count"

_Key = tuple[datetime.date, str, str]


@dataclass(frozen=True, slots=True)
class RequestCount:
    """Number of requests of a kind with an outcome."""

    kind: str
    outcome: str
    times: int


class ServiceCounts:
    """Counts in memory and writes to the database periodically, so that requests never write."""

    def __init__(self, engine: Engine, every_s: float | None = None) -> None:
        """Counts are written `every_s` after the first one; with None only by `write`."""
        self._engine = engine
        self._every_s = every_s
        self._lock = threading.Lock()
        self._counted: Counter[_Key] = Counter()
        self._waiting = False

    def count(self, kind: str, outcome: str, times: int = 1) -> None:
        """Count requests of today."""
        key = (today(), kind, outcome)
        with self._lock:
            self._counted[key] += times
            begins = self._every_s is not None and not self._waiting
            self._waiting |= begins
        if begins:
            self._wait()

    def count_verdicts(self, verdicts: Iterable[str]) -> None:
        """Count each returned verdict."""
        for verdict in verdicts:
            self.count(VERDICT, verdict)

    def write(self) -> None:
        """Add the counts to the database; on failure keep them for the next time."""
        with self._lock:
            counted, self._counted, self._waiting = self._counted, Counter(), False
        if not counted:
            return
        days, kinds, outcomes = zip(*counted, strict=True)
        rows = {"days": list(days), "kinds": list(kinds), "outcomes": list(outcomes)}
        try:
            with session_scope(self._engine) as session:
                session.execute(SQL.text("add"), {**rows, "asked": list(counted.values())})
        except (RegistryError, DBAPIError):
            with self._lock:
                self._counted.update(counted)

    def _wait(self) -> None:
        timer = threading.Timer(self._every_s or 0.0, self.write)
        timer.daemon = True
        timer.start()


def recent_counts(reads: Reads, days: int) -> list[RequestCount]:
    """Return the counts of the last `days` days, including today."""
    after = today() - datetime.timedelta(days=days)
    return [RequestCount(*row) for row in reads.rows(SQL.driver("of_days"), {"after": after})]


def counted_since(reads: Reads) -> datetime.date | None:
    """Return the first day with counts."""
    ((first,),) = reads.rows(_FIRST, {})
    return first if isinstance(first, datetime.date) else None
