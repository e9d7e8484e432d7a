"""One address by its code."""

import datetime
from typing import Annotated, Literal, NotRequired, cast

from flask import jsonify, request
from pydantic import Field
from typing_extensions import TypedDict
from werkzeug.http import generate_etag
from werkzeug.wrappers import Response as BaseResponse

from api.core.conditional import conditional
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.shapes import (
    NO_EXTRAS,
    DatedLabel,
    Entrance,
    Extras,
    PostalLabel,
    Span,
    WithPostal,
    entrance_of,
    span_of,
    unit_ref,
    with_label_on,
    with_postal,
)
from api.core.types import WORDING, Day, Wording
from api.v1.geocode import suggested_codes
from geo.code import format as code_display
from geo.code import is_demo, spoken
from geo.label import alley_word, named, number_of
from registry.core.errors import MistypedCodeError
from registry.core.schemes import SCHEMES
from registry.publish.services import ServiceHere, services_of
from registry.records.entrances import disclosed_entrances
from registry.records.external_ids import ExternalId, external_ids_of
from registry.records.history import lookup_as_of, moment_of
from registry.records.lookup import CodeForms, code_forms, lookup
from registry.records.postal import postcode_of
from registry.records.record import Record, record_wording
from registry.records.uses import UseTold, visible_uses
from registry.units import label_day
from registry.units.gazetteer import VIET_NAM, Gazetteer, UnitRef, today

blueprint = Resource("addresses", "/v1/addresses", tag="addresses", kind="lookup")


class Position(TypedDict):
    """The main entrance, in degrees, EPSG:4326."""

    lon: float
    lat: float
    method: Annotated[str, Field(examples=["gps"])]
    accuracy_m: float | None


def position_of(record: Record) -> Position | None:
    """Return the record's position; None if unknown or not disclosed."""
    if record.lon is None or record.lat is None:
        return None
    return Position(
        lon=record.lon,
        lat=record.lat,
        method=record.position_method or "",
        accuracy_m=record.position_accuracy_m,
    )


class ExternalRef(TypedDict):
    """The record's identifier in another scheme."""

    scheme: Annotated[str, Field(examples=["dia_chi_so"])]
    value: str
    draft: NotRequired[bool]
    """True for a scheme not yet established by law"""
    valid_from: datetime.date | None
    """First day; null from the beginning"""
    valid_to: datetime.date | None
    """Last day; null without end"""


def external_ref(known: ExternalId) -> ExternalRef:
    """Return an identifier as an answer."""
    ref = ExternalRef(
        scheme=known.scheme,
        value=known.value,
        valid_from=known.valid_from,
        valid_to=known.valid_to,
    )
    if known.scheme in SCHEMES and SCHEMES[known.scheme].draft:
        ref["draft"] = True
    return ref


class Address(TypedDict):
    """One record: a household's dwelling, or a building with several."""

    code: Annotated[str, Field(examples=["1H6XXH2V"])]
    """Canonical, no hyphen"""
    code_display: Annotated[str, Field(examples=["1H6X-XH2V"])]
    code_spoken: Annotated[str, Field(examples=["07519506739"])]
    """For the telephone"""
    demo: bool
    """Made up for demonstration; not a real door"""
    kind: Literal["household", "building"]
    status: Literal["proposed", "active"]
    label: str
    label_before_2025_07: str | None
    house_number: str | None
    street: str | None
    localities: list[str]
    """The smallest first"""
    building: str | None
    floor: str | None
    unit_number: str | None
    households_count: int
    """Households (hộ) that share it; 0 for a building"""
    parent: CodeForms | None
    """The building that contains it"""
    commune: UnitRef | None
    province: UnitRef | None
    former_commune: UnitRef | None
    postcode: Annotated[str | None, Field(examples=["11528"])]
    """Postcode of the commune; null if it has none"""
    postal_label: NotRequired[PostalLabel | None]
    """Only with `postal`"""
    map: Span
    label_on: NotRequired[DatedLabel]
    """Only with `on` or `wording`"""
    position: Position | None
    verified_on: datetime.date | None
    delivery_hint: Annotated[str | None, Field(examples=["đối diện chợ Bến Thành"])]
    """A landmark, in local words"""
    entrances: list[Entrance]
    """Entrances other than `position`, which is the main one unless one of these is; for a flat
    without its own, those of its building"""
    uses: list[UseTold]
    """Uses beside or instead of homes; empty for a plain dwelling"""
    external_ids: NotRequired[list[ExternalRef]]
    """Only with `external`"""
    services: NotRequired[list[ServiceHere]]
    """Only with `services`"""


