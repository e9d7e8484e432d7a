"""No personal fields are stored or passed through, and queries are not logged."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.files.spellings.headers import is_personal
from tests.support.running import Run, Starter, private

# Words of a name in the schema or the API, either part of which would be about a person.
PERSONAL = frozenset({
    "person", "people", "owner", "holder", "resident", "tenant", "customer", "citizen",
    "gender", "sex", "birth", "birthday", "born", "age", "phone", "mobile", "tel", "telephone",
    "fax", "email", "mail", "zalo", "facebook", "passport", "cccd", "cmnd", "identity", "ssn",
    "tax", "surname", "forename", "firstname", "lastname", "fullname", "nickname", "religion",
    "ethnicity", "ethnic", "nationality", "income", "photo", "image", "face", "fingerprint",
    "ip", "useragent", "cookie", "password",
})  # fmt: skip
# Of a budget: a key, or a hash of the day. Of a label on the map: the unit that it lies in.
ALLOWED = {("enumeration_budget", "holder"), ("map_label", "holder")}
# Names of things: units, streets, localities, keys of organisations, buildings.
NAMED = {
    "admin_unit_version", "api_key", "batch", "household", "household_use", "household_version",
    "import", "map_label", "map_unit", "parked_key", "reform_work", "place", "place_alias",
    "place_version", "service_office",
}  # fmt: skip
NAMED_ANSWERS = {
    "NearName",  # streets and localities of a file
    "AnnouncedUnit", "ChangedPlace", "CommuneWithin",
    "CoverageGap", "CoverageOfUnit", "Ended", "FeedPlace",
    "PickerProvince", "ReformShare", "ReformUnit", "SeriesUnit", "Service", "ServiceOffice",
    "StreetEntry", "TargetGap", "UnitDetail", "UnitEntry", "UnitRef", "UnitSummary",
    "UnservedDoors", "WhoAmI",
    # organisations and public places: `names_somebody` refuses persons
    "AddressChoice", "GeocodingProperties", "GivenUse", "UseTold", "ValidationAnswer",
}  # fmt: skip
# The whole name of a commune: `Phường Ba Đình`; and the communes that a resolution makes.
UNIT_WORDS = frozenset({"full_name", "full_name_en", "born"})


def words(name: str) -> set[str]:
    """`lastSeenAt`, `last_seen_at` → last, seen, at."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+", name)}


@pytest.mark.gate
def test_no_column_describes_a_person(session: Session) -> None:
    columns = session.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name NOT IN"
            " ('spatial_ref_sys', 'geometry_columns', 'geography_columns')"
        )
    ).all()
    assert len(columns) > 150
    wrong = [
        f"{table}.{column}"
        for table, column in columns
        if (table, column) not in ALLOWED
        and (words(column) & PERSONAL or is_personal(column.replace("_", " ")))
    ]
    assert wrong == []
    named = {table for table, column in columns if "name" in words(column)}
    assert named <= NAMED, "a new table with names: of things, or of people?"


