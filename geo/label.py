"""The label of a door: its standard wording, which can be parsed again.

>>> door = LabelParts(number_key="12/34/5A", street_kind="phố", street_name="Láng",
...                   localities=(("tổ", "3"), ("khu phố", "1")))
>>> label(door, ("Phường Láng", "Thành phố Hà Nội"))
'12/34/5A Phố Láng, Tổ 3, Khu phố 1, Phường Láng, Thành phố Hà Nội'
>>> label(LabelParts(unit_number="1205", floor="12", building="CT1"), ("Phường Láng",))
'Căn hộ 1205, Tầng 12, Toà CT1, Phường Láng'
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from geo import lexicon
from geo.house_number import PLOT_MARKS, in_one_word
from geo.text import fold
from geo.values import value

_FLOORS: Final = {mark: kind.capitalize() for kind, mark in lexicon.marks("floor").items()}
# Longer marks first: `TO5` is not `O`. Blocks have letters: `LOA12`, and `LO.A`.
_MARKED: Final = re.compile(
    f"({'|'.join(sorted(PLOT_MARKS.values(), key=len, reverse=True))})"
    r"(?:(?![A-Z.])|\.|(?<=LO|LK|BT)(?=[A-Z]{1,3}\d))(.+)"
)
SPELLED_MARKS: Final = tuple(
    mark for word, mark in PLOT_MARKS.items() if len(mark) > 1 and fold(word) == mark.lower()
)
"""Marks in a key that are words without diacritics: LO, THUA, KM."""
_MARK_WORDS: Final = {mark: word for word, mark in PLOT_MARKS.items()}
_ALLEY: Final = "Ngõ"
_ALLEY_OF: Final = {
    fold(province): word.capitalize()
    for word in ("kiệt", "hẻm")
    for province in lexicon.names("provinces", word)
}
_BUILDING_WORDS: Final = lexicon.names("buildings", "name")


@value(frozen=True, slots=True)
class LabelParts:
    """The parts of a door's label, as the register stores them."""

    unit_number: str | None = None
    floor: str | None = None
    building: str | None = None
    number_key: str | None = None
    number_written: str | None = None
    """As delivered."""
    street_kind: str | None = None
    street_name: str | None = None
    localities: tuple[tuple[str, str], ...] = ()
    """(kind, name), innermost first."""


def number_of(parts: LabelParts, alley: str = _ALLEY) -> str | None:
    """Return the house number for a label, or None."""
    if parts.number_key is None:
        return None
    return number_label(parts.number_key, parts.number_written, alley)


def label(parts: LabelParts, units: Sequence[str]) -> str:
    """Return the label in one line, the door first; `units` are full names, the smallest first."""
    return ", ".join((*door_words(parts, alley_word(units[-1] if units else "")), *units))


def door_words(parts: LabelParts, alley: str = _ALLEY) -> tuple[str, ...]:
    """Return the label's parts before the units, from the inside out; `alley` is the word for an
    alley."""
    return (*_inside(parts), *_outside(parts, alley))


@lru_cache(maxsize=512)
def alley_word(province: str) -> str:
    """Return the word for an alley in a province, given by its full name.

    >>> [alley_word(f"Thành phố {name}") for name in ("Hà Nội", "Huế", "Hồ Chí Minh")]
    ['Ngõ', 'Kiệt', 'Hẻm']
    """
    name = fold(province).removeprefix("thanh pho ").removeprefix("tinh ")
    return _ALLEY_OF.get(name, _ALLEY)


def number_label(number_key: str, written: str | None = None, alley: str = _ALLEY) -> str:
    """Return a house number as `written` if that is a number without other words, else its path.

    >>> number_label("BT5/12", "BT5-12"), number_label("12/5A", "Số 5A ngõ 12")
    ('BT5-12', '12/5A')
    >>> number_label("LO5", "LO5"), number_label("8", "Số 08")
    ('Lô 5', '08')
    """
    if written == number_key and not _is_in_words(number_key):
        return number_key  # nearly all numbers; keeps them out of the cache
    return _number_label(number_key, written, alley)


def _is_in_words(number_key: str) -> bool:
    """Whether the key is shown in words: `LO5` as `Lô 5`, but BT5 is written on doors."""
    return number_key.startswith(SPELLED_MARKS) or number_key.endswith("/")


@lru_cache(maxsize=16_384)
def _number_label(number_key: str, written: str | None, alley: str) -> str:
    if written is None or _is_in_words(number_key):
        return path_label(number_key, alley)
    return in_one_word(written, number_key) or path_label(number_key, alley)


@lru_cache(maxsize=8_192)
def path_label(number_key: str, alley: str = _ALLEY) -> str:
    """Return a house number's key with its marks as words: `Ngõ 12`, `Lô 5/12`, `12/34/5A`.

    >>> path_label("12/"), path_label("LO5/12"), path_label("TO5/THUA12")
    ('Ngõ 12', 'Lô 5/12', 'Tờ bản đồ 5 Thửa 12')
    >>> path_label("LOA12/5"), path_label("LO.A/O12"), path_label("TOA12")
    ('Lô A12/5', 'Lô A Ô 12', 'TOA12')
    """
    if number_key.endswith("/"):
        return f"{alley} {number_key[:-1]}"
    groups: list[str] = []
    for step in number_key.split("/"):
        marked = _MARKED.fullmatch(step)
        if marked:
            word = _MARK_WORDS[marked[1]]
            groups.append(f"{_capitalised(word)} {marked[2]}")
        elif groups:
            groups[-1] += f"/{step}"
        else:
            groups.append(step)
    if len(groups) > 1 and number_key[0].isdigit():
        groups[0] = f"{alley} {groups[0]}"  # a plot inside an alley
    return " ".join(groups)


@lru_cache(maxsize=8_192)
def named(kind: str | None, name: str) -> str:
    """Return a street or locality with its kind, not repeated: `Phố Láng`, `Thôn Đông`.

    >>> named("thôn", "Thôn Đông"), named("khu phố", "1")
    ('Thôn Đông', 'Khu phố 1')
    """
    if kind is None or f"{name} ".casefold().startswith(f"{kind} ".casefold()):
        return _capitalised(name)
    return _capitalised(f"{kind} {name}".strip())


def _inside(parts: LabelParts) -> Iterator[str]:
    if parts.unit_number:
        yield f"Căn hộ {parts.unit_number}"
    if parts.floor:
        yield _FLOORS.get(parts.floor) or f"Tầng {parts.floor}"
    if parts.building:
        words = fold(parts.building)
        known = any(words == word or words.startswith(f"{word} ") for word in _BUILDING_WORDS)
        yield parts.building if known else f"Toà {parts.building}"


def _outside(parts: LabelParts, alley: str) -> Iterator[str]:
    street = named(parts.street_kind, parts.street_name) if parts.street_name else ""
    number = number_of(parts, alley) or ""
    if number or street:
        yield f"{number} {street}".strip()
    for kind, name in parts.localities:
        yield named(kind, name)


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
