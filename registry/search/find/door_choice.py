"""Chooses among the doors found: narrowed by what the text states, never guessed."""

from collections.abc import Iterable
from dataclasses import replace

from geo.address import Door
from geo.flat import Flat, alternative_units, block_key, parse_flat
from geo.locality import DWELLING_ESTATES, ESTATES
from geo.spelling import are_apart
from geo.text import fold, has_diacritics
from geo.values import value
from registry.search.find.areas import Area
from registry.search.find.by_building import by_building, by_flat
from registry.search.find.by_locality import Formerly, by_locality, former_keys
from registry.search.find.doors import Hit, Narrowed, Place, Wanted


@value(frozen=True, slots=True)
class Choice:
    """Doors that fit equally well, with their common faults."""

    hits: tuple[Hit, ...] = ()
    faults: tuple[str, ...] = ()


def wanted_of(door: Door) -> Wanted:
    """Return what to look for inside the street, locality or commune of a door."""
    number, flat = door.house_number, door.flat
    numbers: tuple[str, ...] = ()
    alley = None
    if number is not None and number.alley_only:
        alley = number.key
    elif number is not None:
        numbers = (number.key, *([number.reversed_key] if number.reversed_key else ()))
        if len(number.parts) > 1:
            alley = "/".join(number.parts[:-1]) + "/"
    building = block_key(flat.building) if flat and flat.building else None
    unit = flat.unit if flat else None
    others = alternative_units(flat.building if flat else None, unit) if unit else ()
    return Wanted(numbers, alley, building, unit, others)


def house_of_alley(door: Door) -> Door | None:
    """Return the door with the alley's path as its house number, or None.

    Not for an alley off the street itself, `hẻm 82`, since many of those are not registered.
    """
    number = door.house_number
    if number is None or not number.alley_only or len(number.parts) < 2:
        return None
    return replace(door, house_number=replace(number, alley_only=False))


def block_of_estate(door: Door) -> Door | None:
    """Return the door with its number as a block of the named estate, or as block and flat:
    `S303-0508 Vinhomes Smart City`.
    """
    number = door.house_number
    if number is None or door.flat or ESTATES.isdisjoint(place.kind for place in door.localities):
        return None
    inside = parse_flat(number.written)
    if inside is None or inside.building is None:
        inside = parse_flat(f"toà {number.written}")
    return replace(door, house_number=None, flat=inside) if inside else None


def building_of_estate(door: Door) -> Door | None:
    """Return the door with a named place as its building: `Chung cư Sông Xanh, Tổ 1`."""
    named = [place for place in door.localities if place.kind in DWELLING_ESTATES]
    if not named or (door.flat and door.flat.building):
        return None
    estate = named[0]
    building = f"{estate.kind} {estate.name}" if has_diacritics(estate.name) else estate.key
    flat = door.flat or Flat(building, building, None, None, estate.key)
    around = tuple(place for place in door.localities if place is not estate)
    return replace(door, flat=replace(flat, building=building), localities=around)


def estates_of(door: Door) -> tuple[str, ...]:
    """Return the keys of a building that is named after a flat without its kind: `Căn hộ 301 Sông
    Xanh`.
    """
    street = door.street
    if street is None or street.kind or door.localities or not (door.flat and door.flat.unit):
        return ()
    return (street.key, *(f"{fold(kind)} {street.key}" for kind in DWELLING_ESTATES))


def choose(hits: list[Hit], door: Door, wanted: Wanted, area: Area, formerly: Formerly) -> Choice:
    """Return the best of these doors; empty if none is the wanted one.

    Each step narrows by one statement of the text. A contradiction becomes a fault if it may be a
    slip, and excludes the door if it makes it another one.
    """
    kept, faults = _of_former(hits, area)
    if not kept:
        return Choice((), tuple(faults))
    kept, faults = _by_path(kept, wanted)
    kept = _by_letter(kept, door)
    kept = _of_today(kept, area)
    kept, more = by_locality(kept, door, formerly)
    faults += more
    for narrow in (by_building, by_flat):
        if not kept:
            break
        kept, more = narrow(kept, door, wanted)
        faults += more
    live = [hit for hit in kept if hit.record.status == "active"]
    return Choice(tuple(live or kept), tuple(faults))


def as_written(hits: Iterable[Hit], name: str) -> list[Hit]:
    """Drop doors of a street with another spelling if the commune has one with this spelling.

    Cách Mạng Tháng 8 and Cách Mạng Tháng Tám have one key, and both may be registered. Doors found
    by a former name are kept, since the caller may have an old letter.
    """
    written = fold(name)
    found = [(hit, fold(hit.record.street_name or "") == written) for hit in hits]
    there = {hit.record.unit_id for hit, same in found if same}
    return [
        hit for hit, same in found if same or hit.former_name or hit.record.unit_id not in there
    ]


