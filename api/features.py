"""FeatureCollections of answers, with GeocodeJSON's `geocoding` members (version 0.1.0)."""

from collections.abc import Sequence
from typing import Any, Final, Literal

from flask import Response, jsonify
from pydantic import Field

from api.openapi import Answer as Body
from api.openapi import UnitRef
from api.shapes import Span, in_words, span_body
from geo.code import format as code_display
from geo.label import named, number_label
from registry.gazetteer import Gazetteer, today
from registry.records import wording
from registry.search.answers import Answer
from registry.search.faults import FAULTS

_VERSION: Final = "0.1.0"
_LEVELS = Literal["household", "building", "alley", "street", "locality", "commune", "province"]
# GeocodeJSON has no words for a building, an alley and a province.
_TYPES: Final = {
    "household": "house",
    "building": "house",
    "alley": "street",
    "street": "street",
    "locality": "locality",
    "commune": "city",
    "province": "region",
}


class Geocoding(Body):
    """GeocodeJSON's member of the collection."""

    version: str
    query: str | None = Field(description="The question; null where it is not repeated")


class GeocodingProperties(Body):
    """GeocodeJSON's member of a feature."""

    type: str = Field(examples=["house"])
    label: str
    accuracy: float | None = Field(description="Metres")


class AnswerFault(Body):
    """One thing that does not fit; `code` is stable."""

    code: str = Field(examples=["house_number_not_found"])
    message: str
    message_en: str


class Properties(Body):
    """What is known of a place."""

    code: str | None = Field(description="Canonical; null above the level of a building")
    code_display: str | None
    label: str
    label_before_2025_07: str | None
    level: _LEVELS
    confidence: float = Field(ge=0, le=1)
    faults: list[AnswerFault]
    house_number: str | None
    street: str | None
    locality: str | None
    commune: UnitRef | None
    province: UnitRef | None
    map: Span
    distance_m: float | None
    geocoding: GeocodingProperties


class PointGeometry(Body):
    """A GeoJSON point, [lon, lat]."""

    type: Literal["Point"]
    coordinates: tuple[float, float]


class Feature(Body):
    """One place."""

    type: Literal["Feature"]
    geometry: PointGeometry | None
    properties: Properties


class FeatureCollection(Body):
    """Places, the best first; empty when none is found."""

    type: Literal["FeatureCollection"]
    geocoding: Geocoding
    features: list[Feature]


def collection(
    known: Gazetteer, query: str | None, found: Sequence[Answer], **more: Any
) -> Response:
    """The answers as a response that nobody on the way keeps: it tells where somebody lives.

    `more` are further members of the collection.
    """
    response = jsonify(collection_body(known, query, found) | more)
    response.headers["Cache-Control"] = "no-store"
    return response


def collection_body(known: Gazetteer, query: str | None, found: Sequence[Answer]) -> dict[str, Any]:
    """`FeatureCollection`."""
    return {
        "type": "FeatureCollection",
        "geocoding": {"version": _VERSION, "query": query},
        "features": [_feature(known, answer) for answer in found],
    }


def _feature(known: Gazetteer, answer: Answer) -> dict[str, Any]:
    day = today()
    words = wording(known, day, answer.parts, answer.unit, answer.former)
    parts, record = answer.parts, answer.record
    place = in_words(words, day)
    if answer.map is not None:
        place["map"] = span_body(answer.map)
    innermost = parts.localities[0] if parts.localities else None
    point = None
    if answer.lon is not None and answer.lat is not None:
        point = {"type": "Point", "coordinates": [answer.lon, answer.lat]}
    return {
        "type": "Feature",
        "geometry": point,
        "properties": {
            "code": record.code if record else None,
            "code_display": code_display(record.code) if record else None,
            **place,
            "level": answer.level,
            "confidence": answer.confidence,
            "faults": [_fault(code) for code in answer.faults],
            "house_number": number_label(parts.number_key) if parts.number_key else None,
            "street": named(parts.street_kind, parts.street_name) if parts.street_name else None,
            "locality": named(*innermost) if innermost else None,
            "distance_m": answer.distance_m,
            "geocoding": {
                "type": _TYPES[answer.level],
                "label": words.label,
                "accuracy": answer.accuracy_m,
            },
        },
    }


def _fault(code: str) -> dict[str, str]:
    fault = FAULTS[code]
    return {"code": code, "message": fault.message, "message_en": fault.message_en}
