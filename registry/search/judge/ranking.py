"""What was found of a text, and which of several readings' answers fit it best.

A likelier reading wins among equals; whatever had to be supposed is a fault of the answer.
"""

import datetime
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from geo.address import Door
from geo.admin import parse_name
from geo.alternatives import SECOND_NUMBER_DROPPED
from geo.locality import Locality
from geo.number_or_name import DASH_UNSURE, LETTER_UNSURE
from geo.spelling import are_apart
from geo.text import fold, is_one_slip
from geo.values import value
from registry.search.answers import DOORS, LEVELS, PLACED, Answer, with_fault, without_fault
from registry.search.faults import COMMUNE_NOT_GIVEN, ONLY_DOOR, confidence
from registry.search.find.blocks import has_building_name, is_called_so
from registry.search.find.mistyped_codes import MeantCode
from registry.search.judge.explanation import Tried
from registry.search.read.door_with_units import ReadAddress
from registry.units.boundaries.reach import moved_m
from registry.units.by_letters import match_in, squash
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.lineage import ancestors

_SURE: Final = 0.95
"""A reading with such an answer is not compared with less likely readings."""
_PASSED_OVER: Final = frozenset(
    {"unread_words", "unread_place", "commune_unknown", "province_missing", *COMMUNE_NOT_GIVEN}
)
SECOND_NUMBER: Final = "second_number"
_EITHER: Final = frozenset({LETTER_UNSURE, DASH_UNSURE})
"""Faults of a number that is read in two ways."""


@value(frozen=True, slots=True)
class Located:
    """Answers, and how the question was read."""

    answers: list[Answer]
    reading: ReadAddress | None
    """What was read of the text, the likeliest reading where nothing was found; None where the text
    is a code or a point, or holds no word."""
    tried: tuple[Tried, ...] = ()
    """Every reading that was asked of the register, in that order."""
    meant: MeantCode | None = None
    """Where the text leads nowhere, and all of it was meant as a code."""
    coded: tuple[Answer, ...] = ()
    """Doors of a code in the text that leads elsewhere than the rest, which is answered."""


def rank(answer: Answer) -> tuple[int, float]:
    """The nearer to the door the better: what understands less of a text has fewer faults. A door
    that is told by its hamlet alone is no nearer than that.
    """
    level = "locality" if ONLY_DOOR in answer.faults else answer.level
    return (LEVELS.index(level), -answer.confidence)


def fits_better(one: Answer, reading: ReadAddress, other: Answer, before: ReadAddress) -> bool:
    """Whether a reading's answer beats that of a likelier reading.

    Where no more than the commune is found, leaving the street unread is no better fit; nor is a
    single door a better one than several of the likelier reading.
    """
    if one.level not in PLACED and other.level not in PLACED:
        more = len(reading.unread) - len(before.unread)
        if one.level == other.level or more > 0:
            return more < 0  # `P. Hưng Phúc, Yên Sở, Hai Bà Trưng` is no ward of Nghệ An
    if "street_not_found" in one.faults and before.door.street is None and other.unit is not None:
        return False  # `p Trảng Dài` is the ward, where no street is called so
    sure = confidence(fault for fault in other.faults if fault != "ambiguous")
    return rank(one) < (LEVELS.index(other.level), -sure)


_LEFT_OUT: Final = frozenset(
    {"ambiguous", "address_shared", "province_missing", "flat_missing", *COMMUNE_NOT_GIVEN}
)
"""Faults of what a text does not say; no other way to read it says more."""


def is_door(located: Located) -> bool:
    """Whether the best answer is a household or a building."""
    return bool(located.answers) and located.answers[0].level in DOORS


def better_by_letters(best: Located, other: Located) -> Located:
    """The answers to a text whose names were found by their letters, where they are nearer to the
    door, or as near and surer.
    """
    faulty = [with_fault(answer, "spelling_corrected") for answer in other.answers]
    if not faulty:
        return best
    if not best.answers:
        return Located(faulty, other.reading)
    one, new = best.answers[0], faulty[0]
    single = "ambiguous" not in one.faults or not _EITHER.isdisjoint(one.faults)
    whole = _PASSED_OVER.isdisjoint(one.faults) and single
    if is_door(best) and (whole or new.level not in DOORS):
        return best
    nearer = LEVELS.index(one.level) - LEVELS.index(new.level)
    # What passes over units names less of the text, though it may be the surer for it.
    passed = _PASSED_OVER.intersection(one.faults).difference(new.faults)
    elsewhere = passed and {a.unit for a in best.answers} != {a.unit for a in faulty}
    if nearer == 0 and "ambiguous" in one.faults and not passed and one.level not in DOORS:
        elsewhere = elsewhere or new.unit not in [a.unit for a in best.answers]
        return Located(faulty, other.reading) if elsewhere else best
    surer = nearer > 0 or (nearer == 0 and (passed or new.confidence > one.confidence))
    return Located(faulty, other.reading) if elsewhere or surer else best