@pytest.mark.gate
def test_no_request_or_response_member_describes_a_person(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").get_json()
    members = {
        (model, member)
        for model, schema in document["components"]["schemas"].items()
        for member in schema.get("properties", ())
    }
    members |= {
        (path, parameter["name"])
        for path, item in document["paths"].items()
        for operation in item.values()
        for parameter in operation["parameters"]
    }
    assert len(members) > 150
    wrong = [
        f"{model}.{member}"
        for model, member in members
        if member not in UNIT_WORDS
        and (words(member) & PERSONAL or is_personal(member.replace("_", " ")))
    ]
    assert wrong == []


@pytest.mark.gate
def test_answers_name_only_places_and_organisations(app: Flask) -> None:
    document: dict[str, Any] = app.test_client().get("/openapi.json").get_json()
    named = {
        model
        for model, schema in document["components"]["schemas"].items()
        if "name" in schema.get("properties", ())
    }
    assert named - NAMED_ANSWERS == set(), "a new answer with a name: of a thing, or of a person?"


# --- logs ----------------------------------------------------------------------------------------

SECRETS = ("Hoàng Kim Bí Mật", "987654", "Zq7Xw", "105.87654", "21.087654", "0912345678", "FHVK")


def ask(url: str, path: str, body: object = None, content: str = "application/json") -> int:
    """The status of a request; a text is sent unchanged."""
    data = None
    if body is not None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
    request = urllib.request.Request(
        url + path, data=data, headers={"Content-Type": content, "Referer": "http://Zq7Xw/"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            response.read()
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


def questions() -> Iterator[tuple[str, object, str]]:
    """Every kind of request, with texts that must not be logged; valid, wrong and malformed."""
    address = "987654 Hoàng Kim Bí Mật, phường Láng, Zq7Xw"
    for q in (address, "FHVK-VF9M", "21.087654,105.87654", "\0Zq7Xw"):
        quoted = urllib.parse.quote(q)
        for path in ("geocode?q=", "autocomplete?q=", "units/convert?text=", "units?q="):
            yield f"/v1/{path}{quoted}", None, ""
        yield f"/v1/geocode?q={quoted}&Zq7Xw=1", None, ""
        yield f"/v1/addresses/{quoted}", None, ""
        yield f"/v1/addresses/FHVK-VF9M?as_of={quoted}", None, ""
        for path, name in (("geocode", "q"), ("validate", "address")):
            yield f"/v1/{path}", {name: q}, "application/json"
            yield f"/v1/{path}", {name: q, "Zq7Xw": 1}, "application/json"
            yield f"/v1/{path}", f"{name}={quoted}", "application/x-www-form-urlencoded"
        for operation, row in (
            ("geocode", {"q": q}), ("validate", {"address": q}), ("lookup", {"code": q}),
            ("reverse", {"lon": 105.87654, "lat": 21.087654}),
        ):  # fmt: skip
            yield f"/v1/batch/{operation}", json.dumps(row), "application/x-ndjson"
            yield f"/v1/batch/{operation}", f"code,address\n{q},{q}\n", "text/csv"
        for order in ("walking", "shortest"):
            yield f"/v1/routes?order={order}", q, "text/plain"
        for tool in ("validate", "lookup", "Zq7Xw"):
            asked = {"name": tool, "arguments": {"address": q, "code": q}}
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}
            yield "/mcp", message, "application/json"
        yield "/mcp", {"Zq7Xw": q}, "application/json"
        yield f"/docs?q={quoted}", None, ""
    yield "/v1/reverse?lon=105.87654&lat=21.087654", None, ""
    yield "/v1/reverse?lon=105.87654&lat=2108.7654", None, ""
    yield "/v1/geocode", "{Zq7Xw", "application/json"
    yield "/v1/geocode?q=Zq7Xw%FF", None, ""
    yield "/987654/Zq7Xw", None, ""
    report = {"kind": "new_house", "lon": 105.87654, "lat": 21.087654}
    yield "/v1/reports", report | {"address": address}, "application/json"
    yield "/v1/reports", report | {"address": "12 Láng 0912345678"}, "application/json"
    yield "/v1/reports", {"kind": "confirmed", "code": "FHVK-VF9M"}, "application/json"
    yield "/v1/operations/verify", {"code": "FHVK-VF9M", "reason": "Zq7Xw"}, "application/json"


def written(run: Run, var: Path) -> str:
    """Everything that the server and its database have logged."""
    logs = [p.read_text(errors="replace") for p in (private(var).data_dir / "log").glob("*.log")]
    return "\n".join([run.text(), *logs])


def test_queries_are_not_logged(start: Starter, var: Path) -> None:
    first = start()
    url = first.url()
    statuses = {ask(url, *question) for question in questions()}
    assert {200, 400, 404, 422} <= statuses, statuses
    first.end()
    # A database that gives up on whatever asks for a place: errors of its own, on both sides.
    run = start(DIACHISO_STATEMENT_TIMEOUT_MS="50")
    url = run.url()
    with psycopg.connect(private(var).url()) as held:
        held.execute("LOCK household, place, field_report")
        hurried = {ask(url, *question) for question in questions()}
    assert 503 in hurried
    assert hurried <= {200, 400, 401, 404, 409, 413, 415, 422, 429, 503}, hurried
    run.end()
    found = first.text() + written(run, var)
    lines = [line for line in found.splitlines() if '"event":"request"' in line]
    assert len(lines) > 100
    assert [secret for secret in SECRETS if secret in found] == []
    assert [s for s in SECRETS if urllib.parse.quote(s) in found] == []
