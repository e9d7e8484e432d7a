"""Labels of before July 2025, as far as they do not follow from today's and the former commune."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from geo.label import LabelParts, alley_word, named, number_label
from registry.core.batching import alone
from registry.core.reads import Reads
from registry.publish.pack.rows import Door, Place
from registry.records.past import with_past
from registry.records.record import Record, label_on
from registry.search.find.doors import records_of
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.gazetteer import Gazetteer, Unit

_AT_ONCE: Final = 1_000


class Before:
    """The units part of labels of 30 June 2025."""

    def __init__(self, known: Gazetteer, commune: Unit, alley: str) -> None:
        self._known, self._commune = known, commune
        self.alley = alley
        self.words: list[str | None] = []
        """Units part of the label for each former commune that doors name; None if ambiguous."""
        self._at: dict[int | None, int] = {}
        self._alleys: list[str] = []

    def at(self, former_id: int | None) -> int:
        """Return the index in `words` of a former commune; None is for doors without one."""
        found = self._at.get(former_id)
        if found is None:
            former = self._known.units[former_id] if former_id else None
            label = label_on(
                self._known, LAST_DAY_OF_OLD_MAP, LabelParts(), self._commune, former
            ).label
            found = self._at[former_id] = len(self.words)
            self.words.append(label)
            self._alleys.append(alley_word((label or "").rpartition(", ")[2]))
        return found

    def is_apart(self, door: Door) -> bool:
        """Whether the label of its number was different then: alleys had another word."""
        alley = self._alleys[self.at(door.former_unit_id)]
        if alley == self.alley or door.house_number_key is None:
            return False
        return number_label(door.house_number_key, door.house_number, alley) != number_label(
            door.house_number_key, door.house_number, self.alley
        )


@dataclass(frozen=True, slots=True)
class Renamed:
    """Places and doors renamed by a decision since 30 June 2025."""

    streets: dict[int, str]
    """Id → its name then."""
    localities: dict[int, str]
    """Id → its name then, with those of the localities around it."""
    codes: set[str]
    """Codes of doors that changed themselves, so that former names of places do not suffice."""

    @classmethod
    def of(
        cls,
        reads: Reads,
        doors: Sequence[Door],
        streets: Sequence[Place],
        localities: Sequence[Place],
        decided: dict[str, bool],
    ) -> Self:
        """Find the renamed places and doors.

        `decided` maps codes of doors that a decision changed to whether it renamed them. The former
        name of a place comes from one of its doors that has not changed itself.
        """
        roads = {place.id for place in streets if place.renamed}
        holder = {place.id: place.parent_id for place in localities}
        places = {place.id for place in localities if place.renamed}

        def lies_in(locality_id: int | None) -> bool:
            while locality_id is not None and locality_id not in places:
                locality_id = holder.get(locality_id)
            return locality_id is not None

        codes, of_street, of_locality = set[str](), dict[int, str](), dict[int, str]()
        for door in doors:
            on, within = door.street_id in roads, lies_in(door.locality_id)
            if door.code in decided:
                if on or within or decided[door.code]:
                    codes.add(door.code)
            elif on and door.street_id is not None:
                of_street[door.street_id] = door.code
            if within and door.locality_id is not None and door.code not in decided:
                of_locality[door.locality_id] = door.code
        then = _then(reads, {*of_street.values(), *of_locality.values()})
        return cls(
            {
                street: named(parts.street_kind, parts.street_name or "")
                for street, code in of_street.items()
                if (parts := then.get(code)) is not None
            },
            {
                locality: ", ".join(named(*each) for each in parts.localities)
                for locality, code in of_locality.items()
                if (parts := then.get(code)) is not None
            },
            codes,
        )


def _then(reads: Reads, codes: set[str]) -> dict[str, LabelParts]:
    """Return the label parts of doors on 30 June 2025."""
    records = records_with_past(reads, sorted(codes))
    return {record.code: then.parts for record in records for then in record.past}


def records_with_past(reads: Reads, codes: Sequence[str]) -> Iterator[Record]:
    """Yield the records of these codes, with their state of 30 June 2025 if they were renamed."""
    for start in range(0, len(codes), _AT_ONCE):
        records = alone(reads, records_of(codes[start : start + _AT_ONCE]))
        yield from alone(reads, with_past(records))
