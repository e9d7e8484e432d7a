"""What GeocodeJSON 0.1.0 asks of an answer, as a JSON schema written after its specification.

https://github.com/geocoders/geocodejson-spec/tree/master/draft, on top of GeoJSON (RFC 7946). It
asks what the schema published there asks, which holds for every other member too; here a member
that the specification does not know is a mistake.
"""

from typing import Any, Final

from jsonschema_rs import Draft202012Validator

_TEXT: Final = {"type": "string", "minLength": 1}
_GEOCODING: Final = {
    "type": "object",
    "required": ["version"],
    "additionalProperties": False,
    "properties": {
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "licence": _TEXT,
        "attribution": _TEXT,
        "query": _TEXT,
    },
}
_PLACE: Final = {
    "type": "object",
    "required": ["type"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["house", "street", "locality", "city", "region", "country"]},
        "accuracy": {"type": "number", "minimum": 0},
        **dict.fromkeys(("label", "name", "housenumber", "street", "locality"), _TEXT),
        **dict.fromkeys(("postcode", "city", "district", "county", "state", "country"), _TEXT),
        "admin": {"type": "object", "patternProperties": {"^level[0-9]+$": {"type": "string"}}},
        "geohash": {"type": "string", "pattern": "^[0-9b-hjkmnp-z]+$"},
    },
}
_POINT: Final = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {
            "type": "array",
            "minItems": 2,
            "maxItems": 3,
            "items": {"type": "number"},
        },
    },
}
_FEATURE: Final = {
    "type": "object",
    "required": ["type", "geometry", "properties"],
    "properties": {
        "type": {"const": "Feature"},
        "geometry": {"oneOf": [{"type": "null"}, _POINT]},
        "properties": {
            "type": "object",
            "required": ["geocoding"],
            "properties": {"geocoding": _PLACE},
        },
    },
}
_COLLECTION: Final = {
    "type": "object",
    "required": ["type", "geocoding", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "geocoding": _GEOCODING,
        "features": {"type": "array", "items": _FEATURE},
    },
}


def misfits(body: Any) -> list[str]:
    """Where an answer is no GeocodeJSON; empty for one that is."""
    errors = Draft202012Validator(_COLLECTION).iter_errors(body)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors]
