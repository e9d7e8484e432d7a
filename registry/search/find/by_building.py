"""Doors inside buildings: narrows doors by the block and the flat that a text names."""

from typing import Final

from geo.address import Door
from geo.flat import block_key, block_mark, marked_unit, matches_initial, names_building
from geo.locality import BLOCK_KINDS, DWELLING_ESTATES
from geo.spelling import are_apart
from geo.text import fold
from registry.search.find.blocks import UNSURE
from registry.search.find.by_locality import current_keys
from registry.search.find.doors import Hit, Narrowed, Wanted

_ESTATE_WORDS: Final = tuple(f"{fold(kind)} " for kind in DWELLING_ESTATES)


def by_building(hits: list[Hit], door: Door, wanted: Wanted) -> Narrowed:
    """Return the doors in the named building; without a name, all doors at the number."""
    written = door.flat.building if door.flat else None
    if wanted.building is None or written is None:
        return _by_estate(hits, door, wanted)
    there = [hit for hit in hits if wanted.building in _names_of(hit)] or [
        hit for hit in hits if (key := _block_of(hit)) and names_building(key, written)
    ]
    with_block = [hit for hit in hits if _is_with_block(hit, door, wanted)]
    if with_block:
        return [*there, *with_block], []
    if there:
        there = [hit for hit in there if not _has_other_name(hit, written)]
        return there, [] if there else ["building_not_found"]
    if blocks := [hit for hit in hits if _may_be_block_of(_block_of(hit) or "", written)]:
        return blocks, [UNSURE]
    # The building may be registered only by its number.
    unnamed = [hit for hit in hits if hit.record.building_key is None]
    return (unnamed, ["building_not_found"]) if unnamed else ([], ["building_not_found"])


def _by_estate(hits: list[Hit], door: Door, wanted: Wanted) -> Narrowed:
    """Drop doors of other blocks of flats: `Chung cư Sao Kim` is a place to the grammar, but may be
    the building in the register.

    A flat must be in the named block, `khu B`. A block that has only a mark, or no name, may be in
    the named estate: that has to be confirmed.
    """
    estates = _estates_named(door, hits, flat=wanted.flat is not None)
    if not estates:
        return hits, []
    named = [hit for hit in hits if (hit.record.building_key or "").startswith(_ESTATE_WORDS)]
    there = [
        hit
        for hit in hits
        if (name := estates.get(_block_of(hit) or "")) and not _has_other_name(hit, name)
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
    """Return key → name of the named places that may be the building, without those around it."""
    around = set().union(*(current_keys(hit.record) for hit in hits))
    return {
        block_key(place.key): place.name
        for place in door.localities
        if place.key not in around
        and (
            place.kind in DWELLING_ESTATES
            or (flat and place.kind in BLOCK_KINDS and block_mark(place.key) is not None)
        )
    }


def _may_be_block_of(key: str, written: str) -> bool:
    """Whether `written` is the building's name without its block, or its mark: `Royal City` for its
    block R2, `L2` for Landmark 2.
    """
    name, _, mark = key.rpartition(" ")
    is_block = name == block_key(written) and block_mark(mark) == mark
    return is_block or matches_initial(key, written)


def _names_of(hit: Hit) -> tuple[str, ...]:
    """Return the keys of its building: `Ban Mai` is used for Chung cư Ban Mai."""
    key = _block_of(hit)
    if key is None:
        return ()
    return (key, *(key.removeprefix(kind) for kind in _ESTATE_WORDS if key.startswith(kind)))


def _block_of(hit: Hit) -> str | None:
    key = hit.record.building_key
    return None if key is None else block_key(key)


def _has_other_name(hit: Hit, written: str) -> bool:
    """Whether its building has other diacritics: Chung cư Hàng Dầu is not Chung cư Hàng Đậu."""
    name = hit.record.building_name
    return name is not None and are_apart(written, name)


def by_flat(hits: list[Hit], door: Door, wanted: Wanted) -> Narrowed:
    """Return the flat by its number; its building if no flat is given, or it is not registered."""
    buildings = [hit for hit in hits if hit.record.kind == "building"]
    doors = [hit for hit in hits if hit.record.unit_number is None]
    floor = door.flat.floor if door.flat else None
    if wanted.flat is not None:
        flats = [
            hit
            for hit in hits
            if hit.record.unit_number == wanted.flat or _is_with_block(hit, door, wanted)
        ]
        flats = [hit for hit in flats if _may_be_on(hit, floor)]
        return (flats, []) if flats else (buildings or doors, ["flat_not_found"])
    if buildings:
        # Besides the building there may be a door of its own at the number: both fit.
        beside = [hit for hit in doors if hit.record.kind == "household"]
        return buildings + beside, ["flat_missing"]
    # If the building is not registered, none of its flats represents it.
    if not doors or (floor is None and all(hit.record.floor for hit in doors)):
        return doors, ["flat_missing"]
    there = [hit for hit in doors if _may_be_on(hit, floor)]
    return (there, []) if there else (doors, ["flat_not_found"])


def _may_be_on(hit: Hit, floor: str | None) -> bool:
    return floor is None or hit.record.floor in (None, floor)


def _is_with_block(hit: Hit, door: Door, wanted: Wanted) -> bool:
    """Whether it is the wanted flat, with the block in its number or apart: A202 is 202 of A."""
    unit = hit.record.unit_number
    if unit is None or unit not in wanted.other_flats:
        return False
    key, written = hit.record.building_key, door.flat.building if door.flat else None
    return marked_unit(key, unit) == marked_unit(written, wanted.flat or "")
