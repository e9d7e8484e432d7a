"""Shapes that answers share: units in short, days; and answers that nobody keeps."""

import datetime

from flask import Response, jsonify
from pydantic import Field

from api.openapi import Answer, JsonObject, UnitRef, written
from registry import entrances, records
from registry.entrances import Kind, Source
from registry.gazetteer import VIET_NAM, Unit


class Span(Answer):
    """Days from `from` (inclusive) to `to` (exclusive); null is an open end."""

    from_: datetime.date | None = Field(alias="from")
    to: datetime.date | None

    @staticmethod
    def of(span: records.Span) -> JsonObject:
        """The same days."""
        first, end = span.first, span.end
        # `from` is no name of Python's, so `written` cannot have it.
        return {
            "from": first.isoformat() if first else None,
            "to": end.isoformat() if end else None,
        }


class DatedLabel(Answer):
    """How the address was written on the day that was asked about, or will be."""

    day: datetime.date
    label: str | None = Field(
        description="Null where several units of that day may be meant, or none is known"
    )
    communes: list[UnitRef] = Field(
        description="In which it may have been: one where that is certain; none where the register"
        " knows no map of that day for it"
    )
    province: UnitRef | None

    @staticmethod
    def of(told: records.DatedLabel) -> JsonObject:
        """The same label."""
        return written(
            DatedLabel,
            day=told.day.isoformat(),
            label=told.label,
            communes=[unit_ref(unit, told.day) for unit in told.units],
            province=unit_ref(told.province, told.day),
        )


class Entrance(Answer):
    """Where one gets in. Degrees, EPSG:4326; metres."""

    kind: Kind = Field(description="`locker`: parcel lockers")
    lon: float
    lat: float
    accuracy_m: float | None
    note: str | None = Field(description="How one gets in", examples=["cổng phía ngõ 34"])
    seen_on: datetime.date | None
    source: Source | None = Field(description="Who says so, by role")
    of: str | None = Field(
        description="Code of the building, where it is that of the building; else null"
    )

    @staticmethod
    def of_stored(told: entrances.Entrance, of: str | None = None) -> JsonObject:
        """One as it is stored; with the code of the building that lends it."""
        return written(
            Entrance,
            kind=told["kind"],
            lon=told["lon"],
            lat=told["lat"],
            accuracy_m=told.get("accuracy_m"),
            note=told.get("note"),
            seen_on=told.get("seen_on"),
            source=told.get("source"),
            of=of,
        )


def with_label_on(body: JsonObject, told: records.DatedLabel | None) -> JsonObject:
    """The body, with the label of a day where one was asked for."""
    return body if told is None else body | {"label_on": DatedLabel.of(told)}


def unit_ref(unit: Unit | None, day: datetime.date) -> JsonObject | None:
    """A unit as it is called on a day; None for none."""
    if unit is None:
        return None
    return written(UnitRef, code=unit.code, name=unit.version_on(day).full_name)


def at(moment: datetime.datetime) -> str:
    """A moment as an answer tells it, in the time of Viet Nam."""
    return moment.astimezone(VIET_NAM).isoformat()


def unkept(body: JsonObject, status: int = 200) -> Response:
    """The answer as a response that nobody on the way keeps: it tells where somebody lives."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
