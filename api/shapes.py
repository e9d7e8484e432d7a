"""Shapes that answers share: units in short, days, places in words."""

import datetime
from typing import Any

from pydantic import Field

from api.openapi import Answer
from registry import records
from registry.gazetteer import Unit


class Span(Answer):
    """Days from `from` (inclusive) to `to` (exclusive); null is an open end."""

    from_: datetime.date | None = Field(alias="from")
    to: datetime.date | None


def unit_ref(unit: Unit | None, day: datetime.date) -> dict[str, str] | None:
    """`UnitRef`."""
    return {"code": unit.code, "name": unit.version_on(day).full_name} if unit else None


def span_body(span: records.Span) -> dict[str, str | None]:
    """`Span`."""
    return {
        "from": span.first.isoformat() if span.first else None,
        "to": span.end.isoformat() if span.end else None,
    }


def in_words(words: records.Wording, day: datetime.date) -> dict[str, Any]:
    """The members that every place has: its labels, units and map."""
    return {
        "label": words.label,
        "label_before_2025_07": words.before_2025_07,
        "commune": unit_ref(words.commune, day),
        "province": unit_ref(words.province, day),
        "map": span_body(words.map),
    }
