"""The words of an address, and phrases that open a new piece of it.

For each word: its folded form, its accents, whether it may be a number. Addresses share a few
thousand words, so the results are cached.
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
"""More than any address has; longer texts are cut."""
_MAX_WORD: Final = 60

# One step of a house number: `5A`, `1B14`, `LK5`, `B`. Atomic, because backtracking over twelve
# steps of five digits would take hours for one text.
_DIGITS: Final = frozenset("0123456789")
_STEP: Final = r"(?>(?:[A-ZĐ]{0,4}[0-9]{1,5}){1,3}[A-ZĐ]{0,4}|[A-ZĐ]{1,2})"
_PATH: Final = re.compile(rf"{_STEP}(?:[/.+–—-]{_STEP}){{0,11}}", re.IGNORECASE)
_EDGES: Final = " \t()[]{}<>\"'“”‘’:;,!?*#=…"
_DASHES: Final = frozenset("-–—−")
# `P.Tôn Đức`, `TP.HCM`: the point ends an abbreviation; not before a digit, `S2.03`.
_ABBREVIATION: Final = re.compile(r"(?<=[^\W\d_])\.(?=[^\W\d_])")
# Kinds that are written together with their number, in any context.
_GLUED_KIND: Final = re.compile(
    r"(kp|tdp|kv|ql|tl|đt|dt|hl|đh|dh|đx|dx|s[oố]|sn|nh[aà]|đường|khuphố|khupho|quậ?n|phường|phuong|ng[oõ]|ng[aá]ch|"
    r"h[eẻ]m|ki[eệ]t|th[oô]n|ấp|x[oó]m|kh[oó]m|tổ)[.-]?(\d\w{0,5}(?:/\w{1,5}){0,3})",
    re.IGNORECASE,
)
# `P.5`, `Tổ.12`: a point between a kind and its number. A capital alone may be a block: `A.1`.
_POINTED_KIND: Final = re.compile(r"([^\W\d_]{2,6}|[PQFKHĐ])\.(\d\w{0,8})", re.IGNORECASE)
# `14Tô Ngọc Vân`, `262duong`: no number ends in three letters, or in an accented one.
_GLUED_NAME: Final = re.compile(
    r"(\d{1,5}(?:[A-Za-z](?=[A-ZĐ]))?(?:/\d{1,5})?)"
    r"(?!(?i:[a-z]?(?:bis|ter))(?![^\W\d_]))([^\W\d_]{3,}|[A-Z][^\W\d_a-zA-Z])"
)
_NUMBER_LETTERS: Final = frozenset("abcdđefghABCDĐEFGH")
"""Letters that a number may end in, before a name without a space."""
_GLUED_CITY: Final = re.compile(r"((?i:tp))((?i:hcm|hn|đn|dn|ct|hp|bmt|vt)|[A-ZĐ]{2,3})")
POSTCODE: Final = r"\d{5,6}"
"""Pattern of a postcode: five digits, six until 2018."""
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
    """With diacritics, to distinguish `quán` from `quận`."""
    pointed: bool
    """Whether a point followed, as after an abbreviation."""
    path: bool
    """Whether it may be a house number or a part of one: with a digit, without a long word."""

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
    """Return the words of `text`, at most MAX_WORDS; a dash between spaces is a word."""
    text = visible(text)
    if text[:1] in _K and (path := _KIET_AND_HEM.match(text)):
        text = f"K{path[1]}/H{path[2]}{text[path.end() :]}"
    written = text.split()
    if "/" in text:
        # `12 / 3` is one path.
        written = " ".join(written).replace(" /", "/").replace("/ ", "/").split()
    return [word for raw in written[:MAX_WORDS] for word in _words(raw)]


def keys_of(words: Iterable[Word]) -> list[str]:
    """Return the folded words, numbers without leading zeros; a word may have several, `h leo`."""
    return [
        key.lstrip("0") or "0" if key[0] == "0" else key
        for word in words
        for key in word.key.split()
    ]


def text_of(words: Iterable[Word]) -> str:
    """Join the words as written with single spaces, without a final point."""
    return " ".join(word.text + "." if word.pointed else word.text for word in words).rstrip(".")


def is_country(words: Sequence[Word]) -> bool:
    """Whether the words are `Viet Nam`."""
    return "".join(word.key for word in words) in ("vietnam", "vn")


def without_tail(words: Sequence[Word]) -> Sequence[Word]:
    """Return a unit's words without country and postcode; empty if there is nothing else."""
    # `Vietnam Hải Hậu, Nam Định`, how a map service writes places without a street.
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
    """Whether all of a text may be a postcode."""
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
    # `2-Phuoc Tan`, `6-KP2`: a dash between a number and a name separates them.
    return [part for half in _HYPHENED.sub(r"\1\2 - ", piece).split() for part in _unglued(half)]


