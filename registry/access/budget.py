"""The enumeration budget: limits the doors disclosed to a caller that did not name them.

A caller that names a door, by its code or address, was given it. A register can be copied by other
queries: by points, by prefixes of addresses, by guessed codes (three of a hundred well-formed ones
are live). Each disclosed code that was not in the query costs one unit, an unknown code ten in any
query; a mistyped one too, whose neighbours are looked up.

The budget refills continuously, completely within an hour: a caller that has spent everything waits
for seconds, and is not locked out. Meanwhile no code is answered, not even a right one, since the
difference would disclose it. Mistyped codes use only the upper half, and then get no suggestions:
their check symbol suffices to reject them, and many people share an address of a mobile network.

The units are counted in the database, in an unlogged table shared by all processes of the service:
unknown codes at once, disclosed ones within a second. A test counts the codes in what is sent.
Before, seven batches of points gave 75,315 of 89,174 codes. Drawn areas are charged even to
carriers, who may copy the feed: the budget bounds what a leaked key discloses in an hour. Rejected:
the library `limits`, which counts per process or needs Redis.
"""

import datetime
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.core.errors import BudgetSpentError, DatabaseUnavailableError
from registry.core.messages import Message
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

COST: Final = 10
"""Units of one unknown code."""
_HOUR_S: Final = 3600.0
_EXCHANGE_S: Final = 1.0
_ALONE_S: Final = 10.0
"""How long a process counts alone after the database refused its counts."""
_MUCH: Final = 0.05
"""Share of an hour's units that is written to the database at once."""


class Budget:
    """The units spent by callers, as shares of an hour's, which decrease by one per hour."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}
        """Holder → its share and the time of it, as last read from the database."""
        self._unwritten: dict[str, float] = {}
        self._next = -math.inf
        self._forgotten_at = -math.inf
        self._ran = math.inf
        """The clock minus the machine's uptime, which decreases if the clock is set back."""

    def spend(self, holder: str, share: float, *, at_once: bool = False) -> float:
        """Spend a share of an hour's units; return the new `level`.

        If the database is read-only, as with only a replica left, this process counts alone.
        """
        with self._lock:
            unwritten = self._unwritten[holder] = self._unwritten.get(holder, 0.0) + share
        if at_once or unwritten >= _MUCH:
            self._exchange()
        return self.level(holder)

    def level(self, holder: str) -> float:
        """Return the spent share, shared by all processes within a second; 1 is all."""
        if time.monotonic() >= self._next:
            self._exchange()
        return self._known(holder, time.time()) + self._unwritten.get(holder, 0.0)

    def _known(self, holder: str, now: float) -> float:
        """Return the share in the database; never negative, even if a clock was set back."""
        share, at = self._levels.get(holder, (0.0, now))
        return max(0.0, share - max(0.0, now - at) / _HOUR_S)

    def _exchange(self) -> None:
        """Write what was spent here to the database, and read what was spent elsewhere."""
        now, turn = time.time(), time.monotonic()
        with self._lock:
            alone = turn < self._next - _EXCHANGE_S
            if not alone:
                self._next = turn + _EXCHANGE_S  # one thread exchanges, others continue
            ours, self._unwritten = self._unwritten, {}
        try:
            known = {} if alone else self._written(ours, now)
        except DatabaseUnavailableError:
            alone, self._next = True, turn + _ALONE_S + _EXCHANGE_S
        if alone:
            known = dict(self._levels)
            for holder, share in ours.items():
                known[holder] = self._known(holder, now) + share, now
        self._levels = known

    def _written(self, ours: dict[str, float], now: float) -> dict[str, tuple[float, float]]:
        at = datetime.datetime.fromtimestamp(now, datetime.UTC)
        holders = sorted(ours)  # sorted: concurrent writers wait, and do not deadlock
        shares = [ours[holder] for holder in holders]
        with session_scope(self._engine) as session:
            if ours:
                session.execute(
                    SQL.text("spend_budget"), {"holders": holders, "shares": shares, "now": at}
                )
            ran = now - time.monotonic()
            if now - self._forgotten_at >= _HOUR_S or ran < self._ran - _EXCHANGE_S:
                session.execute(SQL.text("forget_budget"), {"now": at})
                session.execute(_NOT_AHEAD, {"now": at})
                self._forgotten_at = now
            self._ran = ran
            rows: Any = session.execute(SQL.text("budget_levels"), {"now": at, "holders": holders})
            return {row.holder: (row.level, row.at.timestamp()) for row in rows}


