"""Prefixes of names that are one typing error away from what has been typed.

A slip is a letter inserted, omitted, replaced, or swapped with its neighbour; spaces are ignored,
since they are missed as often. Digits never change: another number is another place.
"""

from bisect import bisect_left
from collections.abc import Iterator
from string import ascii_lowercase
from typing import Final

SHORTEST: Final = 5
"""Least letters for a slip; shorter texts are near to too many names."""
_MOST_NAMES: Final = 12
"""Most names examined to restore the spaces of one squeezed prefix."""
_MOST: Final = 40

Squeezed = list[tuple[str, str]]
"""Keys without spaces, sorted, each with the key itself."""


def slips(squeezed: Squeezed, key: str) -> list[str]:
    """Return prefixes of keys, with their spaces, that `key` may be a slip of.

    >>> known = [("lethanhton", "le thanh ton"), ("nguyentrai", "nguyen trai")]
    >>> slips(known, "nguyn tra"), slips(known, "nguyentr"), slips(known, "lw thanh")
    (['nguyen tra'], ['nguyen tr'], ['le thanh'])
    >>> slips(known, "duong so 7"), slips(known, "le")
    ([], [])
    """
    typed = key.replace(" ", "")
    if len(typed) < SHORTEST or not typed.isascii():
        return []
    found: dict[str, None] = dict.fromkeys(_with_spaces(squeezed, typed))
    for wanted in () if found else _candidates(squeezed, typed):
        found.update(dict.fromkeys(_with_spaces(squeezed, wanted)))
        if len(found) >= _MOST:
            break
    found.pop(key, None)
    return list(found)


def _candidates(squeezed: Squeezed, typed: str) -> Iterator[str]:
    # The slip is at or before the end of the longest common prefix with a key.
    for at in range(min(_known_length(squeezed, typed) + 1, len(typed)) - 1, -1, -1):
        before, here, behind = typed[:at], typed[at], typed[at + 1 :]
        if here.isdigit():
            continue
        if behind and not behind[0].isdigit():
            yield f"{before}{behind[0]}{here}{behind[1:]}"
        yield before + behind
        for letter in ascii_lowercase:
            if letter != here:
                yield f"{before}{letter}{behind}"
            yield f"{before}{letter}{here}{behind}"


def _known_length(squeezed: Squeezed, typed: str) -> int:
    at = bisect_left(squeezed, (typed,))
    return max((_common(typed, name) for name, _ in squeezed[max(0, at - 1) : at + 1]), default=0)


def _common(one: str, other: str) -> int:
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)


def _with_spaces(squeezed: Squeezed, wanted: str) -> Iterator[str]:
    first = bisect_left(squeezed, (wanted,))
    for name, key in squeezed[first : first + _MOST_NAMES]:
        if not name.startswith(wanted):
            return
        yield _first_letters(key, len(wanted))


def _first_letters(key: str, count: int) -> str:
    """Return `key` up to its `count`-th letter, not counting spaces."""
    seen = 0
    for at, sign in enumerate(key):
        seen += sign != " "
        if seen == count:
            return key[: at + 1]
    return key
