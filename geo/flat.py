"""Places inside a building: the building, the floor and the flat.

A flat's number contains its floor: `12.05`, `1205`, `12-05` and `tầng 12 căn 5` are one flat;
`12A05` is on floor 12A, which replaces the unlucky 13.

>>> parse_flat("P402 CT9A").key, parse_flat("S2.02-2110").key
('toa ct9a can 402', 'toa s2.02 can 2110')
>>> parse_flat("căn hộ 12.05 tòa S2.03").key, parse_flat("Tầng 12, căn 5, toà S2.03").key
('toa s2.03 can 1205', 'toa s2.03 can 1205')
"""

import re
from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.text import fold
from geo.values import value
from geo.words import (
    PhraseBook,
    Word,
    phrase_of,
    phrases,
    read_all,
    text_of,
    words_behind,
    words_of,
)

FLATS: Final = phrases("unit", "floor", "building")
# Outside an estate `lô` is a plot of land, which is a house number.
_BOOK: Final = PhraseBook(FLATS, [phrase_of("building", "lô")])
ENGLISH_BUILDINGS: Final = words_behind("building")
"""Kinds that follow their name: `Vincom Center Building`."""
_NAMED_FLOORS: Final = {fold(kind): mark for kind, mark in lexicon.marks("floor").items()}
# Marks of buildings in housing estates: `CT9A`, `HH2`, `N04B`, `S2.03`, `OCT2`.
_BUILDING_CODE: Final = re.compile(
    r"(?:(?:CT|HH|OCT|VP|NO|N0|NƠ)\d{1,3}[A-Z]?\d?|S\d{1,2}\.\d{2})", re.IGNORECASE
)
# A building and a flat in it: `S2.02-2110`, `S5.01.1508`, `A-08.03`.
_WITH_BUILDING: Final = re.compile(
    r"([A-ZĐ]{1,3}\d{0,3}[A-Z]?(?:\.\d{2})?)(?:[-–]P?|(?<=\.\d\d)\.)(\d{1,2}[AB]?[.-]?\d{2})",
    re.IGNORECASE,
)
# Block, floor and door: `A12.05` of block A.
_BLOCK_AND_FLOOR: Final = re.compile(r"([A-ZĐ]{1,2})(\d{1,2}[AB]?\.\d{2})")
# Words before the mark of a block, used interchangeably: `CC A1`, `Nhà A1`, `Toà A1`.
_BLOCK_WORDS: Final = re.compile(rf"(?:(?:{'|'.join(lexicon.names('buildings', 'mark'))}) )+")
_ESTATE_WRITINGS: Final = {
    "chung cu": re.compile(r"^(?:toa )?(?:(?:khu |nha )?chung cu|c ?c) "),
    "khu tap the": re.compile(r"^(?:toa )?(?:(?:khu )?tap the|ktt) "),
}
_NAMED_BUILDING: Final = re.compile(rf"(?:{'|'.join(lexicon.names('buildings', 'name'))}) ")
_CALLED_TOWER: Final = re.compile(r"to(?:à|òa|a)(?: nhà| nha)? ", re.IGNORECASE)
_BLOCK_MARK: Final = re.compile(r"([a-z]{1,3}) ?(\d{1,3}[a-z]?\d?(?: \d{2})?)|[a-z]|\d{1,3}[a-z]?")
_MARK_IN_FRONT: Final = re.compile(
    rf"(?:{_BLOCK_WORDS.pattern})?([a-z]{{1,3}}\d{{1,2}}[a-z]?|s\d{{1,2}} \d{{2}}) "
    r"((?![a-z]{1,3}\d)[a-z].*)"
)
"""The mark of a named block, written before or after the name: `R5 Royal City`."""
_WORD_AND_NUMBER: Final = re.compile(r"([a-z])[a-z]{2,} (\d{1,2}[a-z]?)")
_MARKED_UNIT: Final = re.compile(r"[A-ZĐ]{1,3}(\d{2,5})")
# `P402`, `CH302`; `PB1610` is room 1610 of building B.
_ROOM: Final = re.compile(r"(?:CH|P)([A-Z]?)(\d{3,4}[A-Z]?)")
# A flat by its block, separated from the house by a dash: `CT2.201 - 263 Đào Duy Từ`.
_BEFORE_HOUSE: Final = re.compile(
    r"\s*((?:CT|HH|OCT|VP|S)\d{1,2}[A-Z]?(?:\.\d{2})?[./-]\d{3,4})\s+[-–]\s+(?=\d)", re.IGNORECASE
)
_FLOOR_AND_DOOR: Final = re.compile(r"(\d{1,2}[AB]?)[.–-](\d{1,2}[A-Z]?)", re.IGNORECASE)


