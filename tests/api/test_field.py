"""Rounds over HTTP: a code that is handed out at the desk, what it opens, and what comes of it."""

import datetime
import io
import json
import re
import uuid
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from registry.core.settings import Settings
from registry.lifecycle.field.codes import make_code
from registry.units.gazetteer import today
from tests.support.desk import Seat, hidden, seated, sign_in
from tests.support.keys import Office, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG
from tests.support.units import open_app

UNTIL = f"{today() + datetime.timedelta(days=7):%d/%m/%Y}"
PLACE = {"commune": COMMUNE, "of": "street", "place": "Phố Láng", "until": UNTIL}


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    settings = Settings(rate_per_address=10_000)
    with open_office(admin_url, f"field_desk_{worker_id}", settings) as made:
        for number in ("1", "3"):
            made.place.house(number, **LANG)
        yield made


@pytest.fixture(scope="module")
def editor(office: Office) -> Seat:
    return seated(office, "cán bộ Láng")


@pytest.fixture(scope="module")
def approver(office: Office) -> Seat:
    return seated(office, "người duyệt Láng", "approver")


def opened(editor: Seat, **more: str) -> tuple[int, str]:
    """Number and code of a new round."""
    page = editor.post("/desk/field", "/desk/field", **PLACE | more)
    assert page.status_code == 200, page.text
    number = re.search(r"/desk/field/(\d+)", page.text)
    code = re.search(r'class="secret">([\d ]{14})<', page.text)
    assert number, page.text
    assert code, page.text
    assert f"/field#{code[1].replace(' ', '')}" in page.text
    return int(number[1]), code[1]


def area(office: Office, code: str, address: str = "127.0.0.1") -> TestResponse:
    return office.client.get(
        "/v1/field/area",
        headers={"X-Field-Code": code},
        environ_base={"REMOTE_ADDR": address},
    )


def send(office: Office, code: str, *records: Any, **more: Any) -> TestResponse:
    return office.client.post(
        "/v1/field/records", json={"records": list(records)} | more, headers={"X-Field-Code": code}
    )


def record(kind: str, **more: Any) -> dict[str, Any]:
    at = datetime.datetime.now(datetime.UTC).isoformat()
    return {"id": str(uuid.uuid4()), "kind": kind, "at": at} | more


def test_code_opens_its_area_and_nothing_else(office: Office, editor: Seat) -> None:
    number, code = opened(editor, commune="Phường Láng, Hà Nội")
    hidden = office.place.house("5", **LANG)
    office.place.do("correct", code=hidden, restricted=True)
    found = area(office, code).get_json()
    assert (found["round"], found["kind"], found["place"]) == (number, "street", "Phố Láng")
    numbers = {door["number"] for door in found["doors"]}
    assert {"1", "3"} <= numbers
    assert "5" not in numbers
    assert found["commune"] == {"code": COMMUNE, "name": "Phường Láng"}
    assert hidden not in json.dumps(found)
    stored = office.place.rows("SELECT * FROM field_round WHERE id = :id", id=number)
    assert code.replace(" ", "") not in repr(stored)
    assert code not in editor.get(f"/desk/field/{number}").text
    # It is not a key and opens nothing else.
    for path in ("/v1/reports", f"/v1/packs/{COMMUNE}", "/desk/field"):
        answer = office.client.get(path, headers={"X-Field-Code": code})
        assert answer.status_code in (303, 401), path
    (entry,) = [e for e in office.audited() if e["endpoint"] == "GET /v1/field/area"][-1:]
    assert (entry["actor"], entry["units"]) == (f"field:{number}", [COMMUNE])
    assert entry["count"] == len(numbers)


def test_round_code_suffices_when_anonymous_reads_are_off(office: Office, editor: Seat) -> None:
    _, code = opened(editor)
    closed = Settings(limits=False, anonymous_reads=False)
    with open_app(office.place.url, None, closed) as app:
        client = app.test_client()
        assert client.get("/v1/geocode?q=1").status_code == 401
        for path in ("/field", "/kept.js", "/offline"):
            assert client.get(path).status_code == 200, path
        found = client.get("/v1/field/area", headers={"X-Field-Code": code})
        assert found.status_code == 200


