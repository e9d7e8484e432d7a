"""GET and POST /v1/geocode."""

import json
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator

from tests.support.web import Site

ADDRESS = "Số 5A, ngách 34, ngõ 12 Láng, P. Láng Hạ, Đống Đa, Hà Nội"


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
    """Violations of GeocodeJSON in a response; empty for a valid one."""
    errors = Draft202012Validator(_COLLECTION).iter_errors(body)
    return [f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors]


def features(site: Site, **query: object) -> list[dict[str, Any]]:
    response = site.client.get("/v1/geocode", query_string=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.get_json()["features"]
    return found


@pytest.mark.parametrize(
    "personal",
    [
        "0912 345 678",
        "SĐT 0912.345.678",
        "+84 912345678",
        "CCCD 001199012345",
        "teo@example.com",
        "Nguyễn Văn Tèo",
        "gặp chị Tèo",
        "nhà ông Tèo",
        "Bà Tèo",
        "Trần Thị Tèo 0912345678",
    ],
)
def test_personal_names_and_phone_numbers_are_not_repeated(site: Site, personal: str) -> None:
    client = site.client
    for text in (f"{personal}, {ADDRESS}", f"27 Láng, {personal}, Hà Nội", personal):
        # A name alone may be that of a street: so it was read, and so that is explained.
        explained = {"explain": "true"} if text != personal else {}
        answers = (
            client.get("/v1/geocode", query_string={"q": text, **explained}),
            client.post("/v1/geocode", json={"q": text}),
            client.post("/v1/validate", json={"address": text}),
            client.get("/v1/units/convert", query_string={"text": text}),
            client.get("/v1/autocomplete", query_string={"q": text}),
        )
        for answer in answers:
            answered = json.dumps(answer.get_json(), ensure_ascii=False).lower()
            found = [word for word in ("tèo", "345") if word in answered]
            assert not found, (answer.request.path, text, answered)


def test_answer_has_the_published_shape(site: Site) -> None:
    response = site.client.get("/v1/geocode", query_string={"q": ADDRESS})
    body = response.get_json()
    assert body["type"] == "FeatureCollection"
    assert body["geocoding"] == {"version": "0.1.0"}
    (feature,) = body["features"]
    assert feature["geometry"]["type"] == "Point"
    properties = feature["properties"]
    code = site.world.codes["12/34/5A Láng"]
    assert properties == {
        "code": code,
        "code_display": f"{code[:4]}-{code[4:]}",
        "label": "12/34/5A Phố Láng, Phường Láng, Thành phố Hà Nội",
        "label_before_2025_07": "12/34/5A Phố Láng, Phường Láng Hạ, Quận Đống Đa, Thành phố Hà Nội",
        "commune": {"code": "00199", "name": "Phường Láng"},
        "province": {"code": "01", "name": "Thành phố Hà Nội"},
        "map": {"from": None, "to": "2025-07-01"},
        "level": "household",
        "confidence": 1.0,
        "faults": [
            {
                "code": "commune_former",
                "message": "Theo địa giới cũ",
                "message_en": "The text names units of an earlier map",
            }
        ],
        "house_number": "12/34/5A",
        "street": "Phố Láng",
        "locality": None,
        "distance_m": None,
        "geocoding": {
            "type": "house",
            "label": "12/34/5A Phố Láng, Phường Láng, Thành phố Hà Nội",
            "housenumber": "12/34/5A",
            "street": "Phố Láng",
            "city": "Phường Láng",
            "district": "Quận Đống Đa",
            "state": "Thành phố Hà Nội",
            "postcode": "11528",
            "country": "Việt Nam",
        },
    }
    assert response.cache_control.no_store


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        (
            "8 Thôn 3, Phường Láng, Hà Nội",
            {
                "type": "house",
                "housenumber": "8",
                "locality": "Thôn 3",
                "city": "Phường Láng",
                "postcode": "11528",
                "state": "Thành phố Hà Nội",
            },
        ),
        (
            "ngõ 12/34 Láng, Phường Láng, Hà Nội",  # an alley is not a house
            {
                "type": "street",
                "street": "Phố Láng",
                "city": "Phường Láng",
                "postcode": "11528",
                "district": "Quận Đống Đa",
                "state": "Thành phố Hà Nội",
            },
        ),
        (
            "P. Trúc Bạch, Q. Ba Đình, Hà Nội",
            {
                "type": "city",
                "city": "Phường Ba Đình",
                "postcode": "11120",
                "district": "Quận Ba Đình",
                "state": "Thành phố Hà Nội",
            },
        ),
        ("Hà Nội", {"type": "region", "state": "Thành phố Hà Nội"}),
    ],
)
def test_geocodejson_has_the_known_parts(site: Site, q: str, expected: dict[str, str]) -> None:
    first = features(site, q=q)[0]["properties"]
    assert first["geocoding"] == {"label": first["label"], "country": "Việt Nam"} | expected


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        *(
            ("/v1/geocode", {"q": q})
            for q in (
                ADDRESS,
                "28 Láng, Phường Láng, Hà Nội",
                "9 Nguyễn Trãi, Phường Láng, Hà Nội",
                "P402 CT1, 1 Huỳnh Thúc Kháng, Phường Láng, Hà Nội",
                "Thôn 3, Phường Láng, Hà Nội",
                "Đống Đa, Hà Nội",
                "129 Láng",
                "Rue de Rivoli, Paris",
            )
        ),
        ("/v1/geocode", {"street": "Láng", "commune": "Phường Láng"}),
        ("/v1/reverse", {"lon": 105.806, "lat": 21.0211, "limit": 5}),
        ("/v1/reverse", {"lon": 105.5, "lat": 21.3}),
    ],
)
def test_answer_is_geocodejson(site: Site, path: str, asked: dict[str, object]) -> None:
    body = site.client.get(path, query_string=asked).get_json()
    assert misfits(body) == []
    broken = body | {"geocoding": body["geocoding"] | {"licence": None}}
    assert misfits(broken) == ['geocoding/licence: null is not of type "string"']


