"""Read street cells that also name a ward or another street.

`Đặng Tất (P. Vĩnh Hải)` is unambiguous. In `Đặng Tất - Vĩnh Hải` the part behind the dash may be a
ward, or one end of a road named after both. The file decides: if its streets occur with several
such parts, or sometimes without, the parts are wards.
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
"""Streets that must occur with different parts behind them."""


def split_at_dash(street: str) -> tuple[str, str] | None:
    """The names before and behind the only dash of a cell.

    >>> split_at_dash("Đặng Tất - Vĩnh Hải"), split_at_dash("Bà Rịa-Vũng Tàu")
    (('Đặng Tất', 'Vĩnh Hải'), None)
    """
    found = _DASHED.fullmatch(" ".join(street.split()))
    return (found[1], found[2]) if found else None


def are_wards_behind(streets: Iterable[str]) -> bool:
    """Whether the names behind dashes are wards rather than parts of street names.

    >>> are_wards_behind(["Đặng Tất - Vĩnh Hải", "Đặng Tất", "2/4 - Vĩnh Hải", "2/4 - Vĩnh Phước"])
    True
    >>> are_wards_behind(["Lăng Ông - Diên An", "Lê Lợi", "Cây Găng - Cây Sao"])
    False
    """
    behind: dict[str, set[str]] = defaultdict(set)
    for street in set(streets):
        name, other = split_at_dash(street) or (street, "")
        behind[fold(name)].add(fold(other))
    return sum(len(others) > 1 for others in behind.values()) >= _LEAST_STREETS


class StreetCells:
    """Reads the street cells of a file; `wards_behind` is the result of `are_wards_behind`."""

    def __init__(self, gazetteer: Gazetteer, *, wards_behind: bool) -> None:
        self._gazetteer = gazetteer
        self._wards_behind = wards_behind

    def read(self, cell: str) -> tuple[str, str, str]:
        """The street, the commune named beside it, and a doubt (`doubts`) or ''."""
        if dashed := self._ward_behind(cell):
            return (*dashed, "") if self._wards_behind else (cell, "", WARD_BEHIND)
        beside = beside_street(cell)
        units = [name for name in beside.names if self._names_commune(name)]
        former = next(iter((*beside.communes, *units)), "")
        return cell, former, PART_UNREAD if len(units) < len(beside.names) else ""

    def _ward_behind(self, cell: str) -> tuple[str, str] | None:
        """Street and ward, unless a unit is in front: roads usually connect two units."""
        dashed = split_at_dash(cell)
        if dashed is None or dashed[1].isdigit() or not self._names_commune(dashed[1]):
            return None
        return None if read_units(self._gazetteer, dashed[0]) else dashed

    def _names_commune(self, name: str) -> bool:
        return any(naming.commune for naming in read_units(self._gazetteer, name))
