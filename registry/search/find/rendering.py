"""Builds answers from doors, streets and units of the register, with their faults."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, cast

from geo.label import LabelParts
from geo.values import value
from registry.core.batching import Query
from registry.records.record import Record, last_day
from registry.search.answers import Answer, Level, of_record
from registry.search.find.areas import Area
from registry.search.find.doors import Hit, Place, active_records, records_of
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of

_OF_NAMESAKES: Final = {"commune_unsure": None, "province_missing": "province_supposed"}
"""Fault of an area of several communes of one name → its replacement for the only one with that
name today.
"""
FEW_COMMUNES: Final = 5
"""Most communes that are searched without street or locality."""
MAX_SHOWN: Final = 20
"""Most streets of one name that are returned if the door is unknown."""


@value(frozen=True, slots=True)
class AnswerBuilder:
    """Builds the answers of one area."""

    gazetteer: Gazetteer
    day: datetime.date
    area: Area

    def records(
        self, hits: Iterable[Hit], faults: list[str], *, reused: bool = False
    ) -> Query[list[Answer]]:
        """Return the doors; retired ones as their successors, if any."""
        answers: dict[str, Answer] = {}
        for hit in hits:
            more = list(faults)
            if hit.former_name:
                more.append("former_name")
            if hit.former_number:
                more.append("former_number")
            if reused:
                more.append("reused")
            records = [hit.record]
            if hit.record.status != "active":
                more.append("retired")
                whole = yield from records_of([hit.record.code])
                records = yield from active_records(whole[0].successors or () if whole else ())
            for record in records:
                answers.setdefault(record.code, self._of_record(record, more))
        return mark_ambiguous(list(answers.values()))

    def _of_record(self, record: Record, faults: list[str]) -> Answer:
        units = self.gazetteer.units
        return of_record(
            record,
            units.get(record.unit_id or 0),
            units.get(record.former_unit_id or 0),
            faults=self.faults_of(record.unit_id, faults),
            asked_map=self.area.map,
        )

    def faults_of(self, unit_id: int | None, faults: Iterable[str]) -> tuple[str, ...]:
        """Return each fault once. The one commune with that name today is certain, despite former
        ones."""
        left = _OF_NAMESAKES if self.area.own == {unit_id} else {}
        kept = dict.fromkeys(left.get(fault, fault) for fault in faults)
        if unit_id in self.area.loose:
            kept["commune_missing"] = None
        return tuple(fault for fault in kept if fault is not None)

    def of_place(
        self,
        place: Place,
        alley: str | None,
        faults: list[str],
        middle: tuple[float | None, float | None],
    ) -> Answer:
        """Return the answer for a street, an alley of one or a locality, at its middle if known."""
        level: Level = "locality" if place.class_ == "locality" else "alley" if alley else "street"
        if place.class_ == "locality":
            outer = ((kind, name) for kind, name, _ in place.outer)
            parts = LabelParts(number_key=alley, localities=((place.kind, place.name), *outer))
        else:
            parts = LabelParts(number_key=alley, street_kind=place.kind, street_name=place.name)
        if place.was is not None:
            faults = [*faults, "former_name"]
        return Answer(
            level=level,
            parts=parts,
            unit=self.gazetteer.units.get(place.unit_id),
            former=self.gazetteer.units.get(place.former_unit_id or 0),
            faults=self.faults_of(place.unit_id, faults),
            lon=middle[0],
            lat=middle[1],
            map=self.area.map,
        )

    def units(self, faults: list[str]) -> list[Answer]:
        """Return the named communes or provinces, if nothing inside them was found."""
        units = list(self.area.innermost)
        communes = [unit for unit in units if unit.level == "commune"]
        if len(communes) > FEW_COMMUNES:
            # A former district: only its province is certain.
            provinces = {p.id: p for u in communes if (p := self._province(u)) is not None}
            units = list(provinces.values())
            if "commune_missing" not in faults:
                # `Thạnh Phú, Bến Tre` was a town and the district around it.
                faults = [*faults, "commune_unsure"]
            if called := self._current_namesakes(communes):
                # It may also be elsewhere in the district, or in a former commune of the name.
                wide = units if self.area.loose or len(called) == 1 else []
                undecided = [*faults, "commune_undecided"]
                return mark_ambiguous(
                    [self._of_unit(unit, faults) for unit in wide]
                    + [self._of_unit(unit, undecided) for unit in called]
                )
            undecided = [*faults, "commune_undecided", "ambiguous"]
            successors = [self._of_unit(unit, undecided) for unit in self._successors(communes)]
            return mark_ambiguous([self._of_unit(unit, faults) for unit in units]) + successors
        if len(communes) > 1:
            faults = [*faults, "commune_undecided"]
        return mark_ambiguous([self._of_unit(unit, faults) for unit in units])

    def _successors(self, communes: list[Unit]) -> list[Unit]:
        """Return the communes that succeed a former district, those with most of it first."""
        shares: Counter[int] = Counter()
        for district in map(self.gazetteer.units.__getitem__, self.area.districts):
            for held in self.gazetteer.members(district, last_day(district)):
                onward = communes_of(self.gazetteer, self.day, held)
                shares.update(dict.fromkeys(onward, 60 // len(onward)) if onward else {})
        found = [unit for unit in communes if shares[unit.id]]
        return sorted(found, key=lambda unit: -shares[unit.id])[:MAX_SHOWN]

    def _current_namesakes(self, communes: list[Unit]) -> list[Unit]:
        """Return the communes with the name in the text today: `Ba Đình, Hà Nội`, which was also a
        district. Empty if only a district is named, or if there are too many."""
        area = self.area
        if area.districts and not area.loose:
            return []
        called = [u for u in communes if u.id not in area.loose and u.id not in area.formers]
        return called if len(called) <= MAX_SHOWN else []

    def _province(self, unit: Unit) -> Unit | None:
        return self.gazetteer.province_of(unit, self.day)

    def _of_unit(self, unit: Unit, faults: list[str]) -> Answer:
        named = self.area.named_formers.get(unit.id, frozenset())
        former = self.gazetteer.units.get(next(iter(named))) if len(named) == 1 else None
        return Answer(
            level=cast(Level, unit.level),
            parts=LabelParts(),
            unit=unit,
            former=former,
            faults=self.faults_of(unit.id, faults),
            lon=unit.lon,
            lat=unit.lat,
            map=self.area.map,
        )


def mark_ambiguous(answers: list[Answer]) -> list[Answer]:
    """Return the answers; if there are several, each with the fault `ambiguous`."""
    if len(answers) < 2:
        return answers
    return [
        replace(answer, faults=tuple(dict.fromkeys((*answer.faults, "ambiguous"))))
        for answer in answers
    ]
