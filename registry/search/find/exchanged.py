"""Finds the door that is meant where street and ward may be exchanged: `5 Ngọc Hà, P. Đội Cấn` for
5 Đội Cấn, Phường Ngọc Hà. A kind that is written is believed, so such a door is only offered.
"""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import replace

from geo.admin import name_key, parse_name
from geo.street import parse_street
from registry.core.batching import Query, alone, bounded, side_by_side
from registry.core.reads import Reads
from registry.core.text_work import Work
from registry.search.answers import DOORS, Answer
from registry.search.find.areas import area_within, names_commune
from registry.search.find.door_search import Asker
from registry.search.find.next_door import ALLOWED_FAULTS, QUESTIONS, STEPS
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of


def exchanged_doors(
    gazetteer: Gazetteer,
    reads: Reads,
    day: datetime.date,
    answers: list[Answer],
    readings: Iterable[ReadAddress],
) -> list[Answer]:
    """Return the doors with the number on a street that has the written ward's name, in a commune
    of any map that has the written street's name, in the provinces of the answers.

    Empty if the door was found as it is written.
    """
    if answers[0].level in DOORS:
        return []
    searches = (_exchanged(gazetteer, day, answers, reading) for reading in readings)
    found = alone(reads, bounded(side_by_side(searches), [], Work(STEPS, QUESTIONS)))
    doors = {door.record.code: door for each in found for door in each if door.record is not None}
    return list(doors.values())


def _exchanged(
    gazetteer: Gazetteer, day: datetime.date, answers: list[Answer], reading: ReadAddress
) -> Query[list[Answer]]:
    door = reading.door
    if door.house_number is None or door.house_number.alley_only:
        return []
    communes = set(_communes(gazetteer, day, answers, reading))
    streets = filter(None, map(parse_street, dict.fromkeys(_wards(reading)))) if communes else ()
    area = area_within(communes)
    found = yield from side_by_side(
        Asker(gazetteer, day, replace(door, street=other), area).answers() for other in streets
    )
    return [
        a
        for each in found
        for a in each
        if a.level in DOORS and ALLOWED_FAULTS.issuperset(a.faults)
    ]


def _communes(
    gazetteer: Gazetteer, day: datetime.date, answers: list[Answer], reading: ReadAddress
) -> Iterator[int]:
    """Yield the communes that the name of the street may mean, or without one those named."""
    street = reading.door.street
    if street is None:
        named = (naming.commune for naming in reading.namings)
        for unit in filter(None, named):
            yield from communes_of(gazetteer, day, unit)
        return
    around = _provinces(gazetteer, day, answers)
    for hit in gazetteer.named(name_key(street.name)):
        if hit.unit.level == "commune":
            yield from communes_of(gazetteer, day, hit.unit) & around


def _provinces(gazetteer: Gazetteer, day: datetime.date, answers: list[Answer]) -> frozenset[int]:
    """Return the communes of the provinces that the answers lie in."""
    units = {a.unit.id: a.unit for a in answers if a.unit is not None}
    provinces: dict[int, Unit] = {}
    for unit in units.values():
        province = gazetteer.province_of(unit, day) or unit
        provinces[province.id] = province
    return frozenset().union(*(communes_of(gazetteer, day, one) for one in provinces.values()))


def _wards(reading: ReadAddress) -> Iterator[str]:
    """Yield the names of communes in a text: of the units read, and of parts that no unit has."""
    for naming in reading.namings:
        if naming.commune is not None:
            yield from (version.name for version in naming.commune.versions)
    for part in reading.unread:
        if names_commune(part):
            yield parse_name(part)[0].name