@value(frozen=True, slots=True)
class Flat:
    """A place inside a building; at least one of building, floor and unit is set."""

    written: str
    building: str | None
    """Name or mark of the building, block or tower, as written: `CT9A`."""
    floor: str | None
    """Canonical: `12A`; None if the unit's number contains it."""
    unit: str | None
    """Canonical: `1205`."""
    key: str
    """`toa ct9a can 402`."""


def block_mark(name: str) -> str | None:
    """Return the mark of a block without the word for its kind; None for a named building.

    >>> block_mark("Toà CC A1"), block_mark("A-1"), block_mark("khu B"), block_mark("CC An Bình")
    ('a1', 'a1', 'b', None)
    """
    mark = _BLOCK_MARK.fullmatch(_BLOCK_WORDS.sub("", fold(name) + " ", 1).strip())
    if mark is None:
        return None
    return (mark[1] + mark[2] if mark[1] else mark[0]).replace(" ", "")


def marked_unit(building: str | None, unit: str) -> str:
    """Return the number of a flat with the mark of its block in front, if it has one.

    >>> marked_unit("Toà A", "202") == marked_unit(None, "A202"), marked_unit("Ban Mai", "202")
    (True, '202')
    """
    return (
        f"{block_mark(building) or ''}{unit}".replace(" ", "").lower() if building else unit.lower()
    )


def alternative_units(building: str | None, unit: str) -> tuple[str, ...]:
    """Return other units under which the flat may be registered, by another split of block and
    flat.

    202 of block A is A202, and A1202 is 1202 of A or 202 of A1. At most two.

    >>> flats = (("Toà A", "202"), (None, "A1202"), (None, "202"))
    >>> [alternative_units(building, unit) for building, unit in flats]
    [('A202',), ('1202', '202'), ()]
    """
    if building is not None:
        mark = block_mark(building)
        return (f"{mark}{unit}".replace(" ", "").upper(),) if mark and mark[0].isalpha() else ()
    marked = _MARKED_UNIT.fullmatch(unit)
    if marked is None:
        return ()
    digits = marked[1]
    # A block has one digit mostly, and a flat three or four.
    ends = [digits, digits[1:]] if len(digits) < 5 else [digits[1:], digits[2:]]
    return tuple(end for end in ends if end[0] != "0" and (end == digits or len(end) > 2))


def block_key(name: str) -> str:
    """Return the key of a building, unique at a house number: its mark, or its folded name.

    >>> block_key("Nhà A1"), block_key("S2.03"), block_key("Toà CC An Bình")
    ('a1', 's203', 'chung cu an binh')
    >>> block_key("Toà R5 Royal City") == block_key("R5 - Royal City") == block_key("Royal City R5")
    True
    >>> block_key("A1 KTT Kim Liên"), block_key("CT4B - CT4C"), block_key("khu tap the kim lien a1")
    ('khu tap the kim lien a1', 'ct4b ct4c', 'khu tap the kim lien a1')
    """
    if (mark := block_mark(name)) is not None:
        return mark
    key = _MARK_IN_FRONT.sub(r"\2 \1", fold(name))
    for estate, words in _ESTATE_WRITINGS.items():
        key = words.sub(f"{estate} ", key, 1)
    return key


