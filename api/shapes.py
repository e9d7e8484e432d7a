"""Shapes that answers share: units in short, days; and answers that nobody keeps."""

import datetime

from flask import Response, jsonify
from pydantic import Field

from api.openapi import Answer, UnitRef
from registry import records
from registry.gazetteer import Unit


class Span(Answer):
    """Days from `from` (inclusive) to `to` (exclusive); null is an open end."""

    from_: datetime.date | None = Field(alias="from")
    to: datetime.date | None

    @classmethod
    def of(cls, span: records.Span) -> "Span":
        """The same days."""
        return cls(from_=span.first, to=span.end)


def unit_ref(unit: Unit | None, day: datetime.date) -> UnitRef | None:
    """A unit as it is called on a day; None for none."""
    return UnitRef(code=unit.code, name=unit.version_on(day).full_name) if unit else None


def unkept(body: Answer) -> Response:
    """The answer as a response that nobody on the way keeps: it tells where somebody lives."""
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response