def names_other_commune(gazetteer: Gazetteer, best: Located, commune: Unit) -> bool:
    """Whether a door was found without a commune, past words that but for spaces are that one's
    name, and not even nearly that of the door's: `18 Đ. số 7, Tân H ưng, Qu ận 7`.
    """
    unread = best.reading.unread if best.reading else ()
    if not is_door(best) or COMMUNE_NOT_GIVEN.isdisjoint(best.answers[0].faults):
        return False
    named = any(squash(version.name) in squash("".join(unread)) for version in commune.versions)
    return named and not any(_is_told_in(gazetteer, answer, unread) for answer in best.answers)


def is_other_door(one: Located, other: Located) -> bool:
    """Whether a door was found that the other reading does not name."""
    if not is_door(one) or one.reading is None or other.reading is None:
        return False
    return _door_said(one.reading.door) != _door_said(other.reading.door)


def _door_said(door: Door) -> tuple[str | None, str | None, tuple[str, ...]]:
    """What tells a door from its neighbours: number, flat and localities."""
    number, flat = door.house_number, door.flat
    return (
        number.key if number else None,
        flat.unit if flat else None,
        tuple(locality.key for locality in door.localities),
    )


def is_sure(answer: Answer) -> bool:
    """Whether less likely readings need not be asked for."""
    return answer.level in DOORS and answer.confidence >= _SURE


def is_as_written(answer: Answer) -> bool:
    """Whether it is a door that bears all that the text says, which may fit others as well."""
    return answer.level in DOORS and _LEFT_OUT.issuperset(answer.faults)


def is_unit_alone(reading: ReadAddress, day: datetime.date) -> bool:
    """Whether the text says nothing but a commune or province of today, as it is called."""
    inner = (naming.innermost for naming in reading.namings)
    named = any(u is not None and u.level != "district" and u.alive_on(day) for u in inner)
    return named and reading.door == Door() and not reading.unread


def with_unit_first(unit: Located, streets: Located) -> Located:
    """A unit before the streets of its name: `Trường Sa` is an archipelago as well."""
    answers = [*unit.answers, *streets.answers]
    told = [a if "ambiguous" in a.faults else with_fault(a, "ambiguous") for a in answers]
    return Located(told, unit.reading)


def either_door(
    answers: list[Answer], others: list[Answer], reading: ReadAddress | None
) -> list[Answer]:
    """With the doors of another reading beside it, where a letter or a dash leaves it open which is
    meant: `51 D Nguyen Hue`. A second number with which no door is registered leaves nothing open.
    """
    if not answers or answers[0].record is None or reading is None:
        return answers
    open_by = _EITHER.intersection(answers[0].faults)
    numbers = SECOND_NUMBER in answers[0].faults and SECOND_NUMBER_DROPPED in reading.notes
    known = {answer.record.code for answer in answers if answer.record}
    beside = [a for a in others if a.record and a.record.code not in known]
    if numbers and not beside:
        return [without_fault(answer, SECOND_NUMBER) for answer in answers]
    more = [answer for answer in beside if open_by.intersection(answer.faults)]
    return [with_fault(answer, "ambiguous") for answer in (*answers, *more)] if more else answers


