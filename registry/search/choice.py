"""Which of the doors found is the one asked for: narrowed by what the text says, never guessed."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from geo.address import Door
from geo.flat import block_key, block_mark
from geo.locality import (
    BLOCK_KINDS,
    DIVIDING,
    DWELLING_ESTATES,
    ESTATES,
    PARTING,
    Locality,
    of_like_kind,
)
from geo.spelling import are_apart
from geo.text import fold
from geo.values import value
from registry.records import Record
from registry.search.areas import Area
from registry.search.doors import Hit, Place, Wanted
from registry.search.likeness import Likeness, Name, Vocabulary, likeness

Formerly = Mapping[tuple[int, str], frozenset[str]]
"""(commune, key of a locality) → keys that it bore, of those asked for."""


@value(frozen=True, slots=True)
class Choice:
    """Doors that fit equally well, with what does not fit of them all."""

    hits: tuple[Hit, ...] = ()
    faults: tuple[str, ...] = ()


_AROUND: Final = PARTING | {"xóm", ""}
"""Kinds of what a group may lie in; a name without a kind is one."""
_ESTATE_WORDS: Final = tuple(f"{fold(kind)} " for kind in DWELLING_ESTATES)


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
    building = block_key(flat.building) if flat and flat.building else None
    return Wanted(numbers, alley, building, flat.unit if flat else None)


def estate_of(door: Door) -> str | None:
    """The key of the building that is all that is named: `Căn hộ 301, Chung cư Sông Xanh`."""
    only = door.localities[0] if door.street is None and len(door.localities) == 1 else None
    return only.key if only is not None and only.kind in DWELLING_ESTATES else None


def choose(hits: list[Hit], door: Door, wanted: Wanted, area: Area, formerly: Formerly) -> Choice:
    """The best of these doors; none where none is what was asked for.

    Each step narrows by one thing that the text says; what only contradicts is let go with a fault
    where it may be a slip, and dropped where it makes another door of it.
    """
    kept, faults = _of_former(hits, area)
    if not kept:
        return Choice((), tuple(faults))
    kept, faults = _by_path(kept, wanted)
    kept = _of_today(kept, area)
    kept, more = _by_locality(kept, door, formerly)
    faults += more
    for narrow in (_by_building, _by_flat):
        if not kept:
            break
        kept, more = narrow(kept, door, wanted)
        faults += more
    live = [hit for hit in kept if hit.record.status == "active"]
    return Choice(tuple(live or kept), tuple(faults))


def each_once(hits: Iterable[Hit]) -> list[Hit]:
    """Each door by what it is called today, and by what it was called only where that is not asked.

    A door that got its number back was not found by a former one.
    """
    first: dict[str, Hit] = {}
    for hit in hits:
        known = first.get(hit.record.code)
        if known is None or (hit.of_today and not known.of_today):
            first[hit.record.code] = hit
    return list(first.values())


def is_reused(chosen: Iterable[Hit], found: Iterable[Place]) -> bool:
    """Whether the name or number asked for is another's today than it was: each may be meant."""
    then = {hit.record.code for hit in chosen if not hit.of_today}
    if not then:
        return False
    places = list(found)
    for place in places:
        here = [hit for hit in place.hits if hit.record.code in then]
        if here and _is_called_so(place, places):
            return True
        renumbered = any(hit.former_number for hit in here)
        if renumbered and not all(hit.former_number for hit in place.hits):
            return True
    return False


