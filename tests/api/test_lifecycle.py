"""POST /v1/operations/…, GET /v1/addresses/{code}?as_of= and /history: over HTTP, with a key."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, permutations
from typing import Any

import pytest
import schemathesis
from flask import Flask, Request
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection

from api.core.access import Caller
from geo.code import format as code_display
from tests.support.lifecycle import COMMUNE, Town, town
from tests.support.thorough import examples, gate_takes_one_of
from tests.support.units import open_app


def by_header(request: Request) -> Caller:
    role: Any = request.headers.get("X-Role", "admin")
    # An office of one person; what waits for a second one: tests/api/test_pending.py.
    return Caller("phường Láng", role, approves_own=True)


@dataclass(frozen=True)
class Office:
    """The application, and the register behind it."""

    app: Flask
    client: FlaskClient
    place: Town

    def post(self, name: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """The answer of an operation."""
        return self.client.post(f"/v1/operations/{name}", json=fields, headers=headers)

    def etag(self, code: str) -> str:
        return self.client.get(f"/v1/addresses/{code}").headers["ETag"]


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with town(admin_url, f"operations_{worker_id}") as place, open_app(place.url, by_header) as app:
        yield Office(app, app.test_client(), place)


def test_operation_returns_the_written_record(office: Office) -> None:
    code = office.place.house("501")
    response = office.post("renumber", code=code_display(code).lower(), house_number="501A")
    body = response.get_json()
    assert response.status_code == 200
    assert body["operation"] == "renumber"
    assert body["records"] == [
        {
            "code": code,
            "code_display": code_display(code),
            "status": "active",
            "label": "501A Phố Láng, Phường Láng, Thành phố Hà Nội",
        }
    ]
    assert (body["place"], body["rewritten"], body["warnings"]) == (None, 1, [])
    event = office.place.rows("SELECT actor FROM event WHERE id = :id", id=body["event_id"])
    assert event == [("phường Láng",)]


def test_street_operations_return_the_place(office: Office) -> None:
    body = office.post("name-street", commune=COMMUNE, street="Phố Vọng").get_json()
    assert (body["operation"], body["place"], body["records"]) == (
        "name_street",
        {"kind": "phố", "name": "Vọng"},
        [],
    )


def test_street_without_diacritics_is_matched_with_a_warning(office: Office) -> None:
    office.place.street("Phố Hòn Chồng")
    given = {"commune": COMMUNE, "house_number": "1"}
    body = office.post("propose", **given, street="duong hon chong").get_json()
    assert body["records"][0]["label"] == "1 Phố Hòn Chồng, Phường Láng, Thành phố Hà Nội"
    (warning,) = body["warnings"]
    assert warning.pop("message").startswith("“hon chong” được hiểu là Phố Hòn Chồng (")
    assert warning == {
        "code": "marks_missing",
        "field": "street",
        "given": "hon chong",
        "registered": "Phố Hòn Chồng",
    }
    code, etag = body["records"][0]["code"], f'"{body["event_id"]}"'
    patched = office.client.patch(
        f"/v1/addresses/{code}", json={"street": "Lang"}, headers={"If-Match": etag}
    ).get_json()
    assert patched["records"][0]["label"] == "1 Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert [w["registered"] for w in patched["warnings"]] == ["Phố Láng"]


def test_street_with_other_diacritics_is_422_with_suggestions(office: Office) -> None:
    office.place.street("Phố Hòn Gai")
    given = {"commune": COMMUNE, "house_number": "1", "street": "Phố Hôn Gái"}
    response = office.post("propose", **given)
    (error,) = response.get_json(force=True)["errors"]
    assert (response.status_code, error["code"]) == (422, "unknown_place")
    assert error["suggestions"] == ["Phố Hòn Gai"]
    assert "gần giống: Phố Hòn Gai" in error["detail"]


def test_illegal_transition_is_409_with_the_legal_operations(office: Office) -> None:
    code = office.place.house("3")
    office.place.retire(code)
    response = office.post("verify", code=code)
    problem = response.get_json(force=True)
    assert (response.status_code, problem["code"]) == (409, "illegal_transition")
    assert (problem["state"], problem["legal"]) == ("retired", ["reinstate"])


def test_duplicate_address_is_409_with_the_existing_code(office: Office) -> None:
    code = office.place.house("5")
    response = office.post("propose", commune=COMMUNE, street="Láng", house_number="5")
    problem = response.get_json(force=True)
    assert (response.status_code, problem["code"]) == (409, "address_taken")
    assert problem["taken_by"]["code"] == code


def test_write_with_an_etag_is_applied_once(office: Office) -> None:
    code = office.place.house("7")
    seen = {"If-Match": office.etag(code)}
    assert office.post("verify", seen, code=code).status_code == 200
    stale = office.post("verify", seen, code=code)
    assert (stale.status_code, stale.get_json(force=True)["code"]) == (412, "stale")
    for malformed in ("12", "abc", '"12'):
        answer = office.post("verify", {"If-Match": malformed}, code=code)
        assert answer.status_code == 422
        assert answer.get_json(force=True)["errors"][0]["code"] == "malformed_etag"
    event = office.post("verify", {"If-Match": office.etag(code)}, code=code).get_json()["event_id"]
    assert office.post("verify", {"If-Match": f'"{event}"'}, code=code).status_code == 200
    assert office.post("verify", {"If-Match": "*"}, code=code).status_code == 200
    for header in ('W/"1-a"', '"x"', '"99999999999999999999"', '"1", "2"'):
        assert office.post("verify", {"If-Match": header}, code=code).status_code == 412, header


def test_street_rename_keeps_the_etag_for_writers_but_not_for_readers(
    office: Office,
) -> None:
    office.place.street("Phố Đê")
    code = office.place.house("1", "Phố Đê")
    before = office.etag(code)
    office.place.do("rename-street", commune=COMMUNE, street="Phố Đê", new_name="Phố Đê Mới")
    path = f"/v1/addresses/{code}"
    assert office.client.get(path, headers={"If-None-Match": before}).status_code == 200
    assert office.post("verify", {"If-Match": before}, code=code).status_code == 200


def test_if_match_is_refused_for_operations_without_a_record(office: Office) -> None:
    response = office.post("reserve", {"If-Match": '"1"'}, count=1)
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("name", "fields", "field", "code"),
    [
        ("verify", {}, "code", "missing"),
        ("verify", {"code": "1000-0006", "bogus": 1}, "bogus", "unknown_parameter"),
        ("verify", {"code": "a\0b"}, "code", "string_pattern_mismatch"),
        ("move", {"code": "1000-0006", "lon": 21, "lat": 105.8}, "request", "coordinates_swapped"),
        ("propose", {"lon": 21, "lat": 105.8}, "request", "coordinates_swapped"),
        ("move", {"code": "1000-0006", "lon": 2, "lat": 21}, "lon", "greater_than_equal"),
        ("retire", {"code": "1000-0006", "reason": "gọi 0912345678"}, "reason", "personal_data"),
        ("correct", {"code": "1000-0006", "lon": 105.8}, "request", "lon_and_lat"),
        ("split", {"code": "1000-0006", "parts": [], "reason": "t"}, "parts", "too_short"),
        ("merge", {"codes": ["1000-0006"], "into": "1000-0014"}, "reason", "missing"),
        ("reserve", {"count": 0}, "count", "greater_than_equal"),
        ("retire", {"code": "1000-0006", "reason": " "}, "reason", "string_too_short"),
    ],
)
def test_invalid_parameter_is_named(
    office: Office, name: str, fields: dict[str, Any], field: str, code: str
) -> None:
    response = office.post(name, **fields)
    assert response.status_code == 422
    first = response.get_json(force=True)["errors"][0]
    assert (first["field"], first["code"]) == (field, code)


def test_retired_code_is_410_with_successors_through_every_step(office: Office) -> None:
    code = office.place.house("11")
    parts = [{"house_number": "11A"}, {"house_number": "11B"}]
    made = office.post("split", code=code, parts=parts, reason="t").get_json()["records"]
    one, other = [record["code"] for record in made if record["status"] == "active"]
    office.post("merge", codes=[one], into=other, reason="t")
    new = office.post("replace", code=other, reason="t").get_json()["records"]
    (last,) = [record["code"] for record in new if record["status"] == "active"]
    for gone in (code, one, other):
        response = office.client.get(f"/v1/addresses/{gone}")
        assert response.status_code == 410
        found = response.get_json(force=True)["successors"]
        assert found == [{"code": last, "code_display": code_display(last)}]


# --- the past ------------------------------------------------------------------------------------


def test_past_address_is_returned_in_the_wording_of_its_time(office: Office) -> None:
    office.place.street("Phố Cũ")
    code = office.place.house("1", "Phố Cũ")
    ((moment,),) = office.place.rows("SELECT clock_timestamp()")
    office.place.do("rename-street", commune=COMMUNE, street="Phố Cũ", new_name="Phố Mới")
    office.place.retire(code)
    path = f"/v1/addresses/{code}"
    assert office.client.get(path).status_code == 410
    then = office.client.get(path, query_string={"as_of": moment.isoformat()})
    assert then.status_code == 200
    assert then.get_json()["street"] == "Phố Cũ"
    assert office.client.get(path, query_string={"as_of": "2025-08-01"}).status_code == 404
    for wrong, error in (("2999-01-01", "day_in_future"), ("hôm qua", "malformed_moment")):
        response = office.client.get(path, query_string={"as_of": wrong})
        assert response.status_code == 422
        assert response.get_json(force=True)["errors"][0]["code"] == error


def test_history_shows_actor_and_reason_only_to_editors(office: Office) -> None:
    code = office.place.house("13")
    office.post("renumber", code=code, house_number="15", reason="đánh lại", decision_number="9")
    path = f"/v1/addresses/{code}/history"
    full = office.client.get(path, headers={"X-Role": "editor"}).get_json()["steps"][-1]
    assert (full["operation"], full["decision_number"]) == ("renumber", "9")
    assert (full["actor"], full["reason"]) == ("phường Láng", "đánh lại")
    assert full["changes"] == [{"field": "house_number", "before": "13", "after": "15"}]
    assert full["label"] == "15 Phố Láng, Phường Láng, Thành phố Hà Nội"
    less = office.client.get(path, headers={"X-Role": "carrier"}).get_json()["steps"][-1]
    assert less == full | {"actor": None, "reason": None}


def test_history_shows_units_by_their_codes(office: Office) -> None:
    code = office.place.house("17", former_commune="00187")
    path = f"/v1/addresses/{code}/history"
    first = office.client.get(path).get_json()["steps"][0]
    members = {change["field"]: change["after"] for change in first["changes"]}
    assert (members["commune"], members["former_commune"]) == (COMMUNE, "00187")
    assert office.client.get("/v1/addresses/1000-0006/history").status_code == 404


# --- anything at all -----------------------------------------------------------------------------

EXAMPLES = examples(3, 16)
# The routes are known without a database.
with open_app("postgresql://nobody@127.0.0.1:1/nothing") as _app:
    PATHS = [
        (method.upper(), path)
        for path, item in _app.test_client().get("/openapi.json").get_json()["paths"].items()
        for method, operation in item.items()
        if operation.get("security")
    ]
MODES = cycle(permutations(GenerationMode))
FUZZED = gate_takes_one_of(7, ((*operation, mode) for operation in PATHS for mode in next(MODES)))
"""The gate sends some operations what they should take, and as many what they should not."""


CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "generation": {"mode": "all", "max-examples": EXAMPLES},
        "checks": {
            # 400: NUL in a query. 411: no file at all.
            "positive_data_acceptance": {
                "expected-statuses": [200, 202, 400, 404, 409, 410, 411, 412, 422]
            },
            "negative_data_rejection": {"expected-statuses": [400, 404, 409, 412, 422, 428]},
            # Here every header is a key; real ones are tried by tests of keys.
            "ignored_auth": {"enabled": False},
        },
    }
)


@pytest.fixture(scope="module")
def described(office: Office) -> BaseSchema:
    """The fuzzed schema: parsing it takes as long as some dozen examples."""
    return schemathesis.openapi.from_wsgi("/openapi.json", office.app, config=CONFIG)


@pytest.mark.parametrize(("method", "path", "mode"), FUZZED)
def test_fuzzing_finds_no_contradiction(
    described: BaseSchema, method: str, path: str, mode: GenerationMode
) -> None:
    statuses = set()

    @given(case=described[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def fuzz(case: schemathesis.Case) -> None:
        # A body that is not a form is a file, and any body may be one.
        takes_any = case.media_type == "multipart/form-data"
        unchecked = [negative_data_rejection] if takes_any else []
        statuses.add(case.call_and_validate(excluded_checks=unchecked).status_code)

    fuzz()
    assert 500 not in statuses