def with_named_places(answers: list[Answer], reading: ReadAddress) -> ReadAddress:
    """The reading with the estate or building of the doors found, where the text has its name
    without a kind: `căn 1205 Sunrise City`, `toà S2 Vinhomes Smart City`.
    """
    records = [answer.record for answer in answers]
    if not reading.unread or not records:
        return reading
    door, unread = reading.door, []
    around = set.intersection(*(set(one.localities) if one else set() for one in records))
    named = {
        squash(name): Locality(kind, name, fold(f"{kind} {name}"))
        for kind, name in around
        if not name.isdigit()
    }
    for part in reading.unread:
        flat, place = door.flat, named.get(squash(part))
        block = flat.building if flat else None
        called = f"{block} {part}" if block else part  # `W1, Sunrise City`
        is_said_of = has_building_name if block else is_called_so
        if place is not None and not are_apart(part, place.name):
            door = replace(door, localities=(*door.localities, place))
        elif flat and all(one and is_said_of(called, one) for one in records):
            door = replace(door, flat=replace(flat, building=called))
        else:
            unread.append(part)
    return replace(reading, door=door, unread=tuple(unread))


def filter_by_named_place(answers: list[Answer], unread: Iterable[str]) -> list[Answer]:
    """Of doors that fit alike, those in an estate or hamlet of which the text has the name without
    a kind: `12 Nguyễn Huệ, Ciputra`. Their street is not missing.
    """
    parts = {squash(part): part for part in unread} if answers and answers[0].record else {}
    there = [
        without_fault(answer, "street_missing")
        for answer in answers
        if any(_is_said(parts, kind, name) for kind, name in answer.parts.localities if parts)
    ]
    return [without_fault(there[0], "ambiguous")] if len(there) == 1 else there or answers


def _is_said(parts: Mapping[str, str], kind: str, name: str) -> bool:
    """Whether one of the parts is the name of a locality, with its kind or without."""
    said = ((part, one) for one in (name, f"{kind} {name}") if (part := parts.get(squash(one))))
    return not name.isdigit() and any(not are_apart(part, one) for part, one in said)


def filter_by_unread_unit(
    gazetteer: Gazetteer, answers: list[Answer], unread: Iterable[str]
) -> list[Answer]:
    """Of answers from anywhere, no unit being named, those whose commune or district is what was
    left unread, nearly: `13 Đồng Khởi, Pưhờng Ninh Kiều` is no house in Hải Phòng. All of them
    where only numbers were left.
    """
    unread = tuple(unread)
    if not any(any(map(str.isalpha, part)) for part in unread):
        return answers
    return [answer for answer in answers if _is_told_in(gazetteer, answer, unread)]


def _is_told_in(gazetteer: Gazetteer, answer: Answer, unread: Iterable[str]) -> bool:
    inner = [unit for unit in (answer.unit, answer.former) if unit is not None]
    before = [gazetteer.units[held] for unit in inner for held in ancestors(gazetteer, unit)]
    around = [gazetteer.units[held] for unit in inner for held in gazetteer.holders(unit)]
    parts = [squash(part) for part in unread]
    keys = {squash(reading.key) for part in unread for reading in parse_name(part)}
    return any(
        (name := squash(version.name)) in "".join(parts)
        or (unit in inner and any(match_in(name, part) for part in parts))
        or (unit in inner and any(is_one_slip(name, key) for key in keys))
        for unit in (*inner, *before, *around)
        if unit.level != "province"
        for version in unit.versions
    )


def contradict(coded: Answer, read: Answer) -> bool:
    """Whether what was read names another commune, street or number than the code's door."""
    one, other = coded.parts, read.parts
    known = read.record.code if read.record else None
    if known is not None and coded.record is not None and known != coded.record.code:
        # The building of the flat is no contradiction.
        return known != coded.record.parent_code
    return (
        _elsewhere(coded.unit, read.unit)
        or "house_number_not_found" in read.faults
        or (other.number_key is not None and other.number_key != one.number_key)
        or (other.street_name is not None and other.street_name != one.street_name)
    )


def _elsewhere(one: Unit | None, other: Unit | None) -> bool:
    if one is None or other is None or other.level != "commune":
        return False
    return one.id != other.id


def nearest_first(answers: list[Answer], lon: float, lat: float) -> list[Answer]:
    """Among answers of equal level and confidence, those near the point first."""

    def key(answer: Answer) -> tuple[Any, ...]:
        return answer.is_of_other_former, *rank(answer), metres_from(answer, lon, lat)

    return sorted(answers, key=key)


def metres_from(answer: Answer, lon: float, lat: float) -> float:
    """How far an answer lies from a point, in metres; infinite without a position."""
    if answer.lon is None or answer.lat is None:
        return math.inf
    return moved_m((answer.lon, answer.lat), (lon, lat))
