"""Doubts whether a flat that was found is in the block of flats that the text means."""

from typing import Final

from geo.address import Door
from geo.flat import block_key, names_building, without_block_words
from geo.locality import DWELLING_ESTATES, GROUPS, MAY_HOLD_BLOCKS, Locality
from geo.spelling import are_apart
from geo.text import fold
from registry.records.record import Record
from registry.search.answers import Answer
from registry.search.read.door_with_units import ReadAddress

UNSURE: Final = "building_unsure"


def may_be_another_block(answer: Answer, reading: ReadAddress) -> bool:
    """Whether another block of flats may be meant.

    A flat was found only by its house, and the text has more that may be the name of another block
    or estate, `căn 311 khối B`, `căn 311 Vinhomes`; or a house was found, and the text names a
    block of flats that it is not known to be.
    """
    record, door = answer.record, reading.door
    if record is None:
        return False
    if record.unit_number is None and record.building_key is None:
        # `chung cư Ngô Gia Tự lô A 203 Hòa Hảo` may be a flat 203 or a house.
        return any(place.kind in DWELLING_ESTATES for place in _other_places(door, record))
    if record.unit_number is None or record.building_key is None:
        return False
    if "building_not_found" in answer.faults:
        return False  # that fault is enough
    if door.flat is not None and door.flat.building:
        return False
    places = _other_places(door, record)
    unread = [part for part in reading.unread if any(map(str.isalpha, part))]
    candidates = [(part, part) for part in unread] + [(place.name, place.key) for place in places]
    if any(may_have_name(name, record, words) for name, words in candidates):
        return False
    return bool(unread) or any(map(_may_hold_blocks, places))


def _other_places(door: Door, record: Record) -> list[Locality]:
    around = {fold(f"{kind} {name}") for kind, name in record.localities}
    return [place for place in door.localities if place.key not in around]


def _may_hold_blocks(place: Locality) -> bool:
    # `tổ hợp B` is not a group of a hamlet.
    unnumbered = place.kind in GROUPS and not any(map(str.isdigit, place.name))
    return place.kind in MAY_HOLD_BLOCKS or unnumbered


def may_have_name(name: str, record: Record, words: str | None = None) -> bool:
    """Whether the building of a record may have this name; `words` are the name with its kind."""
    key, building = record.building_key, record.building_name or ""
    return key is not None and names_building(key, words or name) and not are_apart(name, building)


def has_building_name(name: str, record: Record) -> bool:
    """Whether the record's building has exactly this name, ignoring the word for its kind."""
    key, wanted = record.building_key, block_key(name)
    if key is None or are_apart(name, record.building_name or ""):
        return False
    return key == wanted or without_block_words(key) == without_block_words(wanted)
