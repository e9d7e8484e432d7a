"""Search results as a FeatureCollection with GeocodeJSON's `geocoding` members (version 0.1.0)."""

import datetime
from collections.abc import Sequence
from typing import Annotated, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.core.shapes import (
    NO_EXTRAS,
    DatedLabel,
    Entrance,
    Extras,
    PostalLabel,
    Span,
    entrance_of,
    span_of,
    unit_ref,
    with_label_on,
    with_postal,
)
from api.core.types import without_nones
from geo.code import format as code_display
from geo.label import alley_word, named, number_of
from registry.records.postal import postcode_of
from registry.records.record import Wording
from registry.search.answers import DOORS, Answer, Level, answer_wording
from registry.search.faults import FAULTS
from registry.units.gazetteer import Gazetteer, UnitRef, today

_VERSION: Final = "0.1.0"
_COUNTRY: Final = "Việt Nam"
# GeocodeJSON has no types for a building, an alley and a province.
_TYPES: Final = {
    "household": "house",
    "building": "house",
    "alley": "street",
    "street": "street",
    "locality": "locality",
    "commune": "city",
    "province": "region",
}


class Geocoding(TypedDict):
    """GeocodeJSON's member of the collection."""

    version: str
    query: NotRequired[str]
    """The point; never a text, which may contain a name"""


class GeocodingProperties(TypedDict):
    """GeocodeJSON's member of a feature; unknown members are omitted."""

    type: Annotated[str, Field(examples=["house"])]
    label: str
    accuracy: NotRequired[float]
    """Metres"""
    name: NotRequired[str]
    """Of the organisation or public place, if the query named it"""
    housenumber: NotRequired[str]
    """Only of a house"""
    street: NotRequired[str]
    locality: NotRequired[str]
    """The smallest hamlet or residential group"""
    city: NotRequired[Annotated[str, Field(examples=["Phường Láng"])]]
    """Current commune"""
    district: NotRequired[Annotated[str, Field(examples=["Quận Đống Đa"])]]
    """District before July 2025"""
    state: NotRequired[Annotated[str, Field(examples=["Thành phố Hà Nội"])]]
    """Current province"""
    postcode: NotRequired[Annotated[str, Field(examples=["11528"])]]
    """Postcode of the commune"""
    country: str


class AnswerFault(TypedDict):
    """One difference between query and answer; `code` is stable."""

    code: Annotated[str, Field(examples=["house_number_not_found"])]
    message: str
    message_en: str


_FAULTS: Final = {
    code: AnswerFault(code=code, message=fault.message, message_en=fault.message_en)
    for code, fault in FAULTS.items()
}


class Properties(TypedDict):
    """Properties of a place."""

    code: str | None
    """Canonical; null above the level of a building"""
    code_display: str | None
    label: str
    label_before_2025_07: str | None
    level: Level
    confidence: Annotated[float, Field(ge=0, le=1)]
    faults: list[AnswerFault]
    house_number: str | None
    street: str | None
    locality: str | None
    commune: UnitRef | None
    province: UnitRef | None
    map: Span
    distance_m: float | None
    """To `entrance`, if there is one"""
    entrance: NotRequired[Entrance]
    """For a door with entrances, the one nearest to the requested point"""
    label_on: NotRequired[DatedLabel]
    """Only with `on` or `wording`"""
    postal_label: NotRequired[PostalLabel | None]
    """Only with `postal`"""
    geocoding: GeocodingProperties


def properties_of(
    answer: Answer, words: Wording, day: datetime.date, extras: Extras = NO_EXTRAS
) -> Properties:
    """Return the properties of an answer, written as on `day`."""
    parts, record = answer.parts, answer.record
    street = named(parts.street_kind, parts.street_name) if parts.street_name else None
    locality = named(*parts.localities[0]) if parts.localities else None
    commune = unit_ref(words.commune, day, ids=extras.ids)
    province = unit_ref(words.province, day, ids=extras.ids)
    number = number_of(parts, alley_word(province["name"] if province else ""))
    body = Properties(
        code=record.code if record else None,
        code_display=code_display(record.code) if record else None,
        label=words.label,
        label_before_2025_07=words.before_2025_07,
        level=answer.level,
        confidence=answer.confidence,
        faults=[_FAULTS[code] for code in answer.faults],
        house_number=number,
        street=street,
        locality=locality,
        commune=commune,
        province=province,
        map=span_of(words.map if answer.map is None else answer.map),
        distance_m=answer.distance_m,
        geocoding=without_nones(
            GeocodingProperties,
            type=_TYPES[answer.level],
            label=words.label,
            name=answer.name,
            accuracy=answer.accuracy_m,
            housenumber=number if answer.level in DOORS else None,
            street=street,
            locality=locality,
            city=commune["name"] if commune else None,
            district=words.former_district,
            state=province["name"] if province else None,
            postcode=postcode_of(words, day),
            country=_COUNTRY,
        ),
    )
    if answer.entrance is not None:
        body["entrance"] = entrance_of(answer.entrance)
    if extras.postal:
        with_postal(body, words, day)
    return with_label_on(body, words.on, extras)


class PointGeometry(TypedDict):
    """A GeoJSON point, [lon, lat]."""

    type: Literal["Point"]
    coordinates: tuple[float, float]


class Feature(TypedDict):
    """One place."""

    type: Literal["Feature"]
    geometry: PointGeometry | None
    properties: Properties


def feature_of(
    known: Gazetteer,
    answer: Answer,
    on: datetime.date | None = None,
    extras: Extras = NO_EXTRAS,
) -> Feature:
    """Return a search result as written today; with `on`, also its label of that day."""
    day = today()
    words = answer_wording(known, day, answer, on)
    point = None
    if answer.lon is not None and answer.lat is not None:
        point = PointGeometry(type="Point", coordinates=(answer.lon, answer.lat))
    return Feature(
        type="Feature", geometry=point, properties=properties_of(answer, words, day, extras)
    )


class FeatureCollection(TypedDict):
    """Places, the best first; empty if none is found."""

    type: Literal["FeatureCollection"]
    geocoding: Geocoding
    features: list[Feature]


def feature_collection(
    known: Gazetteer,
    point: str | None,
    found: Sequence[Answer],
    on: datetime.date | None = None,
    extras: Extras = NO_EXTRAS,
) -> FeatureCollection:
    """Return search results as a collection; `point` is the queried point, if any."""
    return FeatureCollection(
        type="FeatureCollection",
        geocoding=without_nones(Geocoding, version=_VERSION, query=point),
        features=[feature_of(known, answer, on, extras) for answer in found],
    )
