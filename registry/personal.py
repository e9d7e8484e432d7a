"""What no text of the register may hold: a telephone or identity number, a mail address, a link."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from geo.persons import is_called, mentions_person

PERSONAL_DATA: Final = "personal_data"
"""Code of the error for such a text."""
LEAVE_OUT: Final = (
    "xin bỏ số điện thoại, số giấy tờ, thư điện tử, đường dẫn (leave out telephone and identity"
    " numbers, mail and links)"
)
# Nine digits are a telephone, an identity card or an account; an address has no such number. With
# hyphens they are one only as telephones begin: 101-103-105 is a house.
_PERSONAL: Final = re.compile(
    r"\d(?:[ .()]{0,3}\d){8}|(?:\b0|\+ ?84|\b84[ )])(?:[ .()-]{0,3}\d){8}|@|https?:|www\.",
    re.IGNORECASE,
)


def holds_personal(written: str) -> bool:
    """Whether it holds such a thing.

    >>> holds_personal("gọi 0905-123-456"), holds_personal("101-103-105 Lê Lợi")
    (True, False)
    """
    return _PERSONAL.search(unicodedata.normalize("NFKC", written)) is not None


def without_people(parts: Iterable[str]) -> tuple[str, ...]:
    """What of a caller's text may be said to him again: parts that hold no such thing, and in which
    nobody is named. What is answered is kept by those who asked, and by what lies between.

    >>> without_people(("Royal City", "0905 123 456", "gặp chị Hoa", "Trần Thị Mai", "Bà Bưởi"))
    ('Royal City',)
    """
    return tuple(
        part
        for part in parts
        if not (holds_personal(part) or mentions_person(part) or is_called(part))
    )