def test_unknown_codes_are_reported_and_guessing_is_limited(office: Office, editor: Seat) -> None:
    number, code = opened(editor)
    digits = code.replace(" ", "")
    slip = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert code_of(area(office, slip)) == (422, "invalid_input")
    assert code_of(area(office, "")) == (422, "invalid_input")
    assert code_of(area(office, make_code())) == (403, "field_code_unknown")
    editor.post(f"/desk/field/{number}/close", "/desk/field")
    ended = area(office, code).get_json(force=True)
    assert (ended["code"], ended["reason"]) == ("field_code_ended", "closed")
    assert code_of(send(office, code, record("new", **LANG)))[1] == "field_code_ended"
    page = editor.post(f"/desk/field/{number}/code", "/desk/field", until=UNTIL)
    other = re.search(r'class="secret">([\d ]{14})<', page.text)
    assert other
    assert area(office, other[1]).status_code == 200
    assert code_of(area(office, code)) == (403, "field_code_unknown")
    # Guessing affects only the guesser; a new minute may start in between.
    guesses = (code_of(area(office, make_code(), "203.0.113.9")) for _ in range(130))
    assert (429, "too_many_requests") in guesses
    assert area(office, other[1]).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"place": "Phố Không Có"}, "chưa có"),
        ({"place": ""}, "hãy ghi tên"),
        ({"until": "31/12/2099"}, "từ hôm nay"),
        ({"until": "mai"}, "ngày"),
        ({"commune": ELSEWHERE}, ""),
        ({"commune": "Xã Không Đâu"}, "Không có đơn vị này"),
        ({"commune": "Thành phố Hà Nội"}, "không phải xã, phường"),
    ],
)
def test_invalid_round_is_reported_in_the_filled_in_form(
    editor: Seat, wrong: dict[str, str], expected: str
) -> None:
    answer = editor.post("/desk/field", "/desk/field", **PLACE | wrong)
    assert answer.status_code in (403, 422)
    assert expected in answer.text
    assert wrong.get("place", "Phố Láng") in answer.text


def test_street_page_links_to_a_field_round(office: Office, editor: Seat) -> None:
    ((street,),) = office.place.rows("SELECT id FROM place WHERE class = 'street' AND key = 'lang'")
    page = editor.get(f"/desk/streets/{street}").text
    link = re.search(r'href="(/desk/field[^"]+)"', page)
    assert link
    form = dict(hidden(editor.get(unescape(link[1])).text.partition("</details>")[0]))
    assert (form["id"], form["place"]) == (str(street), "Phố Láng")
    made = editor.post("/desk/field", "/desk/field", **form | {"until": UNTIL})
    assert "Phố Láng" in made.text
    assert made.status_code == 200
    for none in ("0", "9" * 18):
        answer = editor.post("/desk/field", "/desk/field", **form | {"until": UNTIL, "id": none})
        assert answer.status_code == 404


def test_records_are_answered_individually(office: Office, editor: Seat) -> None:
    _, code = opened(editor)
    one, other, *_ = (door["code"] for door in area(office, code).get_json()["doors"])
    good = record("right", code=one)
    mixed = [good, {"id": "x"}, record("right", code="1000-0006"), record("fly"), {}]
    answered = send(office, code, *mixed, record("gone", code=other)).get_json()["records"]
    states = [each["state"] for each in answered]
    assert states == ["filed", "refused", "refused", "refused", "refused", "filed"]
    assert [each["problem"]["status"] for each in answered if "problem" in each] == [422] * 4
    assert send(office, code, good).get_json()["records"] == [{"id": good["id"], "state": "known"}]
    for body in ({}, {"records": []}, {"records": [good] * 101}, {"records": ["x"]}):
        answer = office.client.post("/v1/field/records", json=body, headers={"X-Field-Code": code})
        assert answer.status_code == 422, body


