"""Adds doubts to answers as faults: what the text states beyond what was found, whether other units
may be meant, and what is missing of the door.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from geo.address import Door
from geo.admin import name_key, parse_name
from geo.foreign import ends_in_other_country
from geo.label import named
from geo.locality import parse_locality
from geo.street import parse_street
from geo.text import accent_key, has_diacritics
from registry.core.batching import Query
from registry.search.answers import Answer, with_fault, without_fault
from registry.search.faults import BY_STREET, COMMUNE_NOT_GIVEN, OTHER_COUNTRY
from registry.search.find.blocks import UNSURE, may_be_another_block
from registry.search.find.ranges import are_numbered
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.onward import communes_of, continuations
from registry.units.text import Naming


def add_doubts(
    gazetteer: Gazetteer,
    day: datetime.date,
    answers: list[Answer],
    reading: ReadAddress | None,
    text: str | None,
) -> list[Answer]:
    """Return the answers, each with the faults of what the text leaves in doubt."""
    if reading is None:
        return answers
    unread = [part for part in reading.unread if any(map(str.isalpha, part))]
    abroad = bool(unread) and ends_in_other_country(text if text is not None else unread[-1])
    elsewhere = any(_is_commune_elsewhere(gazetteer, part) for part in unread)
    doubted = []
    for answer in answers:
        answer = _with_commune_by_street(answer, reading)
        doubts = list(doubts_of_door(gazetteer, day, answer, reading))
        if may_be_another_block(answer, reading):
            doubts.append(UNSURE)
        if unread and "unread_place" not in doubts:
            doubts.append(OTHER_COUNTRY if abroad else "unread_words")
        if elsewhere and not COMMUNE_NOT_GIVEN.isdisjoint(answer.faults):
            doubts.append("commune_elsewhere")
        doubted.append(with_fault(answer, *doubts))
    return doubted


def _with_commune_by_street(answer: Answer, reading: ReadAddress) -> Answer:
    """Infer the commune from the street, if only a district is named and one street in it has the
    name; not for common names (`Đường số 7`).
    """
    street = reading.door.street
    inner = [naming.innermost for naming in reading.namings]
    named = bool(inner) and all(unit is not None and unit.level == "district" for unit in inner)
    telling = street is not None and not any(map(str.isdigit, street.key))
    if not (answer.on_sole_street and named and telling and "commune_missing" in answer.faults):
        return answer
    return with_fault(without_fault(answer, "commune_missing"), BY_STREET)


def doubts_of_door(
    gazetteer: Gazetteer,
    day: datetime.date,
    answer: Answer,
    reading: ReadAddress,
    *,
    coded: bool = False,
) -> Iterator[str]:
    """Yield the faults of a registered door for this reading: another one may be meant, or the text
    refers to an earlier map. `coded`: the door was found by a code.
    """
    door, unit = reading.door, answer.unit
    if answer.record is None or unit is None:
        return
    naming = naming_of(gazetteer, day, unit, reading)
    if naming.district is not None or naming.kind_differs:
        yield "commune_former"
    if door.street is None and not door.localities and not coded:
        if reading.namings and not answer.has_no_street:
            # Found only by its number or building; others may not be registered.
            yield "street_missing"
    elif not _is_placed(gazetteer, day, answer, reading, coded=coded):
        if COMMUNE_NOT_GIVEN.isdisjoint(answer.faults):
            yield "commune_several"
    elif any(_contradicts(gazetteer, day, answer, part) for part in reading.unread):
        yield "unread_place"


def naming_of(
    gazetteer: Gazetteer, day: datetime.date, unit: Unit | None, reading: ReadAddress | None
) -> Naming:
    """Return the naming that led to the unit, preferably one with a commune."""
    namings = reading.namings if reading else ()
    leading = [n for n in namings if unit is not None and leads(gazetteer, day, n, unit)]
    # A current commune takes precedence over former ones of the same name.
    return min(
        leading or namings or (Naming(),),
        key=lambda naming: (naming.commune is None, naming.commune is not unit),
    )


def leads(gazetteer: Gazetteer, day: datetime.date, naming: Naming, unit: Unit) -> bool:
    """Whether the named unit is the unit, contains it, or was succeeded by it."""
    inner = naming.innermost
    return inner is not None and (
        inner.id == unit.id or unit.id in communes_of(gazetteer, day, inner)
    )


def _is_placed(
    gazetteer: Gazetteer,
    day: datetime.date,
    answer: Answer,
    reading: ReadAddress,
    *,
    coded: bool,
) -> bool:
    """Whether the units lead to the commune of the door and to no other one.

    The name of a current commune means it, even if a split former one had the same name. A split
    former commune is no doubt if the door's own is on record, or if its street has a distinctive
    name, which continues across the split: `Đường số 7` is in many.
    """
    unit, street = answer.unit, reading.door.street
    if unit is None or any(naming.commune is unit for naming in reading.namings):
        return unit is not None
    own = (
        answer.former is not None
        or answer.on_sole_street
        or (street is not None and not any(map(str.isdigit, street.key)))
    )
    return all(
        leads(gazetteer, day, naming, unit)
        and (
            coded
            or (
                naming.commune is not None
                and (own or len(communes_of(gazetteer, day, naming.commune)) == 1)
            )
        )
        for naming in reading.namings
    )


def _contradicts(gazetteer: Gazetteer, day: datetime.date, answer: Answer, unread: str) -> bool:
    """Whether an unread part names another street, or a unit elsewhere."""
    if unread.split(maxsplit=1)[0].casefold() in ("đường", "phố"):
        return True
    here = answer.unit
    province = gazetteer.province_of(here, day) if here is not None else None
    if here is None or province is None:
        return False
    around = communes_of(gazetteer, day, province)
    readings = parse_name(unread)
    units = [name.unit for one in readings for name in gazetteer.named(one.key)]
    nearby = [unit for unit in units if not communes_of(gazetteer, day, unit).isdisjoint(around)]
    holding = [unit for unit in nearby if here.id in communes_of(gazetteer, day, unit)]
    if holding:
        return not any(_contained_door(gazetteer, day, answer, unit) for unit in holding)
    return bool(nearby) or any(reading.kinds for reading in readings)


def _contained_door(gazetteer: Gazetteer, day: datetime.date, answer: Answer, unit: Unit) -> bool:
    """Whether the door was in a unit that leads to its current commune, as far as recorded: a
    former commune besides the current one shows which street of the name is meant.
    """
    former = answer.former
    if unit.level != "commune" or unit.alive_on(day):
        return True
    if former is None:
        return True  # there is no other door with this number and street
    onward = continuations(gazetteer, unit, day)
    return unit is former or any(step.id == former.id for one in onward for step in one.via)


def _is_commune_elsewhere(gazetteer: Gazetteer, part: str) -> bool:
    """Whether an unread part is the name of communes, none of them in the named units: `Thuận
    Thành, TP Huế`, a ward that was merged before the oldest list.
    """
    hits = [hit for hit in gazetteer.named(name_key(part)) if hit.unit.level == "commune"]
    typed = accent_key(part) if has_diacritics(part) else None
    return any(typed in (None, hit.accents) for hit in hits)


# What is missing


def add_missing(answers: list[Answer], reading: ReadAddress | None) -> Query[list[Answer]]:
    """Return the answers, each with the faults of what the text lacks of the door, and of doors
    that only their codes distinguish.
    """
    door = reading.door if reading is not None else Door()
    missing = [_missing(answer, door) for answer in answers]
    unnumbered = [a for a, fault in zip(answers, missing, strict=True) if fault == _NUMBER]
    numbered = yield from _numbered(unnumbered)
    shared = _sharing(answers) if answers[1:] else set()
    found = []
    for answer, fault in zip(answers, missing, strict=True):
        if fault == _NUMBER:
            # A street has numbers unless its registered doors have none; a hamlet has none unless a
            # registered door has one.
            place = _place(answer)
            if numbered.get(place, door.street is not None):
                fault = "alley_alone" if door.house_number else _NUMBER
            else:
                answer = without_fault(answer, _NUMBER)
                fault = "no_number_known" if place else None
        more = ([fault] if fault else []) + ["address_shared"] * (id(answer) in shared)
        found.append(with_fault(answer, *more))
    return found


_NUMBER: Final = "house_number_missing"


def _missing(answer: Answer, door: Door) -> str | None:
    """Return the fault of what was not given; `_NUMBER` if it depends on the registered doors."""
    if answer.record is not None:
        building = answer.level == "building" and "flat_not_found" not in answer.faults
        return "flat_missing" if building else None
    flat = door.flat if door.flat and (door.flat.building or door.flat.unit) else None
    if flat is not None and flat.unit is None:
        return "flat_missing"
    if door.street is None and not door.localities:
        if flat is not None and flat.building:
            return None
        return "street_missing" if door.house_number else "door_missing"
    numbered = door.house_number is not None and not door.house_number.alley_only
    return None if numbered or flat is not None else _NUMBER


def _place(answer: Answer) -> tuple[str, int, str] | None:
    """Return class, commune and key of the street or locality of an answer."""
    parts, unit = answer.parts, answer.unit
    if unit is None or answer.level not in ("street", "alley", "locality"):
        return None
    if parts.street_name:
        street = parse_street(named(parts.street_kind, parts.street_name))
        return ("street", unit.id, street.key) if street else None
    place = parse_locality(named(*parts.localities[0])) if parts.localities else None
    return ("locality", unit.id, place.key) if place else None


def _numbered(
    answers: Sequence[Answer],
) -> Query[dict[tuple[str, int, str] | None, bool]]:
    """Return, for each place with doors, whether any of them has a number."""
    places = dict.fromkeys(place for answer in answers if (place := _place(answer)))
    return (yield from are_numbered(places)) if places else {}


def _sharing(answers: Sequence[Answer]) -> set[int]:
    """Return `id()` of the answers that are doors with the same label and no distinct former
    commune."""
    alike: dict[object, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.record is not None:
            alike[answer.parts, answer.unit].append(answer)
    return {
        id(answer)
        for same in alike.values()
        if (formers := {answer.former for answer in same}) and len(same) > 1
        if None in formers or len(formers) < len(same)
        for answer in same
    }
