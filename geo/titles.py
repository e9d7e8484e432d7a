"""Removes names of people from titles, for example of files."""

import re
from typing import Final

from geo import lexicon
from geo.persons import is_historical
from geo.text import fold

_WORD: Final = r"[A-ZÀ-ỸĐ][^\W\d_]*"
_BETWEEN: Final = r"[\s_.-]+"
_PLACE: Final = rf"(?:{'|'.join(lexicon.names('people', 'place'))}){_BETWEEN}"
_ADDRESSED: Final = re.compile(
    rf"(?i:\b{_PLACE})?"
    rf"\b((?:{'|'.join(lexicon.names('people', 'title'))}|Ông|Bà|Anh|Chị|ÔNG|BÀ){_BETWEEN})"
    rf"{_WORD}(?:{_BETWEEN}{_WORD}){{0,3}}"
)
_CAPITALS: Final = re.compile(rf"(?<![^\W_]){_WORD}(?:{_BETWEEN}{_WORD})+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SURNAMES: Final = frozenset(lexicon.names("surnames", "common")) | {
    fold(surname) for surname in lexicon.names("surnames", "bare")
}
"""The most common surnames; without diacritics, only those that are not another word."""
_SHORTEST, _LONGEST = 3, 4
_TELEPHONE: Final = re.compile(r"(?<!\d)(?:0|\+?84)(?:[ ._-]?\d){9}(?!\d)")


def without_people(title: str) -> str:
    """Replace names of people in a title by `…`.

    >>> without_people("DS hộ ông Nguyễn Văn An.xlsx"), without_people("To5_Tran_Thi_Bich_2026.csv")
    ('DS hộ ông ….xlsx', 'To5_…_2026.csv')
    >>> without_people("DS bà Bình 0912 345 678.csv"), without_people("DS 20261126.csv")
    ('DS bà … ….csv', 'DS 20261126.csv')
    >>> without_people("gần chợ Bà Chiểu, nhà bà Hoa")
    'gần chợ Bà Chiểu, nhà bà …'
    >>> without_people("Hộ dân Phường Ba Đình.xlsx"), without_people("Phố Trần Hưng Đạo.xlsx")
    ('Hộ dân Phường Ba Đình.xlsx', 'Phố Trần Hưng Đạo.xlsx')
    """
    stem, dot, suffix = title.rpartition(".")
    if not dot:
        stem, suffix = title, ""
    named = _CAPITALS.sub(_without_name, _ADDRESSED.sub(_without_addressed, stem))
    return _TELEPHONE.sub("…", named) + dot + suffix


def names_person(text: str) -> bool:
    """Whether the text names a person by a title and a name.

    >>> names_person("cổng sau nhà bà Hoa"), names_person("đối diện chợ Bà Chiểu")
    (True, False)
    """
    return _ADDRESSED.sub(_without_addressed, text) != text


def _without_addressed(found: re.Match[str]) -> str:
    # With a word for a place in front, `chợ Bà Chiểu`, it is the name of the place.
    return f"{found[1]}…" if found.start() == found.start(1) else found[0]


def _without_name(found: re.Match[str]) -> str:
    words = list(_LETTERS.finditer(found[0]))
    for at, word in enumerate(words):
        named = words[at : at + _LONGEST]
        if word[0].lower() not in _SURNAMES or len(named) < _SHORTEST:
            continue
        if is_historical(fold(" ".join(each[0] for each in named[:_SHORTEST]))):
            continue
        return f"{found[0][: word.start()]}…{found[0][named[-1].end() :]}"
    return found[0]
