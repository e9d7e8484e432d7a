"""Resolve the spellings of a file to current communes; each distinct spelling is read once."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from geo.admin import parse_name
from geo.placeholders import is_ditto, is_none
from geo.text import accent_key, fold
from geo.values import value
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import Gazetteer, Unit, UnitVersion
from registry.units.onward import continuations
from registry.units.restored import read_units_nearly
from registry.units.text import Naming, read_units

_KINDS_ALONE: Final = frozenset({"phuong", "xa", "thi tran", "dac khu", "phuong xa", "xa phuong"})
"""Folded cells of a column of communes that do not name one."""
_SEVERAL: Final = 3
"""Spellings in a single province after which names without a province are assumed to be there."""


@value(frozen=True, slots=True)
class CommuneSpelling:
    """The cells of a row that state its commune."""

    code: str | None = None
    commune: str | None = None
    district: str | None = None
    province: str | None = None
    former_code: str | None = None
    former: str | None = None
    """The name of the pre-2025 commune beside the current one."""

    @property
    def words(self) -> str:
        """The names as a text."""
        return ", ".join(filter(None, (self.commune, self.district, self.province)))


@value(frozen=True, slots=True)
class CommuneReading:
    """Current communes that a spelling may mean; a point decides between several."""

    candidates: tuple[int, ...] = ()
    former_id: int | None = None
    problem: str | None = None
    """Code of the error if there is no candidate."""
    notice: str | None = None
    assumed_id: int | None = None
    """The candidate assumed if no point decides."""


class CommuneReader:
    """Reads the spellings of one file; all its codes are of one list."""

    def __init__(
        self,
        gazetteer: Gazetteer,
        day: datetime.date,
        codes: Iterable[str],
        *,
        codes_are_current: bool = False,
        names_are_former: bool = False,
    ) -> None:
        """`codes_are_current`: of today's list; `names_are_former`: of the map before July 2025."""
        self._gazetteer = gazetteer
        self._day = day
        self._names_are_former = names_are_former
        self._names_day = LAST_DAY_OF_OLD_MAP if names_are_former else day
        listed = tuple(codes)
        # If leading zeros are kept, 271 is a district's code rather than commune 00271.
        self._zeros_kept = any(code.startswith("0") for code in listed)
        self.padded = False
        """Whether zeros were restored in any code."""
        self._old_list = not codes_are_current and any(self._only_old(code) for code in listed)
        self._old_names = False

    def look_through(self, spellings: Iterable[CommuneSpelling]) -> None:
        """Determine whether the names show that codes of both maps are meant as former ones."""
        self._old_names = any(map(self._names_former, spellings))

    def _names_former(self, spelling: CommuneSpelling) -> bool:
        bearers = self._with_code(spelling.code) if spelling.code and spelling.commune else []
        named = self._named(bearers, spelling.commune) if len(bearers) > 1 else []
        return bool(named) and not any(unit.alive_on(self._day) for unit in named)

    def read(self, spelling: CommuneSpelling) -> CommuneReading:
        """The communes meant; a problem if there are none or the cells contradict each other."""
        meant = self.narrowed(self._read(spelling), spelling.former)
        if self._lies_in(meant, spelling.province):
            return meant
        return replace(meant, notice="province_differs")

    def narrowed(self, today: CommuneReading, former: str | None) -> CommuneReading:
        """The reading of the current commune, narrowed by the former commune that it succeeds.

        If it does not succeed it, or the former one is unknown, the current one is kept with a
        notice. If there is no current one, the former one replaces it.
        """
        if not former or not fold(former) or is_none(former):
            return today
        namings = [n for n in read_units_nearly(self._gazetteer, former) if n.commune]
        if today.problem == "commune_missing" and namings:
            return self.of_namings(self._on_old_map(namings))
        if not namings:
            return _noticed(today, "former_commune_unknown")
        if all(naming.contradicted for naming in namings):
            return _noticed(today, "former_commune_differs")
        old = [n.commune for n in self._on_old_map(namings) if n.commune]
        became = {
            unit.id: {c.unit.id for c in continuations(self._gazetteer, unit, self._day)}
            for unit in old
        }
        meant = [unit for unit in old if became[unit.id] & set(today.candidates)]
        if not meant:
            return _noticed(today, "former_commune_differs")
        common = tuple(at for at in today.candidates if any(at in became[u.id] for u in meant))
        ended = [unit.id for unit in meant if not unit.alive_on(self._day)]
        return replace(
            today,
            candidates=common,
            former_id=today.former_id or (ended[0] if len(meant) == len(ended) == 1 else None),
            assumed_id=today.assumed_id if len(common) > 1 and today.assumed_id in common else None,
        )

    def _on_old_map(self, namings: list[Naming]) -> list[Naming]:
        """The namings of communes of the last day of the former map, otherwise all."""
        old = [n for n in namings if n.commune and n.commune.alive_on(LAST_DAY_OF_OLD_MAP)]
        return old or namings

    def _read(self, spelling: CommuneSpelling) -> CommuneReading:
        if spelling.former_code is not None and spelling.code is None:
            return self._by_former_code(spelling.former_code, spelling.former)
        if spelling.code is not None:
            return self._by_code(spelling)
        if spelling.commune is None:
            return CommuneReading(problem="commune_missing")
        return self._of_names(spelling, read_units_nearly(self._gazetteer, spelling.words))

    def _of_names(self, spelling: CommuneSpelling, read: Iterable[Naming]) -> CommuneReading:
        """The communes that columns name; a column of communes never names a district alone.

        If the district or province is unknown, all communes of the name remain candidates, with a
        notice.
        """
        named = [naming for naming in read if naming.commune is not None]
        namings = [naming for naming in named if not _is_unread(spelling.commune, [naming])]
        if not namings:
            return CommuneReading(problem="commune_unknown")
        known = all(naming.contradicted for naming in namings)  # of another province
        outer = (spelling.district, None if known else spelling.province)
        if not any(_is_unread(cell, namings) for cell in outer):
            return self.of_namings(namings)
        reading = self.of_units([n.commune for n in namings if n.commune is not None])
        return replace(reading, notice="district_unread")

    def of_namings(self, namings: Iterable[Naming]) -> CommuneReading:
        """The current communes that equally good namings mean.

        A current commune precedes a former one of the same name if no district is named: current
        addresses have none, and those on the old map nearly always had one. In a column of former
        names the former one precedes. If a name alone is a ward's or a former district's (`Hà Đông,
        Hà Nội`), every commune of the district is a candidate, and the ward is assumed.
        """
        named = list(namings)
        units = [unit for n in named if (unit := n.commune or n.district) is not None]
        if all(n.district is None for n in named):
            units = [u for u in units if u.alive_on(self._names_day)] or units
        reading = self.of_units(units)
        if reading.candidates and named and all(n.corrected for n in named):
            reading = replace(reading, notice="commune_corrected")
        if reading.candidates and named and all(n.contradicted for n in named):
            reading = replace(reading, notice="province_differs")
        alone = {n.commune.id for n in named if n.commune is not None and n.district is None}
        one = len(reading.candidates) > 1 and len(alone & set(reading.candidates)) == 1
        if one and not self._names_are_former:
            others = [n for n in named if n.commune is None or n.commune.id not in alone]
            if all(n.commune is None for n in others):
                assumed = min(alone & set(reading.candidates))
                return replace(reading, notice=None, assumed_id=assumed)
        return reading

    def of_units(self, units: list[Unit]) -> CommuneReading:
        """The current communes that succeed any of `units`."""
        candidates: dict[int, None] = {}
        for unit in units:
            for continuation in continuations(self._gazetteer, unit, self._day):
                candidates[continuation.unit.id] = None
        former = [unit for unit in units if not unit.alive_on(self._day)]
        return CommuneReading(
            tuple(candidates),
            former[0].id if len(units) == 1 and former else None,
            None if candidates else "commune_unknown",
            "commune_from_former" if former else None,
        )

    def settle(
        self,
        read: Sequence[tuple[CommuneSpelling, CommuneReading]],
        *,
        wards: bool,
        placed: bool = False,
    ) -> list[CommuneReading]:
        """The readings, with several candidates narrowed by the file as a whole.

        A bare name in a column of `wards` is a ward's, unless the point of a `placed` file decides
        otherwise. A name without a province is in the province of all other rows, if these are
        several. Names still ambiguous, and names without a district where other rows have one, may
        also be former communes; a point decides.
        """
        mixed = any(spelling.district for spelling, _ in read)
        sure = [self._province(r.candidates[0]) for _, r in read if len(r.candidates) == 1]
        only = sure[0] if len(sure) >= _SEVERAL and len(set(sure)) == 1 else None
        return [
            self._settled(spelling, reading, only, wards=wards, placed=placed)
            if len(reading.candidates) > 1 and reading.assumed_id is None
            else self._or_former(spelling, reading)
            if mixed and len(reading.candidates) == 1
            else reading
            for spelling, reading in read
        ]

    def _settled(
        self,
        spelling: CommuneSpelling,
        reading: CommuneReading,
        province: int | None,
        *,
        wards: bool,
        placed: bool,
    ) -> CommuneReading:
        left = reading.candidates
        if wards and self._are_called(left, spelling.commune or ""):
            named = tuple(u for u in left if self._version(u).kind == "phuong") or left
            if placed and len(named) == 1:
                return replace(reading, assumed_id=named[0])
            left = named
        of_any_map = self._of_any_map(spelling) if len(left) > 1 else ()
        if province is not None and spelling.province is None:
            near = (
                tuple(u for u in us if self._province(u) == province) for us in (left, of_any_map)
            )
            left = next(filter(None, near), left)
        if len(left) > 1:
            left = tuple(dict.fromkeys((*left, *of_any_map)))
        former = reading.notice or "commune_from_former"
        known = set(left) <= set(reading.candidates)
        return replace(reading, candidates=left, notice=reading.notice if known else former)

    def _or_former(self, spelling: CommuneSpelling, reading: CommuneReading) -> CommuneReading:
        """The current commune, or successors of former communes of that name in its province."""
        (today,) = reading.candidates
        if reading.notice is not None or reading.former_id is not None:
            return reading
        others = [
            unit
            for unit in self._of_any_map(spelling)
            if unit != today and self._province(unit) == self._province(today)
        ]
        return (
            replace(reading, candidates=(today, *others), assumed_id=today) if others else reading
        )

    def _of_any_map(self, spelling: CommuneSpelling) -> tuple[int, ...]:
        """Current successors of every commune of the name, if no district is named."""
        if spelling.code or spelling.former_code or spelling.district or spelling.former:
            return ()
        words = ", ".join(word for word in (spelling.commune, spelling.province) if word)
        named = [n for n in read_units(self._gazetteer, words) if n.commune and not n.district]
        return self.of_units([n.commune for n in named if n.commune]).candidates

    def _are_called(self, units: Iterable[int], name: str) -> bool:
        return all(fold(self._version(unit).name) == fold(name) for unit in units)

    def _province(self, unit: int) -> int | None:
        return self._version(unit).province_id

    def _version(self, unit: int) -> UnitVersion:
        return self._gazetteer.units[unit].version_on(self._day)

    def _only_old(self, code: str) -> bool:
        bearers = self._with_code(code)
        return bool(bearers) and not any(u.alive_on(self._day) for u in bearers)

    def _with_code(self, code: str) -> list[Unit]:
        bearers = self._gazetteer.with_code(code)
        full = padded_code(code)
        if full != code and not (bearers and self._zeros_kept):
            self.padded = True
            bearers = self._gazetteer.with_code(full)
        return [u for u in bearers if u.level == "commune"]

    def _by_former_code(self, code: str, name: str | None) -> CommuneReading:
        """The commune that had a code: with that name if it is given, else of the old map."""
        bearers = self._with_code(code)
        named = self._named(bearers, name) or bearers
        old = [u for u in named if u.alive_on(LAST_DAY_OF_OLD_MAP)] or named
        return self.of_units(old[:1]) if old else CommuneReading(problem="commune_code_unknown")

    def _by_code(self, spelling: CommuneSpelling) -> CommuneReading:
        bearers = self._with_code(spelling.code or "")
        if not bearers:
            return CommuneReading(problem="commune_code_unknown")
        named = self._named(bearers, spelling.commune)
        if spelling.commune is not None:
            if not named and self._names_others(bearers, spelling):
                return CommuneReading(problem="commune_differs_from_code")
            bearers = named or bearers
        alive = [u for u in bearers if u.alive_on(self._day)]
        if len(bearers) > 1 and self._old_list:
            # 00004 was Trúc Bạch and is now Ba Đình; ambiguous in a file with other old codes.
            return CommuneReading(problem="commune_code_of_two_maps")
        reading = self.of_units((alive or bearers)[:1])
        if len(bearers) > 1 and self._old_names and alive:
            reading = replace(reading, notice="commune_code_maybe_old")
        if spelling.former_code is not None:
            former = self._by_former_code(spelling.former_code, spelling.former)
            if former.problem is None and set(reading.candidates) & set(former.candidates):
                return CommuneReading(reading.candidates, former.former_id, None, reading.notice)
            unknown = former.problem is not None
            return _noticed(reading, f"former_commune_{'unknown' if unknown else 'differs'}")
        return reading

    def _names_others(self, bearers: list[Unit], spelling: CommuneSpelling) -> bool:
        """Whether the names mean communes other than `bearers` and their successors."""
        stated = self._of_names(spelling, read_units(self._gazetteer, spelling.words))
        meant = self.of_units(bearers)
        return stated.problem is None and not set(stated.candidates) & set(meant.candidates)

    def _lies_in(self, meant: CommuneReading, province: str | None) -> bool:
        """Whether any of the communes is in the stated province or its successors.

        True for an unknown province.
        """
        if province is None or not meant.candidates:
            return True
        named = [n.province for n in read_units(self._gazetteer, province) if n.province]
        onward = [continuations(self._gazetteer, unit, self._day) for unit in named]
        holding = {continuation.unit.id for each in onward for continuation in each}
        return not holding or any(self._province(unit) in holding for unit in meant.candidates)

    def _named(self, bearers: list[Unit], name: str | None) -> list[Unit]:
        """The `bearers` that ever had the name; diacritics decide if some match exactly."""
        if name is None:
            return []
        hits = [
            (unit, hit.accents == accent_key(reading.name))
            for reading in parse_name(name)
            for hit in self._gazetteer.named(reading.key)
            for unit in bearers
            if hit.unit is unit
        ]
        exact = {unit.id for unit, same_accents in hits if same_accents}
        named = exact or {unit.id for unit, _ in hits}
        return [unit for unit in bearers if unit.id in named]


