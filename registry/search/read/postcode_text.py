"""A postcode in a text: taken out of the words, and as the name of its commune."""

import datetime
import re
from collections.abc import Iterable
from typing import Final

from geo.admin import postcode_in
from registry.units.gazetteer import Gazetteer, Unit
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
    postcode = registered_postcode(gazetteer, day, text)
    if postcode is None:
        return text, postcode_in(text)
    before, _, after = text.rpartition(postcode)
    return f"{before}{after}".strip(" ,;"), postcode


def registered_postcode(gazetteer: Gazetteer, day: datetime.date, text: str) -> str | None:
    """Return the postcode at the end of a text if a commune has or had it."""
    postcode = postcode_in(text)
    return postcode if postcode and communes_with_postcode(gazetteer, postcode, day) else None


def units_of_postcode(
    gazetteer: Gazetteer, day: datetime.date, postcode: str, provinces: Iterable[Unit]
) -> dict[str, str]:
    """Return the names of the commune and the province of a postcode, by level.

    Empty unless it has one commune, in one of `provinces` if there are any.
    """
    communes = communes_with_postcode(gazetteer, postcode, day)
    if len(communes) != 1:
        return {}
    (unit,) = (gazetteer.units[one] for one in communes)
    province = gazetteer.province_of(unit, day)
    if (named := {one.id for one in provinces}) and (province is None or province.id not in named):
        return {}
    units = {"commune": unit} | ({"province": province} if province else {})
    return {level: one.version_on(day).full_name for level, one in units.items()}