def test_desk_imports_a_round_and_rolls_it_back(
    office: Office, editor: Seat, approver: Seat
) -> None:
    number, code = opened(editor)
    url = f"/desk/field/{number}"
    doors = area(office, code).get_json()["doors"]
    gone = record("gone", code=doors[1]["code"])
    new = record("new", house_number="77", note="cạnh <nhà> văn hoá", **LANG)
    send(office, code, record("right", code=doors[0]["code"]), gone, new)
    # A file saved by a phone after its code expired is accepted as well, once.
    late = record("count", code=doors[0]["code"], households_count=2)
    form = {"csrf": editor.form_token(), "file": (io.BytesIO(b"{}"), "x.json")}
    assert editor.client.post(f"{url}/file", data=form).status_code == 422
    for _ in range(2):
        body = json.dumps({"records": [late, gone]}).encode()
        form = {"csrf": editor.form_token(), "file": (io.BytesIO(body), "thuc-dia.json")}
        assert editor.client.post(f"{url}/file", data=form).status_code == 303
    page = editor.get(url).text
    assert all(text in page for text in ("77 Phố Láng", "cạnh &lt;nhà&gt; văn hoá", "1 → 2"))
    # An editor proposes new houses; what ends a code is left to an approver.
    preview = editor.post(f"{url}/take-over", url)
    assert "cần vai trò approver" in preview.text
    assert "thành đề nghị cấp mã" in preview.text
    editor.post(f"{url}/aside", url, record=gone["id"], aside="yes")
    assert editor.post(f"{url}/take-back", url).status_code == 403
    preview = approver.post(f"{url}/take-over", url)
    assert "có mã, dùng được ngay" in preview.text
    form_fields = dict(re.findall(r'name="(seen|_once|step)" value="([^"]*)"', preview.text))
    assert form_fields["step"] == "do"
    stale = approver.post(f"{url}/take-over", url, **form_fields | {"seen": "other"})
    assert stale.status_code == 412
    done = approver.post(f"{url}/take-over", url, reason="đã đối chiếu", **form_fields)
    assert (done.status_code, done.location) == (303, url)
    again = approver.post(f"{url}/take-over", url, **form_fields)
    assert again.status_code == 303
    ((code,),) = office.place.rows("SELECT code FROM household WHERE house_number = '77'")
    assert re.search(f'Đã lập:.*/desk/records/{code}"', approver.get(url).text)
    made = "SELECT status, delivery_hint FROM household WHERE house_number = '77'"
    assert office.place.rows(made) == [("active", "cạnh <nhà> văn hoá")]
    (import_id,) = office.place.rows(
        "SELECT id FROM import WHERE source = :source", source=f"field:{number}"
    )[0]
    approver.post(f"{url}/aside", url, record=gone["id"], aside="no")
    assert approver.post(f"{url}/take-back", url, **{"import": str(import_id)}).status_code == 303
    assert office.place.rows(made) == []
    assert "đã huỷ" in approver.get(url).text
    stranger = sign_in(office, office.key("nơi khác", "approver", (ELSEWHERE,)))
    assert stranger.get(url).status_code == 404
    assert f"/desk/field/{number}" not in stranger.get("/desk/field").text


def test_reports_of_a_batch_are_each_filed_once(office: Office) -> None:
    code = office.place.house("201", **LANG)
    reports = [{"once": str(uuid.uuid4()), "kind": "confirmed", "code": code}]
    reports += [{"once": str(uuid.uuid4()), "kind": "wrong_point", "code": code, **LANG}]
    bad = [{"kind": "confirmed", "code": code}, {"once": reports[0]["once"], "kind": "x"}]
    for again in (False, True):
        answer = office.client.post("/v1/batch/reports", json={"reports": [*reports, *bad]})
        answered = answer.get_json()["reports"]
        assert [each.get("problem", {}).get("status") for each in answered] == [
            None,
            None,
            422,
            422,
        ]
        assert [each["filed"]["counted"] for each in answered[:2]] == [not again, not again]
        assert [each["once"] for each in answered[:2]] == [each["once"] for each in reports]
    receipt = answered[0]["filed"]["receipt"]
    assert office.client.get(f"/v1/reports/{receipt}").get_json()["outcome"] == "waiting"
    assert office.client.post("/v1/batch/reports", json={"reports": []}).status_code == 422
    many = [{"once": str(uuid.uuid4()), "kind": "confirmed", "code": code} for _ in range(101)]
    assert office.client.post("/v1/batch/reports", json={"reports": many}).status_code == 422