def _noticed(reading: CommuneReading, notice: str) -> CommuneReading:
    """The reading with the notice, if it has communes at all."""
    return replace(reading, notice=notice) if reading.candidates else reading


def _is_unread(cell: str | None, namings: Iterable[Naming]) -> bool:
    """Whether every naming left the cell unread."""
    key = fold(cell or "")
    return bool(key) and all(any(key in fold(part) for part in n.unread) for n in namings)


def spelling_of(cells: Sequence[object]) -> CommuneSpelling:
    """The spelling of a row's cells; a name in the column of codes counts as a name.

    Cells without letters and ditto marks are ignored.
    """
    code, name, *others = (_stated(str(cell or "")) for cell in cells)
    if name is not None and ("?" in name or fold(name) in _KINDS_ALONE):
        name = None
    if code is not None and not any(map(str.isdigit, code)):
        code, name = None, name or code
    return CommuneSpelling(code, name, *others)


def _stated(cell: str) -> str | None:
    return None if is_ditto(cell) or not any(map(str.isalnum, cell)) else cell


def padded_code(code: str) -> str:
    """The code with the leading zeros that a spreadsheet removed.

    >>> padded_code("4"), padded_code("271.0"), padded_code("10015"), padded_code("001")
    ('00004', '00271', '10015', '001')
    """
    number = re.fullmatch(r"([1-9][0-9]{0,4})(\.0)?", code)
    return number[1].zfill(5) if number else code
