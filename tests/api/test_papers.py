"""/v1/papers, /v1/certificates and /verify: paper over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Request
from flask.testing import FlaskClient

from api.core.access import ANONYMOUS, Caller
from geo.code import format as code_display
from registry.core.settings import Settings
from registry.units.gazetteer import Gazetteer, today
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG, Town, town
from tests.support.pdf import qr_codes_of, texts_of
from tests.support.units import open_app

SITE = "https://diachiso.example.vn"
EDITOR = {"X-Role": "editor"}
STREET = {"commune": COMMUNE, "street": "Phố Láng"}
_UNITS: dict[str, frozenset[int]] = {}


def by_header(request: Request) -> Caller:
    role: Any = request.headers.get("X-Role")
    if role is None:
        return ANONYMOUS
    return Caller(role, role, _UNITS.get(request.headers.get("X-In", "")))


@dataclass(frozen=True)
class Office:
    """The application, and a street with two doors."""

    client: FlaskClient
    place: Town
    codes: list[str]

    def print(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        return self.client.post(path, json=body, headers=headers or EDITOR)


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str, gazetteer: Gazetteer) -> Iterator[Office]:
    for code in (COMMUNE, ELSEWHERE):
        unit = next(u for u in gazetteer.with_code(code) if u.alive_on(today()))
        _UNITS[code] = frozenset({unit.id})
    with (
        town(admin_url, f"api_papers_{worker_id}") as place,
        open_app(place.url, by_header, settings=Settings(limits=False, public_url=SITE)) as app,
    ):
        codes = [place.house(number, **LANG) for number in ("27", "29")]
        yield Office(app.test_client(), place, codes)


def test_plates_and_lists_are_pdf_with_notes(office: Office) -> None:
    plates = office.print("/v1/papers/plates", **STREET, size="120x80")
    assert (plates.status_code, plates.mimetype) == (200, "application/pdf")
    assert (plates.headers["Paper-Items"], plates.headers["Paper-Notices"]) == ("2", "")
    assert qr_codes_of(plates.data) == sorted(f"{SITE}/a/{code_display(c)}" for c in office.codes)
    listed = office.print("/v1/papers/lists", **STREET, purpose="field")
    assert "Không có" in texts_of(listed.data)[0]


def test_decision_is_printed_before_and_after_its_operation(office: Office) -> None:
    request = {**STREET, "new_name": "Đường Láng"}
    planned = office.print("/v1/papers/decisions", operation="rename-street", request=request)
    assert "Đổi tên Phố Láng" in texts_of(planned.data)[0]
    named = office.place.do("name-street", commune=COMMUNE, street="Phố Của Lịch Sử")
    done = office.print("/v1/papers/decisions", event_id=named.event_id, number="9")
    assert "Số: 9/QĐ-UBND" in texts_of(done.data)[0]


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "code"),
    [
        ("papers/plates", {}, 422, "request", "codes_or_place"),
        ("papers/plates", {**STREET, "size": "1x1"}, 422, "size", "string_pattern_mismatch"),
        ("papers/plates", {**STREET, "size": "400x300"}, 422, "size", "larger_than_the_sheet"),
        ("papers/plates", {**STREET, "skip": 9}, 422, "skip", "beyond_the_last"),
        (
            "papers/lists",
            {"commune": COMMUNE, "street": "Phố Không"},
            422,
            "street",
            "unknown_place",
        ),
        ("papers/lists", {"codes": ["1H6X-XH2Y"]}, 422, "codes.0", "code_foreign_symbol"),
        ("papers/decisions", {}, 422, "operation", "operation_or_event"),
        ("papers/decisions", {"operation": "retire"}, 422, "operation", "no_decision_of_it"),
        ("papers/decisions", {"operation": "name-street"}, 422, "commune", "missing"),
        ("papers/decisions", {"event_id": 2**62}, 404, None, "not_found"),
        ("certificates", {"code": "1H6X-XH2V"}, 404, None, "not_found"),
    ],
)
def test_unprintable_request_is_refused(
    office: Office, path: str, body: dict[str, Any], status: int, field: str | None, code: str
) -> None:
    answer = office.print(f"/v1/{path}", **body)
    problem = answer.get_json()
    assert answer.status_code == status
    errors = problem.get("errors") or [{"field": None, "code": problem["code"]}]
    assert (errors[0]["field"], errors[0]["code"]) == (field, code)


def test_papers_are_limited_to_the_units_of_the_key(office: Office) -> None:
    elsewhere = {**EDITOR, "X-In": ELSEWHERE}
    number = office.print("/v1/certificates", code=office.codes[0]).headers["Certificate-Number"]
    for path, body in (
        ("papers/plates", STREET),
        ("papers/lists", {"codes": office.codes}),
        ("certificates", {"code": office.codes[0]}),
        (f"certificates/{number}/revoke", {"reason": "in sai"}),
    ):
        assert office.print(f"/v1/{path}", elsewhere, **body).status_code == 403
        assert office.print(f"/v1/{path}", {"X-Role": "carrier"}, **body).status_code == 403
        assert office.client.post(f"/v1/{path}", json=body).status_code == 401
    here = office.client.get("/v1/certificates", headers={**EDITOR, "X-In": COMMUNE}).get_json()
    assert number in [each["number"] for each in here["certificates"]]
    there = office.client.get("/v1/certificates", headers=elsewhere).get_json()
    assert there == {"certificates": []}


def test_certificate_is_publicly_verifiable_until_revoked(office: Office) -> None:
    issued = office.print("/v1/certificates", code=office.codes[1], document_number="15")
    number = issued.headers["Certificate-Number"]
    assert qr_codes_of(issued.data) == [f"{SITE}/verify/{number}"]

    asked = office.client.get(f"/v1/certificates/{number.lower()}").get_json()
    assert (asked["number"], asked["state"], asked["document_number"]) == (number, "valid", "15")
    assert asked["label"] == asked["label_now"] == "29 Phố Láng, Phường Láng, Thành phố Hà Nội"
    page = office.client.get(f"/verify/{number}")
    assert "Giấy còn giá trị" in page.get_data(as_text=True)
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]

    revoked = office.print(f"/v1/certificates/{number}/revoke", reason="in sai")
    assert revoked.get_json()["state"] == "revoked"
    again = office.print(f"/v1/certificates/{number}/revoke", reason="in sai")
    assert again.status_code == 409
    assert "Giấy đã thu hồi" in office.client.get(f"/verify/{number}").get_data(as_text=True)
    english = office.client.get(f"/verify/{number}?lang=en", follow_redirects=True)
    assert "was taken back" in english.get_data(as_text=True)
    office.client.delete_cookie("lang")


def test_verify_page_of_an_unknown_certificate(office: Office) -> None:
    for path, status, words in (
        ("/verify", 200, "Quét mã QR"),
        ("/verify/GXN-4K7M-29TR-0R", 404, "chưa cấp cho giấy nào"),
        ("/verify/GXN-4K7M-29TR-0X", 404, "so từng ký tự"),
        ("/verify?number=%3Cscript%3E", 404, "&lt;script&gt;"),
    ):
        page = office.client.get(path)
        assert (page.status_code, words in page.get_data(as_text=True)) == (status, True), path
    typed = office.client.get("/verify", query_string={"number": "gxn 4k7m29tr 0r"})
    assert typed.location == "/verify/GXN-4K7M-29TR-0R"


def test_restricted_place_is_verified_without_its_address(office: Office) -> None:
    office.place.street("Phố Kín")
    code = office.place.house("939", "Phố Kín", **LANG)
    number = office.print("/v1/certificates", code=code).headers["Certificate-Number"]
    office.place.do("correct", code=code, restricted=True)
    asked = office.client.get(f"/v1/certificates/{number}").get_json()
    assert (asked["state"], asked["label"], asked["label_now"]) == ("valid", None, None)
    assert "939" not in office.client.get(f"/verify/{number}").get_data(as_text=True).replace(
        code_display(code), ""
    )
    with_key = office.client.get(f"/v1/certificates/{number}", headers={"X-Role": "carrier"})
    assert with_key.get_json()["label"].startswith("939 Phố Kín")