def address_answer(
    known: Gazetteer,
    record: Record,
    day: datetime.date | None = None,
    on: datetime.date | None = None,
    extras: Extras = NO_EXTRAS,
    *,
    map_needed: bool = False,
) -> Address:
    """Return the record as written on `day`, today by default; with `on`, its label of that day.

    Raises InvalidInputError if `map_needed` and no map of `on` is known for it.
    """
    day = day or today()
    former = known.units.get(record.former_unit_id) if record.former_unit_id else None
    words = record_wording(known, day, record, on)
    province = unit_ref(words.province, day, ids=extras.ids)
    body = Address(
        code=record.code,
        code_display=code_display(record.code),
        code_spoken=spoken(record.code),
        demo=is_demo(record.code),
        kind=record.kind,
        status=cast(Literal["proposed", "active"], record.status),  # as lookups answer
        label=words.label,
        label_before_2025_07=words.before_2025_07,
        house_number=number_of(
            record.label_parts, alley_word(province["name"] if province else "")
        ),
        street=named(record.street_kind, record.street_name) if record.street_name else None,
        localities=[named(kind, name) for kind, name in record.localities],
        building=record.building_name,
        floor=record.floor,
        unit_number=record.unit_number,
        households_count=record.households_count,
        parent=code_forms(record.parent_code) if record.parent_code else None,
        commune=unit_ref(words.commune, day, ids=extras.ids),
        province=province,
        former_commune=unit_ref(former, day, ids=extras.ids),
        postcode=postcode_of(words, day),
        map=span_of(words.map),
        position=position_of(record),
        verified_on=record.verified_on,
        delivery_hint=record.delivery_hint,
        entrances=[entrance_of(each) for each in record.entrances or ()],
        uses=visible_uses(record.uses),
    )
    if words.on is not None and map_needed:
        words.on.check_known()
    if extras.postal:
        with_postal(body, words, day)
    return with_label_on(body, words.on, extras)


class AddressQuery(WithPostal):
    """The requested day, and optional members."""

    as_of: str | None = Field(
        None,
        max_length=40,
        description="As recorded at the end of a day, or a time with offset",
        examples=["2026-07-01"],
    )
    on: Day | None = Field(
        None,
        description="Day of an additional label, `label_on`",
        examples=["2025-06-30"],
    )
    wording: Wording | None = WORDING
    external: bool = Field(False, description="Add `external_ids`: what others call the record")
    services: bool = Field(False, description="Add `services`: who delivers or collects there")


@blueprint.get("/<address_code>")
@public(answer=Address, codes=("code_mistyped", "gone", "withdrawn"), discloses=True)
def get_address(address_code: str, query: AddressQuery) -> BaseResponse:
    """The address of a code.

    410 with successors if retired, 404 with suggestions if mistyped. `as_of` is the record of that
    day, `on` the label of today's record on a day.
    """
    record, body = found_address(address_code, query)
    response = jsonify(body)
    # Cached by the caller only, and revalidated each time: a door may move.
    response.headers["Cache-Control"] = "private, no-cache"
    # It begins with the record's last event, which an operation's If-Match compares.
    response.set_etag(f"{record.event_id}-{generate_etag(response.get_data())}")
    # Only for callers with a copy: this is a hot path.
    has_copy = "If-None-Match" in request.headers or "If-Match" in request.headers
    return conditional(response) if has_copy else response


def found_address(address_code: str, query: AddressQuery) -> tuple[Record, Address]:
    """Return the record with a code, and its answer."""
    known, reads, on = gazetteer(), register().reads, label_day(query.on, query.wording)
    if query.as_of is None:
        record, day = _looked_up(address_code, on), today()
    else:
        moment = moment_of(query.as_of)
        record = lookup_as_of(reads, address_code, moment, on)
        day = moment.astimezone(VIET_NAM).date()
    needed = query.on is not None
    body = address_answer(known, record, day, on, query.extras, map_needed=needed)
    if query.as_of is None:
        body["entrances"] = entrances_of(record)
    if query.external:
        body["external_ids"] = [external_ref(each) for each in external_ids_of(reads, record)]
    if query.services:
        body["services"] = services_of(reads, record, day)
    return record, body


def entrances_of(record: Record) -> list[Entrance]:
    """Return the record's current entrances; for a flat without its own, the building's."""
    entrances, building = disclosed_entrances(register().reads, record)
    return [entrance_of(each, building) for each in entrances]


def _looked_up(address_code: str, on: datetime.date | None) -> Record:
    try:
        return lookup(register().reads, address_code, on)
    except MistypedCodeError as error:
        raise with_addresses(error) from None


def with_addresses(error: MistypedCodeError) -> MistypedCodeError:
    """Add the address to each suggestion of the error."""
    codes = [each["code"] for each in error.extra["suggestions"]]  # type: ignore[attr-defined]
    error.extra["suggestions"] = suggested_codes(codes)
    return error
