"""The interface of Photon (https://github.com/komoot/photon, docs/api-v1.md).

api, structured, reverse and status. A query is completed as it is typed; names are Vietnamese in
any `lang`.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from flask import Response, jsonify, request

from api.core.context import gazetteer, register
from api.core.endpoint import public
from api.dropin.errors import UsageError, errors_as
from api.dropin.interface import Interface
from api.dropin.place import COUNTRY, Place, coarsened, inside, places_of, suggested
from registry.core.batching import alone
from registry.search.answers import Answer, of_record
from registry.search.autocomplete import Typing, autocomplete
from registry.search.autocomplete.suggestion import Suggestion
from registry.search.disclosure import disclose_answers, disclose_suggestions
from registry.search.find.doors import active_records
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.search.reverse import MAX_RADIUS_M, reverse

blueprint = Interface("photon", __name__, url_prefix="/photon")

_LIMIT: Final = 15
_TYPED: Final = 200
"""Longest text that is completed; a longer one is searched."""
_LAYERS: Final = {
    "household": "house",
    "building": "house",
    "alley": "street",
    "street": "street",
    "locality": "locality",
    "commune": "city",
    "province": "state",
}
_LEVELS: Final = {layer: level for level, layer in _LAYERS.items()}
"""Layer → its outermost level."""
LAYERS: Final = (
    "house",
    "street",
    "locality",
    "district",
    "city",
    "county",
    "state",
    "country",
    "other",
)
STRUCTURED: Final = ("housenumber", "street", "district", "city", "county", "state", "postcode")
_ADDRESS_MEMBERS: Final = {
    "house_number": "housenumber",
    "road": "street",
    "hamlet": "locality",
    **{name: name for name in ("city", "county", "state", "postcode", "country")},
}
_METRES: Final = 1_000.0


photon_errors: Final = errors_as(lambda _status, message: {"message": message})


@blueprint.get("/api")
@public(kind="autocomplete", discloses=True)
@photon_errors
def api() -> Response:
    """Places that complete the typed text; without any, places that it names."""
    text = request.args.get("q", "").strip()
    if not text:
        raise UsageError("missing search term 'q': /?q=berlin")
    near = _near()
    return _rendered(lambda: _completed(text, near) or _searched(text, near))


@blueprint.get("/structured")
@public(kind="geocode", discloses=True)
@photon_errors
def structured() -> Response:
    """Places named by the parts of an address."""
    parts = {name: request.args.get(name, "").strip() for name in STRUCTURED}
    if not any(parts.values()):
        raise UsageError(
            "at least one of the parameters " + ", ".join(STRUCTURED) + " is required."
        )
    house = f"{parts.pop('housenumber')} {parts.pop('street')}".strip()
    text, near = ", ".join(filter(None, (house, *parts.values()))), _near()
    return _rendered(lambda: _searched(text, near))


@blueprint.get("/reverse")
@public(kind="reverse", discloses=True)
@photon_errors
def at_point() -> Response:
    """The places near a point, the nearest first."""
    near = _near()
    if near is None:
        raise UsageError("missing search term 'lat' and/or 'lon': /?lat=51.5&lon=8.0")
    radius_m = _number("radius", 1.0) * _METRES
    if not 0 <= radius_m <= 5_000 * _METRES:
        raise UsageError("invalid search term 'radius', expected a strictly positive number.")
    lon, lat = near
    most, reach_m = _limit(1), min(max(radius_m, 1.0), MAX_RADIUS_M)

    def nearest() -> Iterable[Place]:
        here = (gazetteer(), register().reads)
        found = reverse(*here, lon=lon, lat=lat, limit=most, radius_m=reach_m)
        layers = [name for name in LAYERS if name in request.args.getlist("layer")]
        disclosed = disclose_answers(found)
        if not layers or layers[0] not in _LEVELS:
            return places_of(disclosed)
        around = coarsened(disclosed, _LEVELS[layers[0]])
        return {place.id: place for place in around}.values()

    return _rendered(nearest, 1)


@blueprint.get("/status")
@public(needs_database=False)
@photon_errors
def status() -> Response:
    """Status of the service."""
    return jsonify({"status": "Ok"})


def _completed(text: str, near: tuple[float, float] | None) -> list[Place]:
    if len(text) > _TYPED:
        return []
    known, typing = register(), Typing(text, MAX_LIMIT, near=near)
    found = autocomplete(gazetteer(), known.reads, known.place_names.get(), typing)
    return _suggested(disclose_suggestions(found))


def _searched(text: str, near: tuple[float, float] | None) -> list[Place]:
    question = Question(text, limit=MAX_LIMIT, near=near)
    return list(places_of(disclose_answers(geocode(gazetteer(), register().reads, question))))


def _suggested(found: Iterable[Suggestion]) -> list[Place]:
    """Return the suggestions that have a point; doors with all their parts."""
    found = list(found)
    codes = [line.code for line in found if line.code]
    units = gazetteer().units
    doors: dict[str, Answer] = {}
    if codes:
        for record in alone(register().reads, active_records(codes)):
            unit, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
            doors[record.code] = of_record(record, unit, former)
    places: list[Place] = []
    for line in found:
        if line.code is None:
            places += suggested(line)
        elif line.code in doors:
            places += places_of([doors[line.code]])
    return places


# Parameters


def _number(name: str, default: float | None = None) -> float:
    try:
        value = float(request.args[name]) if name in request.args else default
    except ValueError:
        value = math.nan
    if value is None or not math.isfinite(value):
        raise UsageError(f"invalid search term '{name}', expected a number.")
    return value


def _limit(default: int) -> int:
    return max(1, min(int(_number("limit", default)), MAX_LIMIT))


def _near() -> tuple[float, float] | None:
    """Return longitude and latitude; None if neither is given."""
    if "lon" not in request.args and "lat" not in request.args:
        return None
    lon, lat = _number("lon"), _number("lat")
    if not -180 <= lon <= 180:
        raise UsageError("invalid search term 'lon', expected number >= -180.0 and <= 180.0")
    if not -90 <= lat <= 90:
        raise UsageError("invalid search term 'lat', expected number >= -90.0 and <= 90.0")
    return lon, lat


def _box() -> tuple[float, float, float, float] | None:
    written = request.args.get("bbox")
    if written is None:
        return None
    try:
        west, south, east, north = map(float, written.split(","))
    except ValueError:
        west = south = east = north = math.nan
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise UsageError(
            "Invalid number of supplied coordinates for parameter 'bbox',"
            " expected format is: minLon,minLat,maxLon,maxLat"
        )
    return west, south, east, north


# Answers


def _rendered(find: Callable[[], Iterable[Place]], limit: int = _LIMIT) -> Response:
    """Render what `find` returns after filtering; filters are validated before the search."""
    layers, box, most = request.args.getlist("layer"), _box(), _limit(limit)
    if unknown := set(layers).difference(LAYERS):
        raise UsageError(f"Unknown layer type: {min(unknown)}. Allowed layers are: {LAYERS}")
    countries = request.args.getlist("countrycode") or [COUNTRY]
    tags = request.args.getlist("osm_tag")
    left = [
        place
        for place in find()
        if (not layers or _LAYERS[place.level] in layers)
        and (box is None or inside(place, box))
        and COUNTRY in map(str.lower, countries)
        and _has_tag(place, tags)
    ]
    features = [_feature(place) for place in left[:most]]
    return jsonify({"type": "FeatureCollection", "features": features})


def _has_tag(place: Place, tags: Sequence[str]) -> bool:
    """Whether a place has one of the tags `key:value`, `key` or `:value`, and none with a `!`."""
    wanted: list[bool] = []
    unwanted: list[bool] = []
    for tag in tags:
        key, _, value = tag.removeprefix("!").partition(":")
        found = key in ("", place.kind.key) and value.removeprefix("!") in ("", place.kind.value)
        if value.startswith("!"):
            wanted.append(key == place.kind.key)
        (unwanted if "!" in tag else wanted).append(found)
    return not any(unwanted) and (not wanted or any(wanted))


def _feature(place: Place) -> dict[str, Any]:
    kind, address = place.kind, place.address
    west, south, east, north = place.box
    properties: dict[str, Any] = {
        "osm_key": kind.key,
        "osm_value": kind.value,
        "type": _LAYERS[place.level],
        **{
            _ADDRESS_MEMBERS[key]: value
            for key, value in address.items()
            if key in _ADDRESS_MEMBERS
        },
        "countrycode": COUNTRY.upper(),
        "extent": [west, north, east, south],
    }
    if place.code is None:
        properties["name"] = place.name
        properties.pop(_ADDRESS_MEMBERS.get(kind.member, ""), None)
    else:
        properties["label"] = place.label
    properties |= place.own
    point = {"type": "Point", "coordinates": [place.lon, place.lat]}
    return {"type": "Feature", "properties": properties, "geometry": point}
