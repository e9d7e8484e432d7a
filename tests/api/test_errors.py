"""Every error is a problem document with a stable code."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from api.access import requires
from api.bodies import MOST as MAX_BODY_BYTES
from api.errors import MIMETYPE, PATTERNS, STATUS, status_title
from geo.text import has_diacritics
from registry import errors
from tests.support.units import open_app
from tests.support.web import api_rules

open_to_all = requires("anonymous")


NEED_A_KEY = {
    "/metrics",
    "/v1/certificates",
    "/v1/addresses/<address_code>/history", "/v1/changes", "/v1/reports", "/v1/reports/mine",
    "/v1/imports", "/v1/packs/<commune>", "/v1/packs/<commune>/basemap", "/v1/services/check",
    *(f"/v1/imports/<int:import_id>{part}" for part in ("", "/codes", "/problems", "/report")),
    "/v1/pending-operations", "/v1/pending-operations/<int:pending_id>",
    "/v1/imports/template", "/v1/export", "/v1/field/area",
    *(f"/v1/webhooks{part}" for part in (
        "", "/<int:webhook_id>", "/<int:webhook_id>/deliveries",
    )),
    *(f"/ogc/collections/{layer}/items" for layer in ("households", "buildings")),
    *(f"/ogc/collections/{layer}/items/<feature>" for layer in ("households", "buildings")),
    *("/v1/reforms", "/v1/reforms/<int:reform_id>", "/v1/reforms/<int:reform_id>/undecided"),
}  # fmt: skip
"""Ask for a key, or the code of a round, first."""
NEED_NO_DATABASE = {
    "/healthz", "/openapi.json", "/v1/packs/keys", "/v1/whoami",
    "/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/<collection>",
    "/tiles/tilejson.json", "/tiles/style.json", "/tiles/base/<int:z>/<int:x>/<int:y>",
}  # fmt: skip


def family(base: type[errors.RegistryError]) -> Iterator[type[errors.RegistryError]]:
    for child in base.__subclasses__():
        yield child
        yield from family(child)


def problem(client: FlaskClient, path: str, method: str = "GET") -> tuple[int, str]:
    response = client.open(path, method=method)
    body = response.get_json(force=True)
    assert response.content_type == MIMETYPE
    assert body["type"] == f"urn:diachiso:problem:{body['code']}"
    assert body["status"] == response.status_code
    assert body["title"]
    assert body["detail"]
    return response.status_code, body["code"]


def test_every_registry_error_has_a_status_and_a_code_of_its_own() -> None:
    known = [c for c in family(errors.RegistryError) if c.__module__ == errors.__name__]
    assert set(known) == set(STATUS)
    assert len({c.code for c in known}) == len(known)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nothing", (404, "not_found")),
        ("/v1/units/", (404, "not_found")),
        ("/v1/units/00/04", (404, "not_found")),
        ("/v1/units/99999", (404, "not_found")),
        ("/v1/units/00010?as_of=2026-01-01", (404, "not_found")),
        ("/v1/units?province=02", (404, "not_found")),
        ("/v1/units/convert?code=99999", (404, "not_found")),
        ("/v1/units?q=%FF", (400, "bad_request")),
        ("/v1/units?q=%C3", (400, "bad_request")),
        ("/v1/units?q=%zz", (400, "bad_request")),
        ("/v1/units?q=100%", (400, "bad_request")),
        ("/v1/units?q=a%00b", (400, "bad_request")),
        ("/v1/units?%FF=a", (400, "bad_request")),
    ],
)
def test_wrong_requests_have_stable_codes(
    client: FlaskClient, path: str, code: tuple[int, str]
) -> None:
    assert problem(client, path) == code


@pytest.mark.parametrize(
    ("path", "field", "code"),
    [
        ("/healthz?x=1", "x", "unknown_parameter"),
        ("/readyz?x=1", "x", "unknown_parameter"),
        ("/openapi.json?x=1", "x", "unknown_parameter"),
        ("/v1/units?Q=ha", "Q", "unknown_parameter"),
        ("/v1/units/00004?q=1", "q", "unknown_parameter"),
        ("/v1/units/picker?province=01", "province", "unknown_parameter"),
        ("/v1/units/convert?text=a&as_of=2026-01-01", "as_of", "unknown_parameter"),
        ("/v1/units?q=", "q", "string_too_short"),
        ("/v1/units?q=%20%20", "q", "string_too_short"),
        ("/v1/units?limit=1&Q=", "Q", "unknown_parameter"),
        ("/v1/units?q=&q=", "q", "given_twice"),
        ("/v1/autocomplete?q=", "q", "string_too_short"),
        ("/v1/units?q=" + "a" * 201, "q", "string_too_long"),
        ("/v1/units?q=a&q=b", "q", "given_twice"),
        ("/v1/units?limit=1&limit=2", "limit", "given_twice"),
        ("/v1/units?limit=0", "limit", "greater_than_equal"),
        ("/v1/units?limit=1001", "limit", "less_than_equal"),
        ("/v1/units?limit=x", "limit", "int_parsing"),
        ("/v1/units?offset=-1", "offset", "greater_than_equal"),
        ("/v1/units?level=quan", "level", "literal_error"),
        ("/v1/units?province=1", "province", "string_pattern_mismatch"),
        ("/v1/units?province=%D9%A0%D9%A1", "province", "string_pattern_mismatch"),
        ("/v1/units?as_of=1", "as_of", "malformed_day"),
        ("/v1/units?as_of=2025-6-1", "as_of", "malformed_day"),
        ("/v1/units?as_of=2025-02-30", "as_of", "malformed_day"),
        ("/v1/units?as_of=2025-06-01&as_of=2025-06-02", "as_of", "given_twice"),
        ("/v1/units?as_of=0000-01-01", "as_of", "malformed_day"),
        ("/v1/units?as_of=9999-12-31", "as_of", "day_in_future"),
        ("/v1/units?as_of=1900-01-01", "as_of", "day_too_early"),
        ("/v1/units/picker?as_of=2023-12-31", "as_of", "day_too_early"),
        ("/v1/units/00004?as_of=1900-01-01", "as_of", "day_too_early"),
        ("/v1/geocode?q=a&q=b", "q", "given_twice"),
        ("/v1/reverse?lat=21&lon=105&lon=106", "lon", "given_twice"),
        ("/v1/reverse?lat=21", "lon", "missing"),
        ("/v1/reverse?lon=x&lat=21", "lon", "float_parsing"),
        ("/v1/reverse?lon=105&lat=999", "lat", "less_than_equal"),
        ("/v1/reverse?lon=105&lat=21&limit=0", "limit", "greater_than_equal"),
        ("/v1/geocode?q=" + "x" * 10_000, "q", "string_too_long"),
        ("/v1/coverage?demo=maybe", "demo", "bool_parsing"),
        ("/v1/units/convert", "request", "code_or_text"),
        ("/v1/units/convert?code=00004&text=a", "request", "code_or_text"),
        ("/v1/units/convert?code=0000", "code", "string_pattern_mismatch"),
        ("/v1/units/convert?text=...", "text", "text_without_word"),
        ("/v1/units/convert?text=" + "a" * 2001, "text", "string_too_long"),
        ("/v1/units/convert?code=00004&written_on=2999-01-01", "as_of", "day_in_future"),
        ("/v1/units/abc", "code", "malformed_unit_code"),
        ("/v1/units/%FF", "code", "malformed_unit_code"),
    ],
)
def test_wrong_parameter_is_named_with_a_stable_code(
    client: FlaskClient, path: str, field: str, code: str
) -> None:
    assert problem(client, path) == (422, "invalid_input")
    (error,) = client.get(path).get_json(force=True)["errors"]
    assert (error["field"], error["code"]) == (field, code)


@pytest.mark.parametrize(
    "path", ["/v1/units?province=x", "/v1/coverage?province=x", "/v1/geocode?q=a&within=x"]
)
def test_form_of_a_parameter_is_told_in_words(client: FlaskClient, path: str) -> None:
    (error,) = client.get(path).get_json(force=True)["errors"]
    assert error["code"] == "string_pattern_mismatch"
    assert "chữ số" in error["detail"]
    assert "digits" in error["detail"]


@pytest.mark.parametrize(
    ("path", "title", "detail"),
    [
        (
            "/nothing",
            "Không tìm thấy (Not Found)",
            "không có đường dẫn này; danh sách ở /docs và /openapi.json"
            " (no such route; /docs and /openapi.json list them)",
        ),
        (
            "/v1/units/99999",
            "Không tìm thấy (Not Found)",
            "không có đơn vị hành chính nào mang mã 99999 (no unit of any map bears code 99999)",
        ),
        (
            "/v1/addresses/1000-0007",
            "Không tìm thấy (Not Found)",
            "mã sai: có ký tự sai, hoặc hai ký tự đổi chỗ cho nhau"
            " (the check does not match: a symbol is wrong, or two are swapped)",
        ),
        (
            "/v1/units?limit=0",
            "Tham số chưa đúng (Unprocessable Entity)",
            "limit: phải từ 1 trở lên (Input should be greater than or equal to 1)",
        ),
        (
            "/v1/reverse?lat=21&lon=999",
            "Tham số chưa đúng (Unprocessable Entity)",
            "lon: nhiều nhất là 180 (Input should be less than or equal to 180)",
        ),
        (
            "/v1/units?level=quan",
            "Tham số chưa đúng (Unprocessable Entity)",
            "level: phải là 'province', 'district' hoặc 'commune'"
            " (Input should be 'province', 'district' or 'commune')",
        ),
        (
            "/v1/units?q=%zz",
            "Yêu cầu không đọc được (Bad Request)",
            "địa chỉ trang có dấu % viết chưa đúng"
            " (the query holds a % without two hexadecimal digits)",
        ),
    ],
)
def test_people_read_vietnamese_first_and_english_in_brackets(
    client: FlaskClient, path: str, title: str, detail: str
) -> None:
    body = client.get(path).get_json(force=True)
    assert (body["title"], body["detail"]) == (title, detail)


def test_every_kind_of_error_has_words_of_its_own_in_vietnamese() -> None:
    for error in family(errors.RegistryError):
        if error.__module__ == errors.__name__:
            assert has_diacritics(error.words), error
            assert error("told in English").detail == f"{error.words} (told in English)"
    for status in set(STATUS.values()):
        assert has_diacritics(status_title(status).partition(" (")[0]), status


def test_every_pattern_has_its_words(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()
    parameters = [
        p for item in document["paths"].values() for o in item.values() for p in o["parameters"]
    ]
    # Codes in paths are checked by the register.
    patterns = {p["schema"].get("pattern") for p in parameters if p["in"] == "query"} - {None}
    assert patterns <= set(PATTERNS)


@pytest.mark.parametrize("path", ["/v1/geocode", "/v1/reverse"])
@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{", "application/json", "malformed_json"),
        (b'{"lon": 1, "lat": 1, "lon": 2}', "application/json", "given_twice"),
        (b'{"q": "\\ud800", "lon": 1, "lat": 1}', "application/json", "malformed_json"),
        (b'{"q": "a", "lon": NaN, "lat": 1}', "application/json", "malformed_json"),
        (b"27", "text/plain", "malformed_json"),
        (b"[1]", "application/json", "model_type"),
        (b"q=27&q=28&lon=1&lon=2", "application/x-www-form-urlencoded", "given_twice"),
        (b'{"bogus": 1}', "application/json", "unknown_parameter"),
    ],
)
def test_wrong_body_is_refused_by_name(
    client: FlaskClient, path: str, body: bytes, kind: str, code: str
) -> None:
    response = client.post(path, data=body, content_type=kind)
    assert response.status_code == 422
    assert code in {error["code"] for error in response.get_json(force=True)["errors"]}


@pytest.mark.parametrize("path", ["/v1/geocode", "/v1/reverse"])
def test_query_of_a_post_is_not_passed_over(client: FlaskClient, path: str) -> None:
    response = client.post(f"{path}?q=a", json={"q": "a"})
    assert response.get_json(force=True)["errors"][0]["code"] == "unknown_parameter"


NEED_THE_DATABASE = [
    "/ogc/collections/communes/items",
    "/ogc/collections/communes/items/00199",
    "/tiles/15/26019/14417",
    "/readyz",
    "/v1/addresses/1000-0006",
    "/v1/autocomplete?q=lang",
    "/v1/certificates/GXN-4K7M-29TR-0R",
    "/v1/coverage",
    "/v1/coverage/01",
    "/v1/coverage/01/gaps",
    "/v1/coverage/01/series",
    "/v1/external/postcode/11114",
    "/v1/geocode?q=27+Lang",
    "/v1/reports/pQ3x0mJc8yZr1sWkT6uVbA",
    "/v1/reverse?lon=105.8&lat=21",
    "/v1/services?lon=105.8&lat=21",
    "/v1/units",
    "/v1/units/00004",
    "/v1/units/convert?code=00004",
    "/v1/units/picker",
]


@pytest.mark.thorough
def test_stopped_database_has_one_code_everywhere() -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        client = app.test_client()
        rules = {rule.rule for rule in api_rules(app) if "GET" in (rule.methods or ())}
        adapter = app.url_map.bind("")
        asked = {
            adapter.match(path.split("?")[0], return_rule=True)[0].rule
            for path in NEED_THE_DATABASE
        }
        assert rules - asked == NEED_NO_DATABASE | NEED_A_KEY
        for path in NEED_THE_DATABASE:
            assert problem(client, path) == (503, "database_unavailable"), path
            assert client.get(path).headers["Retry-After"]


def test_every_wrong_parameter_is_named(client: FlaskClient) -> None:
    body = client.get("/v1/units?limit=0&level=x&bogus=1").get_json(force=True)
    assert {error["field"] for error in body["errors"]} == {"limit", "level", "bogus"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/healthz", "/v1/units", "/v1/units/00004"])
def test_other_methods_are_told_which_are_allowed(
    client: FlaskClient, path: str, method: str
) -> None:
    assert problem(client, path, method) == (405, "method_not_allowed")
    allow = client.open(path, method=method).headers["Allow"]
    assert set(allow.split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_options_lists_the_methods(client: FlaskClient) -> None:
    response = client.options("/v1/units/00004")
    assert response.status_code == 200
    assert "GET" in response.headers["Allow"]


def test_head_has_the_status_and_no_body(client: FlaskClient) -> None:
    for path, status in (("/v1/units/00004", 200), ("/v1/units/99999", 404)):
        response = client.head(path)
        assert (response.status_code, response.data) == (status, b"")


@pytest.fixture
def broken_app(database_url: str) -> Iterator[Flask]:
    with open_app(database_url) as app:
        app.add_url_rule(
            "/read",
            view_func=open_to_all(lambda: request.get_data()),
            endpoint="read",
            methods=["POST"],
        )
        app.add_url_rule("/fail", "fail", open_to_all(lambda: {}["Quán Thánh 12"]))
        yield app


def test_too_long_a_body_is_413_under_every_python(broken_app: Flask) -> None:
    """`http.HTTPStatus` calls it otherwise in 3.12 than in 3.13."""
    client = broken_app.test_client()
    assert client.post("/read", data=b"x" * MAX_BODY_BYTES).status_code == 200
    response = client.post("/read", data=b"x" * (MAX_BODY_BYTES + 1))
    assert response.status_code == HTTPStatus(413)
    problem = response.get_json(force=True)
    assert problem["code"] == "request_entity_too_large"
    assert f"{MAX_BODY_BYTES:,}" in problem["detail"]


def test_broken_program_answers_a_problem_without_its_inside(broken_app: Flask) -> None:
    response = broken_app.test_client().get("/fail")
    assert response.status_code == 500
    assert response.content_type == MIMETYPE
    assert response.get_json(force=True)["code"] == "internal_server_error"
    assert "Quán" not in response.text
    assert "KeyError" not in response.text


@pytest.mark.parametrize(
    ("path", "given", "meant"),
    [
        ("/v1/geocode", {"ward": "Láng"}, "commune"),
        ("/v1/geocode", {"Số nhà": "27"}, "house_number"),
        ("/v1/geocode", {"address": "27 Láng"}, "q"),
        ("/v1/reverse", {"lat": "21", "lng": "105"}, "lon"),
        ("/v1/units", {"provnce": "01"}, "province"),
        ("/v1/autocomplete", {"q": "la", "size": "3"}, "limit"),
    ],
)
def test_who_calls_a_parameter_otherwise_is_told_ours(
    client: FlaskClient, path: str, given: dict[str, str], meant: str
) -> None:
    told = client.get(path, query_string=given).get_json(force=True)
    (unknown,) = (each for each in told["errors"] if each["code"] == "unknown_parameter")
    assert f"có phải (did you mean) {meant}?" in unknown["detail"]
    assert ("more in errors" in told["detail"]) == (len(told["errors"]) > 1)


def test_longitude_in_place_of_a_latitude_is_said(client: FlaskClient) -> None:
    for query in ({"lat": "105.85", "lon": "21.03"}, {"lat": "95", "lon": "21.03"}):
        told = client.get("/v1/reverse", query_string=query).get_json(force=True)["detail"]
        assert ("swapped" in told) == (query["lat"] == "105.85"), told


def test_what_there_is_not_leads_on_to_what_there_is(client: FlaskClient) -> None:
    for path in ("/v1", "/v1/", "/v1/geocode/", "/v2/geocode"):
        assert "/openapi.json" in client.get(path).get_json(force=True)["detail"], path
    assert "chỉ nhận POST" in client.get("/v1/validate").get_json(force=True)["detail"]
    assert "chỉ nhận GET, POST" in client.delete("/v1/geocode").get_json(force=True)["detail"]
