"""Streets: their kinds, and the keys under which their names are compared.

Usage of đường and phố varies for the same street, so these words are not part of the key, nor is a
surname that folds like them (`Dương Quảng Hàm` and `Đ. Quảng Hàm` are one key): without diacritics,
or abbreviated by a machine, they are indistinguishable. Numbers and classes of roads keep their
kind, since they mean nothing without it.

>>> [parse_street(t).key for t in ("Đường Nguyễn Trãi", "P. Nguyễn Trãi", "nguyen trai")]
['nguyen trai', 'nguyen trai', 'nguyen trai']
>>> [parse_street(t).key for t in ("Đ. Số 07", "QL1A", "ĐT743B", "Đ. 3/2", "CMT8")]
['duong so 7', 'quoc lo 1a', 'duong tinh 743b', '3 thang 2', 'cach mang thang 8']
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from geo import lexicon
from geo.house_number import ALLEY_RANK, ALLEYS
from geo.text import fold
from geo.values import value
from geo.words import PhraseBook, Word, keys_of, phrases, text_of, words_behind, words_of

STREETS: Final = phrases("street")
ROAD_CLASSES: Final = frozenset(lexicon.kinds("street", "road"))
_PLAIN: Final = ("đại lộ", "đường", "phố")
# Read at the start of a name, after `đường` or alone.
_KIND_BOOK: Final = PhraseBook(STREETS, ALLEYS)
_CLASS_KEYS: Final = {kind: fold(kind) for kind in (*ROAD_CLASSES, *ALLEY_RANK)}
_EMPTY_WORDS: Final = tuple(map(fold, _PLAIN))
ENGLISH_KINDS: Final = words_behind("street")
_MIDDLE_NAMES: Final = {"t": "thi", "v": "van"}
_CODE_LETTERS: Final = re.compile(r"[a-z]{1,3}")
_SHORT_ROAD: Final = re.compile(r"[đĐ](\d{1,3}[A-Za-z]?)")
_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})")
_NUMBERS: Final = {
    fold(word): int(number)
    for word, (number,) in lexicon.readings("number").items()
    if 0 < int(number) <= 10
}
_ALIASES: Final = {writing: fold(name) for writing, (name,) in lexicon.readings("street").items()}
"""Abbreviations that mean the same street everywhere."""


@value(frozen=True, slots=True)
class Street:
    """A street as an address names it."""

    kind: str | None
    """In full: `đường`, `phố`, `quốc lộ`; None if not written."""
    name: str
    """As written, without the kind."""
    key: str
    """Folded; includes the kind only for numbered streets, classes of roads and alleys."""
    alt_keys: tuple[str, ...] = ()
    """Other possible keys for the same text, likeliest first."""


def parse_street(text: str) -> Street | None:
    """Parse a street, or return None if there is no word but a kind."""
    return street_of(None, words_of(text))


def street_of(kind: str | None, words: Sequence[Word]) -> Street | None:
    """Return the street of a kind that was already read and the words after it."""
    return _street_of(kind, tuple(words))


@lru_cache(maxsize=4_096)  # street names repeat across towns
def _street_of(kind: str | None, named: tuple[Word, ...]) -> Street | None:
    words: Sequence[Word] = named
    while words and words[-1].key in ENGLISH_KINDS and (kind or len(words) > 1):
        kind, words = kind or "đường", words[:-1]
    while len(words) > 1 or (words and kind is None):
        phrase = _KIND_BOOK.match(words, 0)
        # `Đường Quốc lộ 1A` has the inner kind; a kind needs a name after it.
        if phrase is None or len(words) <= len(phrase.keys) or kind in ROAD_CLASSES:
            break
        if phrase.kind in _PLAIN and kind is not None and not _repeats(kind, words[0]):
            break
        kind, words = phrase.kind, words[len(phrase.keys) :]
    words = [word for word in words if not word.dash]
    if kind is None and len(words) > 1 and words[0].key == "duong" and _numbered(words[1:]):
        # `Đuồng số 51`, misspelt.
        kind, words = "đường", words[1:]
    if not words or (len(words) == 1 and (words[0].key in _EMPTY_WORDS or words[0].pointed)):
        return None
    if kind is None and len(words) == 1 and (short := _SHORT_ROAD.fullmatch(words[0].text)):
        # `58 Đ8`: street 8, or one named D8
        numbered = words_of(short[1])
        return Street("đường", short[1], _keys("đường", numbered)[0], (words[0].key,))
    key, alternatives = _keys(kind, words)
    if key in _EMPTY_WORDS:
        return None
    return Street(kind, text_of(words), key, alternatives)


def is_dated(words: Sequence[Word]) -> bool:
    """Whether the words are a date or Cách Mạng Tháng Tám, which only streets are named after.

    >>> is_dated(words_of("Cách Mạng Tháng Tám")), is_dated(words_of("CMT8"))
    (True, True)
    >>> is_dated(words_of("Cách Mạng Tháng Tám quận 3"))
    False
    """
    keys = keys_of(words)
    name = _ALIASES.get(" ".join(keys), "")
    return name == "cach mang thang 8" or ("thang" in keys and _date(keys, words) is not None)


def _numbered(words: Sequence[Word]) -> bool:
    return words[0].numeric or (words[0].key == "so" and len(words) > 1 and words[1].numeric)


def _repeats(kind: str, word: Word) -> bool:
    """`Đường Đ. Mỹ An`, `Đường Đường Nguyễn Văn Linh`, but not `Đường Phố Huế`."""
    return fold(kind)[0] == word.key[0] and (word.pointed or word.key == fold(kind))


def _keys(kind: str | None, words: Sequence[Word]) -> tuple[str, tuple[str, ...]]:
    keys = _spelled_out(words)
    if date := _date(keys, words):
        return date, ()
    if kind in _CLASS_KEYS:
        return _class_keys(_CLASS_KEYS[kind], _code(keys, one_word=len(words) == 1))
    if keys[0] == "so" and len(keys) > 1 and keys[1][0].isdigit():
        keys = keys[1:]
    elif not (keys[0][0].isdigit() and (len(keys) == 1 or kind is not None)):
        return _name_keys(_code(keys, one_word=len(words) == 1), words)
    return f"{fold(kind) if kind in _PLAIN else 'duong'} so {' '.join(keys)}", ()


def _spelled_out(words: Sequence[Word]) -> list[str]:
    """Return the folded words; `An D. Vương` is An Dương Vương, as a map service abbreviates it.

    `Nguyễn T. Minh Khai`, `Nguyễn V Cừ`: the common middle names.
    """
    first, *rest = words
    keys = keys_of([first])
    for at, word in enumerate(rest, 1):
        middle = at == 1 and len(rest) > 1 and len(first.key) > 1 and not first.numeric
        if word.pointed and word.key == "d":
            keys.append("duong")
        elif middle and word.key in _MIDDLE_NAMES:
            keys.append(_MIDDLE_NAMES[word.key])
        else:
            keys += keys_of([word])
    return keys


def _date(keys: list[str], words: Sequence[Word]) -> str | None:
    """`3/2`, `3 tháng 2`, `Ba Tháng Hai`, `Cách Mạng Tháng Tám` with their numbers in digits."""
    if len(words) == 1 and (day := _DAY.fullmatch(words[0].text)):
        return f"{int(day[1])} thang {int(day[2])}"
    if "thang" not in keys[:-1]:
        return None
    at = keys.index("thang")
    month = _number(keys[at + 1 :])  # `30 tháng 4 Ninh Kiều` is a date and something else
    before = " ".join(keys[:at])
    day_number = _number(keys[:at])
    if month is None or not (day_number or before in ("cach mang", "cm")):
        return None
    return f"{day_number or 'cach mang'} thang {month}"


def _number(keys: list[str]) -> int | None:
    """Return a number up to 39 in digits or words: `mười bảy`, `hai mươi`."""
    if len(keys) == 1 and keys[0].isdecimal() and len(keys[0]) < 3:
        return int(keys[0])
    if not 0 < len(keys) < 4 or any(key not in _NUMBERS for key in keys):
        return None
    values = [_NUMBERS[key] for key in keys]
    if len(values) == 1:
        return values[0]
    if 10 not in values[:2]:
        return None
    tens = values.index(10)
    units = values[tens + 1 :]
    return (values[0] if tens else 1) * 10 + (units[0] if units else 0)


def _class_keys(kind_key: str, keys: list[str]) -> tuple[str, tuple[str, ...]]:
    key = f"{kind_key} {' '.join(keys)}"
    if kind_key == "tinh lo":
        return key, (key.replace("tinh lo", "duong tinh", 1),)
    if kind_key == "duong tinh":
        return key, (key.replace("duong tinh", "tinh lo", 1),)
    if key in ("quoc lo 1", "quoc lo 1a"):
        return key, ("quoc lo 1a" if key.endswith("1") else "quoc lo 1",)
    return key, ()


def _code(keys: list[str], *, one_word: bool) -> list[str]:
    """Join `N.2`, `Z 115` and `TC-4` to one word, as elsewhere; `Dãy 2` stays two."""
    joined = len(keys) == 2 and _CODE_LETTERS.fullmatch(keys[0]) and keys[1][0].isdigit()
    return ["".join(keys)] if joined and (one_word or len(keys[0]) == 1) else keys


def _name_keys(keys: list[str], words: Sequence[Word]) -> tuple[str, tuple[str, ...]]:
    name = _without_empty_words(" ".join(keys))
    key = _ALIASES.get(name, name)
    first = words[0]
    if first.key == "ng" and len(keys) > 1:
        rest = key.removeprefix("ng ")
        return f"nguyen {rest}", (f"ngo {rest}",)
    return key, ()


def _without_empty_words(name: str) -> str:
    """Remove leading words that fold like đường or phố, but not the last word."""
    shorter = True
    while shorter:
        shorter = False
        for word in (*_EMPTY_WORDS, "d", "p"):
            if name.startswith(word + " "):
                name, shorter = name[len(word) + 1 :], True
    return name
