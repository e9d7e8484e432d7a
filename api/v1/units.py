"""Administrative units of every map: lists, one unit, conversion to current units, a picker."""

import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NotRequired, Self

from flask import Response, json, jsonify
from pydantic import Field, model_validator
from typing_extensions import TypedDict

from api.core.conditional import conditional
from api.core.context import gazetteer
from api.core.endpoint import Resource, public
from api.core.errors import PROVINCE_CODE, UNIT_CODE
from api.core.packing import packed
from api.core.shapes import Span, WithIds, WithScheme, ids_of, span_of, unit_ref
from api.core.types import Day, JsonObject, Request
from registry.core.errors import NotFoundError, RegistryError
from registry.core.invalid import invalid_value
from registry.core.messages import Message
from registry.core.personal import without_people
from registry.core.schemes import MAX_VALUE, POSTCODE, SCHEME
from registry.records.record import Span as Days
from registry.units import (
    FIRST_KNOWN_DAY,
    LAST_DAY_OF_OLD_MAP,
    Conversion,
    UnitQuery,
    convert_code,
    convert_text,
    day_asked,
    find_units,
    found_before,
    is_ambiguous,
    picker,
    unit_by_code,
)
from registry.units.announced import Announcement, Change, announced
from registry.units.gazetteer import Gazetteer, Succession, Unit, UnitIds, UnitRef, seconds_until
from registry.units.onward import Continuation, continuations

blueprint = Resource("units", "/v1/units", tag="units", kind="units")

MAX_AGE_S: Final = 3600
"""How long an answer may be cached, shorter if a unit changes before; then revalidated by ETag."""


class UnitsQuery(WithIds):
    """Filters of the list."""

    q: str | None = Field(None, min_length=1, max_length=200, description="Name or code")
    level: Literal["province", "district", "commune"] | None = None
    province: str | None = Field(None, pattern=PROVINCE_CODE, description="Code of a province")
    scheme: str | None = Field(
        None,
        pattern=SCHEME,
        description="A scheme of identifiers, with `value`",
        examples=["postcode"],
    )
    value: str | None = Field(
        None, min_length=1, max_length=MAX_VALUE, description="Identifier of the unit in the scheme"
    )
    as_of: Day | None = Field(None, description="Day of the map; today by default")
    limit: int = Field(50, ge=1, le=1000)
    offset: int = Field(0, ge=0, le=100_000)

    @model_validator(mode="after")
    def _value_of_scheme(self) -> Self:
        if (self.scheme is None) != (self.value is None):
            raise invalid_value("scheme_and_value", Message("scheme_and_value"))
        return self


class DayQuery(Request):
    """The requested day."""

    as_of: Day | None = Field(None, description="Day of the map; today by default")


class UnitQueryParams(DayQuery, WithScheme):
    """The requested day, and optional identifiers."""


class ConvertQuery(Request):
    """A former code or text."""

    code: str | None = Field(None, pattern=UNIT_CODE, description="Code of a unit")
    text: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        description="Administrative part of an address",
        examples=["P. Ngọc Hà, Q. Ba Đình, Hà Nội"],
    )
    written_on: Day | None = Field(None, description="Day of its map; for a code 2025-06-30")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.code is None) == (self.text is None):
            raise invalid_value("code_or_text", Message("code_or_text"))
        return self


class UnitSummary(TypedDict):
    """A unit on a day."""

    code: str
    level: Literal["province", "district", "commune"]
    kind: Annotated[str, Field(examples=["phuong"])]
    name: Annotated[str, Field(examples=["Ba Đình"])]
    full_name: Annotated[str, Field(examples=["Phường Ba Đình"])]
    full_name_en: Annotated[str, Field(examples=["Ba Dinh Ward"])]
    province: UnitRef | None
    district: UnitRef | None
    lifetime: Span
    postcode: Annotated[str | None, Field(examples=["11511"])]
    """Only of a commune that has one"""
    ids: NotRequired[UnitIds]
    """Only with `ids`"""


class EarlierMap(TypedDict):
    """An earlier map with units of that name, if the requested day has none."""

    as_of: datetime.date
    total: int
    message: str


class UnitList(TypedDict):
    """Units of a day."""

    as_of: datetime.date
    total: int
    units: list[UnitSummary]
    earlier: NotRequired[EarlierMap | None]


class UnitStep(TypedDict):
    """One step of succession."""

    unit: UnitSummary
    extent: Literal["full", "partial"]
    effective_on: datetime.date


class UnitContinuation(TypedDict):
    """A current unit that succeeds another one."""

    unit: UnitSummary
    extent: Literal["unchanged", "full", "partial"]
    via: list[UnitSummary]


class Seat(TypedDict):
    """Seat of the administration, in degrees, EPSG:4326."""

    lon: float
    lat: float


