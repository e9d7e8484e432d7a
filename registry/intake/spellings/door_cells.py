"""What the cells of a door's columns say, each column read on its own."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Final

from geo import lexicon
from geo.address import building_of, parse_components
from geo.beside import beside_number
from geo.house_number import as_range
from geo.locality import ESTATES, parse_locality
from geo.mangled_number import is_date_or_error, is_mangled
from geo.mixed_fonts import is_garbled
from geo.persons import (
    goes_on_to_person,
    is_full_name,
    may_be_name,
    mentions_person,
    person_behind,
)
from geo.placeholders import is_ditto, is_none
from geo.spoken_number import number_said
from geo.street import is_dated
from geo.text import fold
from geo.words import words_of
from registry.intake.spellings.doors import DITTO, GARBLED, PERSON, DoorParts, parts_of, unread
from registry.intake.spellings.doubts import PLACE_UNREAD
from registry.intake.spellings.footer_words import is_no_address
from registry.intake.spellings.place_kinds import is_unclear_number, with_kind
from registry.personal import holds_personal

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
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_FLAT_UNCLEAR: Final = re.compile(r"[();+]|^\d\.\d$")
"""`101 (Tuấn)`, `07.01 + 07.02`; `5.1` may be 501 or 5.10."""
_CELLS: Final = Path(__file__).with_name("cells.csv")
_FLAT_WORDS: Final = frozenset(lexicon.names(_CELLS, "beside_flat"))
_WHOLE: Final = re.compile(r"([1-9]\d{0,3})\.0+")
"""`12.0`, as programs write a number."""
_DECIMAL: Final = re.compile(r"(\d+),(\d+)")
_NEXT_TO: Final = re.compile(
    r"(?:nha )?(?:ke|gan|canh|sat|giap|cach|ngay|doi dien|phia|truoc|sau|ben|phong tro)\b\D*\d"
)
"""Folded: `kế số 90` is the neighbour of 90, and `Phòng trọ số 3` one of the rooms of a house."""
_TWO_NUMBERS: Final = re.compile(
    r"\d\w?\s*[\r\n;]\s*\d|/\s*\d+\w?\s*[,&+]\s*\d+\w?\s*/"  # `12/3, 12/5`
)
"""Two numbers one below or behind the other are no path."""
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:\.\d{3})+|\d+(?:\.\d*[1-9]){1,2}|\d+ \d+/\d+|\d+%")
"""`1.234`, as programs write 1234 in Viet Nam, or 1,234 with three decimals; `0.5`, `2 1/3`, `12%`,
as they write what they took for a fraction."""
APART: Final = "≠"
"""Between a number and alleys of other columns that contradict it (`joined`)."""
_DOUBTFUL: Final = re.compile(
    r"[?≠\\]|\d\.[A-Za-zĐđ]$|\d[A-Z](?:-[A-Z])+$|\d\s*[_\[{|]\s*\d|\d\s*\([A-Za-zĐđ]\)|\b(?i:ngõ|ngách|hẻm|kiệt)\s*$|(?<![^\W_])l\d"
    r"|[^\W\d_]?[²³¹⁰-⁹①-⑳½¼¾]|\dm2|\d\s?[x×]\s?\d"
)
"""Somebody was not sure, or wrote a sign of no path, a letter apart, an alley without number, a
measure; `l2` may be 12 or a house L2, `12²` 12 or a note."""
_LETTER_APART: Final = re.compile(r"(?<=\d)\s+([Đđ])$")
_LETTER_O: Final = re.compile(r"(?<=\d)[oO](?=[\d/])|(?<=\d)[oO]$")
"""`2O/3`, as programs that read pictures write 20/3."""
_DIGIT: Final = re.compile("[1-9]")
_PATH: Final = re.compile(r"[\d/\s–-]+")
_RANGE: Final = re.compile(r"(?<![\w.-])(\d+)\s*[-–]\s*(\d+)(?![\w.-])")
_TWO_STREETS: Final = re.compile(r"[^\W\d_]{2}\s*[/+&]\s*[^\W\d_]{2}|\?")
_BESIDE_STREETS: Final = re.compile(
    r"\s*(?:góc|gần|cạnh|đối diện|ngoài|giáp (?:đường|phố|ngõ|hẻm|số|nhà|chợ)|ngã ba|ngã tư)\s"
    r"|.*\w.*\bnay (?:là|thuộc|đổi)\b",
    re.IGNORECASE,
)
"""`góc Láng - Chùa Láng` is no street of its own, and of `Láng nay là Chùa Láng` one is none.
Giáp Bát is one."""
_NO_STREET_BUT: Final = ESTATES - {"chợ", "cư xá"}
"""Kinds of estates; by markets and cư xá, streets are called."""
_NO_STREETS: Final = frozenset(lexicon.names(_CELLS, "no_street"))
_EARLIER_PLACE: Final = re.compile(
    r"\d[A-Z]?\s+(?:cũ|mới)$|\((?:cũ|mới)\)|\bnay (?:là|thuộc|đổi)\b|\s(?:và|&|\+)\s", re.IGNORECASE
)
"""`Thôn 2 cũ`, `Thôn Đông nay là thôn Đoài`, `Thôn 1 và 2`: nobody knows which."""
_WITH_DECIMAL: Final = re.compile(r"(\D*\d+)\.0+")
_USES: Final = frozenset(lexicon.names(_CELLS, "no_building"))
_BARE: Final = re.compile(r"\d[\dA-Za-z/-]*")
"""A street that is a number: `20`, where the cells of a row have moved by one the house's."""
_NAME: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+)+")
"""A street beside the number: several words, of letters."""


