"""Types that answers share (units, spans of days, entrances), and how to build them."""

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
from registry.units.gazetteer import VIET_NAM, Unit, UnitIds, UnitRef

Body = TypeVar("Body")


@dataclass(frozen=True, slots=True)
class Extras:
    """Optional members of an answer."""

    ids: bool | str = False
    """Identifiers of units: True for all schemes, or the name of one."""
    postal: bool = False


NO_EXTRAS: Final = Extras()


class WithIds(Request):
    """Whether identifiers of other schemes are requested."""

    ids: bool = Field(False, description="Add `ids`: what other schemes call the units")


class WithScheme(WithIds):
    """Whether identifiers of one scheme are requested."""

    scheme: str | None = Field(
        None,
        pattern=SCHEME,
        description="`ids` of this scheme only",
        examples=["postcode"],
    )

    @property
    def asked_ids(self) -> bool | str:
        """As in `Extras`; raises InvalidInputError for a scheme that no unit has."""
        if self.scheme:
            check_scheme_known(gazetteer(), self.scheme)
        return self.scheme or self.ids


class WithPostal(WithScheme):
    """Whether the lines of a postal label are requested."""

    postal: bool = Field(False, description="Add `postal_label`: the lines of a letter")

    @property
    def extras(self) -> Extras:
        """The requested members; raises InvalidInputError for a scheme that no unit has."""
        return Extras(self.asked_ids, self.postal)


class PostalLabel(TypedDict):
    """The address lines of a letter, below the addressee (UPU S42)."""

    lines: Annotated[list[str], Field(examples=[["27 Phố Láng", "Phường Láng", "Hà Nội 11528"]])]
    lines_ascii: Annotated[
        list[str], Field(examples=[["27 PHO LANG", "PHUONG LANG", "HA NOI 11528", "VIET NAM"]])
    ]
    """For mail from abroad"""


def with_postal(
    body: Body, words: records.Wording | records.DatedLabel | None, day: datetime.date
) -> Body:
    """Add `postal_label` to the body: the lines of a letter, or None if there are none."""
    lines = postal_lines(words, day) if words else ()
    label = PostalLabel(lines=list(lines), lines_ascii=list(foreign_lines(lines)))
    body["postal_label"] = label if lines else None  # type: ignore[index]
    return body


Span = TypedDict("Span", {"from": datetime.date | None, "to": datetime.date | None})
Span.__doc__ = "Days from `from` (inclusive) to `to` (exclusive); null is an open end."


def span_of(span: records.Span) -> Span:
    """Return a span of days as an answer."""
    return {"from": span.first, "to": span.end}


class DatedLabel(TypedDict):
    """The address as written on the requested day, past or future."""

    day: datetime.date
    label: str | None
    """Null if several units of that day are possible, or none is known"""
    communes: list[UnitRef]
    """Communes in which it may have been: one if that is known; none if the register has no map of
    that day for it"""
    door: str | None
    """The label without its units"""
    commune: UnitRef | None
    district: UnitRef | None
    """Null if there were no districts; if the commune is unknown, the district that all candidates
    share"""
    province: UnitRef | None
    known_by: KnownBy | None
    """Source of the unit: the `register`; the `street`, which the register has in one unit only;
    the `text` of the request; or the `point` in the polygons of that map. Null without a label"""
    door_known: bool
    """Whether street and number are written as on that day; otherwise as today"""
    postal_label: NotRequired[PostalLabel | None]
    """Only with `postal`"""


def dated_label(label: records.DatedLabel, extras: Extras = NO_EXTRAS) -> DatedLabel:
    """Return a dated label as an answer."""
    ref = partial(unit_ref, day=label.day, ids=extras.ids)
    body = DatedLabel(
        day=label.day,
        label=label.label,
        communes=[ref(unit) for unit in label.units],
        door=", ".join(label.door) or None,
        commune=ref(label.units[0]) if label.label is not None else None,
        district=ref(label.district),
        province=ref(label.province),
        known_by=label.known_by,
        door_known=label.door_known,
    )
    return with_postal(body, label, label.day) if extras.postal else body


class Entrance(TypedDict):
    """An entrance. Coordinates in degrees, EPSG:4326; accuracy in metres."""

    kind: Kind
    """`locker`: parcel lockers"""
    lon: float
    lat: float
    accuracy_m: float | None
    note: Annotated[str | None, Field(examples=["cổng phía ngõ 34"])]
    """How to get in"""
    seen_on: datetime.date | None
    source: Source | None
    """Role of the source"""
    of: str | None
    """Code of the building, if the entrance is the building's; else null"""


def entrance_of(stored: entrances.Entrance, of: str | None = None) -> Entrance:
    """Return a stored entrance as an answer; `of` is the code of the building it belongs to."""
    return Entrance(
        kind=stored["kind"],
        lon=stored["lon"],
        lat=stored["lat"],
        accuracy_m=stored.get("accuracy_m"),
        note=stored.get("note"),
        seen_on=stored.get("seen_on"),
        source=stored.get("source"),
        of=of,
    )


def with_label_on(body: Body, label: records.DatedLabel | None, extras: Extras = NO_EXTRAS) -> Body:
    """Add `label_on` to the body if a label of another day was requested."""
    if label is not None:
        body["label_on"] = dated_label(label, extras)  # type: ignore[index]
    return body


@overload
def unit_ref(unit: Unit, day: datetime.date, *, ids: bool | str = False) -> UnitRef: ...
@overload
def unit_ref(
    unit: Unit | None, day: datetime.date, *, ids: bool | str = False
) -> UnitRef | None: ...
def unit_ref(unit: Unit | None, day: datetime.date, *, ids: bool | str = False) -> UnitRef | None:
    """Return a unit with its name on a day and, with `ids`, identifiers of all schemes or one."""
    if unit is None:
        return None
    ref = UnitRef(code=unit.code, name=unit.version_on(day).full_name)
    if ids:
        ref["ids"] = ids_of(unit, day, ids)
    return ref


def ids_of(unit: Unit, day: datetime.date, ids: bool | str) -> UnitIds:
    """Return a unit's identifiers on a day, of all schemes or of the one that is named."""
    every = unit.identifiers_on(day)
    return every if ids is True else {k: v for k, v in every.items() if k == ids}


def at(moment: datetime.datetime) -> str:
    """Format a moment as ISO 8601 in Viet Nam's time."""
    return moment.astimezone(VIET_NAM).isoformat()


def unkept(body: object, status: int = 200) -> Response:
    """Return JSON with `Cache-Control: no-store`: the answer discloses where somebody lives."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
