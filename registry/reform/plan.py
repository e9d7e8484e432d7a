"""The plan of a resolution: which units end or begin, and which part goes where; or its refusals.

Pure: computed from the file and the gazetteer. `settling` assigns the households.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from geo.admin import KIND_LEVELS
from registry.reform.parted import part_provinces
from registry.reform.plan_values import Alteration, Born, Leg, Plan, Successor, level_of
from registry.reform.reading import Document
from registry.reform.refusals import Refusal, ResolutionRefusedError
from registry.reform.resolution import Merge, Move, New, NewUnit, Selector, Split, Target
from registry.units.gazetteer import Gazetteer, Unit

_ONE_DAY: Final = datetime.timedelta(days=1)
_NO_DISTRICTS_FROM: Final = datetime.date(2025, 7, 1)
"""Before this date, several districts of a province could each have a Phường 1."""


def make_plan(
    document: Document,
    gazetteer: Gazetteer,
    awaiting: Mapping[int, str] | None = None,
    *,
    today: datetime.date | None = None,
) -> Plan:
    """Plan a resolution; `awaiting` are units that prepared resolutions change.

    With `today`, an earlier effective date is refused unless the resolution confirms it.
    Raises ResolutionRefusedError with all refusals.
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
            what, body = change.what
            getattr(self, f"_{what}")(body, ("changes", at, what))
        part_provinces(self.plan, self.refuse)
        self._check_parts()
        self._check_names()
        self._provinces()
        self._check_days()

    # Units that begin and end

    def _born(self) -> None:
        for body, place in self._new_units():
            line = self.document.line(*place)
            if body.code in self.plan.born:
                self.refuse("code_used_twice", line, body.code)
            if body.district is not None:
                self.districts.append((body.district, line))
            if level_of(body.code) not in KIND_LEVELS[body.kind]:
                self.refuse("kind_of_other_level", line, f"{body.code} {body.kind}")
            self.plan.born[body.code] = Born(body, line)

    def _new_units(self) -> Iterator[tuple[NewUnit, tuple[int | str, ...]]]:
        for at, change in enumerate(self.document.resolution.changes):
            what, body = change.what
            if isinstance(body, New):
                yield body.unit, ("changes", at, what, "unit")
            elif isinstance(body, Split):
                for n, part in enumerate(body.into):
                    if isinstance(part.into, NewUnit):
                        yield part.into, ("changes", at, what, "into", n, "into")
            elif isinstance(body, Merge | Move) and isinstance(body.into, NewUnit):
                yield body.into, ("changes", at, what, "into")

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
            what, body = change.what
            path = ("changes", at, what)
            if what == "merge":
                yield from ((code, (*path, "units", n)) for n, code in enumerate(body.units))
            elif what in ("split", "abolish"):
                yield body.unit, (*path, "unit")
            elif what == "new":
                for n, part in enumerate(body.parts):
                    if part.whole:
                        yield part.unit, (*path, "parts", n)
            elif what == "move" and body.part.whole:
                yield body.part.unit, (*path, "part")

    def _living(self, code: str, place: tuple[int | str, ...]) -> Unit | None:
        """Return the unit with this code on the day before the effective date."""
        line = self.document.line(*place)
        bearers = [unit for unit in self.known.with_code(code) if unit.code == code]
        living = next((unit for unit in bearers if unit.alive_on(self.eve)), None)
        awaited = next((unit for unit in bearers if unit.id in self.awaiting), None)
        if awaited is not None and living in (None, awaited):
            other = self.awaiting[awaited.id]
            self.refuse("unit_in_other_resolution", line, f"{code}: {other}")
            return None
        if living is None:
            if born := [unit for unit in bearers if unit.alive_on(self.day)]:
                self.refuse("day_too_early", line, f"{code}: {born[0].versions[0].valid_from}")
            else:
                self.refuse("unit_ended" if bearers else "unit_unknown", line, code)
        elif living.ended is not None and living.ended <= self.day:
            self.refuse("unit_ended", line, code)
            return None
        return living

    def _successor(self, target: Target, place: tuple[int | str, ...]) -> Successor | None:
        """Return the unit of the new state that is the target of a change."""
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
        selector: Selector | None,
        place: tuple[int | str, ...],
        into: tuple[int | str, ...],
    ) -> None:
        source, successor = self._living(code, place), self._successor(target, into)
        if source is None or successor is None:
            return
        line = self.document.line(*place)
        if source.level != successor.level:
            self.refuse("unit_of_other_level", line, f"{source.code} → {successor.code}")
        elif source is successor:
            self.refuse("target_ends", line, source.code)
        elif source.level == "province" and selector is not None and not selector.selects_communes:
            self.refuse("part_untold", line, code)
        elif source.level == "commune" and selector is not None and selector.communes:
            self.refuse("unit_of_other_level", line, f"{source.code}: {selector.communes[0]}")
        else:
            self.plan.legs.append(Leg(source, successor, selector, line))

    def _merge(self, body: Any, path: tuple[int | str, ...]) -> None:
        for n, code in enumerate(body.units):
            self._leg(code, body.into, None, (*path, "units", n), (*path, "into"))

    def _split(self, body: Any, path: tuple[int | str, ...]) -> None:
        for n, part in enumerate(body.into):
            place = (*path, "into", n)
            self._leg(body.unit, part.into, part, place, (*place, "into"))

    def _move(self, body: Any, path: tuple[int | str, ...]) -> None:
        selector = None if body.part.whole else body.part
        self._leg(body.part.unit, body.into, selector, (*path, "part"), (*path, "into"))

    def _new(self, body: Any, path: tuple[int | str, ...]) -> None:
        for n, part in enumerate(body.parts):
            selector = None if part.whole else part
            self._leg(part.unit, body.unit, selector, (*path, "parts", n), (*path, "unit"))

    def _abolish(self, body: Any, path: tuple[int | str, ...]) -> None:
        """Nothing to plan: the unit is among those that end, and other changes move its parts."""

    def _rename(self, body: Any, path: tuple[int | str, ...]) -> None:
        change = self._alteration(body.unit, path)
        if change is not None:
            self._once(change, "name", body.name, path)
            change.name_en = body.name_en

    def _kind(self, body: Any, path: tuple[int | str, ...]) -> None:
        change = self._alteration(body.unit, path)
        if change is None:
            return
        if change.unit.level not in KIND_LEVELS[body.kind]:
            self.refuse("kind_of_other_level", change.line, f"{body.unit} {body.kind}")
        self._once(change, "kind", body.kind, path)

    def _province(self, body: Any, path: tuple[int | str, ...]) -> None:
        change = self._alteration(body.unit, path)
        province = self._successor(body.province, (*path, "province"))
        if change is None or province is None:
            return
        if change.unit.level != "commune":
            self.refuse("unit_of_other_level", change.line, body.unit)
        self._once(change, "province", province, path)

    def _district(self, body: Any, path: tuple[int | str, ...]) -> None:
        change = self._alteration(body.unit, path)
        if change is None:
            return
        if change.unit.level != "commune":
            self.refuse("unit_of_other_level", change.line, body.unit)
        self._check_district(body.district, change.line)
        self._once(change, "district", body.district, path)

    def _check_district(self, code: str, line: int | None) -> None:
        bearers = (unit for unit in self.known.with_code(code) if unit.level == "district")
        lives = any(u.alive_on(self.eve) and u.id not in self.plan.ended for u in bearers)
        if self.day >= _NO_DISTRICTS_FROM or not (lives or code in self.plan.born):
            self.refuse("district_unknown", line, code)

    def _alteration(self, code: str, path: tuple[int | str, ...]) -> Alteration | None:
        unit = self._living(code, (*path, "unit"))
        if unit is None:
            return None
        line = self.document.line(*path)
        if unit.id in self.plan.ended:
            self.refuse("unit_changed_twice", line, code)
            return None
        return self.plan.altered.setdefault(unit.id, Alteration(unit, line))

    def _once(
        self, change: Alteration, name: str, value: object, path: tuple[int | str, ...]
    ) -> None:
        if getattr(change, name) is not None:
            self.refuse("unit_changed_twice", self.document.line(*path), change.unit.code)
        setattr(change, name, value)

    # Checks across all changes

    def _check_parts(self) -> None:
        if self.refusals:
            return  # earlier refusals may be the reason for missing parts
        going = {leg.source.id for leg in self.plan.legs}
        for unit in self.plan.ended.values():
            if unit.id not in going and unit.level != "district":
                self.refuse("parts_missing", self.plan.line_of_end(unit), unit.code)
        by_source: dict[int, list[Leg]] = defaultdict(list)
        for leg in self.plan.legs:
            by_source[leg.source.id].append(leg)
        for legs in by_source.values():
            code, line = legs[0].source.code, legs[-1].line
            if len(legs) > 1 and any(leg.selector is None for leg in legs):
                self.refuse("parts_overlap", line, code)
            rests = [leg for leg in legs if leg.selector is not None and leg.selector.rest]
            if len(rests) > 1:
                self.refuse("rest_twice", rests[1].line, code)
            for name, times in Counter(_named_twice(legs)).items():
                if times > 1:
                    self.refuse("parts_overlap", line, f"{code}: {name}")

    def _check_names(self) -> None:
        """Refuse a new unit with the kind and name of another one in its province."""
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
            its = (born.level, where, born.definition.kind, born.definition.name)
            if borne.setdefault(its, born.code) != born.code:
                self.refuse("name_in_use", born.line, born.definition.name)

    def _provinces(self) -> None:
        for born in self.plan.born.values():
            if born.level == "province":
                continue
            province = self._province_of(born)
            if province is None:
                self.refuse("province_missing", born.line, born.code)
            else:
                self.plan.provinces[born.code] = province

    def _province_of(self, born: Born) -> Successor | None:
        """Return the given province or that of the first part, on the new map."""
        if born.level == "province":
            return None
        if born.definition.province is not None:
            if born.definition.province in self.plan.born:
                return self.plan.born[born.definition.province]
            living = (
                u for u in self.known.with_code(born.definition.province) if u.level == "province"
            )
            unit = next((u for u in living if u.alive_on(self.eve)), None)
        else:
            source = next((leg.source for leg in self.plan.legs if leg.successor is born), None)
            if source is not None and source.id in self.plan.parted:
                province, leg = self.plan.parted[source.id]
                return leg.successor if leg is not None else province
            unit = self.known.province_of(source, self.eve) if source is not None else None
        if unit is not None and unit.id in self.plan.ended:
            heirs = [leg.successor for leg in self.plan.legs if leg.source is unit]
            return heirs[0] if len(heirs) == 1 else None
        return unit

    def _check_days(self) -> None:
        lines = {leg.source.id: leg.line for leg in self.plan.legs}
        lines |= {
            leg.successor.id: leg.line for leg in self.plan.legs if isinstance(leg.successor, Unit)
        }
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
    """Yield what several parts of one unit name, as written."""
    for leg in legs:
        selector = leg.selector
        if selector is not None:
            yield from (part.street for part in selector.street_parts if part.is_whole)
            yield from selector.localities
            yield from selector.former
            yield from selector.communes


def _id_of(successor: Successor | None) -> object:
    if successor is None:
        return None
    return successor.id if isinstance(successor, Unit) else successor
