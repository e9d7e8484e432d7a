"""A reading of the grammar with the units that its parts name."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from geo.address import AddressReading, Door
from geo.admin import parse_name
from geo.flat import Flat, block_key
from geo.locality import Locality
from geo.street import Street, parse_street
from geo.text import accent_key, fold, has_diacritics
from geo.understanding import STEPS
from geo.values import value
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.onward import communes_of
from registry.units.parts import FORMER
from registry.units.text import Naming, read_units


@value(frozen=True, slots=True)
class ReadAddress:
    """One way to read an address, with every equally good naming of its units."""

    door: Door
    namings: tuple[Naming, ...]
    """Empty if no unit is named."""
    unread: tuple[str, ...]
    penalty: int
    notes: tuple[str, ...] = ()
    """Steps that the grammar took (`geo.understanding.STEPS`), most of which have a penalty."""

    def by(self, step: str) -> "ReadAddress":
        """Return the reading with one more step."""
        penalty = self.penalty + STEPS[step].penalty
        return replace(self, penalty=penalty, notes=(*self.notes, step))


def with_building(read: ReadAddress, name: str) -> ReadAddress:
    """Return the reading with the door in a building of this name."""
    flat = read.door.flat or Flat(name, None, None, None, block_key(name))
    return replace(read, door=replace(read.door, flat=replace(flat, building=name)))


def outermost(read: ReadAddress) -> int:
    """Return 0 if a commune is named, 1 if only a larger unit is, 2 without units."""
    if not read.namings:
        return 2
    return 0 if read.namings[0].commune is not None else 1


def levels(read: ReadAddress) -> int:
    """Return the number of nested units that are named."""
    first = read.namings[0] if read.namings else Naming()
    return sum(unit is not None for unit in (first.commune, first.district, first.province))


def names_only_communes(read: ReadAddress) -> bool:
    """Whether every naming has a commune; not `Gò Dầu, Tây Ninh`, a current commune and a
    district."""
    return bool(read.namings) and all(naming.commune is not None for naming in read.namings)


def is_unit(gazetteer: Gazetteer, tail: str) -> bool:
    """Whether a unit has this name, with the typed accents: Thắng Tam is not `Tháng Tám`."""
    if not has_diacritics(tail):
        return True
    hits = [
        hit.accents == accent_key(reading.name)
        for reading in parse_name(tail)
        for hit in gazetteer.named(reading.key)
    ]
    return any(hits) or not hits


def with_units(gazetteer: Gazetteer, reading: AddressReading) -> ReadAddress:
    """Return the reading with every equally good naming of the units among its parts."""
    parts = ", ".join(part for part in reading.admin_parts if any(map(str.isalnum, part)))
    namings = _with_formers(gazetteer, read_units(gazetteer, parts)) if parts else []
    left = namings[0].unread if namings else reading.admin_parts
    door, around = reading.door, reading.around
    if around in left and door.street is None and not _leads_here(gazetteer, namings, around):
        door = replace(door, localities=(*door.localities, Locality("", around, fold(around))))
        left = tuple(part for part in left if part != around)
    unread = (*_not_units(reading, left), *left)
    first = left[:1] == reading.admin_parts[:1] and bool(namings) and namings[0].commune is not None
    street = _street_behind(door, left) if first else None
    if street is not None and not _leads_here(gazetteer, namings, left[0]):
        door, unread = replace(door, street=street), _not_units(reading, left)
    return ReadAddress(door, tuple(namings), unread, reading.penalty, reading.notes)


def _not_units(reading: AddressReading, left: Collection[str]) -> tuple[str, ...]:
    """Return the grammar's unread parts, without streets that are units: `12 Lê Lợi, Đ. Nẵng`."""
    if not reading.unread:
        return ()
    used = [parse_street(part) for part in reading.admin_parts if part not in left]
    keys = {street.key for street in used if street is not None}
    named = ((part, parse_street(part)) for part in reading.unread)
    return tuple(part for part, street in named if street is None or street.key not in keys)


def _with_formers(gazetteer: Gazetteer, namings: list[Naming]) -> list[Naming]:
    """Return the namings whose commune has a former commune beside it that leads to it, else all.

    `Phường Láng (Phường Láng Hạ cũ)` is the part of the current commune that was the former one.
    """
    with_formers = []
    for naming in namings:
        stated = [part for part in naming.unread if FORMER.fullmatch(part)]
        formers = _former_communes(gazetteer, ", ".join(stated), naming) if stated else []
        if len(formers) == 1:
            unread = tuple(part for part in naming.unread if part not in stated)
            with_formers.append(replace(naming, former=formers[0], unread=unread))
    return with_formers or namings


def _former_communes(gazetteer: Gazetteer, stated: str, naming: Naming) -> list[Unit]:
    """Return the former communes that `stated` may name, of those that lead to the current
    commune."""
    day, here = today(), naming.commune
    if here is None or not here.alive_on(day):
        return []
    named = (other.commune for other in read_units(gazetteer, stated))
    return [
        unit
        for unit in named
        if unit and not unit.alive_on(day) and here.id in communes_of(gazetteer, day, unit)
    ]


def _street_behind(door: Door, left: tuple[str, ...]) -> Street | None:
    """Return the street between a hamlet and the units, `25 A/12 kp4 Trần Quốc Thảo`, if it is not
    a unit.
    """
    if door.street or door.house_number is None or not door.localities or len(left) != 1:
        return None
    words = left[0].split()
    return parse_street(left[0]) if len(words) > 1 and all(map(str.isalpha, words)) else None


def _leads_here(gazetteer: Gazetteer, namings: Iterable[Naming], name: str) -> bool:
    """Whether a unit of this name is where the namings lead: a former commune in the current one.

    Any other name after a group is the hamlet around it.
    """
    day = today()
    here = {
        commune
        for naming in namings
        if naming.commune is not None
        for commune in communes_of(gazetteer, day, naming.commune)
    }
    units = (hit.unit for one in parse_name(name) for hit in gazetteer.named(one.key))
    return any(not here.isdisjoint(communes_of(gazetteer, day, unit)) for unit in units)
