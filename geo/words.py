"""The words of an address, and phrases that open a new piece of it.

A word is looked at once: what it folds to, how it was accented, whether it may be a number. People
write the same few thousand words in all addresses, so this is remembered.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Final

from geo import lexicon
from geo.syllables import is_syllable
from geo.text import accent_key, fold, visible
from geo.typing_slips import repaired
from geo.values import value

MAX_WORDS: Final = 200
"""More than any address has; the rest of a longer text is not read."""
_MAX_WORD: Final = 60

# One step of a house number: `5A`, `1B14`, `LK5`, `B`. Atomic: twelve steps of five digits could be
# parted in so many ways that one text would keep a processor for hours.
_DIGITS: Final = frozenset("0123456789")
_STEP: Final = r"(?>(?:[A-ZĐ]{0,4}[0-9]{1,5}){1,3}[A-ZĐ]{0,4}|[A-ZĐ]{1,2})"
_PATH: Final = re.compile(rf"{_STEP}(?:[/.+–—-]{_STEP}){{0,11}}", re.IGNORECASE)
_EDGES: Final = " \t()[]{}<>\"'“”‘’:;,!?*#=…"
_DASHES: Final = frozenset("-–—−")
# `P.Tôn Đức`, `TP.HCM`: the point ends an abbreviation. `S2.03` has a digit beside it.
_ABBREVIATION: Final = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_])")
# Kinds that are written with their number in one word, whatever stands around them.
_GLUED_KIND: Final = re.compile(
    r"(kp|tdp|kv|ql|tl|đt|dt|hl|đh|dh|đx|dx|s[oố]|sn|nh[aà]|đường|khuphố|khupho|quậ?n|phường|phuong|ng[oõ]|ng[aá]ch|"
    r"h[eẻ]m|ki[eệ]t|th[oô]n|ấp|x[oó]m|kh[oó]m|tổ)[.-]?(\d\w{0,5}(?:/\w{1,5}){0,3})",
    re.IGNORECASE,
)
# `P.5`, `Tổ.12`: a point between a kind and its number. A capital alone may be a block: `A.1`.
_POINTED_KIND: Final = re.compile(r"([^\W\d_]{2,6}|[PQFKHĐ])\.(\d\w{0,8})", re.IGNORECASE)
# `14Tô Ngọc Vân`, `262duong`: no number ends in so many letters, or in an accented one.
_GLUED_NAME: Final = re.compile(
    r"(\d{1,5}(?:[A-Za-z](?=[A-ZĐ]))?(?:/\d{1,5})?)"
    r"(?!(?i:[a-z]?(?:bis|ter))(?![^\W\d_]))([^\W\d_]{3,}|[A-Z][^\W\d_a-zA-Z])"
)
_NUMBER_LETTERS: Final = frozenset("abcdđefghABCDĐEFGH")
"""Letters that a number may end in, with a name grown to it."""
_GLUED_CITY: Final = re.compile(r"((?i:tp))((?i:hcm|hn|đn|dn|ct|hp|bmt|vt)|[A-ZĐ]{2,3})")
POSTCODE: Final = r"\d{5,6}"
"""Five digits, six until 2018."""
_GLUED_POSTCODE: Final = re.compile(rf"([^\W\d_]{{2,}})({POSTCODE})")
_HYPHENED: Final = re.compile(r"(\d\w{0,3})[-–](?=[^\W\d_]{2})|([^\W\d_]{2,}\d?)[-–](?=\d)")
_UNIT_LETTERS: Final = frozenset("pqfhxtd")
ROMAN: Final = {
    "I": "1",
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "X": "10",
    "XI": "11",
    "XII": "12",
}


@value(frozen=True, slots=True)
class Word:
    """One word of an address."""

    text: str
    """As written, without punctuation around it."""
    key: str
    """Folded; empty for a dash."""
    accents: str
    """With its diacritics, for telling `quán` from `quận`."""
    pointed: bool
    """Whether a point followed, as behind an abbreviation."""
    path: bool
    """Whether it may be a house number or a part of one: has a digit, and no long word."""

    dash: bool = field(init=False, compare=False, repr=False)
    """Whether it is a dash between spaces."""
    numeric: bool = field(init=False, compare=False, repr=False)
    """Whether it may number something: `5`, `3B`, `IV`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "dash", not self.key)
        object.__setattr__(self, "numeric", self.path or self.text in ROMAN)


_K: Final = frozenset("Kk")
_KIET_AND_HEM: Final = re.compile(r"k[. ]?\s*(\d{1,4})\s*/?\s*h[. ]?\s*(\d{1,4})(?=[\s/])", re.I)
"""`K 30 H 14 / 5`, `K.30/H.14/5`: one path, `K30/H14/5`."""


