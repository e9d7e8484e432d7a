"""/v1/reports: filed by anybody, reviewed and decided with a key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Request
from flask.testing import FlaskClient

from api.core.access import ANONYMOUS, Caller
from geo.code import format as code_display
from registry.core.settings import Settings
from registry.units.gazetteer import Gazetteer, today
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town
from tests.support.units import open_app

_UNITS: dict[str, frozenset[int]] = {}


def by_header(request: Request) -> Caller:
    role: Any = request.headers.get("X-Role")
    if role is None:
        return ANONYMOUS
    units = _UNITS.get(request.headers.get("X-In", ""))
    return Caller(request.headers.get("X-Key", role), role, units)


@dataclass(frozen=True)
class Office:
    """The application, and the register behind it."""

    client: FlaskClient
    place: Town

    def house(self) -> str:
        number = self.place.rows("SELECT 1 + count(*) FROM household")[0][0]
        return self.place.house(str(number), **LANG)

    def report(self, *, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        return self.client.post("/v1/reports", json=fields, headers=headers)

    def filed(self, **fields: Any) -> int:
        response = self.report(**fields)
        assert response.status_code == 200, response.get_data(as_text=True)
        return int(response.get_json()["id"])

    def decide(
        self, verb: str, report_id: object, headers: dict[str, str] | None = None, **fields: Any
    ) -> Any:
        path = f"/v1/reports/{report_id}/{verb}"
        given = {"reason": "đã xem"} | fields
        return self.client.post(path, json=given, headers=headers or {"X-Role": "editor"})

    def queue(self, headers: dict[str, str] | None = None, **query: Any) -> Any:
        return self.client.get(
            "/v1/reports", query_string=query, headers=headers or {"X-Role": "editor"}
        )


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str, gazetteer: Gazetteer) -> Iterator[Office]:
    for code in (COMMUNE, ELSEWHERE):
        unit = next(u for u in gazetteer.with_code(code) if u.alive_on(today()))
        _UNITS[code] = frozenset({unit.id})
    with (
        town(admin_url, f"api_reports_{worker_id}") as place,
        open_app(place.url, by_header) as app,
    ):
        yield Office(app.test_client(), place)


@pytest.fixture(autouse=True)
def another_day(office: Office) -> None:
    """No test spends the day's reports of the next one."""
    office.place.rows("DELETE FROM field_report_voice RETURNING 1")


def test_report_without_a_key_counts_as_a_residents(office: Office) -> None:
    code = office.house()
    response = office.report(kind="no_such_house", code=code_display(code).lower())
    body = response.get_json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert body == {
        "id": body["id"],
        "kind": "no_such_house",
        "state": "open",
        "code": {"code": code, "code_display": code_display(code)},
        "commune": {"code": COMMUNE, "name": "Phường Láng"},
        "reporters": 1,
        "counted": True,
        "address": None,
        "similar": [],
        "receipt": body["receipt"],
    }
    again = office.report(kind="no_such_house", code=code).get_json()
    assert again == body | {"counted": False, "receipt": again["receipt"]}


def test_report_repeated_with_its_idempotency_key_is_filed_once(office: Office) -> None:
    code, once = office.house(), {"Idempotency-Key": str(uuid4())}
    first = office.report(kind="confirmed", code=code, headers=once).get_json()
    assert office.report(kind="confirmed", code=code, headers=once).get_json() == first | {
        "counted": False
    }
    assert office.decide("accept", first["id"]).status_code == 200
    # Decided, and its code retired: the repeated request still gets its answer.
    office.place.retire(code)
    again = office.report(kind="confirmed", code=code, headers=once).get_json()
    assert (again["id"], again["receipt"], again["state"]) == (
        *(first["id"], first["receipt"]),
        "accepted",
    )
    assert office.client.get(f"/v1/reports/{first['receipt']}").status_code == 200
    other = {"Idempotency-Key": "1"}
    assert office.report(kind="confirmed", code=code, headers=other).status_code == 400


def test_report_is_accepted_as_a_form(office: Office) -> None:
    code = office.house()
    response = office.client.post(
        "/v1/reports", data={"kind": "wrong_point", "code": code, "lon": "105.807", "lat": "21.02"}
    )
    assert response.status_code == 200
    (entry,) = [e for e in entries(office) if e["id"] == response.get_json()["id"]]
    assert (entry["point"]["lon"], entry["point"]["lat"]) == (105.807, 21.02)


