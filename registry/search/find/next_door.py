"""Finds the wanted door next door: in another commune than the named one, or on a street there with
other diacritics.
"""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.text import fold
from registry.core.batching import alone, bounded, side_by_side
from registry.core.reads import Reads
from registry.core.text_work import Work
from registry.search.answers import DOORS, Answer
from registry.search.faults import BY_STREET
from registry.search.find.areas import area_within, last_districts
from registry.search.find.door_search import Asker
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of

MAX_DOORS: Final = 3
"""More doors with that street and number are other streets, not slips of the ward."""
STEPS: Final = 100
QUESTIONS: Final = 10
"""Limits of the work for this additional search."""
_NUMBERED: Final = "duong so "
ALLOWED_FAULTS: Final = frozenset({"ambiguous", "flat_missing", "marks_missing", BY_STREET})
"""Faults of doors that may be offered."""


def doors_next_door(
    gazetteer: Gazetteer,
    reads: Reads,
    day: datetime.date,
    answers: list[Answer],
    reading: ReadAddress | None,
) -> list[Answer]:
    """Find doors with the street and number in the districts around the named commune, or, if that
    is unknown, where the street is; and in the commune on streets with other diacritics.

    Empty if the door itself was found, or its street is numbered, as in every ward. Naming a
    neighbouring ward is the commonest slip; only the writer knows which part is wrong.
    """
    if reading is None or answers[0].level in DOORS or not _is_distinctive(reading.door):
        return []
    around = {
        commune
        for district in _districts(gazetteer, reading)
        for commune in communes_of(gazetteer, day, district)
    } or _where_found(answers)
    lookups = [(reading.door, around)]
    if (bare := _without_marks(reading.door)) != reading.door:
        lookups.append((bare, _where_not_found(answers)))
    searches = [
        Asker(gazetteer, day, door, area_within(communes)).answers()
        for door, communes in lookups
        if communes
    ]
    found = alone(reads, bounded(side_by_side(searches), [], Work(STEPS, QUESTIONS)))
    doors = [
        a
        for answers in found
        for a in answers
        if a.level in DOORS and ALLOWED_FAULTS.issuperset(a.faults)
    ]
    return doors if len(doors) <= MAX_DOORS else []


def _without_marks(door: Door) -> Door:
    """Return `20 Trân Phú` as `20 Tran Phu`, which may be on Trần Phú."""
    street = door.street
    return replace(door, street=street and replace(street, name=fold(street.name)))


def _where_not_found(answers: list[Answer]) -> set[int]:
    """Return the named communes without a street as written."""
    return {
        answer.unit.id
        for answer in answers
        if answer.unit is not None
        and answer.level == "commune"
        and "street_not_found" in answer.faults
    }


def _where_found(answers: list[Answer]) -> set[int]:
    """Return the communes of the streets that were found although the named commune is unknown."""
    return {
        answer.unit.id
        for answer in answers
        if answer.unit is not None
        and answer.unit.level == "commune"
        and "commune_unknown" in answer.faults
        and answer.parts.street_name is not None
    }


def _is_distinctive(door: Door) -> bool:
    """Whether number and street are distinctive; not `7 Đường số 3`."""
    number, street = door.house_number, door.street
    if number is None or number.alley_only or street is None:
        return False
    return not street.key.startswith(_NUMBERED)


def _districts(gazetteer: Gazetteer, reading: ReadAddress) -> Iterator[Unit]:
    """Yield the former districts that were named, or that contained a named commune."""
    for naming in reading.namings:
        if naming.district is not None:
            yield naming.district
        elif naming.commune is not None:
            yield from last_districts(gazetteer, naming.commune)
