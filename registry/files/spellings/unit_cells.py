"""Read cells of unit columns that hold a code or a ward's number instead of a name.

Forms with drop-down lists export the selected code: `00199` below `Xã`, `01` below `Tỉnh`. Lists of
a city have `12` below `Phường` and `3` below `Quận`.
"""

import datetime
from collections.abc import Sequence
from typing import Final

from registry.units.gazetteer import Gazetteer

_CODE_DIGITS: Final = 5
_FIRST_CODE: Final = 100
"""From here on a number is a code that lost its zeros, not a ward's number."""
_LAST_DISTRICT: Final = 12
_PROVINCE_DIGITS: Final = 2


class UnitCells:
    """Replaces numbers in the cells of `communes.CommuneSpelling` by codes or names."""

    def __init__(self, gazetteer: Gazetteer, day: datetime.date) -> None:
        self._gazetteer = gazetteer
        self._day = day

    def named(self, cells: Sequence[str]) -> tuple[str, ...]:
        """The cells with numbers replaced; other cells are unchanged."""
        code, commune, district, province, *former = cells
        if _is_figures(commune):
            if len(commune) == _CODE_DIGITS or int(commune) >= _FIRST_CODE:
                code, commune = code or commune, ""
            else:
                commune = f"Phường {int(commune)}"
        if _is_figures(district):
            numbered = len(district) <= 2 and 0 < int(district) <= _LAST_DISTRICT and not code
            district = f"Quận {int(district)}" if numbered else ""
        if _is_figures(province) and len(province) <= _PROVINCE_DIGITS:
            province = self._province(province.zfill(_PROVINCE_DIGITS)) or province
        return code, commune, district, province, *former[:-1], *map(_of_ward, former[-1:])

    def _province(self, code: str) -> str | None:
        bearers = [u for u in self._gazetteer.with_code(code) if u.level == "province"]
        alive = [unit for unit in bearers if unit.alive_on(self._day)] or bearers
        return alive[0].version_on(self._day).full_name if alive else None


def _of_ward(former: str) -> str:
    """A former commune, with or without its district: `25, Bình Thạnh` is Phường 25."""
    name, comma, district = former.partition(",")
    if _is_figures(name) and int(name) < _FIRST_CODE:
        return f"Phường {int(name)}{comma}{district}"
    return former


def _is_figures(cell: str) -> bool:
    return cell.isascii() and cell.isdigit()
