"""Find the unit of a table's row by code, by name, or by both, which must agree."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from geo.text import fold
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import continuations
from registry.units.text import read_units

UNIT_PROBLEMS: Final = {
    "unit_missing": Message("row_has_no_unit"),
    "unit_unknown": Message("unit_not_on_map"),
    "unit_ambiguous": Message("unit_name_ambiguous"),
    "unit_ended": Message("unit_has_ended"),
}
"""Code → why the text is not a unit of today."""
_PROVINCE_WORDS: Final = ("tinh ", "thanh pho ", "tp ")
_DIGITS: Final = {"province": 2, "district": 3, "commune": 5}
Problem = tuple[str, str]
"""Code and value."""


@dataclass(frozen=True, slots=True)
class WrittenUnits:
    """Finds the units of one file, whose codes are all from one list."""

    gazetteer: Gazetteer
    day: datetime.date
    zeros_kept: bool
    """Whether any code begins with a zero: then no spreadsheet removed leading zeros."""

    @classmethod
    def of(
        cls, gazetteer: Gazetteer, day: datetime.date, rows: Iterable[Mapping[str, str]]
    ) -> "WrittenUnits":
        """Create one for the rows of a file."""
        return cls(gazetteer, day, any(cells["code"].startswith("0") for cells in rows))

    def find(self, cells: Mapping[str, str]) -> Unit | Problem:
        """Return the unit of the day for the cells, or their problem.

        `cells["code_level"]` is the level of the codes by their header, '' for any. Only a table of
        an old map has `district`.
        """
        if cells["code"]:
            return self._by_code(cells)
        if not _words(cells):
            return "unit_missing", ""
        if cells.get("district") and not cells["commune"]:
            return self._named(_words(cells), level="district")
        # `Tỉnh Phú Thọ` in the column of names is the province, never the ward of that name.
        if not cells["commune"] or fold(cells["commune"]).startswith(_PROVINCE_WORDS):
            return self._named(cells["commune"] or cells["province"], level="province")
        return self._named(_words(cells), level="commune")

    def written(self, text: str) -> Unit | Problem:
        """Return today's unit for a text: its code, or its name."""
        code, name = (text, "") if text.isdigit() else ("", text)
        try:
            return self.find({"code": code, "commune": name, "province": "", "code_level": ""})
        except InvalidInputError:
            return "unit_unknown", text

    def _by_code(self, cells: Mapping[str, str]) -> Unit | Problem:
        bearers = self._bearers(cells["code"].split(".")[0], cells["code_level"])
        if not bearers:
            return "unit_unknown", cells["code"]
        named = self._units_named(cells)
        if named:
            # 00004 was Trúc Bạch and is Ba Đình: the name decides.
            exact = [unit for unit in bearers if unit in named]
            bearers = exact or [unit for unit in bearers if self._inside(unit, named)]
        if not bearers:
            return "commune_differs_from_code", f"{cells['code']} ≠ {_words(cells)}"
        living = [unit for unit in bearers if unit.alive_on(self.day)]
        if len(living) > 1 and self.zeros_kept:
            living = [unit for unit in living if unit.code == cells["code"]]
        if len(living) == 1:
            return living[0]
        if living:
            return "unit_ambiguous", self._labels(living)
        return "unit_ended", self._successors(bearers[-1])

    def _bearers(self, code: str, level: str) -> list[Unit]:
        """Return all units that ever had the code, restoring zeros removed by a spreadsheet."""
        if level == "district":
            codes = {code.zfill(_DIGITS[level])}
        elif len(code) > 2 or (level == "commune" and not code.startswith("0")):
            codes = {code.zfill(_DIGITS["commune"])}
            if not level and len(code) == _DIGITS["district"]:
                codes.add(code)
        elif level == "province":
            codes = {code.zfill(_DIGITS[level])}
        elif self.zeros_kept:
            codes = {code}
        else:
            codes = {code.zfill(digits) for digits in _DIGITS.values()}
        # If no unit with the code exists, the last one is named; districts no longer exist.
        ordered = sorted(codes, key=lambda each: (len(each) != _DIGITS["district"], each))
        return [unit for each in ordered for unit in self.gazetteer.with_code(each)]

    def _units_named(self, cells: Mapping[str, str]) -> list[Unit]:
        """Return all units that the names in a row may mean; empty without or for unknown names."""
        words = _words(cells)
        if not words:
            return []
        found = self._units_of(words)
        # One of two columns may be unknown while the other one contradicts the code.
        return found or self._units_of(cells["commune"]) or self._units_of(cells["province"])

    def _units_of(self, words: str) -> list[Unit]:
        namings = read_units(self.gazetteer, words)
        return [unit for naming in namings for unit in (naming.innermost,) if unit is not None]

    def _inside(self, unit: Unit, named: list[Unit]) -> bool:
        """Whether only provinces are named, and the unit is in a successor of one of them."""
        if not unit.alive_on(self.day) or {one.level for one in named} != {"province"}:
            return False
        province = self.gazetteer.province_of(unit, self.day)
        return province is not None and any(
            each.unit.id == province.id
            for one in named
            for each in continuations(self.gazetteer, one, self.day)
        )

    def _named(self, words: str, *, level: str) -> Unit | Problem:
        """Return the unit of the day that all the words name."""
        namings = [naming for naming in read_units(self.gazetteer, words) if not naming.unread]
        innermost = [unit for naming in namings if (unit := naming.innermost) is not None]
        # A name that both a province and a ward have means the province.
        named = [unit for unit in innermost if unit.level == level] or innermost
        if level != "commune":
            named = [unit for unit in named if unit.level == level]
        living = {unit.id: unit for unit in named if unit.alive_on(self.day)}
        if len(living) == 1:
            return next(iter(living.values()))
        if living:
            return "unit_ambiguous", self._labels(living.values())
        if named:
            return "unit_ended", self._successors(named[0])
        return "unit_unknown", words

    def _successors(self, unit: Unit) -> str:
        names = [self._label(each.unit) for each in continuations(self.gazetteer, unit, self.day)]
        return f"{unit.code} → {'; '.join(names)}"

    def _labels(self, units: Iterable[Unit]) -> str:
        """List the units that may be meant, each with what distinguishes it."""
        above = ((unit, self.gazetteer.province_of(unit, self.day)) for unit in units)
        return "; ".join(
            ", ".join((self._label(unit), *([each.version_on(self.day).full_name] if each else [])))
            for unit, each in above
        )

    def _label(self, unit: Unit) -> str:
        return f"{unit.code} {unit.version_on(self.day).full_name}"


def unit_written(gazetteer: Gazetteer, text: str, day: datetime.date, name: str = "unit") -> Unit:
    """Return the unit of a day by its code or name: `Phường Láng, Hà Nội`.

    Raises InvalidInputError, which lists the units that a name may mean.
    """
    text = text.strip()
    found = WrittenUnits.of(gazetteer, day, [{"code": text}]).written(text)
    if isinstance(found, Unit):
        return found
    problem, value = found
    message = Message("problem_of_value", problem=UNIT_PROBLEMS[problem], value=value)
    raise InvalidInputError.of_field(name, problem, message)


def _words(cells: Mapping[str, str]) -> str:
    named = (cells["commune"], cells.get("district"), cells["province"])
    return ", ".join(filter(None, named))