def names_building(key: str, words: str) -> bool:
    """Whether `words` name the building with that key, after any word for its kind; a mark alone
    matches every building with that mark.

    >>> names_building("hoa hong", "Toa Hoa Hồng"), names_building("chung cu hoa hong", "Hoa Hồng")
    (True, True)
    >>> names_building("a", "khối A"), names_building("hoa hong", "Hoa Hồng Residence")
    (True, False)
    >>> names_building("royal city r2", "R2"), names_building("r2", "R2 Royal City")
    (True, True)
    >>> [names_building("royal city r2", words) for words in ("R5 Royal City", "Times City R2")]
    [False, False]
    """
    asked = block_key(words)
    if asked == key or without_block_words(asked) == without_block_words(key):
        return True
    short, long = sorted((asked, key), key=len)
    return long.endswith(f" {short}") and block_mark(short) == short and short[-1].isalnum()


def matches_initial(key: str, words: str) -> bool:
    """Whether `words` are the initial and number of the building with that key.

    >>> matches_initial("landmark 2", "L2"), matches_initial("landmark 2", "L3")
    (True, False)
    """
    called = _WORD_AND_NUMBER.fullmatch(key)
    return called is not None and block_mark(words) == called[1] + called[2]


def parse_building_name(part: str) -> str | None:
    """Return the building name in a part of a text that starts with a word for a building, as
    labels print it; None for any other part.

    >>> parse_building_name("Toà B The Pegasus Plaza"), parse_building_name("Chung cư 5 tầng")
    ('B The Pegasus Plaza', 'Chung cư 5 tầng')
    >>> parse_building_name("12 Láng"), parse_building_name("Nhà T2")
    (None, 'Nhà T2')
    """
    if _NAMED_BUILDING.match(fold(part)) is None:
        return None
    return _CALLED_TOWER.sub("", part, 1) or None


def without_block_words(key: str) -> str:
    """Return a folded name without leading words for a block.

    >>> without_block_words("toa nha hoa hong"), without_block_words("chung cu")
    ('hoa hong', 'chung cu')
    """
    return _BLOCK_WORDS.sub("", key, 1)


def is_building_code(word: Word) -> bool:
    """Whether `word` can only be the mark of a building: `CT9A`, `S2.03`."""
    return word.path and bool(_BUILDING_CODE.fullmatch(word.text))


def is_flat_code(word: Word) -> bool:
    """Whether `word` names a building and a flat in it: `S2.02-2110`."""
    match = _WITH_BUILDING.fullmatch(word.text) if word.path else None
    return match is not None and "." in word.text


def may_be_flat(words: Sequence[Word]) -> bool:
    """Whether a number may be a floor and a door on it: `25 – 06`, `12.05`."""
    code = _canonical(words) or ""
    return bool(_FLOOR_AND_DOOR.fullmatch(code) or _of_block(code))


def _of_block(code: str) -> re.Match[str] | None:
    return None if _BUILDING_CODE.fullmatch(code) else _BLOCK_AND_FLOOR.fullmatch(code)


def separate_flat(text: str) -> str:
    """Replace the dash between a leading flat and the house by a comma.

    >>> separate_flat("CT2.201 - 263 Đào Duy Từ"), separate_flat("12 - 14 Lê Lợi")
    ('CT2.201, 263 Đào Duy Từ', '12 - 14 Lê Lợi')
    """
    flat = _BEFORE_HOUSE.match(text)
    return f"{flat[1]}, {text[flat.end() :]}" if flat else text