def entries(office: Office, **query: Any) -> Any:
    return office.queue(limit=500, **query).get_json()["reports"]


def test_network_address_is_not_stored(office: Office) -> None:
    response = office.client.post(
        "/v1/reports",
        json={"kind": "confirmed", "code": office.house()},
        environ_base={"REMOTE_ADDR": "203.0.113.77"},
    )
    assert response.status_code == 200
    stored = office.place.rows("SELECT reporter FROM field_report_voice")
    assert [r for (r,) in stored if r.startswith("client:")]
    assert "203.0.113" not in repr(stored)


def test_queue_counts_reporters_by_role(office: Office) -> None:
    code = office.house()
    report_id = office.filed(kind="confirmed", code=code)
    for role, key in (("carrier", "bưu điện"), ("carrier", "hãng B"), ("merchant", "cửa hàng")):
        office.report(kind="confirmed", code=code, headers={"X-Role": role, "X-Key": key})
    (entry,) = [e for e in entries(office) if e["id"] == report_id]
    assert entry["reporters"] == {
        "total": 4, "carriers": 2, "merchants": 1, "residents": 1, "officials": 0,
    }  # fmt: skip
    assert entry["accepting"] == "verify"
    assert entry["label"].endswith("Phố Láng, Phường Láng, Thành phố Hà Nội")
    assert (entry["status"], entry["stale"], entry["decision"]) == ("active", False, None)
    assert entry["event_id"] == office.place.row(code).event_id


def test_queue_is_for_editors_of_the_unit(office: Office) -> None:
    assert office.client.get("/v1/reports").status_code == 401
    assert office.queue({"X-Role": "carrier"}).status_code == 403
    report_id = office.filed(kind="confirmed", code=office.house())
    here = {"X-Role": "editor", "X-In": COMMUNE}
    there = {"X-Role": "editor", "X-In": ELSEWHERE}
    for query in ({}, {"unit": COMMUNE}, {"unit": "01"}):
        ids = [e["id"] for e in office.queue(here, limit=500, **query).get_json()["reports"]]
        assert report_id in ids, query
    assert office.queue(there).get_json()["reports"] == []
    refused = office.queue(there, unit=COMMUNE)
    problem = refused.get_json(force=True)
    assert (refused.status_code, problem["code"]) == (403, "outside_units")
    assert office.queue(here, unit="99999").status_code == 404
    assert office.queue(here, unit="x").status_code == 422
    assert office.queue(here, state="lost").status_code == 422
    assert office.queue(here, limit=0).status_code == 422


def test_accepted_report_is_an_operation_shown_with_its_decision(office: Office) -> None:
    code = office.house()
    report_id = office.filed(kind="confirmed", code=code)
    body = office.decide("accept", report_id, decision_number="7/QĐ").get_json()
    number = office.place.row(code).house_number
    assert body == {
        "id": report_id,
        "kind": "confirmed",
        "state": "accepted",
        "operation": "verify",
        "event_id": body["event_id"],
        "records": [
            {
                "code": code,
                "code_display": code_display(code),
                "status": "active",
                "label": f"{number} Phố Láng, Phường Láng, Thành phố Hà Nội",
            }
        ],
        "warnings": [],
    }
    shown = office.client.get(f"/v1/addresses/{code}").get_json()
    assert shown["verified_on"] == today().isoformat()
    (entry,) = [e for e in entries(office, state="accepted") if e["id"] == report_id]
    decision = entry["decision"]
    assert (decision["operation"], decision["event_id"]) == ("verify", body["event_id"])
    assert (decision["reason"], decision["decision_number"]) == ("đã xem", "7/QĐ")
    again = office.decide("reject", report_id)
    problem = again.get_json(force=True)
    assert (again.status_code, problem["code"], problem["state"]) == (
        409, "report_decided", "accepted",
    )  # fmt: skip


def test_editor_proposes_to_retire_and_approver_retires(office: Office) -> None:
    code = office.house()
    report_id = office.filed(kind="no_such_house", code=code)
    assert office.decide("accept", report_id).get_json()["state"] == "proposed"
    assert office.decide("accept", report_id).status_code == 409
    done = office.decide("accept", report_id, {"X-Role": "approver"}).get_json()
    assert (done["state"], done["operation"]) == ("accepted", "retire")
    assert office.client.get(f"/v1/addresses/{code}").status_code == 410


