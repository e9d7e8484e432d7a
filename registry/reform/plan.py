"""What a resolution does to units: which end, which are born, what goes where; or why it cannot be.

Pure: from the file and the gazetteer. Which household goes where is `settling`'s.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from geo.admin import KIND_LEVELS
from registry.reform.parted import part_provinces
from registry.reform.plan_values import Alteration, Born, Heir, Leg, Plan, level_of
from registry.reform.reading import Document
from registry.reform.refusals import Refusal, ResolutionRefusedError
from registry.reform.resolution import Merge, Move, New, NewUnit, Split, Target, Told
from registry.units.gazetteer import Gazetteer, Unit

_ONE_DAY: Final = datetime.timedelta(days=1)
_NO_DISTRICTS_FROM: Final = datetime.date(2025, 7, 1)
"""Before, several districts of a province each had a Phường 1."""


def make_plan(
    document: Document,
    gazetteer: Gazetteer,
    awaiting: Mapping[int, str] | None = None,
    *,
    today: datetime.date | None = None,
) -> Plan:
    """What the resolution does; `awaiting` are units that prepared resolutions change.

    With `today` an effective day before it is refused, unless the resolution confirms it.
    Raises ResolutionRefusedError with all that is wrong.
    """
    planner = _Planner(document, gazetteer, awaiting or {})
    head = document.resolution.resolution
    if today is not None and head.effective < today and "day_past" not in head.confirm:
        line = document.line("resolution", "effective")
        planner.refuse("day_past", line, str(head.effective))
    planner.make()
    if planner.refusals:
        ordered = sorted(planner.refusals, key=lambda each: (each.line or 0, each.code))
        raise ResolutionRefusedError(ordered)
    return planner.plan


class _Planner:
    def __init__(
        self, document: Document, gazetteer: Gazetteer, awaiting: Mapping[int, str]
    ) -> None:
        self.document = document
        self.awaiting = awaiting
        self.known = gazetteer
        self.plan = Plan(document, gazetteer)
        self.refusals: dict[Refusal, None] = {}
        self.districts: list[tuple[str, int | None]] = []
        self.day = self.plan.day
        self.eve = self.day - _ONE_DAY

    def refuse(self, code: str, line: int | None, about: str = "") -> None:
        self.refusals[Refusal(code, line, about)] = None

    def make(self) -> None:
        head = self.document.resolution.resolution
        if head.date > head.effective:
            self.refuse("signed_after_effect", self.document.line("resolution", "date"))
        self._born()
        self._ended()
        for code, line in self.districts:
            self._check_district(code, line)
        for at, change in enumerate(self.document.resolution.changes):
            what, said = change.what
            getattr(self, f"_{what}")(said, ("changes", at, what))
        part_provinces(self.plan, self.refuse)
        self._check_parts()
        self._check_names()
        self._provinces()
        self._check_days()

    # Units that begin and end

    def _born(self) -> None:
        for said, place in self._new_units():
            line = self.document.line(*place)
            if said.code in self.plan.born:
                self.refuse("code_used_twice", line, said.code)
            if said.district is not None:
                self.districts.append((said.district, line))
            if level_of(said.code) not in KIND_LEVELS[said.kind]:
                self.refuse("kind_of_other_level", line, f"{said.code} {said.kind}")
            self.plan.born[said.code] = Born(said, line)

    def _new_units(self) -> Iterator[tuple[NewUnit, tuple[int | str, ...]]]:
        for at, change in enumerate(self.document.resolution.changes):
            what, said = change.what
            if isinstance(said, New):
                yield said.unit, ("changes", at, what, "unit")
            elif isinstance(said, Split):
                for n, part in enumerate(said.into):
                    if isinstance(part.into, NewUnit):
                        yield part.into, ("changes", at, what, "into", n, "into")
            elif isinstance(said, Merge | Move) and isinstance(said.into, NewUnit):
                yield said.into, ("changes", at, what, "into")

    def _ended(self) -> None:
        for code, place in self._endings():
            unit = self._living(code, place)
            if unit is None:
                continue
            if unit.id in self.plan.ended:
                self.refuse("unit_changed_twice", self.document.line(*place), code)
            self.plan.ended[unit.id] = unit
            self.plan.end_lines[unit.id] = self.document.line(*place)
        for born in self.plan.born.values():
            for unit in self.known.with_code(born.code):
                goes_on = unit.ended is None or unit.ended > self.day
                same = unit.level == born.level and unit.code == born.code
                if same and goes_on and unit.id not in self.plan.ended:
                    self.refuse("code_in_use", born.line, born.code)

    def _endings(self) -> Iterator[tuple[str, tuple[int | str, ...]]]:
        for at, change in enumerate(self.document.resolution.changes):
            what, said = change.what
            here = ("changes", at, what)
            if what == "merge":
                yield from ((code, (*here, "units", n)) for n, code in enumerate(said.units))
            elif what in ("split", "abolish"):
                yield said.unit, (*here, "unit")
            elif what == "new":
                for n, part in enumerate(said.parts):
                    if part.whole:
                        yield part.unit, (*here, "parts", n)
            elif what == "move" and said.part.whole:
                yield said.part.unit, (*here, "part")

    def _living(self, code: str, place: tuple[int | str, ...]) -> Unit | None:
        """The unit that bears the code on the eve of the day."""
        line = self.document.line(*place)
        bearers = [unit for unit in self.known.with_code(code) if unit.code == code]
        living = next((unit for unit in bearers if unit.alive_on(self.eve)), None)
        awaited = next((unit for unit in bearers if unit.id in self.awaiting), None)
        if awaited is not None and living in (None, awaited):
            other = self.awaiting[awaited.id]
            self.refuse("unit_in_other_resolution", line, f"{code}: {other}")
            return None
        if living is None:
            self.refuse("unit_ended" if bearers else "unit_unknown", line, code)
        elif living.ended is not None and living.ended <= self.day:
            self.refuse("unit_ended", line, code)
            return None
        return living

    def _heir(self, target: Target, place: tuple[int | str, ...]) -> Heir | None:
        """The unit of the new state that a change leads to."""
        code = target.code if isinstance(target, NewUnit) else target
        if code in self.plan.born:
            return self.plan.born[code]
        unit = self._living(code, place)
        if unit is not None and unit.id in self.plan.ended:
            self.refuse("target_ends", self.document.line(*place), code)
            return None
        return unit

    # Changes

    def _leg(
        self,
        code: str,
        target: Target,
        told: Told | None,
        place: tuple[int | str, ...],
        into: tuple[int | str, ...],
    ) -> None:
        source, heir = self._living(code, place), self._heir(target, into)
        if source is None or heir is None:
            return
        line = self.document.line(*place)
        if source.level != heir.level:
            self.refuse("unit_of_other_level", line, f"{source.code} → {heir.code}")
        elif source is heir:
            self.refuse("target_ends", line, source.code)
        elif source.level == "province" and told is not None and not told.tells_communes:
            self.refuse("part_untold", line, code)
        elif source.level == "commune" and told is not None and told.communes:
            self.refuse("unit_of_other_level", line, f"{source.code}: {told.communes[0]}")
        else:
            self.plan.legs.append(Leg(source, heir, told, line))

    def _merge(self, said: Any, here: tuple[int | str, ...]) -> None:
        for n, code in enumerate(said.units):
            self._leg(code, said.into, None, (*here, "units", n), (*here, "into"))

    def _split(self, said: Any, here: tuple[int | str, ...]) -> None:
        for n, part in enumerate(said.into):
            place = (*here, "into", n)
            self._leg(said.unit, part.into, part, place, (*place, "into"))

    def _move(self, said: Any, here: tuple[int | str, ...]) -> None:
        told = None if said.part.whole else said.part
        self._leg(said.part.unit, said.into, told, (*here, "part"), (*here, "into"))

    def _new(self, said: Any, here: tuple[int | str, ...]) -> None:
        for n, part in enumerate(said.parts):
            told = None if part.whole else part
            self._leg(part.unit, said.unit, told, (*here, "parts", n), (*here, "unit"))

    def _abolish(self, said: Any, here: tuple[int | str, ...]) -> None:
        """It is among those that end; where its parts go other changes say."""

    def _rename(self, said: Any, here: tuple[int | str, ...]) -> None:
        change = self._alteration(said.unit, here)
        if change is not None:
            self._once(change, "name", said.name, here)
            change.name_en = said.name_en

    def _kind(self, said: Any, here: tuple[int | str, ...]) -> None:
        change = self._alteration(said.unit, here)
        if change is None:
            return
        if change.unit.level not in KIND_LEVELS[said.kind]:
            self.refuse("kind_of_other_level", change.line, f"{said.unit} {said.kind}")
        self._once(change, "kind", said.kind, here)

    def _province(self, said: Any, here: tuple[int | str, ...]) -> None:
        change = self._alteration(said.unit, here)
        province = self._heir(said.province, (*here, "province"))
        if change is None or province is None:
            return
        if change.unit.level != "commune":
            self.refuse("unit_of_other_level", change.line, said.unit)
        self._once(change, "province", province, here)

    def _district(self, said: Any, here: tuple[int | str, ...]) -> None:
        change = self._alteration(said.unit, here)
        if change is None:
            return
        if change.unit.level != "commune":
            self.refuse("unit_of_other_level", change.line, said.unit)
        self._check_district(said.district, change.line)
        self._once(change, "district", said.district, here)

    def _check_district(self, code: str, line: int | None) -> None:
        bearers = (unit for unit in self.known.with_code(code) if unit.level == "district")
        lives = any(u.alive_on(self.eve) and u.id not in self.plan.ended for u in bearers)
        if self.day >= _NO_DISTRICTS_FROM or not (lives or code in self.plan.born):
            self.refuse("district_unknown", line, code)

    def _alteration(self, code: str, here: tuple[int | str, ...]) -> Alteration | None:
        unit = self._living(code, (*here, "unit"))
        if unit is None:
            return None
        line = self.document.line(*here)
        if unit.id in self.plan.ended:
            self.refuse("unit_changed_twice", line, code)
            return None
        return self.plan.altered.setdefault(unit.id, Alteration(unit, line))

    def _once(
        self, change: Alteration, name: str, value: object, here: tuple[int | str, ...]
    ) -> None:
        if getattr(change, name) is not None:
            self.refuse("unit_changed_twice", self.document.line(*here), change.unit.code)
        setattr(change, name, value)

    # What has to hold of all together

    def _check_parts(self) -> None:
        if self.refusals:
            return  # which may be why nothing goes
        going = {leg.source.id for leg in self.plan.legs}
        for unit in self.plan.ended.values():
            if unit.id not in going and unit.level != "district":
                self.refuse("parts_missing", self.plan.line_of_end(unit), unit.code)
        by_source: dict[int, list[Leg]] = defaultdict(list)
        for leg in self.plan.legs:
            by_source[leg.source.id].append(leg)
        for legs in by_source.values():
            code, line = legs[0].source.code, legs[-1].line
            if len(legs) > 1 and any(leg.told is None for leg in legs):
                self.refuse("parts_overlap", line, code)
            rests = [leg for leg in legs if leg.told is not None and leg.told.rest]
            if len(rests) > 1:
                self.refuse("rest_twice", rests[1].line, code)
            for told, times in Counter(_named_twice(legs)).items():
                if times > 1:
                    self.refuse("parts_overlap", line, f"{code}: {told}")

    def _check_names(self) -> None:
        """No two units of one kind and name in a province, where one of them is new."""
        if self.day < _NO_DISTRICTS_FROM:
            return
        borne: dict[tuple[object, ...], str] = {}
        changed = [c for c in self.plan.altered.values() if c.name or c.kind or c.province]
        for unit in self.known.alive(self.day, level=None):
            if unit.id in self.plan.ended or unit.id in self.plan.altered:
                continue
            version = unit.version_on(self.day)
            borne[unit.level, version.province_id, version.kind, version.name] = unit.code
        for change in changed:
            was = change.unit.version_on(self.eve)
            where = _id_of(change.province) if change.province else was.province_id
            key = (change.unit.level, where, change.kind or was.kind, change.name or was.name)
            if borne.setdefault(key, change.unit.code) != change.unit.code:
                self.refuse("name_in_use", change.line, str(key[-1]))
        for born in self.plan.born.values():
            where = _id_of(self._province_of(born))
            its = (born.level, where, born.said.kind, born.said.name)
            if borne.setdefault(its, born.code) != born.code:
                self.refuse("name_in_use", born.line, born.said.name)

    def _provinces(self) -> None:
        for born in self.plan.born.values():
            if born.level == "province":
                continue
            province = self._province_of(born)
            if province is None:
                self.refuse("province_missing", born.line, born.code)
            else:
                self.plan.provinces[born.code] = province

    def _province_of(self, born: Born) -> Heir | None:
        """As it says, or that of its first part; on the new map."""
        if born.level == "province":
            return None
        if born.said.province is not None:
            if born.said.province in self.plan.born:
                return self.plan.born[born.said.province]
            living = (u for u in self.known.with_code(born.said.province) if u.level == "province")
            unit = next((u for u in living if u.alive_on(self.eve)), None)
        else:
            source = next((leg.source for leg in self.plan.legs if leg.heir is born), None)
            if source is not None and source.id in self.plan.parted:
                province, leg = self.plan.parted[source.id]
                return leg.heir if leg is not None else province
            unit = self.known.province_of(source, self.eve) if source is not None else None
        if unit is not None and unit.id in self.plan.ended:
            heirs = [leg.heir for leg in self.plan.legs if leg.source is unit]
            return heirs[0] if len(heirs) == 1 else None
        return unit

    def _check_days(self) -> None:
        lines = {leg.source.id: leg.line for leg in self.plan.legs}
        lines |= {leg.heir.id: leg.line for leg in self.plan.legs if isinstance(leg.heir, Unit)}
        lines |= {unit_id: change.line for unit_id, change in self.plan.altered.items()}
        for unit in self.plan.touched.values():
            latest = self._latest_change(unit)
            if latest is not None and latest >= self.day:
                self.refuse("day_too_early", lines.get(unit.id), f"{unit.code}: {latest}")

    def _latest_change(self, unit: Unit) -> datetime.date | None:
        days = [version.valid_from for version in unit.versions]
        days += [step.effective_on for step in self.known.predecessors(unit)]
        days += [step.effective_on for step in self.known.successors(unit)]
        return max((day for day in days if day is not None), default=None)


def _named_twice(legs: list[Leg]) -> Iterator[str]:
    """What the parts of one unit name, as they write it."""
    for leg in legs:
        told = leg.told
        if told is not None:
            yield from (part.street for part in told.street_parts if part.is_whole)
            yield from told.localities
            yield from told.former
            yield from told.communes


def _id_of(heir: Heir | None) -> object:
    if heir is None:
        return None
    return heir.id if isinstance(heir, Unit) else heir
