"""Keys of names of organisations and public places."""

import re
from functools import lru_cache
from typing import Final

from geo import lexicon
from geo.text import fold

_LEVELS_OF_SCHOOLS: Final = re.compile(
    r"^(?=(?:tieu hoc|trung hoc|mam non|mau giao|dai hoc|cao dang) )"
)
_AND: Final = "va"
"""Often left out, or written `&`."""


@lru_cache(8_192)
def organisation_key(name: str) -> str:
    """Return the folded name with its abbreviations expanded, for matching.

    >>> organisation_key("BV Bạch Mai"), organisation_key("Tiểu học Kim Liên")
    ('benh vien bach mai', 'truong tieu hoc kim lien')
    >>> organisation_key("TM&DV Sao Mai") == organisation_key("Thương mại và Dịch vụ Sao Mai")
    True
    >>> organisation_key("Cty CP Sao Mai") == organisation_key("Công ty cổ phần Sao Mai")
    True
    """
    short = lexicon.readings("organisation")
    full = " ".join(short.get(word, (word,))[0] for word in fold(name).split() if word != _AND)
    return _LEVELS_OF_SCHOOLS.sub("truong ", full)