class FlatSteps:
    """Collects the words that locate a door inside a building."""

    def __init__(self) -> None:
        self._buildings: list[str] = []
        self.floor: str | None = None
        self.unit: str | None = None

    def read(self, words: Sequence[Word], at: int) -> int:
        """Take the step at `at`; return the index after it, or `at` if no step starts there."""
        phrase = _BOOK.match(words, at)
        if phrase is None:
            return self._read_code(words, at)
        behind = at + len(phrase.keys)
        end = behind
        while end < len(words) and not (_BOOK.match(words, end) or _is_room(words[end])):
            end += 1
            if phrase.role != "building" and words[end - 1].numeric and not _dash_at(words, end):
                break
        self.add(phrase.role, phrase.kind, words[behind:end])
        return end

    def _read_code(self, words: Sequence[Word], at: int) -> int:
        end = at + 1
        if _dash_at(words, end) and end + 1 < len(words) and words[end + 1].path:
            end += 2
        if not words[end - 1].path:
            return at
        self.add_code(words[at:end])
        return end

    def add(self, role: str, kind: str, words: Sequence[Word]) -> None:
        """Add the words after a word for a flat, a floor or a building."""
        named = [word for word in words if word.key != "so"]
        if len(named) > 1 and named[-1].key in ENGLISH_BUILDINGS:
            named = named[:-1]
        if role == "floor":
            self.floor = _NAMED_FLOORS.get(fold(kind)) or _floor(named)
        elif named and role == "unit":
            self.unit = _canonical(named)
            self._split_building(self.unit)
        elif named:
            self._buildings.append(text_of(word for word in named if not word.dash))

    def add_code(self, words: Sequence[Word]) -> None:
        """Add a code without a word for its kind: `P402`, `CT9A`, `25 – 06`."""
        code = _canonical(words) or ""
        if match := _WITH_BUILDING.fullmatch(code) or _of_block(code):
            self._buildings.append(match[1])
            self.unit = match[2]
        elif match := _ROOM.fullmatch(code):
            self._buildings += [match[1]] if match[1] else []
            self.unit = match[2]
        elif self.unit is None and not is_building_code(words[0]):
            self.unit = code
        else:
            self._buildings.append(words[0].text)

    def _split_building(self, unit: str | None) -> None:
        if unit and (match := _WITH_BUILDING.fullmatch(unit)):
            self._buildings.append(match[1])
            self.unit = match[2]

    def flat(self, written: str) -> Flat | None:
        """Return the collected flat; None if nothing was read."""
        unit, floor = _unit_and_floor(self.unit, self.floor)
        building = " ".join(dict.fromkeys(self._buildings)) or None
        named = (("toa", building and _key(building)), ("tang", floor), ("can", unit))
        key = " ".join(f"{slot} {value.lower()}" for slot, value in named if value)
        return Flat(written, building, floor, unit, key) if key else None


def parse_flat(text: str) -> Flat | None:
    """Parse a text that names only a place inside a building, or return None."""
    words = words_of(text.replace(",", " "))
    steps = FlatSteps()
    if not read_all(steps.read, words):
        return None
    return steps.flat(text_of(words))


def _is_room(word: Word) -> bool:
    return bool(_ROOM.fullmatch(word.text.upper()))


def _dash_at(words: Sequence[Word], at: int) -> bool:
    return at < len(words) and words[at].dash


def _key(building: str) -> str:
    # `S2.03` keeps its point: the key is read again word by word.
    return " ".join(
        fold(word) if not any(map(str.isdigit, word)) else _plain(word) for word in building.split()
    )


def _plain(code: str) -> str:
    return ".".join(fold(piece).replace(" ", "") for piece in code.split(".") if fold(piece))


def _canonical(words: Sequence[Word]) -> str | None:
    """`25 – 06` as `25-06`."""
    return "".join("-" if word.dash else word.text.upper() for word in words) or None


def _floor(words: Sequence[Word]) -> str | None:
    """Return a floor in canonical form, also from a column value without `tầng`: `trệt`."""
    floor = _canonical(words)
    return floor and _NAMED_FLOORS.get(f"tang {fold(floor)}", floor)


def _unit_and_floor(unit: str | None, floor: str | None) -> tuple[str | None, str | None]:
    """Return unit and floor in canonical form: the floor only if the unit does not contain it."""
    floor = floor and (floor.lstrip("0") or floor)
    if unit is None:
        return None, floor
    unit = unit.lstrip("0") or unit
    if match := _FLOOR_AND_DOOR.fullmatch(unit):
        # `căn 2.05` on floor 1: both are kept, so that the conflict can be reported.
        return match[1] + match[2].rjust(2, "0"), floor if floor != match[1] else None
    if floor and unit.isdigit() and len(unit) < 3:
        return floor + unit.rjust(2, "0"), None
    if floor and unit.startswith(floor) and len(unit) > len(floor):
        return unit, None
    return unit, floor
