"""The parts that rows name, as numbers of spellings."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from registry.files.spellings.doors import DoorParts

_NUMBERED: Final = ("number_at", "street_at", "place_at", "flat_at", "commune_at")
RESOLVED: Final = (*_NUMBERED, "hint", "beside", "doubt")
"""Columns of a resolved row; `beside` and `doubt` are values of the modules of these names."""
_DOOR_PARTS: Final = ("number", "street", "place", "flat")
REMEMBERED: Final = 100_000
"""Cached spellings of each kind; an evicted one is read again and gets another number."""

Row = tuple[object, ...]
"""Columns of a table of parts."""


class Numbered:
    """Numbers values from 1; equal values get the same number while cached."""

    def __init__(self) -> None:
        self.number_of: Callable[[Row | None], int] = lru_cache(REMEMBERED)(self._number)
        self._count = 0
        self._fresh: list[Row] = []

    def _number(self, columns: Row | None) -> int:
        """0 for None."""
        if columns is None:
            return 0
        self._count += 1
        self._fresh.append((self._count, *columns))
        return self._count

    def take_fresh(self) -> list[Row]:
        """Values numbered since the last call, as rows that begin with the number."""
        fresh, self._fresh = self._fresh, []
        return fresh


class Resolved:
    """Resolved rows: the columns of `RESOLVED`."""

    def __init__(self, rows: int) -> None:
        self._at = {name: np.zeros(rows, np.int32) for name in _NUMBERED}
        self._texts = {name: [""] * rows for name in RESOLVED if name not in _NUMBERED}

    def number(self, part: str, numbers: NDArray[np.int32]) -> None:
        """Set the numbers of one part in all rows."""
        self._at[f"{part}_at"] = numbers

    def take(self, row: int, door: DoorParts, parts: dict[str, Numbered]) -> None:
        """Set the parts of a row's door."""
        for name in _DOOR_PARTS:
            self._at[f"{name}_at"][row] = parts[name].number_of(getattr(door, name))
        self._texts["hint"][row] = door.hint or ""

    def beside(self, row: int, beside: str) -> None:
        """Set the outcome of comparing a row with the text beside it."""
        self._texts["beside"][row] = beside

    def doubt(self, row: int, doubt: str) -> None:
        """Set a doubt about a row, for a person to check."""
        self._texts["doubt"][row] = doubt

    def spread(self, rows: NDArray[np.int64]) -> "Resolved":
        """The rows at these indexes, which may repeat."""
        spread = Resolved(0)
        spread._at = {name: numbers[rows] for name, numbers in self._at.items()}
        spread._texts = {name: [texts[at] for at in rows] for name, texts in self._texts.items()}
        return spread

    def columns(self) -> dict[str, pa.Array]:
        """The columns by the names of `RESOLVED`."""
        return {
            name: pa.array(self._at[name], mask=self._at[name] == 0)
            if name in _NUMBERED
            else pa.array(self._texts[name], pa.string())
            for name in RESOLVED
        }