class NameVersion(TypedDict):
    """Name of a unit during a span of days."""

    full_name: str
    valid: Span
    legal_basis: str | None
    date_basis: Literal["effective", "approximate"]


class Alias(TypedDict):
    """Another name or code of a unit."""

    kind: str
    alias: str


class AnnouncedUnit(UnitRef):
    """Another unit of an announced change, named as on its day."""

    extent: Literal["full", "partial"]


class AnnouncedChange(TypedDict):
    """A change of a unit that is decided and takes effect on its day."""

    day: datetime.date | None
    """Effective date; null while only the day of signing is known"""
    change: Change
    full_name: str
    """Name from that day on; of a unit that ends, its last name"""
    kind: str
    province: UnitRef | None
    units: list[AnnouncedUnit]
    """Its successors, or units of which it takes over parts"""
    legal_basis: str | None
    message: str
    message_en: str


class UnitDetail(UnitSummary):
    """Details of a unit."""

    as_of: datetime.date
    alive: bool
    announced: list[AnnouncedChange]
    seat: Seat | None
    area_km2: float | None
    aliases: list[Alias]
    names: list[NameVersion]
    predecessors: list[UnitStep]
    successors: list[UnitStep]
    today: list[UnitContinuation]
    same_code: list[UnitSummary]


UnitConversion = TypedDict(
    "UnitConversion",
    {
        "from": UnitSummary,
        "named": list[UnitSummary],
        "unread": list[str],
        "to": list[UnitContinuation],
    },
)
UnitConversion.__doc__ = "One reading of the query, and its current units."


class Conversions(TypedDict):
    """All equally likely readings; `ambiguous` if they lead to several current units."""

    as_of: datetime.date
    ambiguous: bool
    matches: list[UnitConversion]


class PickerProvince(TypedDict):
    """A province with its communes."""

    code: str
    name: str
    communes: list[UnitRef]


class Picker(TypedDict):
    """Provinces and communes, ready to cache."""

    as_of: datetime.date
    changes_on: datetime.date | None
    """Next day on which a unit changes, as decided so far"""
    provinces: list[PickerProvince]


@blueprint.get("")
@public(answer=UnitList, statuses=(404,))
def list_units(query: UnitsQuery) -> Response:
    """Units of a day, by name, code, level or province."""
    day = day_asked(query.as_of)
    known = gazetteer()
    page_of = (query.limit, query.offset)
    identifier = (query.scheme, query.value) if query.scheme and query.value else None
    asked = UnitQuery(day, query.q, query.level, query.province, *page_of, identifier)
    page = find_units(known, asked)
    units = [_summary(known, unit, day, ids=query.ids) for unit in page.units]
    body: dict[str, object] = {"as_of": day.isoformat(), "total": page.total, "units": units}
    if not page.total and (earlier := found_before(known, asked)):
        body["earlier"] = _earlier(*earlier)
    return _cacheable(jsonify(body))


def _earlier(day: datetime.date, total: int) -> dict[str, object]:
    message = Message("earlier_units_available", day=day, total=total)
    return {"as_of": day.isoformat(), "total": total, "message": message}


@blueprint.get("/picker")
@public(answer=Picker, operation_id="get_unit_picker")
def get_picker(query: DayQuery) -> Response:
    """Provinces with their communes, for drop-down lists."""
    body = _picker_body(gazetteer(), day_asked(query.as_of))
    return _cacheable(Response(body, content_type="application/json"))


@blueprint.get("/convert")
@public(answer=Conversions, statuses=(404,), operation_id="convert_unit")
def convert(query: ConvertQuery) -> Response:
    """Today's units for an old code or text, all candidates."""
    response = jsonify(converted(query))
    # The text may be somebody's address: proxies must not store it.
    response.cache_control.no_store = True
    return response


def converted(query: ConvertQuery) -> JsonObject:
    """Return the current units of a former code or text."""
    known, day = gazetteer(), day_asked(None)
    written_on = None
    if query.written_on is not None:
        # An older text is read on the oldest known map.
        written_on = day_asked(max(query.written_on, FIRST_KNOWN_DAY))
    if query.code is not None:
        map_day = written_on or LAST_DAY_OF_OLD_MAP
        found = [convert_code(known, query.code, written_on=map_day, day=day)]
    else:
        found = convert_text(known, query.text or "", written_on=written_on, day=day)
    # Readings of one text share their parts.
    unread = dict.fromkeys(part for conversion in found for part in conversion.naming.unread)
    shown = frozenset(without_people(unread))
    matches = [_conversion(known, conversion, day, shown) for conversion in found]
    return {"as_of": day.isoformat(), "ambiguous": is_ambiguous(found), "matches": matches}