def test_stale_report_is_409_with_the_record_as_it_is(office: Office) -> None:
    code = office.house()
    report_id = office.filed(kind="wrong_point", code=code, lon=105.807, lat=21.02)
    moved = office.place.do("move", code=code, lon=105.8065, lat=21.0212)
    refused = office.decide("accept", report_id)
    problem = refused.get_json(force=True)
    assert (refused.status_code, problem["code"]) == (409, "report_stale")
    assert (problem["current"]["lon"], problem["current"]["event_id"]) == (
        105.8065, moved.event_id,
    )  # fmt: skip
    assert office.decide("accept", report_id, event_id=moved.event_id).status_code == 200


def test_decisions_are_for_editors_of_the_unit(office: Office) -> None:
    report_id = office.filed(kind="confirmed", code=office.house())
    for verb in ("accept", "reject"):
        path = f"/v1/reports/{report_id}/{verb}"
        assert office.client.post(path, json={"reason": "x"}).status_code == 401
        assert office.decide(verb, report_id, {"X-Role": "merchant"}).status_code == 403
        there = office.decide(verb, report_id, {"X-Role": "editor", "X-In": ELSEWHERE})
        assert (there.status_code, there.get_json(force=True)["code"]) == (403, "outside_units")
        assert office.decide(verb, report_id, reason=" ").status_code == 422
        assert office.decide(verb, report_id, bogus=1).status_code == 422
        assert office.decide(verb, 10**30).status_code == 404
        assert office.decide(verb, "x").status_code == 404
    assert office.decide("reject", report_id).get_json()["operation"] == "reject_report"


def test_decision_is_in_the_audit_log(office: Office) -> None:
    report_id = office.filed(kind="confirmed", code=office.house())
    event_id = office.decide("accept", report_id).get_json()["event_id"]
    noted = office.place.rows(
        "SELECT actor, count, units FROM audit_entry WHERE event_id = :id", id=event_id
    )
    assert noted == [("editor", 1, [COMMUNE])]


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"kind": "confirmed", "code": "FHVK-VF9M"}, 404, "not_found"),
        ({"kind": "confirmed", "code": "FHVK-VF90"}, 404, "code_mistyped"),
        ({"kind": "confirmed", "code": "hello"}, 422, "invalid_input"),
        ({"kind": "confirmed"}, 422, "invalid_input"),
        ({"kind": "gossip", "code": "FHVK-VF9M"}, 422, "invalid_input"),
        ({"kind": "new_house", "lon": 2.35, "lat": 48.86}, 422, "invalid_input"),
        ({"kind": "new_house", "lon": 105.8, "lat": 21.0, "phone": "1"}, 422, "invalid_input"),
        ({"kind": "new_house", "lon": 105.8, "lat": 21.0, "address": "a\0b"}, 422, "invalid_input"),
        ({"kind": "new_house", "lon": 1e400, "lat": 21.0}, 422, "invalid_input"),
    ],
)
def test_invalid_report_is_refused_with_the_reason(
    office: Office, fields: dict[str, Any], status: int, code: str
) -> None:
    response = office.report(**fields)
    assert (response.status_code, response.get_json(force=True)["code"]) == (status, code)


def test_new_house_already_registered_is_409_with_its_code(office: Office) -> None:
    code = office.house()
    number = office.place.row(code).house_number
    response = office.report(
        kind="new_house", address=f"{number} Láng, phường Láng, Hà Nội", **LANG
    )
    problem = response.get_json(force=True)
    assert (response.status_code, problem["code"]) == (409, "address_taken")
    assert problem["taken_by"]["code"] == code


def test_too_many_reports_in_a_day_are_429_with_the_time_to_wait(office: Office) -> None:
    codes = [office.house() for _ in range(4)]
    limited = Settings(reports_per_address=3)
    with open_app(office.place.url, by_header, limited) as app:
        busy = Office(app.test_client(), office.place)
        statuses = [busy.report(kind="confirmed", code=code).status_code for code in codes]
        assert statuses == [200, 200, 200, 429]
        response = busy.report(kind="confirmed", code=codes[-1])
        assert response.get_json(force=True)["code"] == "too_many_reports"
        assert 0 < int(response.headers["Retry-After"]) <= 86_400
        assert busy.report(kind="confirmed", code=codes[0]).get_json()["counted"] is False
        by_key = busy.report(kind="confirmed", code=codes[-1], headers={"X-Role": "carrier"})
        assert by_key.status_code == 200
    assert office.report(kind="confirmed", code=codes[-1]).status_code == 200
