"""Names typed by the beginnings of their words: `ng th mi kh`, `tr h dao`, or `ntmk`.

Looked for only where nothing begins as typed. A number is typed whole: `duong so 1` is no beginning
of `duong so 12`.
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
"""Letters of one word that may be the first ones of a name's words."""
_MOST_WORDS: Final = 10
_UNITS: Final = 2
"""That are typed behind a name: commune and province."""

Beginnings = tuple[str, ...]
"""How the words of a name begin, from the first one on."""


def beginnings(words: Sequence[str]) -> Beginnings | None:
    """What folded words may begin: one of them stands for several by their first letters.

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
    """How a text may be a name and, behind it, what holds it; `parts` where commas told.

    That is one unit or two, or, `apart`, one by each word of three and more: `nt bd q1 hn`.

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
        held: list[tuple[str, ...]] = [tuple(rest)] if len(rest) > _UNITS else []
        if not apart:
            held = [(" ".join(rest),)] if rest else [parts]
            held += ((" ".join(rest[:end]), " ".join(rest[end:])) for end in range(1, len(rest)))
        yield from product(_names(" ".join(words[:cut])), held)


def _names(text: str) -> list[Beginnings]:
    """The words of a name as typed, and as streets are known: `số 7`, `26/3`, `ng trai`."""
    street = parse_street(text)
    keys = (fold(text), *((street.key, *street.alt_keys) if street else ()))
    return [begun for key in dict.fromkeys(keys) if (begun := beginnings(key.split()))]


class Shortened:
    """Keys by the first letters of their words."""

    def __init__(self, keys: list[str]) -> None:
        self._keys = keys
        initials = [sys.intern("".join(word[0] for word in key.split())) for key in keys]
        order = sorted(range(len(keys)), key=initials.__getitem__)
        self._initials = [initials[at] for at in order]
        self._at = np.array(order, dtype=np.int32)

    def find(self, begun: Beginnings) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        """Places in `keys` of those whose words begin so, and which have no more words."""
        first = "".join(beginning[0] for beginning in begun)
        span = slice(bisect_left(self._initials, first), bisect_left(self._initials, first + _END))
        found = self._at[span]
        if any(len(beginning) > 1 or beginning.isdigit() for beginning in begun):
            kept = [_begin(self._keys[at], begun) for at in found.tolist()]
            whole = [len(one) == len(begun) for one in compress(self._initials[span], kept)]
            return found[np.array(kept, dtype=np.bool_)], np.array(whole, dtype=np.bool_)
        whole = [len(one) == len(begun) for one in self._initials[span]]
        return found, np.array(whole, dtype=np.bool_)


def _begin(key: str, begun: Beginnings) -> bool:
    for word, beginning in zip(key.split(), begun, strict=False):
        if not word.startswith(beginning) or (beginning.isdigit() and word != beginning):
            return False
    return True


def gathered(
    starts: NDArray[np.int64], at: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the elements of some lists stand in an array of all lists, and where each begins there.

    >>> gathered(np.array([0, 2, 3, 6]), np.array([2, 0]))
    (array([3, 4, 5, 0, 1]), array([0, 3]))
    """
    lengths = starts[at + 1] - starts[at]
    cuts = np.cumsum(lengths) - lengths
    return np.repeat(starts[at] - cuts, lengths) + np.arange(int(lengths.sum())), cuts
