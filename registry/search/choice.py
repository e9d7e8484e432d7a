"""Which of the doors found is the one asked for: narrowed by what the text says, never guessed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from geo.address import Door
from geo.text import fold
from registry.records import Record
from registry.search.areas import Area
from registry.search.doors import Place, Wanted


@dataclass(frozen=True, slots=True)
class Choice:
    """Records that fit equally well, with what does not fit of them all."""

    records: tuple[Record, ...] = ()
    faults: tuple[str, ...] = ()


def wanted_of(door: Door) -> Wanted:
    """What to look for inside the street, locality or commune of a door."""
    number, flat = door.house_number, door.flat
    numbers: tuple[str, ...] = ()
    alley = None
    if number is not None and number.alley_only:
        alley = number.key
    elif number is not None:
        numbers = (number.key, *([number.reversed_key] if number.reversed_key else ()))
        if len(number.parts) > 1:
            alley = "/".join(number.parts[:-1]) + "/"
    building = fold(flat.building) if flat and flat.building else None
    return Wanted(numbers, alley, building, flat.unit if flat else None)


def choose(records: list[Record], door: Door, wanted: Wanted, area: Area) -> Choice:
    """The best of these records; none where none is what was asked for.

    Each step narrows by one thing that the text says; what only contradicts is let go with a fault
    where it may be a slip, and dropped where it makes another door of it.
    """
    kept, faults = _of_former(records, area)
    if not kept:
        return Choice((), tuple(faults))
    kept, faults = _by_path(kept, wanted)
    kept = of_today(kept, area)
    for narrow in (_by_locality, _by_building, _by_flat):
        kept, more = narrow(kept, door, wanted)
        faults += more
        if not kept:
            return Choice((), tuple(faults))
    live = [record for record in kept if record.status == "active"]
    return Choice(tuple(live or kept), tuple(faults))


_Narrowed = tuple[list[Record], list[str]]
_Found = TypeVar("_Found", Record, Place)


def _of_former(records: list[Record], area: Area) -> _Narrowed:
    """Where a former commune is named, a door known to be of another one is another door."""
    kept = []
    for record in records:
        asked = area.formers.get(record.unit_id or 0)
        if asked is None or record.former_unit_id is None or record.former_unit_id in asked:
            kept.append(record)
    return kept, ["former_differs"] if records and not kept else []


def of_today(found: list[_Found], area: Area) -> list[_Found]:
    """Those in a commune that is called so today, before those in one of which a former one was."""
    return [one for one in found if one.unit_id in area.own] or found


def _by_path(records: list[Record], wanted: Wanted) -> _Narrowed:
    """The number as written; only where there is none, the number read backwards."""
    for place, number in enumerate(wanted.numbers):
        kept = [record for record in records if record.number_key == number]
        if kept:
            return kept, ["path_order"] if place else []
    return records, []


def _by_locality(records: list[Record], door: Door, _wanted: Wanted) -> _Narrowed:
    """Doors in most of the localities named; those without one may be there as well."""
    named = {locality.key: locality.kind for locality in door.localities}
    if not named:
        return records, []
    # Without a street the locality makes the door: number 6 of another quarter is another door.
    kept = [r for r in records if r.thoroughfare_id is not None or not _denies(r, named)]
    if not kept:
        return [], ["locality_differs"]
    fits = [
        (door.localities[0].key in keys, len(keys & named.keys()))
        for keys in map(_locality_keys, kept)
    ]
    best = max(fits)
    if best[1]:
        return [r for r, fit in zip(kept, fits, strict=True) if fit == best], []
    unknown = [r for r in kept if r.locality_key is None]
    return (unknown, []) if unknown else (kept, ["locality_differs"])


def _denies(record: Record, named: dict[str, str]) -> bool:
    """Whether it lies in another locality of a kind that was named: `Khu phố 1` for `Khu phố 2`."""
    keys = _locality_keys(record)
    kinds = {kind for kind, _ in record.localities}
    return any(key not in keys and kind in kinds for key, kind in named.items())


def _by_building(records: list[Record], _door: Door, wanted: Wanted) -> _Narrowed:
    """Doors in the building named; without a name, whatever stands at the number."""
    if wanted.building is None:
        return records, []
    asked = wanted.building
    there = [r for r in records if r.building_key == asked]
    if there:
        return there, []
    # The register may know the building under its number alone.
    unnamed = [r for r in records if r.building_key is None]
    return (unnamed, ["building_not_found"]) if unnamed else ([], ["building_not_found"])


def _by_flat(records: list[Record], door: Door, wanted: Wanted) -> _Narrowed:
    """The flat by its number; its building where the flat is not asked for, or is not known."""
    buildings = [r for r in records if r.kind == "building"]
    if wanted.flat is not None:
        floor = door.flat.floor if door.flat else None
        flats = _matching(
            [r for r in records if r.unit_number == wanted.flat],
            lambda r: floor is None or r.floor in (None, floor),
        )
        if flats:
            return flats, []
        whole = buildings or [r for r in records if r.unit_number is None]
        return whole, ["flat_not_found"]
    doors = [r for r in records if r.unit_number is None]
    if buildings:
        # Beside the building a door of its own may stand at the number: both fit.
        return buildings + [r for r in doors if r.kind == "household"], ["flat_missing"]
    if doors:
        return doors, []
    return records, ["flat_missing"]


def _matching(records: list[Record], fits: Callable[[Record], bool]) -> list[Record]:
    return [record for record in records if fits(record)]


def _locality_keys(record: Record) -> set[str]:
    keys = {fold(f"{kind} {name}") for kind, name in record.localities}
    return keys | ({record.locality_key} if record.locality_key else set())


def places_named(places: list[Place], door: Door, area: Area) -> list[Place]:
    """The streets or localities themselves, narrowed by former commune and nesting."""
    kept = []
    for place in places:
        asked = area.formers.get(place.unit_id)
        if asked is None or place.former_unit_id is None or place.former_unit_id in asked:
            kept.append(place)
    kept = of_today(kept or places, area)
    return _nested(kept, door) if kept and kept[0].table == "locality" else kept


def _nested(places: list[Place], door: Door) -> list[Place]:
    """The innermost locality that is known, in the outer ones that were named."""
    for at, locality in enumerate(door.localities):
        here = [place for place in places if place.key == locality.key]
        if here:
            outer = {other.key for other in door.localities[at + 1 :]}
            inside = [p for p in here if not outer.isdisjoint(key for _, _, key in p.outer)]
            return inside or here
    return places