def unique_hits(hits: Iterable[Hit]) -> list[Hit]:
    """Return each door once, by its current name and number if it matched by those.

    A door that got its number back was not found by a former one.
    """
    first: dict[str, Hit] = {}
    for hit in hits:
        known = first.get(hit.record.code)
        if known is None or (hit.of_today and not known.of_today):
            first[hit.record.code] = hit
    return list(first.values())


def is_reused(chosen: Iterable[Hit], found: Iterable[Place]) -> bool:
    """Whether the name or number has since been given to another place: either may be meant."""
    then = {hit.record.code for hit in chosen if not hit.of_today}
    if not then:
        return False
    places = list(found)
    for place in places:
        here = [hit for hit in place.hits if hit.record.code in then]
        if here and _is_name_reused(place, places):
            return True
        renumbered = any(hit.former_number for hit in here)
        if renumbered and not all(hit.former_number for hit in place.hits):
            return True
    return False


def _is_name_reused(formerly: Place, places: Iterable[Place]) -> bool:
    """Whether another place of the commune now has the former name that `formerly` matched by."""
    if formerly.was is None:
        return False
    key, name, _ = formerly.was
    return any(
        place.was is None
        and place.unit_id == formerly.unit_id
        and place.key == key
        and not are_apart(place.name, name)
        for place in places
    )


def has_namesake(chosen: Iterable[Hit], found: Iterable[Place]) -> bool:
    """Whether a chosen door's place shares its key with one of its commune with other diacritics.

    Without typed diacritics either may be meant, even if only one of them has the number.
    """
    codes = {hit.record.code for hit in chosen}
    here = [place for place in found if any(hit.record.code in codes for hit in place.hits)]
    return any(
        place.unit_id == other.unit_id
        and place.key == other.key
        and are_apart(place.name, other.name)
        for place in here
        for other in found
        if other is not place
    )


def _of_former(hits: list[Hit], area: Area) -> Narrowed:
    """Drop doors known to be in another former commune than the named one."""
    if not area.formers:
        return hits, []
    kept = []
    for hit in hits:
        asked = area.formers.get(hit.record.unit_id or 0)
        former = hit.record.former_unit_id
        if asked is None or former is None or former in asked:
            kept.append(hit)
    return kept, ["former_differs"] if hits and not kept else []


def _of_today(hits: list[Hit], area: Area) -> list[Hit]:
    """Return the doors in communes with the current name, if any, else all."""
    return [hit for hit in hits if hit.record.unit_id in area.own] or hits


def _by_path(hits: list[Hit], wanted: Wanted) -> Narrowed:
    """Return the doors with the number as written, else with the number read backwards."""
    for place, number in enumerate(wanted.numbers):
        kept = [hit for hit in hits if hit.number_key == number]
        if kept:
            return kept, ["path_order"] if place else []
    return hits, []


def _by_letter(hits: list[Hit], door: Door) -> list[Hit]:
    """12Đ is another door than 12D with the same key; without typed diacritics either may be
    meant."""
    number = door.house_number
    if number is None or not hits[1:]:
        return hits
    typed = "Đ" in number.written.upper()
    if not typed and not _has_marks(door):
        return hits
    same = [hit for hit in hits if ("Đ" in (hit.record.house_number or "").upper()) is typed]
    return same or hits


def _has_marks(door: Door) -> bool:
    names = [place.name for place in door.localities]
    return any(map(has_diacritics, [door.street.name, *names] if door.street else names))


def places_named(places: list[Place], door: Door, area: Area) -> list[Place]:
    """Return the streets or localities themselves, narrowed by former commune and nesting.

    A place with a former name counts only if no other one of the commune has the name today.
    """
    there = [place for place in places if not _is_name_reused(place, places)]
    kept = []
    for place in there:
        asked = area.formers.get(place.unit_id)
        if asked is None or place.former_unit_id is None or place.former_unit_id in asked:
            kept.append(place)
    kept = kept or there
    kept = [place for place in kept if place.unit_id in area.own] or kept
    return _nested(kept, door) if kept and kept[0].class_ == "locality" else kept


def are_of_other_formers(named: Iterable[Place], area: Area) -> bool:
    """Whether the streets are known to have been in other former communes than the named one, which
    was split: its own street may continue in any of its successors.
    """
    formers = area.formers
    return len(formers) > 1 and all(
        place.class_ == "street"
        and place.former_unit_id is not None
        and place.former_unit_id not in formers.get(place.unit_id, {place.former_unit_id})
        for place in named
    )


def _nested(places: list[Place], door: Door) -> list[Place]:
    """Return the innermost known locality, in the named outer ones."""
    formerly = former_keys(places)
    for at, locality in enumerate(door.localities):
        here = [place for place in places if place.found_by[0] == locality.key]
        if here:
            outer = {other.key for other in door.localities[at + 1 :]}
            inside = [p for p in here if not outer.isdisjoint(_around(p, formerly))]
            return inside or here
    return places


def _around(place: Place, formerly: Formerly) -> set[str]:
    keys = {key for _, _, key in place.outer}
    return keys.union(*(formerly.get((place.unit_id, key), frozenset()) for key in keys))
