"""Doors inside buildings: the block and the flat that a text names, of those at one number."""

from typing import Final

from geo.address import Door
from geo.flat import block_key, block_mark, marked_unit, matches_initial, names_building
from geo.locality import BLOCK_KINDS, DWELLING_ESTATES
from geo.spelling import are_apart
from geo.text import fold
from registry.search.find.blocks import UNSURE
from registry.search.find.by_locality import keys_of_today
from registry.search.find.doors import Hit, Narrowed, Wanted

_ESTATE_WORDS: Final = tuple(f"{fold(kind)} " for kind in DWELLING_ESTATES)


def by_building(hits: list[Hit], door: Door, wanted: Wanted) -> Narrowed:
    """Doors in the building named; without a name, whatever stands at the number."""
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
        there = [hit for hit in there if not _is_called_otherwise(hit, written)]
        return there, [] if there else ["building_not_found"]
    if blocks := [hit for hit in hits if _may_be_block_of(_block_of(hit) or "", written)]:
        return blocks, [UNSURE]
    # The register may know the building under its number alone.
    unnamed = [hit for hit in hits if hit.record.building_key is None]
    return (unnamed, ["building_not_found"]) if unnamed else ([], ["building_not_found"])


def _by_estate(hits: list[Hit], door: Door, wanted: Wanted) -> Narrowed:
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
    around = set().union(*(keys_of_today(hit.record) for hit in hits))
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
    """Whether the building with that key has the name without its block, or is a mark's: `Royal
    City` is said for R2 of it, `L2` for Landmark 2.
    """
    name, _, mark = key.rpartition(" ")
    is_block = name == block_key(written) and block_mark(mark) == mark
    return is_block or matches_initial(key, written)


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
    name = hit.record.building_name
    return name is not None and are_apart(written, name)


def by_flat(hits: list[Hit], door: Door, wanted: Wanted) -> Narrowed:
    """The flat by its number; its building where the flat is not asked for, or is not known."""
    buildings = [hit for hit in hits if hit.record.kind == "building"]
    doors = [hit for hit in hits if hit.record.unit_number is None]
    if wanted.flat is not None:
        floor = door.flat.floor if door.flat else None
        flats = [
            hit
            for hit in hits
            if hit.record.unit_number == wanted.flat or _is_with_block(hit, door, wanted)
        ]
        flats = [hit for hit in flats if floor is None or hit.record.floor in (None, floor)]
        return (flats, []) if flats else (buildings or doors, ["flat_not_found"])
    if buildings:
        # Beside the building a door of its own may stand at the number: both fit.
        beside = [hit for hit in doors if hit.record.kind == "household"]
        return buildings + beside, ["flat_missing"]
    # Of a tower that is not on record, no flat stands for it.
    return (doors, []) if doors else ([], ["flat_missing"])


def _is_with_block(hit: Hit, door: Door, wanted: Wanted) -> bool:
    """Whether it is the flat asked for, with the block in its number or apart: A202 is 202 of A."""
    unit = hit.record.unit_number
    if unit is None or unit not in wanted.other_flats:
        return False
    key, written = hit.record.building_key, door.flat.building if door.flat else None
    return marked_unit(key, unit) == marked_unit(written, wanted.flat or "")
