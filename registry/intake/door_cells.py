"""What the cells of a door's columns say, each column read on its own."""

import re
from typing import Final

from geo.address import building_of, parse_components
from geo.house_number import as_range
from geo.mangled_number import is_mangled
from geo.street import is_dated
from geo.words import words_of
from registry.intake.doors import UNREADABLE, DoorParts, parts_of

# Most house numbers are their own key, or say it backwards; the grammar would say the same, at
# length.
_STEP: Final = "[1-9][0-9]{0,3}[A-H]?"
_PLAIN_NUMBER: Final = re.compile(f"{_STEP}(?:/{_STEP})*")
_SPELLED_NUMBER: Final = re.compile(
    f"Số {_STEP}(?:, (?:ngách {_STEP}, )?ngõ {_STEP}|, (?:hẻm {_STEP}, )?kiệt {_STEP})"
)
_FLAT_AND_HOUSE: Final = re.compile(r"\s*\d{3,4}[A-Za-z]\d?\s*[-–]\s*\d{1,2}[A-Za-z]?\s*")
"""`307B-20` is no range: a flat of a block, and a house."""
_ROOM_BEHIND: Final = re.compile(r"[^\W\d_] (?:P|CH)\.?\d{3,4}[A-Z]?$")
"""`Phố Hàng Khay P306`: no street is called so."""
_NAME: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)+")
"""A street beside the number: several words, of letters."""


def read_number(text: str) -> DoorParts:
    """Of the column of house numbers."""
    if _PLAIN_NUMBER.fullmatch(text):
        return DoorParts(number=(text, text, False))
    if _SPELLED_NUMBER.fullmatch(text):
        steps = re.findall(_STEP, text)
        return DoorParts(number=(text.replace(",", ""), "/".join(reversed(steps)), False))
    if is_mangled(text):
        # No key: `judge` refuses it, and `fixes` proposes what may have stood there.
        return DoorParts(number=(text, "", False))
    door = parse_components(house_number=text)
    beside = door.street
    whole = beside is None or beside.kind is not None or is_dated(words_of(beside.name))
    if _FLAT_AND_HOUSE.fullmatch(text):
        return DoorParts(number=UNREADABLE)
    if as_range(text) == "" or not (whole or _NAME.fullmatch(beside.name if beside else "")):
        return DoorParts(number=UNREADABLE)
    return parts_of(door)


def read_street(text: str) -> DoorParts:
    """Of the column of streets."""
    door = parse_components(street=text)
    if door.street is not None and _ROOM_BEHIND.search(door.street.name):
        return DoorParts(number=UNREADABLE)
    return parts_of(door)


def read_place(text: str) -> DoorParts:
    """Of the column of localities."""
    return parts_of(parse_components(locality=text))


def read_flat(building: str, floor: str, unit: str) -> DoorParts:
    """Of the columns of buildings, floors and flats."""
    read = parse_components(building=building, floor=floor, unit=unit)
    door, named = parts_of(read), building_of(read, building)
    own = door.flat or (None, None, None, None)
    if named is None or own[1]:
        return door
    return DoorParts(flat=(*named, own[2], own[3]), hint=door.hint)
