"""The enumeration budget: what a caller may learn of doors that it did not name.

Who names a door, by its code or its address, was given it. A register is copied by other questions:
by points, by beginnings of addresses, by codes that are tried out (three of a hundred well-formed
ones are live). Each code that is told without having been asked for costs one unit, one that no
record bears ten, in whatever question; a mistyped one as well, whose neighbours are looked up.

What is spent comes back by itself, in an hour all of it: whoever has spent everything waits for
seconds, and is not locked out. Then no code is answered, not even a right one: the difference would
be the answer. Mistyped codes take only the upper half, and are then answered without suggestions:
they are known by their check symbol alone, and many people share an address of a mobile network.

The units are counted in the database, so that all processes of the service count together: what
is looked for in vain at once, what is told within a second.
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
"""Units of one code that no record bears."""
_HOUR_S: Final = 3600.0
_EXCHANGE_S: Final = 1.0
_ALONE_S: Final = 10.0
"""How long a process counts alone after the database did not take what it had counted."""
_MUCH: Final = 0.05
"""Share of an hour's units that is told to the others at once."""


class Budget:
    """What callers have spent: shares of an hour's units, which shrink by one in an hour."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._levels: dict[str, tuple[float, float]] = {}
        """Holder → its share and when it was that, as the database had it last."""
        self._unwritten: dict[str, float] = {}
        self._next = -math.inf
        self._forgotten_at = -math.inf
        self._ran = math.inf
        """The clock, less how long the machine runs: smaller once somebody set the clock back."""

    def spend(self, holder: str, share: float, *, at_once: bool = False) -> float:
        """Spend a share of an hour's units; returns `level` with it.

        Where nothing can be written, a replica still answers: this process then counts alone.
        """
        with self._lock:
            unwritten = self._unwritten[holder] = self._unwritten.get(holder, 0.0) + share
        if at_once or unwritten >= _MUCH:
            self._exchange()
        return self.level(holder)

    def level(self, holder: str) -> float:
        """The share that is spent now, as every process knows within a second: 1 is all."""
        if time.monotonic() >= self._next:
            self._exchange()
        return self._known(holder, time.time()) + self._unwritten.get(holder, 0.0)

    def _known(self, holder: str, now: float) -> float:
        """The share that the database knows of. No time is negative where a clock was set back."""
        share, at = self._levels.get(holder, (0.0, now))
        return max(0.0, share - max(0.0, now - at) / _HOUR_S)

    def _exchange(self) -> None:
        """Tell the database what was spent here, and learn what was elsewhere."""
        now, turn = time.time(), time.monotonic()
        with self._lock:
            alone = turn < self._next - _EXCHANGE_S
            if not alone:
                self._next = turn + _EXCHANGE_S  # one thread asks, the others go on
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
        holders = sorted(ours)  # two processes that write the same ones wait, and do not deadlock
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
    """Units an hour."""
    holder: Callable[[], str]
    """Names the caller; asked only when something is to be paid."""

    def check(self) -> None:
        """Raises BudgetSpentError when nothing is left."""
        if self.left() == 0:
            raise self._spent()

    def pay(self, codes: int = 1) -> None:
        """Pay for codes that no record bears. Raises BudgetSpentError for one too many."""
        if self._spend(COST * codes, at_once=True) > 1.0 + 1e-9:
            raise self._spent()

    def give(self, count: int) -> bool:
        """Pay for codes that were not asked for; False, and nothing is paid, where none is left."""
        if count and self.left() == 0:
            return False
        if count:
            self._spend(count)
        return True

    def give_all(self, count: int) -> None:
        """Pay for codes that are told together or not at all. Raises BudgetSpentError, with when
        they can be, where fewer are left.
        """
        if count > self.left():
            raise self._spent(count)
        if count:
            self._spend(count)

    def left(self) -> int:
        """Units that are left now."""
        return max(0, math.floor(self.limit * (1.0 - self._level()) + 1e-6))

    def is_low(self) -> bool:
        """Whether half of an hour's units is spent."""
        return self.limit == 0 or self._level() >= 0.5

    def whole_in_s(self) -> int:
        """Until all units are there again."""
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
    """From here on codes are paid from `purse`, in this thread; None for nothing to pay."""
    _purse.set(purse)


@contextmanager
def carrying(purse: Purse | None) -> Iterator[None]:
    """In the block codes are paid from `purse`; None for nothing to pay."""
    before = carried()
    carry(purse)
    try:
        yield
    finally:
        carry(before)


def carried() -> Purse | None:
    """The purse of who asks; None where nothing is to be paid."""
    return _purse.get()


def check() -> None:
    """Before a code is looked up. Raises BudgetSpentError when the caller has nothing left."""
    purse = _purse.get()
    if purse is not None:
        purse.check()


def pay(codes: int = 1) -> None:
    """For codes that no record bears. Raises BudgetSpentError in place of their answer."""
    purse = _purse.get()
    if purse is not None and codes:
        purse.pay(codes)


def give(count: int) -> bool:
    """For codes that are told and were not asked for; False where the caller has nothing left."""
    purse = _purse.get()
    return purse is None or purse.give(count)


def is_low() -> bool:
    """Whether the caller has spent half of what it may: what is not needed is left out then."""
    purse = _purse.get()
    return purse is not None and purse.is_low()


# Of a clock that was ahead: what was spent by it would not come back before it is reached again.
_NOT_AHEAD: Final = text("UPDATE enumeration_budget SET at = :now WHERE at > :now")