def _unglued(piece: str) -> list[str]:
    piece = piece.strip(_EDGES)
    bare = piece.rstrip(".")
    if match := _GLUED_KIND.fullmatch(bare) or _GLUED_CITY.fullmatch(bare):
        return [match[1], match[2]]
    if match := _POINTED_KIND.fullmatch(bare):
        # `K.4` is a kiệt or a khu phố, which depends on the context.
        return [match[1] + match[2]] if match[1] in "Kk" else [match[1] + ".", match[2]]
    if match := _GLUED_POSTCODE.fullmatch(piece):
        return [match[1], match[2]]
    if match := _GLUED_NAME.match(piece):
        number, name = match[1], piece[match.end(1) :]
        return _with_letter(number, name) if starts_with_number_letter(name) else [number, name]
    if len(piece) > 1 and piece[-1] in _DASHES:
        return [piece[:-1], piece[-1]]
    return [piece]


def starts_with_number_letter(name: str) -> bool:
    """Whether the first letter of text glued to a number belongs to the number: with it, the text
    is not a word.

    >>> names = ("Dnguyễn Huệ", "Dinh", "Đường", "ddường", "lê Lợi")
    >>> [starts_with_number_letter(name) for name in names]
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
    """Split `51Bnguyễn` into `51B nguyễn`; a `d` becomes a word of its own, and a `đ` gets a point:
    the pieces around decide what these are.
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
    # Digits of other scripts are not house numbers.
    path = any(sign in _DIGITS for sign in key) and bool(_PATH.fullmatch(bare)) and key != "cmt8"
    return Word(bare, key, accent_key(bare), text.endswith("."), path)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that open a piece of an address, such as `khu phố`."""

    role: str
    """Role of the piece: see `geo.piece`."""
    kind: str
    """Canonical wording."""
    keys: tuple[str, ...]
    accents: tuple[str, ...]
    numbered: bool
    """Whether it counts only before a number: `đội 4`, but not in `đường Đội Cấn`."""
    shortened: bool = False
    """Whether it is an abbreviation or another wording of the kind."""
    marked: bool = False
    """Whether it counts only with diacritics, or before a number: `lốc B`, not `Loc Ninh`."""


def phrases(*roles: str) -> list[Phrase]:
    """Return the phrases of the lexicon that open pieces of these roles.

    A kind's own word comes before other spellings, and one with diacritics before one without, so
    that `dg` is read as `đg` without its stroke.
    """
    found = [
        _phrase(word.role, word.kind or word.writing, word.writing, word.needs)
        for word in lexicon.words()
        if word.role in roles and word.needs != "unit" and word.place != "behind"
    ]
    return sorted(found, key=lambda phrase: (phrase.shortened, phrase.keys == phrase.accents))


def phrase_of(role: str, kind: str) -> Phrase:
    """Return the phrase of a kind's own word, which counts without a number."""
    return _phrase(role, kind, kind, "")


def words_behind(role: str) -> frozenset[str]:
    """Return the words for kinds of a role that follow a name: `Vincom Center Building`."""
    return frozenset(word.writing for word in lexicon.words() if word.role == role and word.place)


def _phrase(role: str, kind: str, writing: str, needs: str) -> Phrase:
    split = writing.split()
    keys, accents = tuple(map(fold, split)), tuple(map(accent_key, split))
    numbered, marked = needs == "number", needs == "marks"
    return Phrase(role, kind, keys, accents, numbered, writing != kind, marked)


def read_all(read: Callable[[Sequence[Word], int], int], words: Sequence[Word]) -> bool:
    """Whether `read` consumes all words.

    `read` takes an index and returns the index after what it read, or the same index for nothing.
    """
    at = 0
    while at < len(words):
        end = read(words, at)
        if end == at:
            return False
        at = end
    return True


class PhraseBook:
    """Finds the longest phrase at an index, by the folded words and then by the typed accents."""

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
        """Return the longest phrase at `at`; `Quán` is not `quận`, `quan` may be."""
        candidates = self._by_first.get(words[at].key)
        if candidates is None:
            return None
        for phrase in candidates:
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
    """Whether a letter at `at` is the mark of a block, `building B`; `Loc N…` is a name."""
    if phrase.kind == "ô":
        # `Lô 12 ô B`; Ô Chợ Dừa is a ward.
        spelled = words[at - 1].accents == phrase.accents[-1] and at < len(words)
        return spelled and words[at].text.isupper() and letter_at(words, at)
    return phrase.role == "building" and not phrase.marked and letter_at(words, at)


def letter_at(words: Sequence[Word], at: int) -> bool:
    """Whether the word at `at` is a letter used as a number, not the start of a unit: `toa b`."""
    if at >= len(words):
        return False
    word = words[at]
    alone = len(word.key) == 1 and word.key.isalpha() and not word.pointed
    return alone and (at + 1 == len(words) or word.key not in _UNIT_LETTERS)


def _number_at(words: Sequence[Word], at: int) -> bool:
    if at < len(words) and words[at].key == "so":
        at += 1
    return at < len(words) and words[at].numeric