def test_json_form_and_query_get_the_same_answer(site: Site) -> None:
    by_query = site.client.get("/v1/geocode", query_string={"q": ADDRESS}).get_json()
    assert site.client.post("/v1/geocode", json={"q": ADDRESS}).get_json() == by_query
    assert site.client.post("/v1/geocode", data={"q": ADDRESS}).get_json() == by_query


def test_components_are_accepted(site: Site) -> None:
    (feature,) = features(
        site, house_number="27", street="Láng", commune="Phường Láng", province="Hà Nội"
    )
    assert feature["properties"]["code"] == site.world.codes["27 Láng"]


def test_result_above_door_level_has_no_code_and_a_reason(site: Site) -> None:
    (feature,) = features(site, q="28 Láng, Phường Láng, Hà Nội")
    properties = feature["properties"]
    assert (properties["code"], properties["level"]) == (None, "street")
    assert [fault["code"] for fault in properties["faults"]] == ["house_number_not_found"]
    assert properties["label"] == "Phố Láng, Phường Láng, Thành phố Hà Nội"


@pytest.mark.parametrize("q", ["!!!", "漢字", "Rue de Rivoli, Paris"])
def test_unknown_address_returns_an_empty_collection(site: Site, q: str) -> None:
    assert features(site, q=q) == []


def test_undecodable_request_is_refused(site: Site) -> None:
    response = site.client.post("/v1/geocode", json={"q": "a\0b"})
    assert response.status_code == 422
    for body, mimetype in ((b"{", "application/json"), (b"27", "text/plain"), (b"[1]", None)):
        response = site.client.post("/v1/geocode", data=body, content_type=mimetype)
        assert response.status_code == 422


def test_explain_returns_readings_candidates_and_weights(site: Site) -> None:
    asked = {"q": ADDRESS.replace("ngách", "ngáhc"), "explain": "true"}
    body = site.client.get("/v1/geocode", query_string=asked).get_json()
    plain, respelled = body["explanation"]
    assert (plain["text"], respelled["text"]) == (asked["q"], ADDRESS)
    assert respelled["read"]["house_number"] == "12/34/5A"
    assert respelled["read"]["street_keys"][0] == "lang"
    assert respelled["units"][0]["commune"] == "Phường Láng Hạ"
    (candidate,) = respelled["candidates"]
    assert candidate["code"] == site.world.codes["12/34/5A Láng"]
    assert candidate["weights"] == {"commune_former": 0.0}
    assert candidate["confidence"] == 1
    assert "explanation" not in site.client.get("/v1/geocode", query_string={"q": ADDRESS}).json
