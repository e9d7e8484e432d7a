"""Status of each component of an address."""

import datetime
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from geo.address import Door
from geo.capitals import tidy
from geo.flat import Flat
from geo.label import LabelParts, alley_word, named, number_of
from geo.locality import Locality, as_other_groups
from geo.text import fold
from registry.core.personal import without_people
from registry.search.answers import Answer
from registry.search.judge.verdicts import Component, ComponentName
from registry.search.judge.wording import label_parts_of
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer, Unit
from registry.units.text import Naming

_STREET_CHANGED: Final = frozenset({"street_corrected", "accents_differ"})
_RENAMED: Final = frozenset({"former_name"})
_LOCALITY_CHANGED: Final = frozenset({"locality_differs", "locality_corrected", "former_name"})


@dataclass(frozen=True, slots=True)
class _Compared:
    answer: Answer
    reading: ReadAddress
    naming: Naming
    """The units that led to the answer."""
    missing: frozenset[str]
    alley: str = alley_word("")
    """The local word for an alley."""
    parts: LabelParts = field(init=False)
    """Parts of the label."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", label_parts_of(self.answer, self.reading))

    @property
    def door(self) -> Door:
        return self.reading.door

    def changed(self, faults: frozenset[str]) -> bool:
        return not faults.isdisjoint(self.answer.faults)


def components_of(
    gazetteer: Gazetteer,
    day: datetime.date,
    answer: Answer,
    reading: ReadAddress | None,
    naming: Naming,
    missing: frozenset[str],
    *,
    several_communes: bool,
) -> tuple[Component, ...]:
    """Return the components of an answer in the order of an address, without those neither given,
    known nor missing. `missing` are the components to ask for.
    """
    if reading is None:
        return tuple(_known_only(gazetteer, day, answer))
    alley = _alley_word(gazetteer, day, answer)
    compared = _Compared(answer, reading, naming, missing, alley)
    found = (
        _house_number(compared),
        _street(compared),
        *_localities(compared),
        *_flat(compared),
        *_units(gazetteer, day, compared, several=several_communes),
        *components_unread(reading),
    )
    return tuple(component for component in found if component is not None)


def components_read(reading: ReadAddress, missing: frozenset[str]) -> tuple[Component, ...]:
    """Return the components of an address for which no unit and no street was found."""
    nowhere = Answer("province", LabelParts(), None)
    compared = _Compared(nowhere, reading, Naming(), missing)
    found = (
        _house_number(compared),
        _street(compared),
        *_localities(compared),
        *_flat(compared),
        *(Component(name, "missing", None, None) for name in ("commune", "province")),
        *components_unread(reading),
    )
    return tuple(component for component in found if component is not None)


def components_unread(reading: ReadAddress) -> tuple[Component, ...]:
    """Return the components without a place: a landmark, and what was not understood."""
    hints = without_people([reading.door.hint] if reading.door.hint else [])
    return (
        *(Component("delivery_hint", "unverified", hint, hint) for hint in hints),
        *(Component("other", "unexpected", text, None) for text in without_people(reading.unread)),
    )


def _alley_word(gazetteer: Gazetteer, day: datetime.date, answer: Answer) -> str:
    """Return the word in the answer's label: Ngõ, Hẻm or Kiệt."""
    province = gazetteer.province_of(answer.unit, day) if answer.unit else None
    return alley_word(province.version_on(day).full_name if province else "")


def _known_only(gazetteer: Gazetteer, day: datetime.date, answer: Answer) -> Iterator[Component]:
    """Yield the components of a door found by a code or a point, none of which was given."""
    parts = answer.parts
    if parts.number_key:
        number = number_of(parts, _alley_word(gazetteer, day, answer))
        yield Component("house_number", "inferred", None, number)
    if parts.street_name:
        yield Component("street", "inferred", None, named(parts.street_kind, parts.street_name))
    for kind, name in parts.localities:
        yield Component("locality", "inferred", None, named(kind, name))
    for slot, value in _flat_slots(parts):
        if value:
            yield Component(slot, "inferred", None, value)
    unit = answer.unit
    province = unit and gazetteer.province_of(unit, day)
    if unit is not None:
        yield Component("commune", "inferred", None, unit.version_on(day).full_name)
    if province is not None:
        yield Component("province", "inferred", None, province.version_on(day).full_name)


