"""Whether two names of one key are written alike: the marks that `geo.text.fold` forgets.

`Hòn Chông` and `Hòn Chồng` have one key and are two places. Who left all marks out may mean
either; who set others means another place, or made a slip that nobody may settle for him.

>>> spelling("hoà bình", "Hòa Bình"), spelling("Hon Chong", "Hòn Chồng")
(<Spelling.SAME: 'same'>, <Spelling.BARE: 'bare'>)
>>> spelling("Hòn Chông", "Hòn Chồng"), spelling("Hòn Chồng", "Hon Chong")
(<Spelling.OTHERWISE: 'otherwise'>, <Spelling.OTHERWISE: 'otherwise'>)
"""

from collections.abc import Iterable
from enum import Enum

from geo.text import accent_key, fold, has_diacritics


class Spelling(Enum):
    """How a given name is written, beside the registered one of its key."""

    SAME = "same"
    """But for what does not change a word: case, the place of the tone mark, i and y."""
    BARE = "bare"
    """Without any mark."""
    OTHERWISE = "otherwise"


def spelling(given: str, registered: str) -> Spelling:
    """How `given` is written, of two names of one key without their kinds.

    Words are compared from the last one on, as Dương, which a key leaves out like `đường`, may be
    part of one name only; words that are written shorter or in digits have no marks to compare.

    >>> spelling("Cách Mạng Tháng 8", "Cách Mạng Tháng Tám"), spelling("An D. Vương", "An D. Vượng")
    (<Spelling.SAME: 'same'>, <Spelling.OTHERWISE: 'otherwise'>)
    """
    if all(one == other for one, other in _same_words(given, registered)):
        return Spelling.SAME
    return Spelling.OTHERWISE if has_diacritics(given) else Spelling.BARE


def _same_words(given: str, registered: str) -> list[tuple[str, str]]:
    """The words of both that fold alike, with their marks."""
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
    """Whether two names of one key are names of two places: both have marks, and other ones.

    >>> are_apart("Hàng Dầu", "Hàng Đậu"), are_apart("Hàng Dầu", "Hang Dau")
    (True, False)
    """
    return (
        has_diacritics(one) and has_diacritics(other) and spelling(one, other) is Spelling.OTHERWISE
    )


def marks_beside(name: str, others: Iterable[tuple[str, str | None]]) -> str | None:
    """What tells `name` from the others of its key in a commune: its accents, None for the first.

    `others` are their names and marks; one that is not apart lends its own.

    >>> there = [("Hàng Dầu", None)]
    >>> marks_beside("Hàng Đậu", there), marks_beside("hàng dầu", there)
    ('hang1 đâu5', None)
    """
    known = list(others)
    for other, marks in known:
        if not are_apart(name, other):
            return marks
    return accent_key(name) if known else None
