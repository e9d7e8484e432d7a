"""Detects personal data, such as telephone numbers, which texts must not contain or return."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from geo.persons import is_titled_name, mentions_person
from geo.redaction import REMOVED
from geo.text import visible
from registry.core.messages import Message

PERSONAL_DATA: Final = "personal_data"
"""Code of the error for a text with personal data."""
LEAVE_OUT: Final = Message("leave_out_personal_data")
# A degree with its decimals has as many digits as a telephone.
_DEGREES: Final = r"(?:1[01]\d|[6-9]|1\d|2[0-4])[.]\d{4,}(?![\d.])"
_SEP: Final = r"[\s._()·–—-]{0,3}"
_OPEN: Final = r"(?:\((?=\+?[\d ]{1,4}\)))?"
# The most certain kinds first, each with its exact length: `0912.345.678, 22 Láng` keeps 22.
_KINDS: Final = (
    # Telephone numbers and số định danh by their prefixes, with any separators.
    rf"{_OPEN}(?:\+[ ]?84|\b84(?=[ ).-]))\)?(?:{_SEP}\d){{9}}(?!\d)"
    rf"|{_OPEN}(?<!\d)(?<!\d[.,])0\)?(?:{_SEP}[35789](?:{_SEP}\d){{8}}|{_SEP}2(?:{_SEP}\d){{9}}"
    rf"|(?:{_SEP}\d){{11}})(?!\d)",
    rf"{_OPEN}(?:\+[ ]?84|\b84(?=[ ).-])|(?<!\d)(?<!\d[.,])0)\)?(?:{_SEP}\d){{8,}}",
    r"(?<!\d)0\d{2,3}(?:/|,\s?)\d{3}(?:/|,\s?)\d{3,4}(?!\d)",
    # Nine digits are a telephone, identity card or account, never part of an address. With hyphens
    # they may be a house: 101-103-105.
    rf"(?<!\d)(?<!\d[.])(?!{_DEGREES})\d(?:(?:[\s.]{{0,3}}\d){{8}}|(?:[\s.]{{0,3}}\d){{11}})(?!\d)",
    rf"(?<!\d)(?<!\d[.])(?!{_DEGREES})\d(?:[\s.()]{{0,3}}\d){{8,}}",
    # A number introduced as such may be short, or in any form.
    r"\b(?:s?đt|sdt|điện thoại|dien thoai|di động|tel|hotline|zalo|cmnd|cmt|cccd|căn cước|can cuoc"
    r"|định danh|hộ chiếu|passport|mst|stk)\b(?: số)?[\s:.]{0,3}[A-Z]?\d(?:[\s.()/-]{0,3}\d){5,}",
    r"[\w.+-]{0,64}\s?@\s?[\w.-]*|(?:https?:|www\.)\S*|\b(?:facebook|fb|zalo)[./]\S+",
)
_REMOVED: Final = tuple(re.compile(kind, re.IGNORECASE) for kind in _KINDS)
_FEWEST: Final = 6
"""Least number of digits of a personal number."""
_LINKS: Final = ("@", "http", "www.", "facebook", "fb", "zalo")
_INTRODUCTION: Final = re.compile(
    r"\b(?:s?đt|sdt|điện thoại|tel|cccd|cmnd|cmt|zalo)\b(?: số)?[\s:.]{0,3}(?=…)", re.IGNORECASE
)


def holds_personal(written: str) -> bool:
    """Whether the text contains personal data.

    >>> holds_personal("gọi 0905-123-456"), holds_personal("101-103-105 Lê Lợi")
    (True, False)
    """
    plain = _plain(written)
    return _may_hold(plain) and any(kind.search(plain) for kind in _REMOVED)


def without_numbers(written: str) -> str:
    """Replace personal data by `…`; unchanged if there is none.

    >>> without_numbers("12 Láng, ĐT 0905.123.456"), without_numbers("CCCD 001085012345, 5/12 Láng")
    ('12 Láng, …', '…, 5/12 Láng')
    >>> without_numbers("101-103-105 Lê Lợi, 21.028511, 105.854444")
    '101-103-105 Lê Lợi, 21.028511, 105.854444'
    """
    plain = cleaned = _plain(written)
    if not _may_hold(plain):
        return written
    for kind in _REMOVED:
        cleaned = kind.sub(REMOVED, cleaned)
    return written if cleaned == plain else _INTRODUCTION.sub("", cleaned)


def _plain(written: str) -> str:
    """Normalise the digits and characters of a text."""
    if written.isascii():
        return written
    parts = visible(written).split(REMOVED)
    return REMOVED.join(unicodedata.normalize("NFKC", part) for part in parts)


def _may_hold(plain: str) -> bool:
    """Whether a full check is needed: a cheap filter, as few addresses have so many digits."""
    if sum(map(str.isdigit, plain)) >= _FEWEST:
        return True
    small = plain.lower()
    return any(sign in small for sign in _LINKS)


def without_people(parts: Iterable[str]) -> tuple[str, ...]:
    """Keep the parts of a caller's text that may be returned: without personal data or names of
    persons, as responses are stored by callers and intermediaries.

    >>> without_people(("Royal City", "0905 123 456", "gặp chị Hoa", "Trần Thị Mai", "Bà Bưởi"))
    ('Royal City',)
    """
    return tuple(
        part
        for part in parts
        if not (holds_personal(part) or mentions_person(part) or is_titled_name(part))
    )
