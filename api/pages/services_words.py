"""Carriers' services and opening hours in words."""

import re
from typing import Final

from api.pages.shell import language
from registry.core.messages import N_, _
from registry.publish.services import KINDS, Kind

_KINDS: Final[dict[Kind, str]] = {
    "delivers": N_("delivers"),
    "collects": N_("collects"),
    "counter": N_("counter"),
}
_HOURS: Final = {
    **dict(zip(("Mo", "Tu", "We", "Th", "Fr", "Sa"), map("T{}".format, range(2, 8)), strict=True)),
    "Su": "CN",
    "PH": "ngày lễ",
    "off": "nghỉ",
    "closed": "nghỉ",
}
_WORD: Final = re.compile(rf"\b({'|'.join(_HOURS)})\b")


def kind_words() -> dict[Kind, str]:
    """Return the kinds of services in the page's language."""
    return {kind: _(_KINDS[kind]) for kind in KINDS}


def hours_words(hours: str) -> str:
    """Return opening hours in the Vietnamese form, `T2-T6 07:30-18:00; CN nghỉ`, unless English."""
    return hours if language() == "en" else _WORD.sub(lambda found: _HOURS[found[1]], hours)