def words_of(text: str) -> list[Word]:
    """The words of `text`, at most MAX_WORDS; a dash between spaces is one of them."""
    text = visible(text)
    if text[:1] in _K and (path := _KIET_AND_HEM.match(text)):
        text = f"K{path[1]}/H{path[2]}{text[path.end() :]}"
    written = text.split()
    if "/" in text:
        # `12 / 3` is one path.
        written = " ".join(written).replace(" /", "/").replace("/ ", "/").split()
    return [word for raw in written[:MAX_WORDS] for word in _words(raw)]


def keys_of(words: Iterable[Word]) -> list[str]:
    """The folded words, numbers without leading zeros. One word may hold several keys: `h leo`."""
    return [
        key.lstrip("0") or "0" if key[0] == "0" else key
        for word in words
        for key in word.key.split()
    ]


def text_of(words: Iterable[Word]) -> str:
    """The words as written, between single spaces; a point that ended the text is gone."""
    return " ".join(word.text + "." if word.pointed else word.text for word in words).rstrip(".")


def is_country(words: Sequence[Word]) -> bool:
    """Whether the words are Viet Nam, which every address is in."""
    return "".join(word.key for word in words) in ("vietnam", "vn")


def without_tail(words: Sequence[Word]) -> Sequence[Word]:
    """A unit's words without country and postcode around them; empty where that is all."""
    # `Vietnam Hải Hậu, Nam Định`, as a map service writes what it has no street for.
    while len(words) > 1 and is_country(words[:1]):
        words = words[1:]
    end = len(words)
    while end:
        last = words[end - 1]
        if last.dash or is_country([last]) or is_postcode(last.key):
            end -= 1
        elif end > 1 and is_country(words[end - 2 : end]):
            end -= 2
        else:
            break
    return words[:end]


def is_postcode(text: str) -> bool:
    """Whether a text may be a postcode, and is nothing else."""
    return re.fullmatch(POSTCODE, text) is not None


@lru_cache(maxsize=16_384)
def _words(raw: str) -> tuple[Word, ...]:
    raw = unicodedata.normalize("NFKC", raw[:_MAX_WORD])
    pieces = _ABBREVIATION.sub(". ", raw.replace("_", "-")).split()
    parts = (part for piece in pieces for cut in _parts(piece) for part in repaired(cut).split())
    return tuple(word for part in parts if (word := _word(part)))


def _parts(piece: str) -> list[str]:
    piece = piece.strip(_EDGES).rstrip("/")
    if _GLUED_KIND.fullmatch(piece):
        return _unglued(piece)
    # `2-Phuoc Tan`, `6-KP2`: a dash between a number and a name parts them.
    return [part for half in _HYPHENED.sub(r"\1\2 - ", piece).split() for part in _unglued(half)]


def _unglued(piece: str) -> list[str]:
    piece = piece.strip(_EDGES)
    bare = piece.rstrip(".")
    if match := _GLUED_KIND.fullmatch(bare) or _GLUED_CITY.fullmatch(bare):
        return [match[1], match[2]]
    if match := _POINTED_KIND.fullmatch(bare):
        # `K.4` is a kiệt or a khu phố, told apart where it stands.
        return [match[1] + match[2]] if match[1] in "Kk" else [match[1] + ".", match[2]]
    if match := _GLUED_POSTCODE.fullmatch(piece):
        return [match[1], match[2]]
    if match := _GLUED_NAME.match(piece):
        number, name = match[1], piece[match.end(1) :]
        return _with_letter(number, name) if begins_with_letter(name) else [number, name]
    if len(piece) > 1 and piece[-1] in _DASHES:
        return [piece[:-1], piece[-1]]
    return [piece]


def begins_with_letter(name: str) -> bool:
    """Whether the first letter of what has grown to a number is that number's: it makes a word of
    none.

    >>> [begins_with_letter(name) for name in ("Dnguyễn Huệ", "Dinh", "Đường", "ddường", "lê Lợi")]
    [True, False, False, False, False]
    """
    first, others = name[:1], "".join(takewhile(str.islower, name[1:]))
    return (
        first in _NUMBER_LETTERS
        and len(others) > 1
        and is_syllable(others)
        and not is_syllable(repaired(first + others))
    )


def _with_letter(number: str, name: str) -> list[str]:
    """`51Bnguyễn` as `51B nguyễn`; a `d` stays between the two, and behind a `đ` comes the point
    of an abbreviation: what these are is settled by the pieces around.
    """
    letter, street = name[0], name[1:]
    if letter in "dD":
        return [number, letter, street]
    return [f"{number}{letter}{'.' if letter in 'đĐ' else ''}", street]


