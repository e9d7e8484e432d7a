"""Match names by their letters alone: without spaces and marks, with some letters wrong.

Scans, PDFs and phone keyboards insert and drop spaces, and lose, double or swap letters. Errors
that no list anticipates are a few edits away in the letters.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import product
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from geo.values import value

LIKE: Final = 75
"""Minimum similarity of a candidate name, by rapidfuzz, of 100."""
EDIT: Final = 5
"""Cost of an edit in letters, when names are ranked by the letters they explain."""
MARGIN: Final = 3
"""Letters by which the best match must exceed the second best."""
TRIMMED: Final = " ,.;:-–/\n\t"
"""Separators between the parts of a text."""


_APART: Final = re.compile(r"\W+")
_DOUBLED: Final = re.compile(r"([a-z])\1+")


@value(frozen=True, slots=True)
class Squashed:
    """The letters and digits of a text, in lower case, without marks, and without those typed
    twice.
    """

    text: str
    letters: str
    at: tuple[int, ...]
    """Start of each letter in the text; one entry for a letter typed twice."""
    to: tuple[int, ...]
    """End of each letter in the text."""
    words: frozenset[int]
    """Positions of letters at the start of a word, and after the end of one."""

    def typed(self, start: int, end: int) -> str:
        """Return the original text of these letters."""
        return self.text[self.at[start] : self.to[end - 1]]

    def is_whole(self, start: int, end: int) -> bool:
        """Whether these letters begin and end at word boundaries."""
        return self._opens(start) and end in self.words

    def is_apart(self, start: int, end: int) -> bool:
        """Like `is_whole`, but a capital may also start a word in text without spaces."""
        return (self._opens(start) or self._is_capital(start)) and (
            end in self.words or self._is_capital(end)
        )

    def begins(self, start: int) -> bool:
        """Whether this letter starts a word or is a capital."""
        return start in self.words or self._is_capital(start)

    def _is_capital(self, at: int) -> bool:
        return at < len(self.at) and self.text[self.at[at]].isupper()

    def _opens(self, start: int) -> bool:
        # The previous letter may have been typed twice.
        return not self.words.isdisjoint((start, start - 1))

    @classmethod
    def of(cls, text: str) -> "Squashed":
        """Squash a text."""
        letters: list[str] = []
        at: list[int] = []
        to: list[int] = []
        words = {0}
        before = ""
        for place, sign in enumerate(text):
            for letter in plain(sign):
                if (
                    letter == plain(before)
                    and letter.isalpha()
                    and sign.isupper() == before.isupper()
                ):
                    to[-1] = place + 1  # typed twice
                    continue
                if not before:
                    words.add(len(letters))
                letters.append(letter)
                at.append(place)
                to.append(place + 1)
            before = sign if plain(sign) else ""
        words.add(len(letters))
        return cls(text, "".join(letters), tuple(at), tuple(to), frozenset(words))


@lru_cache(maxsize=2_048)
def plain(sign: str) -> str:
    """Return a character as compared: empty unless a letter or digit."""
    apart = unicodedata.normalize("NFD", sign.lower().replace("đ", "d"))
    return "".join(c for c in apart if c.isascii() and c.isalnum())


@value(frozen=True, slots=True)
class Match:
    """An approximate match of a name in squashed letters."""

    start: int
    end: int
    edits: int


def allowed(length: int) -> int:
    """Return the number of edits allowed in a name of this length.

    >>> [allowed(length) for length in (4, 5, 8, 13)]
    [0, 1, 2, 3]
    """
    return 0 if length < 5 else 1 if length < 8 else 2 if length < 13 else 3


def match_in(name: str, letters: str, bounds: AbstractSet[int] = frozenset()) -> Match | None:
    """Return the part of the letters with the fewest edits from the name, within `allowed`; of
    several, one between word boundaries: `Hoà Hiệệp` is all of Hoà Hiệp.
    """
    most = 0 if name[-1].isdigit() else allowed(len(name))
    at = letters.rfind(name)
    exact = Match(at, at + len(name), 0) if at >= 0 else None
    if exact and (not most or not bounds or {exact.start, exact.end} <= bounds):
        return exact
    near = fuzz.partial_ratio_alignment(name, letters, score_cutoff=LIKE) if most else None
    if near is None:
        return exact
    starts = range(max(0, near.dest_start - 2), near.dest_start + 3)
    ends = range(near.dest_end - 2, min(len(letters), near.dest_end + 2) + 1)
    found = [
        (Match(s, e, edits), (s not in bounds) + (e not in bounds))
        for s, e in product(starts, ends)
        if s < e and (edits := OSA.distance(name, letters[s:e], score_cutoff=most)) <= most
    ]

    def cost(one: tuple[Match, int]) -> tuple[int, int, int, int]:
        match, inside = one
        return match.edits + inside, inside, abs(match.end - match.start - len(name)), match.start

    return min(found, key=cost)[0] if found else exact


@lru_cache(maxsize=16_384)
def squash(text: str) -> str:
    """Return the letters and digits of a text, in lower case, without marks, and without letters
    doubled inside of a word.

    >>> squash("Ph ường Đống-Đa 22"), squash("Thanh Hóaa"), squash("NNhà Bè")
    ('phuongdongda22', 'thanhhoa', 'nhabe')
    """
    return "".join(_DOUBLED.sub(r"\1", letters_of(word)) for word in _APART.split(text))


def letters_of(text: str) -> str:
    """Return all letters and digits of a text, in lower case, without marks."""
    return "".join(map(plain, text))
