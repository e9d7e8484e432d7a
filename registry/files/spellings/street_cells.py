"""What a cell of the column of streets names beside the street: a ward, another street.

`Đặng Tất (P. Vĩnh Hải)` says which is which. Behind a dash, `Đặng Tất - Vĩnh Hải`, it may be a ward
as well as one end of a road that is called after both. There the file tells, whose streets stand
with several such names, or now and then without.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from geo.beside import beside_street
from geo.text import fold
from registry.files.spellings.doubts import PART_UNREAD, WARD_BEHIND
from registry.units.gazetteer import Gazetteer
from registry.units.text import read_units

_DASHED: Final = re.compile(r"([^-–—]+) [-–—] ([^-–—]+)")
_LEAST_STREETS: Final = 2
"""Streets that have to be seen with one name and another behind them."""


def parted_by_dash(street: str) -> tuple[str, str] | None:
    """The names before and behind the one dash of a cell.

    >>> parted_by_dash("Đặng Tất - Vĩnh Hải"), parted_by_dash("Bà Rịa-Vũng Tàu")
    (('Đặng Tất', 'Vĩnh Hải'), None)
    """
    found = _DASHED.fullmatch(" ".join(street.split()))
    return (found[1], found[2]) if found else None


def stand_apart(streets: Iterable[str]) -> bool:
    """Whether what stands behind dashes is no part of the streets' names, by the cells of a file.

    >>> stand_apart(["Đặng Tất - Vĩnh Hải", "Đặng Tất", "2/4 - Vĩnh Hải", "2/4 - Vĩnh Phước"])
    True
    >>> stand_apart(["Lăng Ông - Diên An", "Lê Lợi", "Cây Găng - Cây Sao"])
    False
    """
    behind: dict[str, set[str]] = defaultdict(set)
    for street in set(streets):
        name, other = parted_by_dash(street) or (street, "")
        behind[fold(name)].add(fold(other))
    return sum(len(others) > 1 for others in behind.values()) >= _LEAST_STREETS


class StreetCells:
    """Reads the cells of a file's column of streets; `wards_behind` is what `stand_apart` says."""

    def __init__(self, gazetteer: Gazetteer, *, wards_behind: bool) -> None:
        self._gazetteer = gazetteer
        self._wards_behind = wards_behind

    def read(self, cell: str) -> tuple[str, str, str]:
        """The street, the commune that is named beside it, and what is in doubt there."""
        if dashed := self._ward_behind(cell):
            return (*dashed, "") if self._wards_behind else (cell, "", WARD_BEHIND)
        beside = beside_street(cell)
        units = [name for name in beside.names if self._names_commune(name)]
        former = next(iter((*beside.communes, *units)), "")
        return cell, former, PART_UNREAD if len(units) < len(beside.names) else ""

    def _ward_behind(self, cell: str) -> tuple[str, str] | None:
        """Street and ward, where no unit stands in front: roads mostly lead from one to another."""
        dashed = parted_by_dash(cell)
        if dashed is None or dashed[1].isdigit() or not self._names_commune(dashed[1]):
            return None
        return None if read_units(self._gazetteer, dashed[0]) else dashed

    def _names_commune(self, name: str) -> bool:
        return any(naming.commune for naming in read_units(self._gazetteer, name))
