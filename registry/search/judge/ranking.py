"""Compares the answers of several readings of a text.

A likelier reading wins among equals; every assumption is a fault of the answer.
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
from registry.search.find.blocks import has_building_name, may_have_name
from registry.search.find.mistyped_codes import MeantCode
from registry.search.judge.explanation import Tried
from registry.search.read.door_with_units import ReadAddress
from registry.units.boundaries.reach import moved_m
from registry.units.by_letters import match_in, squash
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.lineage import ancestors

_SURE: Final = 0.95
"""Confidence from which less likely readings are not compared."""
_PASSED_OVER: Final = frozenset(
    {"unread_words", "unread_place", "commune_unknown", "province_missing", *COMMUNE_NOT_GIVEN}
)
SECOND_NUMBER: Final = "second_number"
_EITHER: Final = frozenset({LETTER_UNSURE, DASH_UNSURE})
"""Faults of a number with two readings."""


@value(frozen=True, slots=True)
class Located:
    """Answers with their reading of the query."""

    answers: list[Answer]
    reading: ReadAddress | None
    """The reading that was answered, or the likeliest if nothing was found; None if the text is a
    code or a point, or has no word."""
    tried: tuple[Tried, ...] = ()
    """Every reading that was looked up, in order."""
    meant: MeantCode | None = None
    """Set if nothing was found and the whole text was meant as a code."""
    coded: tuple[Answer, ...] = ()
    """Doors of a code in the text that contradicts the rest, which was answered."""


def rank(answer: Answer) -> tuple[int, float]:
    """Return the sort key: nearness to the door first, since understanding less of a text causes
    fewer faults. A door found only by its hamlet counts as the hamlet.
    """
    level = "locality" if ONLY_DOOR in answer.faults else answer.level
    return (LEVELS.index(level), -answer.confidence)


def fits_better(one: Answer, reading: ReadAddress, other: Answer, before: ReadAddress) -> bool:
    """Whether a reading's answer beats that of a likelier reading.

    If only the commune is found, leaving the street unread is not a better fit; nor is a single
    door better than several of the likelier reading.
    """
    if one.level not in PLACED and other.level not in PLACED:
        more = len(reading.unread) - len(before.unread)
        if one.level == other.level or more > 0:
            return more < 0  # `P. Hưng Phúc, Yên Sở, Hai Bà Trưng` is not a ward of Nghệ An
    if "street_not_found" in one.faults and before.door.street is None and other.unit is not None:
        return False  # `p Trảng Dài` is the ward if no street has the name
    sure = confidence(fault for fault in other.faults if fault != "ambiguous")
    return rank(one) < (LEVELS.index(other.level), -sure)


_LEFT_OUT: Final = frozenset(
    {"ambiguous", "address_shared", "province_missing", "flat_missing", *COMMUNE_NOT_GIVEN}
)
"""Faults of what a text lacks, which no other reading can supply."""


def is_door(located: Located) -> bool:
    """Whether the best answer is a household or a building."""
    return bool(located.answers) and located.answers[0].level in DOORS


def better_by_letters(best: Located, other: Located) -> Located:
    """Return the answers of names matched by their letters, if they are nearer to the door, or as
    near and surer, else `best`.
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
    # An answer that ignores units uses less of the text, even if it has fewer faults.
    passed = _PASSED_OVER.intersection(one.faults).difference(new.faults)
    elsewhere = passed and {a.unit for a in best.answers} != {a.unit for a in faulty}
    if nearer == 0 and "ambiguous" in one.faults and not passed and one.level not in DOORS:
        elsewhere = elsewhere or new.unit not in [a.unit for a in best.answers]
        return Located(faulty, other.reading) if elsewhere else best
    surer = nearer > 0 or (nearer == 0 and (passed or new.confidence > one.confidence))
    return Located(faulty, other.reading) if elsewhere or surer else best


def names_other_commune(gazetteer: Gazetteer, best: Located, commune: Unit) -> bool:
    """Whether a door was found without a commune although unread words are, except for spaces, the
    name of `commune`, and not nearly that of the door's: `18 Đ. số 7, Tân H ưng, Qu ận 7`.
    """
    unread = best.reading.unread if best.reading else ()
    if not is_door(best) or COMMUNE_NOT_GIVEN.isdisjoint(best.answers[0].faults):
        return False
    named = any(squash(version.name) in squash("".join(unread)) for version in commune.versions)
    return named and not any(
        _nearly_names_unit(gazetteer, answer, unread) for answer in best.answers
    )


