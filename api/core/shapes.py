"""Shapes that answers share: units in short, days; and answers that nobody keeps."""

import datetime
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar, overload

from flask import Response, jsonify
from pydantic import Field
from typing_extensions import TypedDict

from api.core.types import Request
from registry.records import entrances
from registry.records import record as records
from registry.records.entrances import Kind, Source
from registry.records.postal import foreign_lines, postal_lines
from registry.records.record import KnownBy
from registry.units.gazetteer import VIET_NAM, Unit, UnitRef

Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Extras:
    """What is wanted beside what every answer has."""

    ids: bool = False
    postal: bool = False


NO_EXTRAS: Final = Extras()


class WithIds(Request):
    """Whether other schemes are asked for."""

    ids: bool = Field(
        False, description="Whether what other schemes call units is wanted as well, as `ids`"
    )


class WithPostal(WithIds):
    """Whether the address is wanted as it stands on a letter."""

    postal: bool = Field(
        False, description="Whether the lines of a letter are wanted as well, as `postal_label`"
    )

    @property
    def extras(self) -> Extras:
        """Both."""
        return Extras(self.ids, self.postal)


class PostalLabel(TypedDict):
    """The address as it stands on a letter, below the addressee (UPU S42)."""

    lines: Annotated[list[str], Field(examples=[["27 Phố Láng", "Phường Láng", "Hà Nội 11528"]])]
    lines_ascii: Annotated[
        list[str], Field(examples=[["27 PHO LANG", "PHUONG LANG", "HA NOI 11528", "VIET NAM"]])
    ]
    """For mail from abroad"""


def with_postal(body: Body, words: records.Wording | None, day: datetime.date) -> Body:
    """The body, with the lines of a letter; none where the address is not one."""
    lines = postal_lines(words, day) if words else ()
    told = PostalLabel(lines=list(lines), lines_ascii=list(foreign_lines(lines)))
    body["postal_label"] = told if lines else None  # type: ignore[index]
    return body


Span = TypedDict("Span", {"from": datetime.date | None, "to": datetime.date | None})
Span.__doc__ = "Days from `from` (inclusive) to `to` (exclusive); null is an open end."


def span_of(span: records.Span) -> Span:
    """The same days."""
    return {"from": span.first, "to": span.end}


class DatedLabel(TypedDict):
    """How the address was written on the day that was asked about, or will be."""

    day: datetime.date
    label: str | None
    """Null where several units of that day may be meant, or none is known"""
    communes: list[UnitRef]
    """In which it may have been: one where that is known; none where the register knows no map of
    that day for it"""
    door: str | None
    """The label without its units"""
    commune: UnitRef | None
    district: UnitRef | None
    """Null where there were none"""
    province: UnitRef | None
    known_by: KnownBy | None
    """What says in which unit it was: the `register`; its `street`, which the register knows in one
    alone; the `text` that was asked about; or its `point` in the polygons of that map. Null without
    a label"""
    door_known: bool
    """Whether its street and number are in the words of that day; else in those of today"""


def dated_label(told: records.DatedLabel) -> DatedLabel:
    """The same label."""
    return DatedLabel(
        day=told.day,
        label=told.label,
        communes=[unit_ref(unit, told.day) for unit in told.units],
        door=told.door,
        commune=unit_ref(told.units[0], told.day) if told.label is not None else None,
        district=unit_ref(told.district, told.day),
        province=unit_ref(told.province, told.day),
        known_by=told.known_by,
        door_known=told.door_known,
    )


class Entrance(TypedDict):
    """Where one gets in. Degrees, EPSG:4326; metres."""

    kind: Kind
    """`locker`: parcel lockers"""
    lon: float
    lat: float
    accuracy_m: float | None
    note: Annotated[str | None, Field(examples=["cổng phía ngõ 34"])]
    """How one gets in"""
    seen_on: datetime.date | None
    source: Source | None
    """Who says so, by role"""
    of: str | None
    """Code of the building, where it is that of the building; else null"""


def entrance_of(told: entrances.Entrance, of: str | None = None) -> Entrance:
    """One as it is stored; with the code of the building that lends it."""
    return Entrance(
        kind=told["kind"],
        lon=told["lon"],
        lat=told["lat"],
        accuracy_m=told.get("accuracy_m"),
        note=told.get("note"),
        seen_on=told.get("seen_on"),
        source=told.get("source"),
        of=of,
    )


def with_label_on(body: Body, told: records.DatedLabel | None) -> Body:
    """The body, with the label of a day where one was asked for."""
    if told is not None:
        body["label_on"] = dated_label(told)  # type: ignore[index]
    return body


@overload
def unit_ref(unit: Unit, day: datetime.date, *, ids: bool = False) -> UnitRef: ...
@overload
def unit_ref(unit: Unit | None, day: datetime.date, *, ids: bool = False) -> UnitRef | None: ...
def unit_ref(unit: Unit | None, day: datetime.date, *, ids: bool = False) -> UnitRef | None:
    """A unit as it is called on a day, with `ids` in other schemes as well; None for none."""
    if unit is None:
        return None
    told = UnitRef(code=unit.code, name=unit.version_on(day).full_name)
    if ids:
        told["ids"] = unit.identifiers_on(day)
    return told


def at(moment: datetime.datetime) -> str:
    """A moment as an answer tells it, in the time of Viet Nam."""
    return moment.astimezone(VIET_NAM).isoformat()


def unkept(body: object, status: int = 200) -> Response:
    """The answer as a response that nobody on the way keeps: it tells where somebody lives."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
