"""Repair words for kinds of places that are misspelt, split, or joined with their neighbours."""

import re
import unicodedata
from typing import Final

from geo import lexicon
from geo.flat import FLATS
from geo.house_number import ALLEYS, PLOTS
from geo.kinds import HINTS
from geo.syllables import is_word
from geo.text import accent_key, fold, has_diacritics, is_one_slip
from registry.units.vocabulary import Vocabulary

_OTHER_HALVES: Final = {"căn": ("hộ",), "số": ("nhà",), "tòa": ("toà",)}
KINDS: Final = tuple(
    dict.fromkeys(
        word
        for role in sorted(lexicon.ROLES)
        for kind in lexicon.kinds(role, "slips")
        for word in (*kind.split(), *_OTHER_HALVES.get(kind, ()))
    )
)
"""Words for kinds of places, split into single words."""
_LONG_FIRST: Final = sorted((kind for kind in KINDS if len(kind) > 1), key=len, reverse=True)
_IN_PIECES: Final = re.compile(
    rf"(?<!\w)(?:{'|'.join(' ?'.join(kind) for kind in _LONG_FIRST)})(?!\w)", re.IGNORECASE
)
# Abbreviations that are only joined to a preceding number if the whole text lacks spaces.
_ROADS: Final = ("quốc lộ", "ql", "tl", "hl", "đt", "đh", r"đ\.", r"p\.", r"ng\.")
_BEHIND_NUMBER: Final = re.compile(
    rf"(?<=\d)(?=(?:{'|'.join((*(kind for kind in KINDS if len(kind) > 2), *_ROADS))}))",
    re.IGNORECASE,
)
_BEFORE_NUMBER: Final = re.compile(
    r"(?<=[a-zà-ỹ])(?=(?:ấp|tổ|thôn|khóm|khu phố|kp)\s?\d)", re.IGNORECASE
)
_BARE_KINDS: Final = tuple(dict.fromkeys(map(fold, KINDS)))
_WRITTEN: Final = re.compile(r"[^\W\d_]{3,9}")
_FIRST_HALVES: Final = frozenset(("to", "dan", "khu", "can", "chung", "thi", "thanh"))
"""Words followed by the other half of a kind: `Tổ dân phố`."""
_OPENS: Final = re.compile(r"\d|[,;(–-]$")
"""What precedes a word that opens a part: a comma, or a number."""
_LONG: Final = 5
"""Letters from which on a word is recognised anywhere."""
_OTHERS: Final = frozenset(
    word
    for phrase in (*FLATS, *ALLEYS, *PLOTS, *HINTS)
    for words in (phrase.accents, phrase.keys)
    for word in words
)
"""Words that are not slips: `Kiot 3` is a stall, not `kiệt 3`; `biệt thự`; `đối diện`."""


def set_kinds_apart(text: str) -> str:
    """Join words for kinds that are split, and separate them from their neighbours.

    >>> set_kinds_apart("S ố 47 Ng õ 120, Ph ư ờng Láng"), set_kinds_apart("288Đ.LêVănQuớiấp4")
    ('Số 47 Ngõ 120, Phường Láng', '288 Đ.LêVănQuới ấp4')
    """
    text = unicodedata.normalize("NFC", text)
    text = _IN_PIECES.sub(lambda found: found[0].replace(" ", ""), text)
    return _BEFORE_NUMBER.sub(" ", _BEHIND_NUMBER.sub(" ", text))


def mend_kinds(vocabulary: Vocabulary, text: str) -> str:
    """Correct words that are in no name and one slip from exactly one word for a kind:
    `12 đườg Lê Lợi, Phườngg Láng`.
    """
    accented = has_diacritics(text)
    kinds = KINDS if accented else _BARE_KINDS

    def mended(found: re.Match[str]) -> str:
        word = found[0].lower()
        before = text[: found.start()].rstrip().split()[-1:]
        opens = not before or _OPENS.search(before[0]) or fold(before[0]) in _FIRST_HALVES
        key = accent_key(word) if accented else fold(word)
        if found[0].isupper() or key in _OTHERS:
            return found[0]
        if is_word(word):  # `Đưng`; but `Ngo`, `Khuc` have lost marks
            name = not (opens and has_diacritics(word)) or vocabulary.is_common(key, accented=True)
        else:
            name = (len(word) < _LONG and not opens) or vocabulary.knows(key, accented=accented)
        near = [] if name else [kind for kind in kinds if is_one_slip(word, kind)]
        if len(near) > 1:  # omitted or doubled letters are likelier than wrong ones
            near = [kind for kind in near if len(kind) != len(word)]
        return near[0] if len(near) == 1 else found[0]

    return _WRITTEN.sub(mended, text)
