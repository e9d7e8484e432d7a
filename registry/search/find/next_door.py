"""The very door that was asked for, registered next door: in another commune than the one named,
or on a street there whose name has other marks.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.text import fold
from registry.core.batching import alone, bounded, side_by_side
from registry.core.reads import Reads
from registry.core.text_work import Work
from registry.search.answers import DOORS, Answer
from registry.search.faults import BY_STREET
from registry.search.find.areas import Area, last_districts
from registry.search.find.door_search import Asker
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of

MAX_DOORS: Final = 3
"""More doors of that street and number are no slip of the ward: they are other streets."""
_STEPS: Final = 100
_QUESTIONS: Final = 10
"""Of the work of a text, for this look beside what it names."""
_NUMBERED: Final = "duong so "
_BORNE_BY_ALL: Final = frozenset({"ambiguous", "flat_missing", "marks_missing", BY_STREET})


def doors_beside(
    gazetteer: Gazetteer,
    reads: Reads,
    day: datetime.date,
    answers: list[Answer],
    reading: ReadAddress | None,
) -> list[Answer]:
    """Doors of the street and number that was read, in the districts around the commune named, or
    where the street is, if nobody knows that commune; and those in it of a street with other marks.

    Empty where the door itself was found, or its street is one of a number, as every ward has. To
    name the ward next door is the commonest slip; which of both is wrong, only the writer knows.
    """
    if reading is None or answers[0].level in DOORS or not _is_telling(reading.door):
        return []
    around = {
        commune
        for district in _districts(gazetteer, reading)
        for commune in communes_of(gazetteer, day, district)
    } or _where_found(answers)
    asked = [(reading.door, around)]
    if (bare := _without_marks(reading.door)) != reading.door:
        asked.append((bare, _where_not_found(answers)))
    searches = [
        Asker(gazetteer, day, door, _area(communes)).answers()
        for door, communes in asked
        if communes
    ]
    found = alone(reads, bounded(side_by_side(searches), [], Work(_STEPS, _QUESTIONS)))
    doors = [
        a
        for answers in found
        for a in answers
        if a.level in DOORS and _BORNE_BY_ALL.issuperset(a.faults)
    ]
    return doors if len(doors) <= MAX_DOORS else []


def _area(communes: Iterable[int]) -> Area:
    return Area(tuple(sorted(communes)), {}, (), (), None)


def _without_marks(door: Door) -> Door:
    """`20 Trân Phú` as `20 Tran Phu`, which may be on Trần Phú."""
    street = door.street
    return replace(door, street=street and replace(street, name=fold(street.name)))


def _where_not_found(answers: list[Answer]) -> set[int]:
    """The communes named that have no street as it was written."""
    return {
        answer.unit.id
        for answer in answers
        if answer.unit is not None
        and answer.level == "commune"
        and "street_not_found" in answer.faults
    }


def _where_found(answers: list[Answer]) -> set[int]:
    """The communes of the streets found in place of a commune that nobody knows."""
    return {
        answer.unit.id
        for answer in answers
        if answer.unit is not None
        and answer.unit.level == "commune"
        and "commune_unknown" in answer.faults
        and answer.parts.street_name is not None
    }


def _is_telling(door: Door) -> bool:
    """Whether number and street are enough to know the door again: `7 Đường số 3` is not."""
    number, street = door.house_number, door.street
    if number is None or number.alley_only or street is None:
        return False
    return not street.key.startswith(_NUMBERED)


def _districts(gazetteer: Gazetteer, reading: ReadAddress) -> Iterator[Unit]:
    """The districts of old that were named, or held what was."""
    for naming in reading.namings:
        if naming.district is not None:
            yield naming.district
        elif naming.commune is not None:
            yield from last_districts(gazetteer, naming.commune)