def _house_number(compared: _Compared) -> Component | None:
    number, parts = compared.door.house_number, compared.parts
    written = number.written if number else None
    value = number_of(parts, compared.alley)
    if "house_number" in compared.missing:
        return Component("house_number", "missing", written, value)
    if number is None:
        return Component("house_number", "inferred", None, value) if value else None
    if compared.answer.record is not None:
        if compared.answer.record.house_number_key is None:
            return Component("house_number", "unverified", written, value)
        changed = parts.number_key != number.key
        return Component("house_number", "corrected" if changed else "confirmed", written, value)
    in_alley = compared.answer.level == "alley" and number.alley_only
    return Component("house_number", "confirmed" if in_alley else "unverified", written, value)


def _street(compared: _Compared) -> Component | None:
    street, parts = compared.door.street, compared.parts
    value = named(parts.street_kind, parts.street_name) if parts.street_name else None
    if "street" in compared.missing:
        return Component("street", "missing", None, None)
    if street is None:
        return Component("street", "inferred", None, value) if value else None
    written = named(street.kind, street.name)
    if compared.answer.parts.street_name is None:
        return Component("street", "unverified", written, value)
    renamed = compared.changed(_RENAMED) and fold(written) != fold(value or "")
    changed = renamed or compared.changed(_STREET_CHANGED)
    return Component("street", "corrected" if changed else "confirmed", written, value)


def _localities(compared: _Compared) -> Iterator[Component]:
    """Yield the given localities, then those that the register adds."""
    known = {
        fold(f"{kind} {name}"): (kind, name) for kind, name in compared.answer.parts.localities
    }
    kinds = dict(compared.answer.parts.localities)
    given = set()
    for place in compared.door.localities:
        written = named(place.kind, place.name)
        if place.key in known:
            given.add(place.key)
            yield Component("locality", "confirmed", written, named(*known[place.key]))
        elif (kind := _kind_among(kinds, place)) and compared.changed(_LOCALITY_CHANGED):
            value = (kind, kinds[kind])
            given.add(fold(" ".join(value)))
            yield Component("locality", "corrected", written, named(*value))
        else:
            yield Component("locality", "unverified", written, named(place.kind, tidy(place.name)))
    for key, value in known.items():
        if key not in given:
            yield Component("locality", "inferred", None, named(*value))


def _kind_among(kinds: Collection[str], place: Locality) -> str | None:
    """Return its kind, or the equivalent kind of a group: Tổ dân phố 1 for `tổ 1`."""
    alike = (other.kind for other in as_other_groups(place))
    return next((kind for kind in (place.kind, *alike) if kind in kinds), None)


def _flat_slots(parts: LabelParts) -> tuple[tuple[ComponentName, str | None], ...]:
    return (("building", parts.building), ("floor", parts.floor), ("unit", parts.unit_number))


def _flat(compared: _Compared) -> Iterator[Component]:
    flat = compared.door.flat
    known = dict(_flat_slots(compared.answer.parts))
    for slot, value in _flat_slots(compared.parts):
        written = _written(flat, slot)
        if slot in compared.missing:
            yield Component(slot, "missing", written, None)
        elif written is None:
            if value:
                yield Component(slot, "inferred", None, value)
        elif known[slot] is None:
            yield Component(slot, "unverified", written, value or written)
        elif fold(known[slot] or "") == fold(written):
            yield Component(slot, "confirmed", written, value)
        else:
            yield Component(slot, "corrected", written, value)


def _written(flat: Flat | None, slot: str) -> str | None:
    if flat is None:
        return None
    return {"building": flat.building, "floor": flat.floor, "unit": flat.unit}[slot]


def _units(
    gazetteer: Gazetteer, day: datetime.date, compared: _Compared, *, several: bool
) -> Iterator[Component]:
    naming, unit = compared.naming, compared.answer.unit
    commune = unit if unit is not None and unit.level == "commune" else None
    province = gazetteer.province_of(commune, day) if commune else unit
    yield _unit("commune", naming.commune, None if several else commune, day, compared.missing)
    if naming.district is not None:
        # There are no districts since July 2025.
        yield Component("district", "corrected", _name(naming.district, day), None)
    yield _unit("province", naming.province, province, day, compared.missing)


def _unit(
    level: ComponentName,
    given: Unit | None,
    known: Unit | None,
    day: datetime.date,
    missing: frozenset[str],
) -> Component:
    written = _name(given, day) if given else None
    value = _name(known, day) if known else None
    if level in missing or (given is None and known is None):
        return Component(level, "missing", written, None)
    if known is None:
        return Component(level, "unverified", written, None)
    if given is None:
        return Component(level, "inferred", None, value)
    # Another unit of the same name needs no correction.
    return Component(level, "confirmed" if written == value else "corrected", written, value)


def _name(unit: Unit, day: datetime.date) -> str:
    return unit.version_on(day).full_name
