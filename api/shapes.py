"""Shapes that answers share: units in short, days, places in words."""

import datetime
from typing import Any

from pydantic import Field

from api.openapi import Answer
from registry.gazetteer import Unit
from registry.records import Span, Wording


class PlaceUnit(Answer):
    """A commune or province in short."""

    code: str
    name: str = Field(examples=["Phường Ba Đình"])


class MapSpan(Answer):
    """The administrative map used: days `from` (inclusive) `to` (exclusive); null is open."""

    from_: datetime.date | None = Field(alias="from")
    to: datetime.date | None


def unit_ref(unit: Unit | None, day: datetime.date) -> dict[str, str] | None:
    """`PlaceUnit`."""
    return {"code": unit.code, "name": unit.version_on(day).full_name} if unit else None


def map_span(span: Span) -> dict[str, str | None]:
    """`MapSpan`."""
    return {
        "from": span.first.isoformat() if span.first else None,
        "to": span.end.isoformat() if span.end else None,
    }


def in_words(words: Wording, day: datetime.date) -> dict[str, Any]:
    """The members that every place has: its labels, units and map."""
    return {
        "label": words.label,
        "label_before_2025_07": words.before_2025_07,
        "commune": unit_ref(words.commune, day),
        "province": unit_ref(words.province, day),
        "map": map_span(words.map),
    }
