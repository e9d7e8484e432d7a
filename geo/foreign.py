"""Texts that cannot be an address in Viet Nam: of another country, or in another script.

What has a place in Viet Nam all the same keeps it, with a fault: so that no address is lost by it.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from geo import lexicon
from geo.text import fold

COUNTRIES: Final = frozenset(lexicon.names("abroad", "country"))
_ABROAD: Final = frozenset(lexicon.names("abroad"))


def is_elsewhere(text: str, unread: Sequence[str]) -> bool:
    """Whether `text`, of which `unread` names nothing, is of another country or another script.

    >>> is_elsewhere("12 Rue de Rivoli, Paris, France", ["Paris", "France"])
    True
    >>> is_elsewhere("10 Downing Street, London", ["London"])
    True
    >>> is_elsewhere("東京都千代田区", []), is_elsewhere("12 Lê Lợi", [])
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
    """Whether most letters are not Latin ones."""
    letters = [sign for sign in unicodedata.normalize("NFKC", text) if sign.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    return 2 * latin < len(letters)
