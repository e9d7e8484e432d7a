"""Every error is a problem document with a stable code."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from api.core.bodies import DEFAULT_MAX_BYTES as MAX_BODY_BYTES
from api.core.endpoint import public
from api.core.errors import MIMETYPE, PATTERNS, STATUS, status_title
from geo.text import has_diacritics
from registry.core import errors
from tests.support.units import open_app
from tests.support.vectors import Row, cases
from tests.support.web import api_rules

open_to_all = public()


NEED_A_KEY = {
    "/metrics",
    "/v1/certificates",
    "/v1/addresses/<address_code>/history", "/v1/changes", "/v1/reports", "/v1/reports/mine",
    "/v1/imports", "/v1/packs/<commune>", "/v1/packs/<commune>/basemap", "/v1/services/check",
    *(f"/v1/imports/<int:import_id>{part}" for part in ("", "/codes", "/problems", "/report")),
    "/v1/pending-operations", "/v1/pending-operations/<int:pending_id>",
    "/v1/imports/template", "/v1/export", "/v1/field/area", "/v1/operations/undo",
    *(f"/v1/webhooks{part}" for part in (
        "", "/<int:webhook_id>", "/<int:webhook_id>/deliveries",
    )),
    *(f"/ogc/collections/{layer}/items" for layer in ("households", "buildings")),
    *(f"/ogc/collections/{layer}/items/<feature>" for layer in ("households", "buildings")),
    *(f"/v1/reforms{part}" for part in (
        "", "/<int:reform_id>", "/<int:reform_id>/undecided", "/<int:reform_id>/undo",
    )),
    *(f"/v1/imports/<int:import_id>/{part}" for part in ("rows", "rollback")),
    *(f"/v1/batches{part}" for part in ("", "/<int:batch_id>", "/<int:batch_id>/result")),
}  # fmt: skip
"""Ask for a key, or the code of a round, first."""
NEED_NO_DATABASE = {
    "/healthz", "/openapi.json", "/v1/packs/keys", "/v1/whoami",
    "/ogc", "/ogc/conformance", "/ogc/collections", "/ogc/collections/<collection>",
    "/tiles/tilejson.json", "/tiles/style.json", "/tiles/base/<int:z>/<int:x>/<int:y>",
}  # fmt: skip


TITLES = {
    400: "Yêu cầu không đọc được (Bad Request)",
    404: "Không tìm thấy (Not Found)",
    422: "Tham số chưa đúng (Unprocessable Entity)",
}


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


@pytest.mark.parametrize("row", cases("wrong_requests", "path"))
def test_invalid_request_has_stable_error_codes(client: FlaskClient, row: Row) -> None:
    """In Vietnamese first, and in English in brackets."""
    assert problem(client, row["path"]) == (int(row["status"]), row["code"])
    body = client.get(row["path"]).get_json(force=True)
    found = [(error["field"], error["code"]) for error in body.get("errors", [])]
    assert found == [tuple(error.split(" ")) for error in row["errors"].split("; ") if error]
    assert body["detail"].startswith(row["detail"])
    assert body["title"].startswith(TITLES[int(row["status"])])


@pytest.mark.parametrize(
    ("path", "signs"),
    [
        *(("geocode?q", 10_000), ("autocomplete?q", 10_000)),
        *(("units?q", 201), ("units/convert?text", 2_001)),
    ],
)
def test_too_long_text_is_refused(client: FlaskClient, path: str, signs: int) -> None:
    (error,) = client.get(f"/v1/{path}={'x' * signs}").get_json(force=True)["errors"]
    assert error["code"] == "string_too_long"


@pytest.mark.parametrize(
    "path", ["/v1/units?province=x", "/v1/coverage?province=x", "/v1/geocode?q=a&within=x"]
)
def test_expected_format_of_a_parameter_is_described(client: FlaskClient, path: str) -> None:
    (error,) = client.get(path).get_json(force=True)["errors"]
    assert error["code"] == "string_pattern_mismatch"
    assert "chữ số" in error["detail"]
    assert "digits" in error["detail"]


def test_every_status_has_its_own_vietnamese_title() -> None:
    for status in set(STATUS.values()):
        assert has_diacritics(status_title(status).partition(" (")[0]), status


def test_every_pattern_has_a_description(client: FlaskClient) -> None:
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
def test_invalid_body_is_refused_with_the_field_named(
    client: FlaskClient, path: str, body: bytes, kind: str, code: str
) -> None:
    response = client.post(path, data=body, content_type=kind)
    assert response.status_code == 422
    assert code in {error["code"] for error in response.get_json(force=True)["errors"]}


@pytest.mark.parametrize("path", ["/v1/geocode", "/v1/reverse"])
def test_query_string_of_a_post_is_refused(client: FlaskClient, path: str) -> None:
    response = client.post(f"{path}?q=a", json={"q": "a"})
    assert response.get_json(force=True)["errors"][0]["code"] == "unknown_parameter"


NEED_THE_DATABASE = [
    "/ogc/collections/communes/items",
    "/ogc/collections/communes/items/00199",
    "/tiles/15/26019/14417",
    "/readyz",
    "/v1/addresses/1000-0006",
    "/v1/autocomplete?q=lang",
    "/v1/cell?q=27+Lang",
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


def test_each_get_is_listed_by_what_it_needs(client: FlaskClient) -> None:
    app = client.application
    rules = {rule.rule for rule in api_rules(app) if "GET" in (rule.methods or ())}
    adapter = app.url_map.bind("")
    asked = {
        adapter.match(path.split("?")[0], return_rule=True)[0].rule for path in NEED_THE_DATABASE
    }
    assert rules - asked == NEED_NO_DATABASE | NEED_A_KEY


@pytest.mark.thorough
def test_stopped_database_has_the_same_code_everywhere() -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        client = app.test_client()
        for path in NEED_THE_DATABASE:
            assert problem(client, path) == (503, "database_unavailable"), path
            assert client.get(path).headers["Retry-After"]


def test_every_invalid_parameter_is_named(client: FlaskClient) -> None:
    body = client.get("/v1/units?limit=0&level=x&bogus=1").get_json(force=True)
    assert {error["field"] for error in body["errors"]} == {"limit", "level", "bogus"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/healthz", "/v1/units", "/v1/units/00004"])
def test_wrong_method_lists_the_allowed_ones(client: FlaskClient, path: str, method: str) -> None:
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


def test_too_long_body_is_413_on_every_python(broken_app: Flask) -> None:
    """`http.HTTPStatus` has another phrase in 3.12 than in 3.13."""
    client = broken_app.test_client()
    assert client.post("/read", data=b"x" * MAX_BODY_BYTES).status_code == 200
    response = client.post("/read", data=b"x" * (MAX_BODY_BYTES + 1))
    assert response.status_code == HTTPStatus(413)
    problem = response.get_json(force=True)
    assert problem["code"] == "request_entity_too_large"
    assert f"{MAX_BODY_BYTES:,}" in problem["detail"]


def test_internal_error_exposes_no_details(broken_app: Flask) -> None:
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
def test_common_alias_of_a_parameter_gets_the_right_name(
    client: FlaskClient, path: str, given: dict[str, str], meant: str
) -> None:
    answer = client.get(path, query_string=given).get_json(force=True)
    (unknown,) = (each for each in answer["errors"] if each["code"] == "unknown_parameter")
    assert f"có phải {meant}?" in unknown["detail"]
    assert ("more errors in errors" in answer["detail"]) == (len(answer["errors"]) > 1)


def test_swapped_coordinates_are_reported(client: FlaskClient) -> None:
    for query in ({"lat": "105.85", "lon": "21.03"}, {"lat": "95", "lon": "21.03"}):
        answer = client.get("/v1/reverse", query_string=query).get_json(force=True)["detail"]
        assert ("swapped" in answer) == (query["lat"] == "105.85"), answer


def test_unknown_path_or_method_points_to_the_existing_ones(client: FlaskClient) -> None:
    for path in ("/v1", "/v1/", "/v1/geocode/", "/v2/geocode"):
        assert "/openapi.json" in client.get(path).get_json(force=True)["detail"], path
    assert "chỉ nhận POST" in client.get("/v1/validate").get_json(force=True)["detail"]
    assert "chỉ nhận GET, POST" in client.delete("/v1/geocode").get_json(force=True)["detail"]