def is_other_door(one: Located, other: Located) -> bool:
    """Whether a door was found that differs from the other reading's door."""
    if not is_door(one) or one.reading is None or other.reading is None:
        return False
    return _door_identity(one.reading.door) != _door_identity(other.reading.door)


def _door_identity(door: Door) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return what identifies a door among its neighbours: number, flat and localities."""
    number, flat = door.house_number, door.flat
    return (
        number.key if number else None,
        flat.unit if flat else None,
        tuple(locality.key for locality in door.localities),
    )


def is_sure(answer: Answer) -> bool:
    """Whether less likely readings need not be looked up."""
    return answer.level in DOORS and answer.confidence >= _SURE


def is_as_written(answer: Answer) -> bool:
    """Whether it is a door that matches all of the text, which may match others as well."""
    return answer.level in DOORS and _LEFT_OUT.issuperset(answer.faults)


def is_unit_alone(reading: ReadAddress, day: datetime.date) -> bool:
    """Whether the text is only the name of a current commune or province."""
    inner = (naming.innermost for naming in reading.namings)
    named = any(u is not None and u.level != "district" and u.alive_on(day) for u in inner)
    return named and reading.door == Door() and not reading.unread


def with_unit_first(unit: Located, streets: Located) -> Located:
    """Put a unit before the streets of its name: `Trường Sa` is also an archipelago."""
    answers = [*unit.answers, *streets.answers]
    marked = [a if "ambiguous" in a.faults else with_fault(a, "ambiguous") for a in answers]
    return Located(marked, unit.reading)


def either_door(
    answers: list[Answer], others: list[Answer], reading: ReadAddress | None
) -> list[Answer]:
    """Add the doors of another reading if a letter or a dash has two readings: `51 D Nguyen Hue`. A
    second number without a registered door is not a doubt.
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
    """Return the reading with the estate or building of the doors found, if the text has its name
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
        is_said_of = has_building_name if block else may_have_name
        if place is not None and not are_apart(part, place.name):
            door = replace(door, localities=(*door.localities, place))
        elif flat and all(one and is_said_of(called, one) for one in records):
            door = replace(door, flat=replace(flat, building=called))
        else:
            unread.append(part)
    return replace(reading, door=door, unread=tuple(unread))


def filter_by_named_place(answers: list[Answer], unread: Iterable[str]) -> list[Answer]:
    """Return, of doors that fit equally, those in an estate or hamlet that the text names without a
    kind: `12 Nguyễn Huệ, Ciputra`. Their street is not missing.
    """
    parts = {squash(part): part for part in unread} if answers and answers[0].record else {}
    there = [
        without_fault(answer, "street_missing")
        for answer in answers
        if any(
            _names_locality(parts, kind, name) for kind, name in answer.parts.localities if parts
        )
    ]
    return [without_fault(there[0], "ambiguous")] if len(there) == 1 else there or answers


def _names_locality(parts: Mapping[str, str], kind: str, name: str) -> bool:
    """Whether one of the parts is the name of a locality, with or without its kind."""
    pairs = ((part, one) for one in (name, f"{kind} {name}") if (part := parts.get(squash(one))))
    return not name.isdigit() and any(not are_apart(part, one) for part, one in pairs)


def filter_by_unread_unit(
    gazetteer: Gazetteer, answers: list[Answer], unread: Iterable[str]
) -> list[Answer]:
    """Return, without a named unit, the answers whose commune or district nearly matches unread
    text: `13 Đồng Khởi, Pưhờng Ninh Kiều` is not a house in Hải Phòng. All if only numbers are
    unread.
    """
    unread = tuple(unread)
    if not any(any(map(str.isalpha, part)) for part in unread):
        return answers
    return [answer for answer in answers if _nearly_names_unit(gazetteer, answer, unread)]


def _nearly_names_unit(gazetteer: Gazetteer, answer: Answer, unread: Iterable[str]) -> bool:
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
        # The building of the flat does not contradict.
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
    """Sort answers of equal level and confidence by distance from the point."""

    def key(answer: Answer) -> tuple[Any, ...]:
        return answer.is_of_other_former, *rank(answer), metres_from(answer, lon, lat)

    return sorted(answers, key=key)


def metres_from(answer: Answer, lon: float, lat: float) -> float:
    """Return the distance of an answer from a point in metres; infinite without a position."""
    if answer.lon is None or answer.lat is None:
        return math.inf
    return moved_m((answer.lon, answer.lat), (lon, lat))
