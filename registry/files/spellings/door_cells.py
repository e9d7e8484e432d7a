"""Read the cells of a door's columns, each column on its own."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Final

from geo import lexicon
from geo.address import building_of, parse_components
from geo.beside import beside_number
from geo.locality import ESTATES, parse_locality
from geo.mangled_number import is_date_or_error
from geo.mixed_fonts import is_garbled
from geo.number_ranges import as_range
from geo.persons import (
    ends_in_person,
    is_full_name,
    may_be_name,
    mentions_person,
    person_after_dash,
)
from geo.placeholders import is_ditto, is_none
from geo.spoken_number import parse_spoken_number
from geo.street import is_dated
from geo.text import fold
from geo.unclear import is_unclear
from geo.words import words_of
from registry.core.personal import holds_personal, without_numbers
from registry.files.spellings.doors import (
    DITTO,
    GARBLED,
    PERSON,
    DoorParts,
    is_unnamed_street,
    parts_of,
    refusal,
    unread,
)
from registry.files.spellings.doubts import PLACE_UNREAD
from registry.files.spellings.place_kinds import is_unclear_number, with_kind

# Most house numbers equal their key, or its reverse; these patterns spare them the grammar.
_STEP: Final = "[1-9][0-9]{0,3}[A-H]?"
_PLAIN_NUMBER: Final = re.compile(f"{_STEP}(?:/{_STEP})*")
_SPELLED_NUMBER: Final = re.compile(
    f"Số {_STEP}(?:, (?:ngách {_STEP}, )?ngõ {_STEP}|, (?:hẻm {_STEP}, )?kiệt {_STEP})"
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_CELLS: Final = Path(__file__).with_name("cells.csv")
_FLAT_WORDS: Final = frozenset(lexicon.names(_CELLS, "beside_flat"))
_WHOLE: Final = re.compile(r"([1-9]\d{0,3})\.0+")
"""`12.0`, as programs write numbers."""
APART: Final = "≠"
"""Separates a number from alleys in other columns that contradict it (`columns.joined`)."""
_LETTER_APART: Final = re.compile(r"(?<=\d)\s+([Đđ])$")
_LETTER_O: Final = re.compile(r"(?<=\d)[oO](?=[\d/])|(?<=\d)[oO]$")
"""`2O/3` for 20/3, as OCR writes it."""
_DIGIT: Final = re.compile("[1-9]")
_NEVER_STREETS: Final = ESTATES - {"chợ", "cư xá"}
"""Kinds of estates; streets are named after markets and cư xá."""
_WITH_DECIMAL: Final = re.compile(r"(\D*\d+)\.0+")
_USES: Final = frozenset(lexicon.names(_CELLS, "no_building"))
_BARE: Final = re.compile(r"\d[\dA-Za-z/-]*")
"""A street that is a number, `20`: the house number, if the cells of a row are shifted by one."""
_NAME: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)+")
"""A street beside the number: several words of letters."""


def _without_placeholders(read: Callable[..., DoorParts]) -> Callable[..., DoorParts]:
    """Apply `read` to cells without placeholders; ditto marks and garbled text are refused."""

    @wraps(read)
    def checked(*cells: str, **options: str) -> DoorParts:
        if ditto := next(filter(is_ditto, cells), ""):
            return DoorParts(number=(ditto, DITTO, False))
        if any(map(is_garbled, cells)):
            return DoorParts(number=GARBLED)
        return read(*("" if is_none(cell) else cell for cell in cells), **options)

    return checked


@_without_placeholders
def read_number(text: str) -> DoorParts:
    """Read a cell of house numbers."""
    if holds_personal(text) and not _DIGIT.search(text := without_numbers(text)):
        return DoorParts(number=PERSON)
    if _PLAIN_NUMBER.fullmatch(text):
        return DoorParts(number=(text, text, False))
    if _SPELLED_NUMBER.fullmatch(text):
        steps = re.findall(_STEP, text)
        return DoorParts(number=(text.replace(",", ""), "/".join(reversed(steps)), False))
    if refused := refusal("number", text):
        return DoorParts(number=refused)
    if is_full_name(text):
        return DoorParts(number=PERSON)
    if plain := _WHOLE.fullmatch(text):
        text = plain[1]
    text = _LETTER_APART.sub(r"\1", text)  # it would be an abbreviation of `đường`
    text = parse_spoken_number(text) or _LETTER_O.sub("0", text)
    door = parse_components(house_number=text)
    street = door.street
    complete = street is None or street.kind is not None or is_dated(words_of(street.name))
    several = as_range(text)
    if several == "" or not (complete or _NAME.fullmatch(street.name if street else "")):
        return DoorParts(number=unread(text))
    parts = parts_of(door)
    if parts == DoorParts() and _DIGIT.search(text):
        # `12\\3`, `12:3`: a number that cannot be parsed must not be lost silently.
        return DoorParts(number=unread(text))
    return replace(parts, beside=beside_number(text) if several is None else ())


@_without_placeholders
def read_street(text: str) -> DoorParts:
    """Read a cell of streets."""
    # `Nguyen_Trai` is a program's spelling; `Láng.` would be read as an abbreviation.
    text = without_numbers(text).replace("_", " ").rstrip(" .")
    if is_unnamed_street(text):
        return DoorParts()
    if refused := refusal("street", text):
        return DoorParts(number=refused)
    if person_after_dash(text):
        return DoorParts(number=PERSON)
    place = parse_locality(text)
    if place is not None and place.kind in _NEVER_STREETS and place.name:
        return parts_of(parse_components(locality=text))  # `KDC Hòa Phát`, which contains streets
    door = parse_components(street=text)
    if door.street is not None and ends_in_person(door.street.name):
        return DoorParts(number=PERSON)
    return replace(parts_of(door), bare=_BARE.fullmatch(text) is not None)


@_without_placeholders
def read_place(text: str, kind: str = "") -> DoorParts:
    """Read a cell of localities; `kind` is that of the header, for names without a kind."""
    if is_full_name(text) or holds_personal(text):
        return DoorParts(number=PERSON)
    if plain := _WITH_DECIMAL.fullmatch(text):
        text = plain[1]
    refused = unread(text) if is_unclear_number(kind, text) else refusal("place", text)
    if refused:
        return DoorParts(number=refused)
    parts = parts_of(parse_components(locality=with_kind(kind, text)))
    # `Đông, Tây` is one of the two; in `Xóm 1 Ngọc Sơn` one is inside the other.
    if parts.place is not None and parts.place[0].count("") > 1:
        return DoorParts(number=unread(text))
    if parts.place is None and parts.flat is None and fold(text):
        return replace(parts, doubt=PLACE_UNREAD)  # `Lô C`, `Ngõ 5`
    return parts


@_without_placeholders
def read_flat(building: str, floor: str, unit: str) -> DoorParts:
    """Read the cells of a building, a floor and a flat."""
    if any(map(holds_personal, (building, floor, unit))):
        return DoorParts(number=PERSON)
    dated = "" if building[:1].isalpha() else building  # `May 10` is a building
    if date := next(filter(is_date_or_error, (unit, floor, dated)), ""):
        return DoorParts(number=(date, "", False))
    if fold(building) in _USES:
        building = ""
    # A building of a flat may be named after a person.
    if mentions_person(building) or (not unit and may_be_name(building)):
        return DoorParts(number=PERSON)
    if is_unclear("unit", unit) or any(
        len(word) > 2 and fold(word) not in _FLAT_WORDS for word in _LETTERS.findall(unit)
    ):
        return DoorParts(number=unread(unit))
    read = parse_components(building=building, floor=floor, unit=unit)
    door, named = parts_of(read), building_of(read, building)
    own = door.flat or (None, None, None, None)
    if named is None or own[1]:
        return door
    return DoorParts(flat=(*named, own[2], own[3]), hint=door.hint)