def _word(piece: str) -> Word | None:
    text = "".join(filter(str.isprintable, piece)).strip(_EDGES)
    if text and _DASHES.issuperset(text):
        return Word("-", "", "", False, False)
    bare = text.rstrip("./-–")
    key = fold(bare)
    if not key:
        return None
    # Digits of other scripts are no house numbers.
    path = any(sign in _DIGITS for sign in key) and bool(_PATH.fullmatch(bare)) and key != "cmt8"
    return Word(bare, key, accent_key(bare), text.endswith("."), path)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that open a piece of an address, such as `khu phố`."""

    role: str
    """What the piece is: see `geo.pieces`."""
    kind: str
    """Canonical wording."""
    keys: tuple[str, ...]
    accents: tuple[str, ...]
    numbered: bool
    """Whether it counts only with a number behind it: `đội 4`, but `đường Đội Cấn`."""
    shortened: bool = False
    """Whether it is an abbreviation or another wording of the kind."""
    marked: bool = False
    """Whether it counts only with diacritics, or a number behind it: `lốc B`, not `Loc Ninh`."""


def phrases(*roles: str) -> list[Phrase]:
    """Those of the lexicon that open pieces of these roles, wherever they stand.

    A kind's own word stands before its other writings, one with marks before one without, so that
    `dg` is `đg` that lost its mark.
    """
    found = [
        _phrase(word.role, word.kind or word.writing, word.writing, word.needs)
        for word in lexicon.words()
        if word.role in roles and word.needs != "unit" and word.place != "behind"
    ]
    return sorted(found, key=lambda phrase: (phrase.shortened, phrase.keys == phrase.accents))


def phrase_of(role: str, kind: str) -> Phrase:
    """A kind by its own word, which counts without a number."""
    return _phrase(role, kind, kind, "")


def words_behind(role: str) -> frozenset[str]:
    """Words for kinds of a role that stand behind a name: `Vincom Center Building`."""
    return frozenset(word.writing for word in lexicon.words() if word.role == role and word.place)


def _phrase(role: str, kind: str, writing: str, needs: str) -> Phrase:
    split = writing.split()
    keys, accents = tuple(map(fold, split)), tuple(map(accent_key, split))
    numbered, marked = needs == "number", needs == "marks"
    return Phrase(role, kind, keys, accents, numbered, writing != kind, marked)


def read_all(read: Callable[[Sequence[Word], int], int], words: Sequence[Word]) -> bool:
    """Whether `read`, which takes what begins at a place and gives the place behind it, took all.

    It gives the same place where nothing begins.
    """
    at = 0
    while at < len(words):
        end = read(words, at)
        if end == at:
            return False
        at = end
    return True


class PhraseBook:
    """Finds the longest phrase at a place, by the folded words and then by the accents typed."""

    def __init__(self, *groups: Iterable[Phrase]) -> None:
        by_first: dict[str, list[Phrase]] = defaultdict(list)
        for group in groups:
            for phrase in group:
                by_first[phrase.keys[0]].append(phrase)
        self._by_first = {
            first: tuple(sorted(found, key=lambda p: -len(p.keys)))
            for first, found in by_first.items()
        }

    def match(self, words: Sequence[Word], at: int) -> Phrase | None:
        """The longest phrase that begins at `at`; `Quán` is no `quận`, `quan` may be one."""
        begun = self._by_first.get(words[at].key)
        if begun is None:
            return None
        for phrase in begun:
            end = at + len(phrase.keys)
            if end > len(words) or not _written(words, at, phrase):
                continue
            sure = not phrase.numbered and (
                not phrase.marked or words[at].accents == phrase.accents[0]
            )
            if sure or _number_at(words, end) or _is_mark(phrase, words, end):
                return phrase
        return None


def _written(words: Sequence[Word], at: int, phrase: Phrase) -> bool:
    for key, accents in zip(phrase.keys, phrase.accents, strict=True):
        written = words[at].accents
        if written not in (accents, key):
            return False
        at += 1
    return True


def _is_mark(phrase: Phrase, words: Sequence[Word], at: int) -> bool:
    """Whether the mark of a block is one letter, `building B`; `Loc N…` is a name."""
    if phrase.kind == "ô":
        # `Lô 12 ô B`; Ô Chợ Dừa is a ward.
        spelled = words[at - 1].accents == phrase.accents[-1] and at < len(words)
        return spelled and words[at].text.isupper() and letter_at(words, at)
    return phrase.role == "building" and not phrase.marked and letter_at(words, at)


def letter_at(words: Sequence[Word], at: int) -> bool:
    """Whether one letter stands at `at` that numbers something, and begins no unit: `toa b`."""
    if at >= len(words):
        return False
    word = words[at]
    alone = len(word.key) == 1 and word.key.isalpha() and not word.pointed
    return alone and (at + 1 == len(words) or word.key not in _UNIT_LETTERS)


def _number_at(words: Sequence[Word], at: int) -> bool:
    if at < len(words) and words[at].key == "so":
        at += 1
    return at < len(words) and words[at].numeric