@dataclass(frozen=True, slots=True)
class Purse:
    """The budget of one caller."""

    budget: Budget
    limit: int
    """Units per hour."""
    holder: Callable[[], str]
    """Returns the caller's name; called only for payments."""

    def check(self) -> None:
        """Raise BudgetSpentError if nothing is left."""
        if self.left() == 0:
            raise self._spent()

    def pay(self, codes: int = 1) -> None:
        """Pay for unknown codes. Raises BudgetSpentError if the budget is exceeded."""
        if self._spend(COST * codes, at_once=True) > 1.0 + 1e-9:
            raise self._spent()

    def give(self, count: int) -> bool:
        """Pay for codes not in the query; return False, without paying, if nothing is left."""
        if count and self.left() == 0:
            return False
        if count:
            self._spend(count)
        return True

    def give_all(self, count: int) -> None:
        """Pay for codes disclosed together or not at all. Raises BudgetSpentError, with the waiting
        time, if fewer units are left.
        """
        if count > self.left():
            raise self._spent(count)
        if count:
            self._spend(count)

    def left(self) -> int:
        """The units left now."""
        return max(0, math.floor(self.limit * (1.0 - self._level()) + 1e-6))

    def is_low(self) -> bool:
        """Whether half of an hour's units are spent."""
        return self.limit == 0 or self._level() >= 0.5

    def whole_in_s(self) -> int:
        """Seconds until the budget is full again."""
        return math.ceil(self._level() * _HOUR_S)

    def _level(self) -> float:
        return self.budget.level(self.holder()) if self.limit else 1.0

    def _spend(self, units: int, *, at_once: bool = False) -> float:
        if not self.limit:
            return math.inf
        return self.budget.spend(self.holder(), units / self.limit, at_once=at_once)

    def _spent(self, units: int = 1) -> BudgetSpentError:
        wait_s = max(1, math.ceil((self._level() - 1.0 + units / max(1, self.limit)) * _HOUR_S))
        return BudgetSpentError(
            Message("budget_used_up", wait_s=wait_s),
            retry_after_s=wait_s,
        )


_purse: ContextVar[Purse | None] = ContextVar("diachiso_purse", default=None)


def carry(purse: Purse | None) -> None:
    """Pay codes from `purse` in this context from now on; None for free."""
    _purse.set(purse)


@contextmanager
def carrying(purse: Purse | None) -> Iterator[None]:
    """Pay codes within the block from `purse`; None for free."""
    before = carried()
    carry(purse)
    try:
        yield
    finally:
        carry(before)


def carried() -> Purse | None:
    """Return the caller's purse; None if codes are free."""
    return _purse.get()


def check() -> None:
    """Check before looking up a code. Raises BudgetSpentError if the caller has nothing left."""
    purse = _purse.get()
    if purse is not None:
        purse.check()


def pay(codes: int = 1) -> None:
    """Pay for unknown codes. Raises BudgetSpentError in place of their answer."""
    purse = _purse.get()
    if purse is not None and codes:
        purse.pay(codes)


def give(count: int) -> bool:
    """Pay for disclosed codes not in the query; return False if the caller has nothing left."""
    purse = _purse.get()
    return purse is None or purse.give(count)


def is_low() -> bool:
    """Whether the caller has spent half of its budget: optional codes are then left out."""
    purse = _purse.get()
    return purse is not None and purse.is_low()


# Written by a clock that was ahead: these units would not refill until that time is reached.
_NOT_AHEAD: Final = text("UPDATE enumeration_budget SET at = :now WHERE at > :now")