@blueprint.get("/<code>")
@public(answer=UnitDetail)
def get_unit(code: str, query: UnitQueryParams) -> Response:
    """A unit: names, parents, predecessors, successors.

    Without `as_of` the last unit that had the code.
    """
    known, day, ids = gazetteer(), day_asked(query.as_of), query.asked_ids
    try:
        unit = unit_by_code(known, code, query.as_of)
    except RegistryError as error:
        if query.scheme is None:
            raise
        given = {"message": error.message, "scheme": query.scheme, "value": code}
        raise NotFoundError(Message("unit_by_identifier", **given)) from None
    return _cacheable(jsonify(_detail(known, unit, day, ids=ids)))


def _cacheable(response: Response) -> Response:
    response.cache_control.public = True
    turns_on = gazetteer().turns_on
    left = MAX_AGE_S if turns_on is None else max(0, seconds_until(turns_on))
    response.cache_control.max_age = min(MAX_AGE_S, left)
    packed(response)
    response.add_etag()
    return conditional(response)


@lru_cache(maxsize=4)
def _picker_body(known: Gazetteer, day: datetime.date) -> str:
    provinces = [
        {
            "code": province.code,
            "name": province.version_on(day).full_name,
            "communes": [unit_ref(commune, day) for commune in communes],
        }
        for province, communes in picker(known, day)
    ]
    body = {"as_of": day, "changes_on": known.turns_on, "provinces": provinces}
    return json.dumps(body)


def _summary(
    known: Gazetteer, unit: Unit, day: datetime.date, *, ids: bool | str = False
) -> dict[str, Any]:
    version = unit.version_on(day)
    province, district = known.province_of(unit, day), known.district_of(unit, day)
    return {
        "code": unit.code,
        "level": unit.level,
        "kind": version.kind,
        "name": version.name,
        "full_name": version.full_name,
        "full_name_en": version.full_name_en,
        "province": unit_ref(province, day),
        "district": unit_ref(district, day),
        "lifetime": span_of(Days(unit.born, unit.ended)),
        "postcode": unit.identifier(POSTCODE, day),
        **({"ids": ids_of(unit, day, ids)} if ids else {}),
    }


def _detail(known: Gazetteer, unit: Unit, day: datetime.date, *, ids: bool | str) -> dict[str, Any]:
    seat = None if unit.lon is None else {"lon": unit.lon, "lat": unit.lat}
    same_code = [other for other in known.with_code(unit.code) if other.id != unit.id]
    return {
        **_summary(known, unit, day, ids=ids),
        "as_of": day.isoformat(),
        "alive": unit.alive_on(day),
        "announced": [_announced(one) for one in announced(known, unit)],
        "seat": seat,
        "area_km2": unit.area_km2,
        "aliases": [{"kind": kind, "alias": alias} for kind, alias in unit.aliases],
        "names": [
            {
                "full_name": version.full_name,
                "valid": span_of(Days(version.valid_from, version.valid_to)),
                "legal_basis": version.legal_basis,
                "date_basis": version.date_basis,
            }
            for version in unit.versions
        ],
        "predecessors": [_step(known, s, s.predecessor) for s in known.predecessors(unit)],
        "successors": [_step(known, s, s.successor) for s in known.successors(unit)],
        "today": [
            _continuation(known, c, day_asked(None))
            for c in continuations(known, unit, day_asked(None))
        ],
        "same_code": [_summary(known, other, day) for other in same_code],
    }


def _announced(one: Announcement) -> AnnouncedChange:
    province = one.province and UnitRef(code=one.province[0], name=one.province[1])
    return AnnouncedChange(
        day=one.day,
        change=one.change,
        full_name=one.name,
        kind=one.kind,
        province=province,
        units=[
            AnnouncedUnit(code=other.unit.code, name=other.name, extent=other.extent)
            for other in one.others
        ],
        legal_basis=one.legal_basis,
        message=one.message,
        message_en=one.message_en,
    )


def _step(known: Gazetteer, step: Succession, unit: Unit) -> dict[str, Any]:
    return {
        "unit": _summary(known, unit, step.effective_on),
        "extent": step.extent,
        "effective_on": step.effective_on.isoformat(),
    }


def _continuation(known: Gazetteer, found: Continuation, day: datetime.date) -> dict[str, Any]:
    return {
        "unit": _summary(known, found.unit, day),
        "extent": found.extent,
        "via": [_summary(known, unit, day) for unit in found.via],
    }


def _conversion(
    known: Gazetteer, found: Conversion, day: datetime.date, shown: frozenset[str]
) -> dict[str, Any]:
    naming = found.naming
    named = [u for u in (naming.commune, naming.district, naming.province) if u is not None]
    return {
        "from": _summary(known, found.unit, day),
        "named": [_summary(known, unit, day) for unit in named],
        "unread": [part for part in naming.unread if part in shown],
        "to": [_continuation(known, continuation, day) for continuation in found.to],
    }
