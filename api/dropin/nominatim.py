"""The interface of Nominatim (https://nominatim.org/release-docs/latest/api/Overview/).

search, reverse, lookup and status, in the formats json, jsonv2, geojson and geocodejson. XML is not
supported, so jsonv2 is the default. Names are Vietnamese whatever `accept-language` requests.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from flask import Response, jsonify, request

from api.core.context import gazetteer, register
from api.core.endpoint import public
from api.core.errors import raise_unless_row_error
from api.dropin.errors import UsageError, errors_as
from api.dropin.interface import Interface
from api.dropin.place import COUNTRY, Place, coarsened, code_of, inside, places_of
from registry.core.release import release
from registry.publish.batch import CodeQuestion, outcomes
from registry.records.record import Record
from registry.search.answers import Answer, of_record
from registry.search.disclosure import disclose_answers
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.search.reverse import reverse
from registry.units.gazetteer import today

blueprint = Interface("nominatim", __name__, url_prefix="/nominatim")

FORMATS: Final = ("json", "jsonv2", "geojson", "geocodejson")
_STATUS_FORMATS: Final = ("text", "json")
STRUCTURED: Final = ("amenity", "street", "city", "county", "state", "postalcode", "country")
"""Parameters of a structured query, from the door outwards as in a written address."""
_LIMIT: Final = 10
_MOST_LOOKED_UP: Final = 50
_ZOOMS: Final = ((18, "household"), (16, "street"), (13, "locality"), (10, "commune"))
"""Least zoom of a map → the requested level; a province below."""
_FEATURES: Final = {
    "country": (),
    "state": ("province",),
    "city": ("commune",),
    "settlement": ("locality", "commune"),
}
_NOTHING: Final = {"error": "Unable to geocode"}
Box = tuple[float, float, float, float]


nominatim_errors: Final = errors_as(
    lambda status, message: {"error": {"code": status, "message": message}}
)


@blueprint.get("/search")
@blueprint.get("/search.php", endpoint="search_php")
@public(kind="geocode", discloses=True)
@nominatim_errors
def search() -> Response:
    """Places named by a text or by its parts."""
    written, limit = _format(), max(1, min(_number("limit", _LIMIT), MAX_LIMIT))
    parts = [value for name in STRUCTURED if (value := request.args.get(name))]
    q = request.args.get("q")
    if q is not None and parts:
        raise UsageError(
            f"Structured query parameters({', '.join(STRUCTURED)})"
            " cannot be used together with 'q' parameter."
        )
    text = ", ".join(parts) if q is None else q
    box = _box(request.args.get("viewbox") or request.args.get("viewboxlbrt"))
    if not text.strip():
        if q is None:
            raise UsageError("Nothing to search for.")
        return _rendered([], written)
    near = None if box is None else ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    found = geocode(gazetteer(), register().reads, Question(text, limit=MAX_LIMIT, near=near))
    places = list(_wanted(places_of(disclose_answers(found))))
    if box is not None:
        if _flag("bounded", default=False):
            places = [place for place in places if inside(place, box)]
        places.sort(key=lambda place: not inside(place, box))
    return _rendered(places[:limit], written, details=_flag("addressdetails", default=False))


def _wanted(places: Iterable[Place]) -> Iterable[Place]:
    """Return the places that pass the filters."""
    countries = request.args.get("countrycodes", COUNTRY).lower().split(",")
    layers = request.args.get("layer", "address").split(",")
    excluded = set(request.args.get("exclude_place_ids", "").split(","))
    levels = _FEATURES.get(request.args.get("featureType", ""))
    if COUNTRY not in map(str.strip, countries) or "address" not in layers:
        return []
    return (
        place
        for place in places
        if str(place.id) not in excluded and (levels is None or place.level in levels)
    )


@blueprint.get("/reverse")
@blueprint.get("/reverse.php", endpoint="reverse_php")
@public(kind="reverse", discloses=True)
@nominatim_errors
def at_point() -> Response:
    """The place at a point."""
    written, lat, lon = _format(), _coordinate("lat", 90), _coordinate("lon", 180)
    zoom = _number("zoom", 18)
    found = disclose_answers(reverse(gazetteer(), register().reads, lon=lon, lat=lat))
    level = next((level for least, level in _ZOOMS if zoom >= least), "province")
    places = list(islice(_wanted(coarsened(found, level)), 1))
    return _rendered(places, written, details=_flag("addressdetails", default=True), single=True)


@blueprint.get("/lookup")
@blueprint.get("/lookup.php", endpoint="lookup_php")
@public(kind="lookup", discloses=True)
@nominatim_errors
def by_ids() -> Response:
    """Doors by ids from answers, `osm_ids=N…`, or by codes."""
    written, codes = _format(), []
    asked = list(filter(None, map(str.strip, request.args.get("osm_ids", "").split(","))))
    if len(asked) > _MOST_LOOKED_UP:
        raise UsageError("Too many object IDs.")
    for one in asked:
        number = one[1:] if one[0] in "NWRnwr" and one[1:].isdecimal() else one
        code = code_of(int(number)) if number.isdecimal() and len(number) < 16 else one
        if code is not None:
            codes.append(code)
    places = list(places_of(_doors(codes)))
    return _rendered(places, written, details=_flag("addressdetails", default=True))


def _doors(codes: list[str]) -> Iterator[Answer]:
    """Yield the doors of these codes; unknown codes are omitted."""
    known, units = gazetteer(), gazetteer().units
    questions = [partial(CodeQuestion, code) for code in codes]
    for outcome in outcomes(known, register().reads, "lookup", questions):
        raise_unless_row_error(outcome.error)
        record = outcome.found
        if isinstance(record, Record):
            unit, former = units.get(record.unit_id or 0), units.get(record.former_unit_id or 0)
            yield of_record(record, unit, former)


@blueprint.get("/status")
@blueprint.get("/status.php", endpoint="status_php")
@public(needs_database=False)
@nominatim_errors
def status() -> Response:
    """Status of the service."""
    written = _format("text", _STATUS_FORMATS)
    if written == "text":
        return Response("OK", mimetype="text/plain")
    answer = {"status": 0, "message": "OK", "software_version": release()}
    return jsonify({**answer, "data_updated": f"{today().isoformat()}T00:00:00+07:00"})


# Parameters


def _format(default: str = "jsonv2", known: Sequence[str] = FORMATS) -> str:
    written = request.args.get("format", default)
    if written not in known:
        raise UsageError(f"Parameter 'format' must be one of: {', '.join(known)}")
    return written


def _number(name: str, default: int) -> int:
    try:
        return int(request.args.get(name, default))
    except ValueError:
        raise UsageError(f"Parameter '{name}' must be a number.") from None


def _flag(name: str, *, default: bool) -> bool:
    return default if name not in request.args else request.args[name] != "0"


def _coordinate(name: str, most: int) -> float:
    if name not in request.args:
        raise UsageError(f"Parameter '{name}' missing.")
    try:
        value = float(request.args[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"Parameter '{name}' must be a number.")
    return max(-most, min(most, value))


def _box(written: str | None) -> Box | None:
    """Return west, south, east, north of two corners given in any order."""
    if not written:
        return None
    try:
        x1, y1, x2, y2 = map(float, written.split(","))
    except ValueError:
        raise UsageError("Bounding box parameter needs 4 coordinates.") from None
    if not all(map(math.isfinite, (x1, y1, x2, y2))):
        raise UsageError("Bounding box parameter needs 4 coordinates.")
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


# Answers


def _rendered(
    places: Sequence[Place],
    written: str,
    *,
    details: bool = False,
    single: bool = False,
) -> Response:
    if single and not places:
        return jsonify(_NOTHING)
    if written in ("json", "jsonv2"):
        key = "class" if written == "json" else "category"
        answer = [_json(place, key, details=details) for place in places]
        return jsonify(answer[0] if single else answer)
    features = [
        (_feature if written == "geojson" else _geocodejson)(place, details=details)
        for place in places
    ]
    body: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if written == "geocodejson":
        body["geocoding"] = {"version": "0.1.0"}
    return jsonify(body)


def _words(place: Place, key: str) -> dict[str, Any]:
    kind = place.kind
    return {
        "place_id": place.id,
        key: kind.key,
        "type": kind.value,
        "place_rank": kind.rank,
        "importance": place.importance,
        "addresstype": kind.addresstype,
        "name": "" if kind.member == "house_number" else place.name,
        "display_name": place.label,
    }


def _json(place: Place, key: str, *, details: bool) -> dict[str, Any]:
    west, south, east, north = place.box
    answer = _words(place, key)
    answer["lat"], answer["lon"] = f"{place.lat:.7f}", f"{place.lon:.7f}"
    answer["boundingbox"] = [f"{side:.7f}" for side in (south, north, west, east)]
    if details:
        answer["address"] = place.address
    return answer | place.own


def _feature(place: Place, *, details: bool) -> dict[str, Any]:
    answer = _words(place, "category")
    if details:
        answer["address"] = place.address
    return {
        "type": "Feature",
        "properties": answer | place.own,
        "bbox": [round(side, 7) for side in place.box],
        "geometry": _point(place),
    }


def _geocodejson(place: Place, *, details: bool) -> dict[str, Any]:
    kind, address = place.kind, place.address
    answer = {
        "place_id": place.id,
        "osm_key": kind.key,
        "osm_value": kind.value,
        "type": _TYPES.get(kind.member, kind.member),
        "label": place.label,
    }
    if kind.member != "house_number":
        answer["name"] = place.name
    if details:
        answer |= {
            _ADDRESS_MEMBERS[key]: value
            for key, value in address.items()
            if key in _ADDRESS_MEMBERS
        }
    return {
        "type": "Feature",
        "properties": {"geocoding": answer | place.own},
        "geometry": _point(place),
    }


_TYPES: Final = {"house_number": "house", "road": "street", "hamlet": "locality"}
_ADDRESS_MEMBERS: Final = {
    "house_number": "housenumber",
    "road": "street",
    "hamlet": "locality",
    **{name: name for name in ("city", "county", "state", "postcode", "country", "country_code")},
}


def _point(place: Place) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [place.lon, place.lat]}