def _is_called_so(formerly: Place, places: Iterable[Place]) -> bool:
    """Whether one of its commune bears the name today by which `formerly` was found."""
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
    """Whether a chosen door's place shares its key with one of its commune that has other marks.

    Who typed no marks may mean either, though only one of them has the number.
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


_Narrowed = tuple[list[Hit], list[str]]


def _of_former(hits: list[Hit], area: Area) -> _Narrowed:
    """Where a former commune is named, a door known to be of another one is another door."""
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
    """Those in a commune that is called so today, before those in one of which a former one was."""
    return [hit for hit in hits if hit.record.unit_id in area.own] or hits


def _by_path(hits: list[Hit], wanted: Wanted) -> _Narrowed:
    """The number as written; only where there is none, the number read backwards."""
    for place, number in enumerate(wanted.numbers):
        kept = [hit for hit in hits if hit.number_key == number]
        if kept:
            return kept, ["path_order"] if place else []
    return hits, []


def _by_locality(hits: list[Hit], door: Door, formerly: Formerly) -> _Narrowed:
    """Doors in most of the localities named; those without one may be there as well."""
    named = {locality.key: locality.kind for locality in door.localities}
    if not named:
        return hits, []
    # Without a street the locality makes the door: number 6 of another quarter is another door.
    kept = [
        (hit, _locality_keys(hit.record, formerly))
        for hit in hits
        if hit.record.thoroughfare_id is not None or not _denies(hit.record, named, formerly)
    ]
    if not kept:
        return [], ["locality_differs"]
    fits = [(door.localities[0].key in keys, len(keys & named.keys())) for _, keys in kept]
    best = max(fits)
    if best[1]:
        fitting = [(hit, keys) for (hit, keys), fit in zip(kept, fits, strict=True) if fit == best]
        faults = [f for hit, keys in fitting for f in _doubts_of_group(hit.record, named, keys)]
        if any(_bears_former(hit.record, named, formerly) for hit, _ in fitting):
            faults.append("former_name")
        return [hit for hit, _ in fitting], list(dict.fromkeys(faults))
    groups = {other.key for place in door.localities for other in of_like_kind(place)}
    alike = [hit for hit, keys in kept if not keys.isdisjoint(groups)]
    if alike:
        return alike, ["locality_corrected"]
    unknown = [hit for hit, _ in kept if hit.record.locality_key is None]
    return (unknown, []) if unknown else ([hit for hit, _ in kept], ["locality_differs"])


def _denies(record: Record, named: dict[str, str], formerly: Formerly) -> bool:
    """Whether it lies in another locality than one that was named."""
    return lies_elsewhere(record.localities, _locality_keys(record, formerly), named)


def lies_elsewhere(
    around: Iterable[tuple[str, str]], keys: Collection[str], named: Mapping[str, str]
) -> bool:
    """Whether what lies in the localities `around`, (kind, name), of these keys is not in one that
    was named, key → kind: `Khu phố 1` for `Khu phố 2`, or for `Ấp 2`.

    A name that both bear is one place by two kinds, as quarters are called anew. A name without a
    kind is that of what lies around a group: `Xóm 1 Ngọc Sơn`.
    """
    around = tuple(around)
    kinds = {kind for kind, _ in around}
    names = {fold(name) for _, name in around}
    parted = not PARTING.isdisjoint(kinds)
    unnamed = any(fold(f"{kind} {name}") not in named for kind, name in around)
    return any(
        key not in keys
        and (kind in kinds or (parted and kind in PARTING) or (not kind and unnamed))
        and key.removeprefix(f"{fold(kind)} ") not in names
        for key, kind in named.items()
    )


def _lacks(record: Record, named: Mapping[str, str], keys: Collection[str]) -> bool:
    """Whether a part of the hamlet, or an estate in it, was named that its record does not tell:
    number 5 of Khu phố 9 may be in its Tổ 1, or not.
    """
    names = {fold(name) for kind, name in record.localities if kind in DIVIDING}
    return any(
        key not in keys
        and (kind in DIVIDING or (kind in ESTATES and record.building_key is None))
        and key.removeprefix(f"{fold(kind)} ") not in names
        for key, kind in named.items()
    )


def _doubts_of_group(record: Record, named: Mapping[str, str], keys: Collection[str]) -> list[str]:
    """What speaks against a door of a group: the hamlet that was named is none of those around it
    that are registered, or none was named. Every village has a Xóm 1.
    """
    if record.thoroughfare_id is not None or not record.localities:
        return []
    if _lacks(record, named, keys):
        return ["locality_not_found"]
    group, *around = record.localities
    if group[0] not in DIVIDING:
        return []
    names = {fold(name) for _, name in around}
    outer = [
        key in keys or key.removeprefix(f"{fold(kind)} ") in names
        for key, kind in named.items()
        if kind != group[0] and (kind in _AROUND or key in keys)
    ]
    if not all(outer):
        return ["locality_differs"]
    return ["locality_missing"] if around and not outer else []


def doubt_of_marks(
    vocabulary: Vocabulary, named: Iterable[Locality], around: Iterable[tuple[str, str]]
) -> str | None:
    """The fault where a locality `around`, (kind, name), has the key of one that was named and
    other marks: Thôn Hà Đông is not Thôn Hạ Đồng.
    """
    by_key = {fold(f"{kind} {name}"): name for kind, name in around}
    likes = set()
    for place in named:
        if (name := by_key.get(place.key)) is not None:
            # Without the kind, whose marks say nothing.
            typed, known = Name(fold(name), place.name), Name(fold(name), name)
            likes.add(likeness(vocabulary, typed, known))
    if Likeness.OTHER in likes:
        return "locality_differs"
    return "locality_corrected" if Likeness.SLIP in likes else None


def _bears_former(record: Record, named: dict[str, str], formerly: Formerly) -> bool:
    """Whether it lies in what was named only by a former name of it."""
    if not formerly:
        return False
    today, then = _keys_of_today(record), _locality_keys(record, formerly)
    return any(key in then and key not in today for key in named)


def _by_building(hits: list[Hit], door: Door, wanted: Wanted) -> _Narrowed:
    """Doors in the building named; without a name, whatever stands at the number."""
    written = door.flat.building if door.flat else None
    if wanted.building is None or written is None:
        return _by_estate(hits, door, wanted)
    there = [hit for hit in hits if wanted.building in _names_of(hit)]
    if there:
        there = [hit for hit in there if not _is_called_otherwise(hit, written)]
        return there, [] if there else ["building_not_found"]
    # The register may know the building under its number alone.
    unnamed = [hit for hit in hits if hit.record.building_key is None]
    return (unnamed, ["building_not_found"]) if unnamed else ([], ["building_not_found"])


def _by_estate(hits: list[Hit], door: Door, wanted: Wanted) -> _Narrowed:
    """Not those of another block of flats than the one named: `Chung cư Sao Kim` is a place to the
    grammar, and may be the building in the register.

    A flat is in the very block named, `khu B`. A block that has a mark alone may be one of the
    estate named, as may one without a name: somebody has to say.
    """
    estates = _estates_named(door, hits, flat=wanted.flat is not None)
    if not estates:
        return hits, []
    named = [hit for hit in hits if (hit.record.building_key or "").startswith(_ESTATE_WORDS)]
    there = [
        hit
        for hit in hits
        if (name := estates.get(_block_of(hit) or "")) and not _is_called_otherwise(hit, name)
    ]
    if there:
        return there, []
    others = [hit for hit in hits if hit not in named]
    if wanted.flat is None:
        return (others, []) if others else ([], ["building_not_found"])
    if any(block_mark(key) for key in estates):
        others = [hit for hit in others if hit.record.building_key is None]
    return others, ["building_not_found"]


def _estates_named(door: Door, hits: list[Hit], *, flat: bool) -> dict[str, str]:
    """Key → name of the places named that may be the building of a door, not those around it."""
    around = set().union(*(_keys_of_today(hit.record) for hit in hits))
    return {
        block_key(place.key): place.name
        for place in door.localities
        if place.key not in around
        and (
            place.kind in DWELLING_ESTATES
            or (flat and place.kind in BLOCK_KINDS and block_mark(place.key) is not None)
        )
    }


def _names_of(hit: Hit) -> tuple[str, ...]:
    """Keys of its building: `Ban Mai` is said for Chung cư Ban Mai."""
    key = _block_of(hit)
    if key is None:
        return ()
    return (key, *(key.removeprefix(kind) for kind in _ESTATE_WORDS if key.startswith(kind)))


def _block_of(hit: Hit) -> str | None:
    key = hit.record.building_key
    return None if key is None else block_key(key)


def _is_called_otherwise(hit: Hit, written: str) -> bool:
    """Whether its building's name has other marks: Chung cư Hàng Dầu is not Chung cư Hàng Đậu."""
    name = hit.record.building
    return name is not None and are_apart(written, name)


