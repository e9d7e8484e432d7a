"""Shapes that answers share: units in short, days; and answers that nobody keeps."""

import datetime
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, NotRequired, TypeVar, overload

from flask import Response, jsonify
from pydantic import Field
from typing_extensions import TypedDict

from api.core.context import gazetteer
from api.core.types import Request
from registry.core.schemes import SCHEME
from registry.records import entrances
from registry.records import record as records
from registry.records.entrances import Kind, Source
from registry.records.postal import foreign_lines, postal_lines
from registry.records.record import KnownBy
from registry.units import check_scheme_known
from registry.units.gazetteer import VIET_NAM, Unit, UnitRef

Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Extras:
    """What is wanted beside what every answer has."""

    ids: bool | str = False
    """Whether all schemes are, or which one is."""
    postal: bool = False


NO_EXTRAS: Final = Extras()


class WithIds(Request):
    """Whether other schemes are asked for."""

    ids: bool = Field(False, description="Add `ids`: what other schemes call the units")


class WithPostal(WithIds):
    """Whether the address is wanted as it stands on a letter."""

    postal: bool = Field(False, description="Add `postal_label`: the lines of a letter")

    scheme: str | None = Field(
        None,
        pattern=SCHEME,
        description="`ids` of this scheme only",
        examples=["postcode"],
    )

    @property
    def extras(self) -> Extras:
        """All of them; raises InvalidInputError for a scheme of which no unit has an id."""
        if self.scheme:
            check_scheme_known(gazetteer(), self.scheme)
        return Extras(self.scheme or self.ids, self.postal)


class PostalLabel(TypedDict):
    """The address as it stands on a letter, below the addressee (UPU S42)."""

    lines: Annotated[list[str], Field(examples=[["27 Phố Láng", "Phường Láng", "Hà Nội 11528"]])]
    lines_ascii: Annotated[
        list[str], Field(examples=[["27 PHO LANG", "PHUONG LANG", "HA NOI 11528", "VIET NAM"]])
    ]
    """For mail from abroad"""


def with_postal(
    body: Body, words: records.Wording | records.DatedLabel | None, day: datetime.date
) -> Body:
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
    """Null where there were none; where the commune is not known, that of all that it may be"""
    province: UnitRef | None
    known_by: KnownBy | None
    """What says in which unit it was: the `register`; its `street`, which the register knows in one
    alone; the `text` that was asked about; or its `point` in the polygons of that map. Null without
    a label"""
    door_known: bool
    """Whether its street and number are in the words of that day; else in those of today"""
    postal_label: NotRequired[PostalLabel | None]
    """Only with `postal`"""


def dated_label(told: records.DatedLabel, extras: Extras = NO_EXTRAS) -> DatedLabel:
    """The same label."""
    ref = partial(unit_ref, day=told.day, ids=extras.ids)
    body = DatedLabel(
        day=told.day,
        label=told.label,
        communes=[ref(unit) for unit in told.units],
        door=", ".join(told.door) or None,
        commune=ref(told.units[0]) if told.label is not None else None,
        district=ref(told.district),
        province=ref(told.province),
        known_by=told.known_by,
        door_known=told.door_known,
    )
    return with_postal(body, told, told.day) if extras.postal else body


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


def with_label_on(body: Body, told: records.DatedLabel | None, extras: Extras = NO_EXTRAS) -> Body:
    """The body, with the label of a day where one was asked for."""
    if told is not None:
        body["label_on"] = dated_label(told, extras)  # type: ignore[index]
    return body


@overload
def unit_ref(unit: Unit, day: datetime.date, *, ids: bool | str = False) -> UnitRef: ...
@overload
def unit_ref(
    unit: Unit | None, day: datetime.date, *, ids: bool | str = False
) -> UnitRef | None: ...
def unit_ref(unit: Unit | None, day: datetime.date, *, ids: bool | str = False) -> UnitRef | None:
    """A unit as it is called on a day, with `ids` in other schemes, or one; None for none."""
    if unit is None:
        return None
    told = UnitRef(code=unit.code, name=unit.version_on(day).full_name)
    if ids:
        every = unit.identifiers_on(day)
        told["ids"] = every if ids is True else {k: v for k, v in every.items() if k == ids}
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
