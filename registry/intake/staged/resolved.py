"""What the rows of a file name, as numbers of spellings: a row is staged as a handful of them."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from registry.files.spellings.doors import DoorParts

_NUMBERED: Final = ("number_at", "street_at", "place_at", "flat_at", "commune_at")
RESOLVED: Final = (*_NUMBERED, "hint", "beside", "doubt")
"""What a row names; `beside` and `doubt` are values of the modules called so."""
_DOOR_PARTS: Final = ("number", "street", "place", "flat")
REMEMBERED: Final = 100_000
"""Spellings remembered of each kind; one that is forgotten is read again, under another number."""

Row = tuple[object, ...]
"""Columns of a table of parts."""


class Numbered:
    """Gives numbers from 1 on, the same for the same columns while they are remembered."""

    def __init__(self) -> None:
        self.number_of: Callable[[Row | None], int] = lru_cache(REMEMBERED)(self._number)
        self._count = 0
        self._fresh: list[Row] = []

    def _number(self, columns: Row | None) -> int:
        """0 where there is nothing."""
        if columns is None:
            return 0
        self._count += 1
        self._fresh.append((self._count, *columns))
        return self._count

    def take_fresh(self) -> list[Row]:
        """What was numbered since the last call, as rows that begin with the number."""
        fresh, self._fresh = self._fresh, []
        return fresh


class Resolved:
    """What some rows name: the columns of `RESOLVED`."""

    def __init__(self, rows: int) -> None:
        self._at = {name: np.zeros(rows, np.int32) for name in _NUMBERED}
        self._texts = {name: [""] * rows for name in RESOLVED if name not in _NUMBERED}

    def number(self, part: str, numbers: NDArray[np.int32]) -> None:
        """Of one part of all rows."""
        self._at[f"{part}_at"] = numbers

    def take(self, row: int, door: DoorParts, parts: dict[str, Numbered]) -> None:
        """The parts of one row's door."""
        for name in _DOOR_PARTS:
            self._at[f"{name}_at"][row] = parts[name].number_of(getattr(door, name))
        self._texts["hint"][row] = door.hint or ""

    def beside(self, row: int, beside: str) -> None:
        """What the text beside one row's was worth."""
        self._texts["beside"][row] = beside

    def doubt(self, row: int, doubt: str) -> None:
        """What a person has to look at in one row, though it was read."""
        self._texts["doubt"][row] = doubt

    def spread(self, rows: NDArray[np.int64]) -> "Resolved":
        """Each row again, as often and in the order as `rows` names it."""
        spread = Resolved(0)
        spread._at = {name: numbers[rows] for name, numbers in self._at.items()}
        spread._texts = {name: [texts[at] for at in rows] for name, texts in self._texts.items()}
        return spread

    def columns(self) -> dict[str, pa.Array]:
        """By the names of `RESOLVED`."""
        return {
            name: pa.array(self._at[name], mask=self._at[name] == 0)
            if name in _NUMBERED
            else pa.array(self._texts[name], pa.string())
            for name in RESOLVED
        }
