"""The current form of an address: what is registered, and what was given beyond it."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from geo.address import Door
from geo.admin import parse_name
from geo.capitals import tidy
from geo.label import LabelParts
from geo.text import fold
from registry.core.personal import without_people
from registry.records.record import Wording, wording
from registry.search.answers import Answer
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit

_NAME: Final = re.compile(r"(?=[^\W\d_]).*(?<!\S)[^\W\d_]{2,}(?!\S)")


def todays_wording(
    gazetteer: Gazetteer,
    day: datetime.date,
    answer: Answer,
    reading: ReadAddress | None,
    on: datetime.date | None = None,
    asked_former: Unit | None = None,
) -> Wording:
    """Return the wording of an answer; above the door, with the door that was given.

    `asked_former` is the former commune that the shopper was asked for.
    """
    former, parts = former_shown(answer, reading, day), label_parts_of(answer, reading)
    # A given flat in a building was not in any of the building's labels.
    own = answer.record if parts == answer.parts else None
    return wording(
        *(gazetteer, day, parts, answer.unit, former),
        past=own.past if own else (),
        on=on,
        named=asked_former or _former_named(reading, day),
        registered=own is not None,
    )


def former_shown(answer: Answer, reading: ReadAddress | None, day: datetime.date) -> Unit | None:
    """Return the former commune of the wording: that of a door, else the named one."""
    if answer.record is None and answer.unit is not None:
        # The street is registered in one former commune, and may continue into the named one.
        return _former_named(reading, day) or answer.former
    return answer.former


def label_parts_of(answer: Answer, reading: ReadAddress | None) -> LabelParts:
    """Return the parts of the label."""
    if reading is None:
        return answer.parts
    if answer.record is not None:
        return _with_flat(answer, reading.door)
    return _with_names(_with_door(answer.parts, reading.door), reading.unread)


def door_parts(door: Door, unread: Iterable[str] = ()) -> LabelParts:
    """Return the label parts of a door that is not registered."""
    return _with_names(_with_door(LabelParts(), door), unread)


def _with_names(parts: LabelParts, unread: Iterable[str]) -> LabelParts:
    """Add unknown names of estates, landmarks and hamlets, which the courier may know.

    Without names of units, since the units were found.
    """
    named = (part for part in without_people(unread) if _NAME.match(part))
    names = [("", part) for part in named if not parse_name(part)[0].kinds]
    return replace(parts, localities=(*parts.localities, *names)) if names else parts


def _with_flat(answer: Answer, door: Door) -> LabelParts:
    """Add the given flat to a registered building; leave out a floor that is asked about."""
    parts, flat = answer.parts, door.flat
    if "flat_missing" in answer.faults:
        return replace(parts, floor=None)
    if flat is None or "flat_not_found" not in answer.faults:
        return parts
    return replace(
        parts,
        unit_number=flat.unit,
        floor=flat.floor or parts.floor,
        building=parts.building or flat.building,
    )


def _with_door(parts: LabelParts, door: Door) -> LabelParts:
    number, street, flat = door.house_number, door.street, door.flat
    named = {fold(name) for _, name in parts.localities}
    if parts.street_name is None and street is not None and street.key not in named:
        parts = replace(parts, street_kind=street.kind, street_name=tidy(street.name))
    if not parts.localities:
        places = ((place.kind, tidy(place.name)) for place in door.localities)
        parts = replace(parts, localities=tuple(places))
    if flat is not None:
        parts = replace(parts, unit_number=flat.unit, floor=flat.floor, building=flat.building)
    if number is None:
        return parts
    return replace(parts, number_key=number.key, number_written=number.written)


def _former_named(reading: ReadAddress | None, day: datetime.date) -> Unit | None:
    """Return the named former commune, if there is exactly one."""
    formers = (naming.former or naming.commune for naming in (reading.namings if reading else ()))
    named = {unit.id: unit for unit in formers if unit is not None}
    only = next(iter(named.values())) if len(named) == 1 else None
    return only if only is not None and not only.alive_on(day) else None
