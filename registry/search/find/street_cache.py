"""Caches readings by street for files, whose addresses differ mostly in the house number.

The grammar reads `12/5A Lê Lợi, Láng, Hà Nội` like `14/7B Lê Lợi, Láng, Hà Nội`. Reading is half of
the cost of a row, and files are sorted by houses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from geo.address import Door
from geo.house_number import HouseNumber, is_date, path_steps
from geo.text import fold
from registry.search.read.address_reader import read_address
from registry.search.read.door_with_units import ReadAddress
from registry.units.gazetteer import Gazetteer

_Key = TypeVar("_Key")
_Made = TypeVar("_Made")
_CACHED: Final = 16_384
"""Most cached streets, a few kB each."""
_LONGEST: Final = 200
_STEP: Final = r"[1-9]\d{0,3}[A-Za-z]?"
_IN_FRONT: Final = re.compile(
    rf"(?P<word>(?:[Ss]ố (?:nhà )?|K)?)(?P<number>{_STEP}(?:/{_STEP}){{0,3}})"
    r"(?P<rest>(?P<comma>,?) (?P<next>[^\W\d_]{2,}).*)"
)
"""A leading number before a word on the same line; not `3 A Lê Lợi`, with a letter."""
_NO_STREETS: Final = frozenset(["thang", "thg", "den", "toi", "va", "to", "bis", "ter"])
"""Folded words after a number that is a date, one of several, or incomplete: `3 tháng 2`."""
_PLACES: Final = frozenset(
    [
        "thon",
        "ap",
        "ban",
        "xom",
        "to",
        "khu",
        "khom",
        "khoi",
        "buon",
        "lang",
        "duong",
        "pho",
        "ngo",
        "hem",
    ]
)
"""Folded words after a number and a comma; `8, Hồ Chí Minh` may be a district."""
_ALIKE: Final = str.maketrans(dict.fromkeys("BCEFGabcefg", "A"))
"""Letters that are read alike; a D after a number may be a Đ."""
_FIGURES: Final = re.compile(r"\d+")


class HouseByHouse:
    """Reads addresses, with a cache of the last ones."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._texts: dict[str, list[ReadAddress]] = {}
        self._streets: dict[tuple[str, ...], _Street | None] = {}

    def read(self, text: str) -> list[ReadAddress]:
        """Return the readings of `text` as `read_address` does; callers must not modify them."""
        known = self._texts.get(text)
        if known is not None:
            return known
        front = _IN_FRONT.fullmatch(text) if len(text) <= _LONGEST else None
        if front is None or not _is_house(front):
            found = read_address(self._gazetteer, text)
            _store(self._texts, text, found)
            return found
        return self._read_on_street(text, front["word"], front["number"], front["rest"])

    def _read_on_street(self, text: str, word: str, number: str, rest: str) -> list[ReadAddress]:
        like = (word, _FIGURES.sub("0", number).translate(_ALIKE), rest)
        steps = path_steps(number)
        if like in self._streets:
            street = self._streets[like]
            if street is not None and street.figures.isdisjoint(_figures(number)):
                return street.with_number(number, steps)
            return read_address(self._gazetteer, text)
        found = read_address(self._gazetteer, text)
        _store(self._streets, like, _street(found, number, steps, rest))
        return found


def _is_house(front: re.Match[str]) -> bool:
    following = fold(front["next"])
    known = following in _PLACES if front["comma"] else following not in _NO_STREETS
    return known and not is_date(front["number"])


@dataclass(frozen=True, slots=True)
class _Street:
    """The readings of an address whose number occurs in each of them, once."""

    readings: list[ReadAddress]
    number: str
    steps: tuple[str, ...]
    figures: frozenset[str]
    """Figures after the number, which the number must not contain: `12 ngõ 12`."""

    def with_number(self, number: str, steps: tuple[str, ...]) -> list[ReadAddress]:
        other = dict(zip(self.steps, steps, strict=True))
        return [self._with(read, number, other) for read in self.readings]

    def _with(self, read: ReadAddress, number: str, other: dict[str, str]) -> ReadAddress:
        door, own = read.door, read.door.house_number
        if own is None:
            return read
        written = own.written.replace(self.number, number, 1)
        parts = tuple(other.get(part, part) for part in own.parts)
        house_number = HouseNumber(written, parts, own.alley_only)
        # Not `replace`, which takes as long as reading a part of a text.
        return ReadAddress(
            Door(house_number, door.street, door.localities, door.flat, door.hint),
            read.namings,
            read.unread,
            read.penalty,
            read.notes,
        )


def _street(
    found: list[ReadAddress], number: str, steps: tuple[str, ...], rest: str
) -> _Street | None:
    """Return the street of the readings; None if another number might be read differently."""
    figures, behind = _figures(number), _figures(rest)
    if len(figures) < len(steps) or not behind.isdisjoint(figures):
        return None
    numbers = [read.door.house_number for read in found]
    sure = all(
        own is not None
        and own.written.count(number) == 1
        and sorted(part for part in own.parts if part in steps) == sorted(steps)
        for own in numbers
    )
    texts = " ".join(text for read in found for text in _texts_of(read))
    return _Street(found, number, steps, behind) if sure and behind >= _figures(texts) else None


def _texts_of(read: ReadAddress) -> Iterator[str]:
    """Yield all texts of a reading except its number."""
    door = read.door
    yield from (door.hint or "", door.street.name if door.street else "", *read.unread)
    yield from (place.name for place in door.localities)
    yield from (text for naming in read.namings for text in naming.unread)
    if door.flat:
        yield door.flat.written


def _figures(text: str) -> frozenset[str]:
    return frozenset(_FIGURES.findall(text))


def _store(known: dict[_Key, _Made], key: _Key, made: _Made) -> None:
    if len(known) >= _CACHED:
        del known[next(iter(known))]
    known[key] = made