def _of_values(read: Callable[..., DoorParts]) -> Callable[..., DoorParts]:
    """`read`, for cells that hold values: what stands for another cell, or for none, is no name."""

    @wraps(read)
    def checked(*cells: str, **said: str) -> DoorParts:
        if ditto := next(filter(is_ditto, cells), ""):
            return DoorParts(number=(ditto, DITTO, False))
        if any(map(is_garbled, cells)):
            return DoorParts(number=GARBLED)
        return read(*("" if is_none(cell) else cell for cell in cells), **said)

    return checked


@_of_values
def read_number(text: str) -> DoorParts:
    """Of the column of house numbers."""
    if _PLAIN_NUMBER.fullmatch(text):
        return DoorParts(number=(text, text, False))
    if _SPELLED_NUMBER.fullmatch(text):
        steps = re.findall(_STEP, text)
        return DoorParts(number=(text.replace(",", ""), "/".join(reversed(steps)), False))
    decimal = _THOUSANDS.fullmatch(text) and not is_mangled(text)  # `3.2.2026` is a date
    if decimal or is_full_name(text):
        return DoorParts(number=unread(text) if text[0].isdigit() else PERSON)
    if plain := _WHOLE.fullmatch(text):
        text = plain[1]
    text = _LETTER_APART.sub(r"\1", text)  # which would be short for `đường`
    text = number_said(text) or _LETTER_O.sub("0", text)
    two = _TWO_NUMBERS.search(text) or _DOUBTFUL.search(text) or _descends(text)
    if two or _NEXT_TO.match(fold(text)) or _is_decimal(text):
        return DoorParts(number=unread(text))
    if is_mangled(text):
        # No key: `judge` refuses it, and `fixes` proposes what may have stood there.
        return DoorParts(number=(text, "", False))
    door = parse_components(house_number=text)
    street = door.street
    whole = street is None or street.kind is not None or is_dated(words_of(street.name))
    if _FLAT_AND_HOUSE.fullmatch(text):
        return DoorParts(number=unread(text))
    several = as_range(text)
    if several == "" or not (whole or _NAME.fullmatch(street.name if street else "")):
        return DoorParts(number=unread(text))
    parts = parts_of(door)
    if parts == DoorParts() and _DIGIT.search(text):
        # `12\\3`, `12:3`: a number that is not understood must not be lost without a word.
        return DoorParts(number=unread(text))
    return replace(parts, beside=beside_number(text) if several is None else ())


