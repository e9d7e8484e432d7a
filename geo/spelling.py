"""Compare two names of one key by the diacritics that `geo.text.fold` removes.

`Hòn Chông` and `Hòn Chồng` have one key and are two places. A name without diacritics may be
either; one with other diacritics is another place, or a slip that is not corrected silently.

>>> spelling("hoà bình", "Hòa Bình"), spelling("Hon Chong", "Hòn Chồng")
(<Spelling.SAME: 'same'>, <Spelling.BARE: 'bare'>)
>>> spelling("Hòn Chông", "Hòn Chồng"), spelling("Hòn Chồng", "Hon Chong")
(<Spelling.OTHERWISE: 'otherwise'>, <Spelling.OTHERWISE: 'otherwise'>)
"""

from collections.abc import Iterable
from enum import Enum

from geo.text import accent_key, fold, has_diacritics


class Spelling(Enum):
    """How a given name is written, compared with the registered one of its key."""

    SAME = "same"
    """Except for case, the position of the tone mark, and i or y, which do not change a word."""
    BARE = "bare"
    """Without any diacritics."""
    OTHERWISE = "otherwise"


def spelling(given: str, registered: str) -> Spelling:
    """Compare `given` with a registered name of the same key, both without their kinds.

    Words are compared from the last one backwards, because Dương, which a key omits like `đường`,
    may be in one name only; abbreviations and digits have no diacritics to compare.

    >>> spelling("Cách Mạng Tháng 8", "Cách Mạng Tháng Tám"), spelling("An D. Vương", "An D. Vượng")
    (<Spelling.SAME: 'same'>, <Spelling.OTHERWISE: 'otherwise'>)
    """
    if all(one == other for one, other in _same_words(given, registered)):
        return Spelling.SAME
    return Spelling.OTHERWISE if has_diacritics(given) else Spelling.BARE


def _same_words(given: str, registered: str) -> list[tuple[str, str]]:
    """Return the pairs of words that fold alike, with their diacritics."""
    words = (
        reversed(list(zip(fold(name).split(), accent_key(name).split(), strict=False)))
        for name in (given, registered)
    )
    return [
        (marked, other)
        for (bare, marked), (known, other) in zip(*words, strict=False)
        if bare == known
    ]


def are_apart(one: str, other: str) -> bool:
    """Whether two names of one key are names of two places: both have diacritics, and they differ.

    >>> are_apart("Hàng Dầu", "Hàng Đậu"), are_apart("Hàng Dầu", "Hang Dau")
    (True, False)
    """
    return (
        has_diacritics(one) and has_diacritics(other) and spelling(one, other) is Spelling.OTHERWISE
    )


def marks_beside(name: str, others: Iterable[tuple[str, str | None]]) -> str | None:
    """Return what distinguishes `name` from others of its key in a commune: its accents, or None.

    `others` are the existing names with their marks. None for the first name of the key; a name
    that is not apart from an existing one gets the mark of that.

    >>> there = [("Hàng Dầu", None)]
    >>> marks_beside("Hàng Đậu", there), marks_beside("hàng dầu", there)
    ('hang1 đâu5', None)
    """
    known = list(others)
    for other, marks in known:
        if not are_apart(name, other):
            return marks
    return accent_key(name) if known else None
