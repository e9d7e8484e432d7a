"""Quote an unread cell in a problem: enough to find it, without personal data.

Names and telephone numbers surround addresses, and no table may store them. So all words are
removed except those that addresses consist of: `12 (A) bà Ba` becomes `12 (A) …`.
"""

import re
from pathlib import Path
from typing import Final

from geo import lexicon
from registry.core.personal import holds_personal

_LONGEST: Final = 40
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_GAPS: Final = re.compile(r"…(?:[\s.]*…)+")
_OF_ADDRESSES: Final = frozenset(lexicon.names(Path(__file__).with_name("cells.csv"), "quoted"))
"""With diacritics: without them many are surnames."""


def quoted(*cells: str) -> str:
    """The cells without names; '' if one contains a telephone number or an e-mail address.

    >>> quoted("12?"), quoted("5/12", "Ngõ 34"), quoted("góc Láng - Chùa Láng")
    ('12?', '5/12 | Ngõ 34', 'góc … - …')
    >>> quoted("12 bà Ba 0905123456"), quoted("")
    ('', '')
    """
    text = " | ".join(filter(None, cells))[: _LONGEST * 4]
    if holds_personal(text):
        return ""
    shown = _GAPS.sub("…", _WORD.sub(_without_names, text))
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _without_names(word: re.Match[str]) -> str:
    return word[0] if word[0].lower() in _OF_ADDRESSES else "…"