def _descends(text: str) -> bool:
    """Whether it has what is no range: `12-3` may be 12/3, `5/12-3` as well."""
    pairs = _RANGE.finditer(text) if _PATH.fullmatch(text) else ()
    return any(int(found[1]) > int(found[2]) for found in pairs)


def _is_decimal(text: str) -> bool:
    """`1,5` may be 1.5; `57,59` are neighbours."""
    found = _DECIMAL.fullmatch(text)
    return found is not None and int(found[2]) - int(found[1]) not in (1, 2)


@_of_values
def read_street(text: str) -> DoorParts:
    """Of the column of streets."""
    if is_mangled(text):
        return DoorParts(number=(text, "", False))  # `3/2` is a street as well
    # `Nguyen_Trai`, as columns of programs are called; `Láng.` would be short for another word.
    text = text.replace("_", " ").rstrip(" .")
    if text.lower().strip() in _NO_STREETS:
        return DoorParts()
    if _DIGIT.search(text) and is_no_address(text):
        return DoorParts(number=unread(text))
    if _TWO_STREETS.search(text) or _BESIDE_STREETS.match(text):
        return DoorParts(number=unread(text))
    if person_behind(text):
        return DoorParts(number=PERSON)
    place = parse_locality(text)
    if place is not None and place.kind in _NO_STREET_BUT and place.name:
        return parts_of(parse_components(locality=text))  # `KDC Hòa Phát`, which has streets
    door = parse_components(street=text)
    if door.street is not None and goes_on_to_person(door.street.name):
        return DoorParts(number=PERSON)
    if door.street is not None and _ROOM_BEHIND.search(door.street.name):
        return DoorParts(number=unread(text))
    return replace(parts_of(door), bare=_BARE.fullmatch(text) is not None)


@_of_values
def read_place(text: str, kind: str = "") -> DoorParts:
    """Of the column of localities, whose header says the `kind` of those that have none."""
    if is_full_name(text) or holds_personal(text):
        return DoorParts(number=PERSON)
    if is_mangled(text):
        return DoorParts(number=(text, "", False))  # `Tổ 1/2`
    if plain := _WITH_DECIMAL.fullmatch(text):
        text = plain[1]
    if is_unclear_number(kind, text):
        return DoorParts(number=unread(text))
    parts = parts_of(parse_components(locality=with_kind(kind, text)))
    # `Đông?`; `Đông, Tây` is in one of the two, and `Xóm 1 Ngọc Sơn` one in the other.
    several = parts.place is not None and parts.place[0].count("") > 1
    if several or "?" in text or _EARLIER_PLACE.search(text):
        return DoorParts(number=unread(text))
    if parts.place is None and parts.flat is None and fold(text):
        return replace(parts, doubt=PLACE_UNREAD)  # `Lô C`, `Ngõ 5`
    return parts


@_of_values
def read_flat(building: str, floor: str, unit: str) -> DoorParts:
    """Of the columns of buildings, floors and flats."""
    dated = "" if building[:1].isalpha() else building  # `May 10` is a building
    if date := next(filter(is_date_or_error, (unit, floor, dated)), ""):
        return DoorParts(number=(date, "", False))
    if fold(building) in _USES:
        building = ""
    # A flat is in a building, whoever that is called after.
    if mentions_person(building) or (not unit and may_be_name(building)):
        return DoorParts(number=PERSON)
    if _FLAT_UNCLEAR.search(unit) or any(
        len(word) > 2 and fold(word) not in _FLAT_WORDS for word in _LETTERS.findall(unit)
    ):
        return DoorParts(number=unread(unit))
    read = parse_components(building=building, floor=floor, unit=unit)
    door, named = parts_of(read), building_of(read, building)
    own = door.flat or (None, None, None, None)
    if named is None or own[1]:
        return door
    return DoorParts(flat=(*named, own[2], own[3]), hint=door.hint)