def _by_flat(hits: list[Hit], door: Door, wanted: Wanted) -> _Narrowed:
    """The flat by its number; its building where the flat is not asked for, or is not known."""
    buildings = [hit for hit in hits if hit.record.kind == "building"]
    doors = [hit for hit in hits if hit.record.unit_number is None]
    if wanted.flat is not None:
        floor = door.flat.floor if door.flat else None
        flats = [hit for hit in hits if hit.record.unit_number == wanted.flat]
        flats = [hit for hit in flats if floor is None or hit.record.floor in (None, floor)]
        return (flats, []) if flats else (buildings or doors, ["flat_not_found"])
    if buildings:
        # Beside the building a door of its own may stand at the number: both fit.
        beside = [hit for hit in doors if hit.record.kind == "household"]
        return buildings + beside, ["flat_missing"]
    return (doors, []) if doors else (hits, ["flat_missing"])


def _keys_of_today(record: Record) -> set[str]:
    keys = {fold(f"{kind} {name}") for kind, name in record.localities}
    return keys | ({record.locality_key} if record.locality_key else set())


def _locality_keys(record: Record, formerly: Formerly) -> set[str]:
    """Keys of the localities around a door, those of today and those asked for that they bore."""
    keys = _keys_of_today(record)
    if not formerly:
        return keys
    unit = record.unit_id or 0
    return keys.union(*(formerly.get((unit, key), frozenset()) for key in keys))


def places_named(places: list[Place], door: Door, area: Area) -> list[Place]:
    """The streets or localities themselves, narrowed by former commune and nesting.

    One that bore the name only where none of the commune bears it today.
    """
    there = [place for place in places if not _is_called_so(place, places)]
    kept = []
    for place in there:
        asked = area.formers.get(place.unit_id)
        if asked is None or place.former_unit_id is None or place.former_unit_id in asked:
            kept.append(place)
    kept = kept or there
    kept = [place for place in kept if place.unit_id in area.own] or kept
    return _nested(kept, door) if kept and kept[0].table == "locality" else kept


def _nested(places: list[Place], door: Door) -> list[Place]:
    """The innermost locality that is known, in the outer ones that were named."""
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


def former_keys(places: Iterable[Place]) -> Formerly:
    """What the localities among these bore of the names asked for."""
    found: dict[tuple[int, str], frozenset[str]] = {}
    for place in places:
        if place.table == "locality" and place.was is not None:
            at = (place.unit_id, place.key)
            found[at] = found.get(at, frozenset()) | {place.was[0]}
    return found
