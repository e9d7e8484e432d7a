"""The enumeration budget: what it costs to ask for codes that no record bears.

Three of a hundred well-formed codes are live, so a list of doors is had by trying codes out.
A code that is found costs nothing: who asks was given it. One that no record bears costs ten
units, in whatever question it stands, and so does a mistyped one, whose neighbours are looked up.
A text that only looks like a code, and has no neighbour to be looked up, costs nothing. When an
hour's units are spent no code is answered any more, not even a right one: the difference would be
the answer. The units are counted in the database, so that all processes of the server count
together.
"""

import datetime
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, text

from registry.database import session_scope
from registry.errors import BudgetSpentError, DatabaseUnavailableError

COST: Final = 10
"""Units of one code that no record bears."""
_RECHECK_S: Final = 1.0
_HOUR_S: Final = 3600


class Budget:
    """Units that callers have spent in this hour."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._spent: dict[str, int] = {}
        """Holders near or above their limit, as the database had them last."""
        self._checked_at = -_RECHECK_S
        self._hour = 0

    def spend(self, holder: str, units: int) -> int:
        """Spend units; returns what `holder` has spent in this hour with them.

        Where nothing can be written, a replica still answers: this process then counts alone.
        """
        try:
            with session_scope(self._engine) as session:
                spent: int = session.execute(
                    _SPEND, {"holder": holder, "hour": _hour_at(), "units": units}
                ).scalar_one()
        except DatabaseUnavailableError:
            spent = self._spent.get(holder, 0) + units
        self._spent[holder] = spent
        return spent

    def spent(self, holder: str) -> int:
        """What `holder` has spent in this hour, as every process knows within a second."""
        now = time.monotonic()
        if now - self._checked_at >= _RECHECK_S:
            self._checked_at = now  # before it is asked: one thread does, the others go on
            with suppress(DatabaseUnavailableError):
                self._refresh()
        return self._spent.get(holder, 0)

    def _refresh(self) -> None:
        hour = _hour_at()
        with session_scope(self._engine) as session:
            rows = session.execute(_SPENT, {"hour": hour, "most": _MOST}).all()
            if int(hour.timestamp()) != self._hour:
                session.execute(_FORGET, {"hour": hour})
                self._hour = int(hour.timestamp())
        self._spent = {row.holder: row.spent for row in rows}


@dataclass(frozen=True, slots=True)
class Purse:
    """The budget of one caller."""

    budget: Budget
    limit: int
    holder: Callable[[], str]
    """Names the caller; asked only when codes are looked up."""

    def check(self) -> None:
        """Raises BudgetSpentError when nothing is left."""
        if self.left() == 0:
            raise _spent()

    def pay(self) -> None:
        """Pay for a code that no record bears. Raises BudgetSpentError when it was one too many."""
        if self.budget.spend(self.holder(), COST) > self.limit:
            raise _spent()

    def left(self) -> int:
        """Units that are left in this hour."""
        return max(0, self.limit - self.budget.spent(self.holder()))


_purse: ContextVar[Purse | None] = ContextVar("diachiso_purse", default=None)


def carry(purse: Purse | None) -> None:
    """From here on codes are paid from `purse`, in this thread; None for nothing to pay."""
    _purse.set(purse)


def carried() -> Purse | None:
    """The purse of who asks; None where nothing is to be paid."""
    return _purse.get()


def check() -> None:
    """Before a code is looked up. Raises BudgetSpentError when the caller has nothing left."""
    purse = _purse.get()
    if purse is not None:
        purse.check()


def pay() -> None:
    """For a code that no record bears. Raises BudgetSpentError in place of its answer."""
    purse = _purse.get()
    if purse is not None:
        purse.pay()


def seconds_left() -> int:
    """Until the hour ends."""
    return _HOUR_S - int(time.time()) % _HOUR_S


def _hour_at() -> datetime.datetime:
    now = int(time.time())
    return datetime.datetime.fromtimestamp(now - now % _HOUR_S, datetime.UTC)


def _spent() -> BudgetSpentError:
    return BudgetSpentError(
        "đã hỏi quá nhiều mã không có trong sổ; hãy thử lại sau"
        " (too many codes that no record bears; try again later)",
        retry_after_s=seconds_left(),
    )


_MOST: Final = 100_000
_SPEND: Final = text(
    """
    INSERT INTO enumeration_budget AS b (holder, hour, spent) VALUES (:holder, :hour, :units)
    ON CONFLICT (holder, hour) DO UPDATE SET spent = b.spent + excluded.spent
    RETURNING spent
    """
)
_SPENT: Final = text(
    """
    SELECT holder, spent FROM enumeration_budget WHERE hour = :hour
    ORDER BY spent DESC LIMIT :most
    """
)
_FORGET: Final = text("DELETE FROM enumeration_budget WHERE hour < :hour")
