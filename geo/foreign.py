"""Texts that are not addresses in Viet Nam: of another country, or in another script.

A text that still matches a place in Viet Nam keeps the match, with a fault.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.text import fold

COUNTRIES: Final = frozenset(lexicon.names("abroad", "country"))
_ABROAD: Final = frozenset(lexicon.names("abroad"))


def is_foreign(text: str, unread: Sequence[str]) -> bool:
    """Whether `text`, whose `unread` parts match nothing, is of another country or another script.

    >>> is_foreign("12 Rue de Rivoli, Paris, France", ["Paris", "France"])
    True
    >>> is_foreign("10 Downing Street, London", ["London"])
    True
    >>> is_foreign("東京都千代田区", []), is_foreign("12 Lê Lợi", [])
    (True, False)
    """
    return any(fold(part) in _ABROAD for part in unread) or _in_other_script(text)


def ends_in_other_country(text: str) -> bool:
    """Whether the last part of `text` is another country.

    >>> ends_in_other_country("12 Láng, Hà Nội, U.S.A."), ends_in_other_country("12 Láng, Hà Nội")
    (True, False)
    """
    return fold(text.rpartition(",")[2]) in COUNTRIES


def _in_other_script(text: str) -> bool:
    """Whether most letters are not Latin."""
    letters = [sign for sign in unicodedata.normalize("NFKC", text) if sign.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    return 2 * latin < len(letters)
