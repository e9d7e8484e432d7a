"""Names typed by prefixes of their words: `ng th mi kh`, `tr h dao`, or `ntmk`.

Tried only if nothing starts as typed. Numbers must be complete: `duong so 1` is not a prefix of
`duong so 12`.
"""

import sys
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import compress, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.street import parse_street
from geo.text import fold

_END: Final = "\U0010ffff"
_INITIALS: Final = range(2, 7)
"""Numbers of letters of a word that may be a name's initials."""
_MOST_WORDS: Final = 10
_UNITS: Final = 2
"""Most units after a name: commune and province."""

Beginnings = tuple[str, ...]
"""Prefixes of the words of a name, from the first one on."""


def beginnings(words: Sequence[str]) -> Beginnings | None:
    """Return the folded words as prefixes; a single one may be the initials of several.

    >>> beginnings(["ng", "trai"]), beginnings(["ntmk"]), beginnings(["12"]), beginnings(["l"])
    (('ng', 'trai'), ('n', 't', 'm', 'k'), None, None)
    """
    if len(words) != 1:
        return tuple(words) or None
    letters = words[0]
    return tuple(letters) if len(letters) in _INITIALS and letters.isalpha() else None


def ways(
    text: str, parts: tuple[str, ...], *, apart: bool = False
) -> Iterator[tuple[Beginnings, tuple[str, ...]]]:
    """Yield the ways to split a text into a name and the units after it; `parts` if commas gave
    them.

    One or two units, or with `apart`, three or more of one word each: `nt bd q1 hn`.

    >>> list(ways("nt bd hn", ()))[2:]
    [(('n', 't'), ('bd hn',)), (('n', 't'), ('bd', 'hn'))]
    >>> list(ways("ph ch ph tr do na", ()))[-3]
    (('p', 'h'), ('ch ph', 'tr do na'))
    >>> list(ways("26/3 ap", ()))[-1]
    (('26', 'thang', '3'), ('ap',))
    """
    words = text.split()
    if len(words) > _MOST_WORDS:
        return
    for cut in range(len(words), 0, -1):
        rest = words[cut:]
        if parts and rest:
            return
        units: list[tuple[str, ...]] = [tuple(rest)] if len(rest) > _UNITS else []
        if not apart:
            units = [(" ".join(rest),)] if rest else [parts]
            units += ((" ".join(rest[:end]), " ".join(rest[end:])) for end in range(1, len(rest)))
        yield from product(_names(" ".join(words[:cut])), units)


def _names(text: str) -> list[Beginnings]:
    """Return the words of a name as typed, and in a street's key: `số 7`, `26/3`, `ng trai`."""
    street = parse_street(text)
    keys = (fold(text), *((street.key, *street.alt_keys) if street else ()))
    return [prefixes for key in dict.fromkeys(keys) if (prefixes := beginnings(key.split()))]


class Shortened:
    """Keys by the initials of their words."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        initials = [sys.intern("".join(word[0] for word in key.split())) for key in keys]
        order = sorted(range(len(keys)), key=initials.__getitem__)
        self._initials = [initials[at] for at in order]
        self._at = np.array(order, dtype=np.int32)

    def find(self, prefixes: Beginnings) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Return the indexes of keys whose words have these prefixes, and which have no more
        words."""
        first = "".join(prefix[0] for prefix in prefixes)
        span = slice(bisect_left(self._initials, first), bisect_left(self._initials, first + _END))
        found = self._at[span]
        if any(len(prefix) > 1 or prefix.isdigit() for prefix in prefixes):
            kept = [_begin(self._keys[at], prefixes) for at in found.tolist()]
            whole = [len(one) == len(prefixes) for one in compress(self._initials[span], kept)]
            return found[np.array(kept, dtype=np.bool_)], np.array(whole, dtype=np.bool_)
        whole = [len(one) == len(prefixes) for one in self._initials[span]]
        return found, np.array(whole, dtype=np.bool_)


def _begin(key: str, prefixes: Beginnings) -> bool:
    for word, prefix in zip(key.split(), prefixes, strict=False):
        if not word.startswith(prefix) or (prefix.isdigit() and word != prefix):
            return False
    return True


def gathered(
    starts: NDArray[np.int64], at: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the indexes of some lists' elements in an array of all lists, and each list's start.

    >>> gathered(np.array([0, 2, 3, 6]), np.array([2, 0]))
    (array([3, 4, 5, 0, 1]), array([0, 3]))
    """
    lengths = starts[at + 1] - starts[at]
    cuts = np.cumsum(lengths) - lengths
    return np.repeat(starts[at] - cuts, lengths) + np.arange(int(lengths.sum())), cuts
