"""Which unit a row of a table means, by code, by name, or by both, which must agree."""

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
"""Code → why what somebody wrote is no unit of today, in words."""
_PROVINCE_WORDS: Final = ("tinh ", "thanh pho ", "tp ")
_DIGITS: Final = {"province": 2, "district": 3, "commune": 5}
Problem = tuple[str, str]
"""Code and value."""


@dataclass(frozen=True, slots=True)
class WrittenUnits:
    """Finds the units of one file, whose codes are all of one list."""

    gazetteer: Gazetteer
    day: datetime.date
    zeros_kept: bool
    """Whether a code begins with a zero: then a spreadsheet took the zeros of none."""

    @classmethod
    def of(
        cls, gazetteer: Gazetteer, day: datetime.date, rows: Iterable[Mapping[str, str]]
    ) -> "WrittenUnits":
        """For the rows of a file."""
        return cls(gazetteer, day, any(cells["code"].startswith("0") for cells in rows))

    def find(self, cells: Mapping[str, str]) -> Unit | Problem:
        """The unit of the day that the cells mean, or what is wrong with them.

        `cells["code_level"]` says of what level the codes are by their header, '' for any. Only a
        table of an old map has `district`.
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
        """The unit of today that one text means: its code, or its name."""
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
            # 00004 was Trúc Bạch and is Ba Đình: the name says which is meant.
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
        """All units that ever bore the code, its zeros put back where a spreadsheet took them."""
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
        # The last is named where none is alive, and today no district is.
        ordered = sorted(codes, key=lambda each: (len(each) != _DIGITS["district"], each))
        return [unit for each in ordered for unit in self.gazetteer.with_code(each)]

    def _units_named(self, cells: Mapping[str, str]) -> list[Unit]:
        """All units that the names in a row may mean; empty for none, and for names of nothing."""
        words = _words(cells)
        if not words:
            return []
        found = self._units_of(words)
        # One of two columns may say nothing that is known, and the other contradict the code.
        return found or self._units_of(cells["commune"]) or self._units_of(cells["province"])

    def _units_of(self, words: str) -> list[Unit]:
        namings = read_units(self.gazetteer, words)
        return [unit for naming in namings for unit in (naming.innermost,) if unit is not None]

    def _inside(self, unit: Unit, named: list[Unit]) -> bool:
        """Whether only provinces are named, and it lies in what continues one of them today."""
        if not unit.alive_on(self.day) or {one.level for one in named} != {"province"}:
            return False
        province = self.gazetteer.province_of(unit, self.day)
        return province is not None and any(
            each.unit.id == province.id
            for one in named
            for each in continuations(self.gazetteer, one, self.day)
        )

    def _named(self, words: str, *, level: str) -> Unit | Problem:
        """The unit of the day that the words name, all of them."""
        namings = [naming for naming in read_units(self.gazetteer, words) if not naming.unread]
        innermost = [unit for naming in namings if (unit := naming.innermost) is not None]
        # A name alone may be a province's as well as a ward's, and then it is the province's.
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
        """Those that may be meant, each with what tells it from the others."""
        above = ((unit, self.gazetteer.province_of(unit, self.day)) for unit in units)
        return "; ".join(
            ", ".join((self._label(unit), *([each.version_on(self.day).full_name] if each else [])))
            for unit, each in above
        )

    def _label(self, unit: Unit) -> str:
        return f"{unit.code} {unit.version_on(self.day).full_name}"


def unit_written(gazetteer: Gazetteer, text: str, day: datetime.date, name: str = "unit") -> Unit:
    """The unit of a day that somebody means by its code, or its name: `Phường Láng, Hà Nội`.

    Raises InvalidInputError, which tells those that a name may mean.
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
