"""A postcode in a text: taken out of the words, and as the name of its commune."""

import datetime
import re
from typing import Final

from geo.admin import postcode_in
from registry.search.read.completed_text import completed_text
from registry.units.gazetteer import Gazetteer
from registry.units.postcodes import communes_with_postcode

_CALLED: Final = re.compile(
    r"[\s,;(-]*\b(?:m[aã] (?:b[uư]u (?:ch[ií]nh|đi[eệ]n|dien|c[uụ]c)|bc)|post(?:al)? ?code"
    r"|zip(?: ?code)?)\b\W*(?=\d{5,6}(?!\d))",
    re.IGNORECASE,
)


def without_postcode(gazetteer: Gazetteer, day: datetime.date, text: str) -> tuple[str, str | None]:
    """Return the text without the registered postcode at its end, and the postcode.

    Of any other number only the word before it goes: `mã bưu chính` and the like.
    """
    text = _CALLED.sub(", ", text).removeprefix(", ")
    postcode = postcode_in(text)
    if postcode is None or not communes_with_postcode(gazetteer, postcode, day):
        return text, postcode
    before, _, after = text.rpartition(postcode)
    return f"{before}{after}".strip(" ,;"), postcode


def completed_by_postcode(
    gazetteer: Gazetteer, day: datetime.date, text: str, postcode: str
) -> str | None:
    """Return the text with the commune of a postcode by name; None unless that is one commune."""
    communes = communes_with_postcode(gazetteer, postcode, day)
    if len(communes) != 1:
        return None
    (unit,) = (gazetteer.units[one] for one in communes)
    province = gazetteer.province_of(unit, day)
    names = {
        "commune": unit.version_on(day).full_name,
        "province": province.version_on(day).full_name if province else None,
    }
    return completed_text(text, names).strip(" ,")
