"""One reading of an address, asked of the register: from the door outwards."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from geo.address import Door
from geo.label import LabelParts
from registry.gazetteer import Gazetteer, Unit
from registry.reads import Reads
from registry.records import Record
from registry.search.answers import Answer, of_record
from registry.search.areas import Area
from registry.search.choice import Choice, choose, places_named, wanted_of
from registry.search.doors import (
    MAX_PLACES,
    Place,
    Wanted,
    active_records,
    doors_in_communes,
    middles_of,
    places,
)
from registry.search.spelling import likely_keys

_FEW_COMMUNES: Final = 5
"""So few communes can be searched without street or locality."""
_MAX_SHOWN: Final = 20
"""Streets of one name that are answered, where the door is not known."""
_CORRECTED: Final = {"thoroughfare": "street_corrected", "locality": "locality_corrected"}
_NOT_FOUND: Final = {"thoroughfare": "street_not_found", "locality": "locality_not_found"}


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks the register about one door in one area."""

    gazetteer: Gazetteer
    reads: Reads
    day: datetime.date
    door: Door
    area: Area

    def answers(self) -> list[Answer]:
        """What fits best, all of one level; empty where not even a unit is known."""
        wanted = wanted_of(self.door)
        faults = list(self.area.faults)
        for table, keys in self._ways():
            found, corrected = self._places(table, keys, wanted)
            if not found:
                faults.append(_NOT_FOUND[table])
                continue
            faults += corrected
            return self._doors(found, wanted, faults) or self._surroundings(found, wanted, faults)
        if self.door.street is None and not self.door.localities:
            found_here = self._in_communes(wanted)
            if found_here.records:
                return self._records(found_here, faults)
            faults += found_here.faults
        return self._units([*faults, *self._missing(wanted)])

    # Streets and localities

    def _ways(self) -> Iterable[tuple[str, list[str]]]:
        street = self.door.street
        if street is not None:
            yield "thoroughfare", [street.key, *street.alt_keys]
        if self.door.localities:
            yield "locality", [locality.key for locality in self.door.localities]

    def _places(self, table: str, keys: list[str], wanted: Wanted) -> tuple[list[Place], list[str]]:
        if table == "locality" and self.door.street is not None:
            # Its number counts along a street that is not known: it is no number of the hamlet.
            wanted = Wanted()
        found = places(self.reads, table, keys, self.area.communes, wanted)
        if found:
            return found, []
        near = likely_keys(self.reads, table, keys, self.area.communes)
        if not near:
            return [], []
        return places(self.reads, table, near, self.area.communes, wanted), [_CORRECTED[table]]

    def _doors(self, found: list[Place], wanted: Wanted, faults: list[str]) -> list[Answer]:
        records = [record for place in found for record in place.records]
        choice = choose(records, self.door, wanted, self.area) if records else Choice()
        if not choice.records:
            # Why no door is the one asked for is said of its surroundings.
            faults += choice.faults
            return []
        if len(found) >= MAX_PLACES:
            faults.append("ambiguous")
        return self._records(choice, faults)

    def _surroundings(self, found: list[Place], wanted: Wanted, faults: list[str]) -> list[Answer]:
        """The alleys, streets or localities themselves: the door in them is not known."""
        named = places_named(found, self.door, self.area)
        in_alley = [place for place in named if place.alley] if wanted.alley else []
        faults = [*faults, *self._missing(wanted)]
        whole = self.door.house_number is not None and self.door.house_number.alley_only
        if in_alley and whole:
            faults = [fault for fault in faults if fault != "house_number_not_found"]
        alley = wanted.alley if in_alley else None
        shown = _one_each(in_alley or named)[:_MAX_SHOWN]
        middles = middles_of(self.reads, shown, alley)
        return _told_apart(
            [self._of_place(p, alley, faults, middles.get(p.id, (None, None))) for p in shown]
        )

    def _of_place(
        self,
        place: Place,
        alley: str | None,
        faults: list[str],
        middle: tuple[float | None, float | None],
    ) -> Answer:
        level = "locality" if place.table == "locality" else "alley" if alley else "street"
        if place.table == "locality":
            outer = ((kind, name) for kind, name, _ in place.outer)
            parts = LabelParts(number_key=alley, localities=((place.kind, place.name), *outer))
        else:
            parts = LabelParts(number_key=alley, street_kind=place.kind, street_name=place.name)
        return Answer(
            level=level,
            parts=parts,
            unit=self.gazetteer.units.get(place.unit_id),
            former=self.gazetteer.units.get(place.former_unit_id or 0),
            faults=tuple(dict.fromkeys(faults)),
            lon=middle[0],
            lat=middle[1],
            map=self.area.map,
        )

    def _missing(self, wanted: Wanted) -> list[str]:
        """What was asked for, or should have been, and is not in an answer above the door."""
        if wanted.numbers or wanted.alley:
            return ["house_number_not_found"]
        if wanted.building is not None:
            return ["building_not_found"]
        if wanted.flat is not None:
            return ["flat_not_found"]
        return ["house_number_missing"] if self.door.street is not None else []

    # Doors

    def _in_communes(self, wanted: Wanted) -> Choice:
        communes = self.area.communes or ()
        asked = wanted.numbers or wanted.building
        if not asked or not 0 < len(communes) <= _FEW_COMMUNES:
            return Choice()
        records = doors_in_communes(self.reads, communes, wanted)
        return choose(records, self.door, wanted, self.area) if records else Choice()

    def _records(self, choice: Choice, faults: list[str]) -> list[Answer]:
        records, more = self._living(choice.records)
        faults = [*faults, *choice.faults, *more]
        return _told_apart([self._of_record(record, faults) for record in records])

    def _living(self, records: tuple[Record, ...]) -> tuple[list[Record], list[str]]:
        """Retired records as what continues them; nothing where nothing does."""
        live = [record for record in records if record.status == "active"]
        if live:
            return live, []
        codes = sorted({code for record in records for code in record.successors or ()})
        return (active_records(self.reads, codes) if codes else []), ["retired"]

    def _of_record(self, record: Record, faults: list[str]) -> Answer:
        units = self.gazetteer.units
        return of_record(
            record,
            units.get(record.unit_id or 0),
            units.get(record.former_unit_id or 0),
            faults=tuple(dict.fromkeys(faults)),
            asked_map=self.area.map,
        )

    # Units

    def _units(self, faults: list[str]) -> list[Answer]:
        units = list(self.area.innermost)
        communes = [unit for unit in units if unit.level == "commune"]
        if len(communes) > _FEW_COMMUNES:
            # A district of old: its province is what is sure.
            provinces = {p.id: p for u in communes if (p := self._province(u)) is not None}
            units = list(provinces.values())
        elif len(communes) > 1:
            faults = [*faults, "commune_undecided"]
        return _told_apart([self._of_unit(unit, faults) for unit in units])

    def _province(self, unit: Unit) -> Unit | None:
        return self.gazetteer.province_of(unit, self.day)

    def _of_unit(self, unit: Unit, faults: list[str]) -> Answer:
        asked = self.area.formers.get(unit.id, frozenset())
        former = self.gazetteer.units.get(next(iter(asked))) if len(asked) == 1 else None
        return Answer(
            level=unit.level,
            parts=LabelParts(),
            unit=unit,
            former=former,
            faults=tuple(dict.fromkeys(faults)),
            lon=unit.lon,
            lat=unit.lat,
            map=self.area.map,
        )


def _one_each(found: list[Place]) -> list[Place]:
    """One place for each commune and former commune, in a steady order."""
    first: dict[tuple[int, int | None, str], Place] = {}
    for place in found:
        first.setdefault((place.unit_id, place.former_unit_id, place.key), place)
    return list(first.values())


def _told_apart(answers: list[Answer]) -> list[Answer]:
    """The same answers; where there are several, each says that it is not the only one."""
    if len(answers) < 2:
        return answers
    return [
        replace(answer, faults=tuple(dict.fromkeys((*answer.faults, "ambiguous"))))
        for answer in answers
    ]
