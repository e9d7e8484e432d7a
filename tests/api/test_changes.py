"""GET /v1/changes over HTTP: roles, formats and refusals."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator
from pydantic import TypeAdapter

from api.core.access import ANONYMOUS, Caller
from api.v1.changes import FeedEntry
from registry.core.settings import ROOT
from registry.publish.changes.cursor import Cursor
from tests.support.lifecycle import COMMUNE, LANG, Town, town
from tests.support.units import open_app


def by_header(request: Request) -> Caller:
    role = request.headers.get("X-Role", "carrier")
    return ANONYMOUS if role == "anonymous" else Caller("tests", role, approves_own=True)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Service:
    """The application, and the register behind it."""

    app: Flask
    client: FlaskClient
    place: Town

    def get(self, **query: Any) -> dict[str, Any]:
        response = self.client.get("/v1/changes", query_string=query)
        assert response.status_code == 200, response.text
        assert response.headers["Cache-Control"] == "no-store"
        return response.get_json()

    def problem(self, **query: Any) -> tuple[int, dict[str, Any]]:
        response = self.client.get("/v1/changes", query_string=query)
        return response.status_code, response.get_json(force=True)


@pytest.fixture(scope="module")
def service(admin_url: str, worker_id: str) -> Iterator[Service]:
    with town(admin_url, f"feed_{worker_id}") as place, open_app(place.url, by_header) as app:
        place.house("1", **LANG)
        old, new = place.house("2"), place.house("3")
        place.do("merge", codes=[old], into=new, reason="tests")
        place.retire(place.house("4"))
        yield Service(app, app.test_client(), place)


@pytest.mark.parametrize(("role", "status"), [("anonymous", 401), ("carrier", 200), ("admin", 200)])
def test_bulk_reading_needs_a_key(service: Service, role: str, status: int) -> None:
    assert service.client.get("/v1/changes", headers={"X-Role": role}).status_code == status


def test_reading_without_a_cursor_starts_with_a_snapshot(service: Service) -> None:
    page = service.get(limit=10_000)
    assert page["more"] is True
    entries = page["entries"]
    while page["more"]:
        page = service.get(limit=10_000, after=page["cursor"])
        entries += page["entries"]
    kinds = [entry["type"] for entry in entries]
    assert kinds == sorted(kinds, key=lambda kind: kind != "unit")
    assert {"unit", "put", "transform", "retire"} <= set(kinds)
    assert service.get(after=page["cursor"]) == {**page, "entries": []}
    code = service.place.house("11")
    (entry,) = service.get(after=page["cursor"])["entries"]
    assert (entry["type"], entry["code"], entry["operation"]) == ("put", code, "activate")
    assert "request" not in entry
    asked = {"X-Role": "admin", "X-Request-Id": "ab" * 16}
    ended = {"code": code, "reason": "tests"}
    retired = service.client.post("/v1/operations/retire", json=ended, headers=asked)
    assert retired.status_code == 200, retired.text
    (entry,) = service.get(after=page["cursor"])["entries"]
    assert (entry["type"], entry["request"]) == ("retire", "ab" * 16)


def test_answers_match_the_openapi_document(service: Service) -> None:
    document = service.client.get("/openapi.json").get_json()
    schema = document["paths"]["/v1/changes"]["get"]["responses"]["200"]
    schema = schema["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    page = service.get(limit=10_000)
    validator.validate(page)
    service.place.do("rename-street", commune=COMMUNE, street="Phố Láng", new_name="Đường Láng")
    while page["more"]:
        page = service.get(limit=10_000, after=page["cursor"])
        validator.validate(page)
    service.place.do("rename-street", commune=COMMUNE, street="Đường Láng", new_name="Phố Láng")
    service.place.do("name-locality", commune=COMMUNE, locality="Tổ 1")
    service.place.do("rename-locality", commune=COMMUNE, locality="Tổ 1", new_name="Tổ 2")
    page = service.get(after=page["cursor"])
    assert [entry["type"] for entry in page["entries"]] == ["street", "locality"]
    validator.validate(page)


@pytest.mark.parametrize(
    ("query", "headers"),
    [({"format": "ndjson"}, {}), ({}, {"Accept": "application/x-ndjson"})],
)
def test_ndjson_has_one_entry_per_line_and_ends_with_the_cursor(
    service: Service, query: dict[str, str], headers: dict[str, str]
) -> None:
    response = service.client.get(
        "/v1/changes", query_string={"limit": 3, **query}, headers=headers
    )
    assert response.content_type == "application/x-ndjson; charset=utf-8"
    *lines, last = [json.loads(line) for line in response.text.splitlines()]
    page = service.get(limit=3)
    assert lines == page["entries"]
    assert last == {
        "type": "cursor",
        "register": page["register"],
        "cursor": page["cursor"],
        "more": True,
    }


def test_json_is_the_default_when_both_formats_are_accepted(service: Service) -> None:
    for accepted in ("*/*", "application/json", "application/json, application/x-ndjson;q=0.5"):
        response = service.client.get("/v1/changes?limit=1", headers={"Accept": accepted})
        assert response.content_type == "application/json"
    asked = {"Accept": "application/x-ndjson"}
    response = service.client.get("/v1/changes?limit=1&format=json", headers=asked)
    assert response.content_type == "application/json"


def test_unit_must_be_a_current_province_or_commune(service: Service) -> None:
    assert service.get(unit=COMMUNE, limit=1)["more"] is True
    assert service.problem(unit="99999")[0] == 404
    status, problem = service.problem(unit="Láng")
    assert (status, problem["errors"][0]["field"]) == (422, "unit")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"after": "1.abc"}, "after"),
        ({"after": ""}, "after"),
        ({"limit": 0}, "limit"),
        ({"limit": 10_001}, "limit"),
        ({"format": "csv"}, "format"),
        ({"since": "2026-01-01"}, "since"),
    ],
)
def test_wrong_parameter_is_named(service: Service, query: dict[str, Any], field: str) -> None:
    status, problem = service.problem(**query)
    assert (status, problem["code"]) == (422, "invalid_input")
    assert problem["errors"][0]["field"] == field


def test_unusable_cursor_is_410_with_the_reason(service: Service) -> None:
    cursor = service.get(limit=1)["cursor"]
    of_another = cursor.replace(Cursor.parse(cursor).register, "0" * 32)
    status, problem = service.problem(after=of_another)
    assert (status, problem["code"], problem["reason"]) == (410, "cursor_refused", "other_register")
    status, problem = service.problem(after=cursor, unit=COMMUNE)
    assert (status, problem["reason"]) == (410, "other_scope")


def test_entries_match_the_documentation_of_the_feed() -> None:
    page = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    shown = [json.loads(block) for block in re.findall(r"```json\n(.+?)\n```", page, re.DOTALL)]
    for entry in shown:
        TypeAdapter(FeedEntry).validate_python(entry)
    types = {entry["type"] for entry in shown}
    assert types == {"unit", "put", "transform", "retire", "remove", "street", "locality"}
