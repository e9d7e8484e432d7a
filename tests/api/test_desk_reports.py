"""Reports at the desk: filed with a receipt, reviewed, decided, and shown to the reporter."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from geo.code import format as code_display
from registry.lifecycle.reports import receipts
from tests.support.desk import Seat, seated
from tests.support.keys import Office, bearer
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG

FAR = {"lon": 108.2, "lat": 16.06}
"""Where no boundary and no door is: Đà Nẵng."""


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"desk_reports_{worker_id}") as made:
        made.place.house("1", **LANG)
        yield made


@pytest.fixture(autouse=True)
def another_day(office: Office) -> None:
    office.place.rows("DELETE FROM field_report_voice RETURNING 1")


@pytest.fixture(scope="module")
def editor(office: Office) -> Seat:
    return seated(office, "cán bộ Láng")


def file(office: Office, key: Any = None, **fields: Any) -> dict[str, Any]:
    response = office.client.post("/v1/reports", json=fields, headers=bearer(key))
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def house(office: Office) -> str:
    number = office.place.rows("SELECT 100 + count(*) FROM household")[0][0]
    return office.place.house(str(number), **LANG)


def state(office: Office, report_id: int) -> str:
    return str(office.place.rows("SELECT state FROM field_report WHERE id = :i", i=report_id)[0][0])


def test_reporter_reads_the_outcome_by_receipt(office: Office, editor: Seat) -> None:
    code = house(office)
    one, other = (file(office, kind="confirmed", code=code) for _ in range(2))
    assert (one["id"], other["counted"]) == (other["id"], False)
    assert one["receipt"] != other["receipt"]
    waiting = office.client.get(f"/v1/reports/{one['receipt']}").get_json()
    assert (waiting["outcome"], waiting["word"], waiting["decided_at"]) == ("waiting", None, None)
    done = editor.post(f"/desk/reports/{one['id']}", decision="reject", word="nhà có trong <ngõ>")
    assert (done.status_code, done.location) == (303, "/desk/reports")
    assert state(office, one["id"]) == "rejected"
    for each in (one, other):
        response = office.client.get(f"/v1/reports/{each['receipt']}")
        assert response.headers["Cache-Control"] == "no-store"
        assert response.get_json()["outcome"] == "rejected"
        page = office.client.get(f"/reports/{each['receipt']}")
        assert all(text in page.text for text in ("Không chấp nhận", "nhà có trong &lt;ngõ&gt;"))
        assert "cán bộ Láng" not in page.text
        assert page.headers["Referrer-Policy"] == "no-referrer"
    stored = office.place.rows("SELECT token_hash FROM field_report_receipt")
    assert one["receipt"] not in repr(stored)
    for none in ("x" * 22, "x" * 500, "Láng", one["receipt"].lower()):
        assert office.client.get(f"/v1/reports/{none}").status_code == 404, none


def test_receipts_expire_after_a_year_and_repeated_reports_keep_few(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "_MOST_AGAIN", 3)
    code = house(office)
    given = [file(office, kind="confirmed", code=code)["receipt"] for _ in range(6)]
    found = [office.client.get(f"/v1/reports/{each}").status_code for each in given]
    assert found == [404, 404, 404, 200, 200, 200]
    office.by_owner("UPDATE field_report_receipt SET given_at = given_at - interval '367 days'")
    assert office.client.get(f"/v1/reports/{given[-1]}").status_code == 404
    file(office, kind="confirmed", code=house(office))
    assert office.place.rows("SELECT count(*) FROM field_report_receipt") == [(1,)]


def test_carriers_list_only_their_own_reports(office: Office, editor: Seat) -> None:
    post, rival = office.key("bưu điện", "carrier"), office.key("hãng khác", "carrier")
    first, second = (
        file(office, post, kind="no_such_house", code=house(office))["id"] for _ in range(2)
    )
    theirs = file(office, rival, kind="confirmed", code=house(office))["id"]
    editor.post(f"/desk/reports/{first}", decision="reject", word="mời xem lại")
    mine = office.get("/v1/reports/mine", post).get_json()["reports"]
    assert [(each["id"], each["outcome"]) for each in mine] == [
        (second, "waiting"),
        (first, "rejected"),
    ]
    assert mine[1]["word"] == "mời xem lại"
    older = office.get(f"/v1/reports/mine?before={second}", post).get_json()["reports"]
    assert [each["id"] for each in older] == [first]
    assert [e["id"] for e in office.get("/v1/reports/mine", rival).get_json()["reports"]] == [
        theirs
    ]
    assert office.client.get("/v1/reports/mine").status_code == 401
    page = seated(office, "bưu cục", "carrier").get("/desk/my-reports").text
    assert "Chưa gửi báo cáo nào" in page


def test_equal_and_similar_reports_are_grouped(office: Office, editor: Seat) -> None:
    code = house(office)
    point = {"lon": 105.8063, "lat": 21.0214}
    together = [
        file(office, kind="confirmed", code=code),
        file(office, kind="wrong_point", code=code, **point),
        file(office, kind="no_such_house", code=code),
    ]
    here = {"lon": 105.8071, "lat": 21.0219}
    new = [
        file(office, kind="new_house", **here),
        file(office, kind="new_house", address="777 Láng", **here),
    ]
    page = editor.get("/desk/reports").text
    groups = re.findall(r'<li class="box">(.*?)</li>\s*(?=<li class="box">|</ol>)', page, re.S)
    ids = [{int(each) for each in re.findall(r'name="report" value="(\d+)"', g)} for g in groups]
    assert {each["id"] for each in together} in ids
    assert {each["id"] for each in new} in ids
    assert "3 báo cáo có thể về cùng một nhà" in page
    assert 'data-lon="105.8063"' in page
    for query, found in (
        ({"kind": "new_house"}, {new[0]["id"], new[1]["id"]}),
        ({"street": "Phố Láng", "kind": "new_house"}, {new[1]["id"], new[0]["id"]}),
        ({"street": "Lê Lợi"}, set()),
        ({"unit": COMMUNE, "kind": "wrong_point"}, {each["id"] for each in together}),
        ({"state": "rejected", "kind": "wrong_point"}, set()),
    ):
        shown = editor.get("/desk/reports", **query).text
        assert {int(each) for each in re.findall(r'name="report" value="(\d+)"', shown)} == found


def test_bulk_decision_reports_what_cannot_be_decided(office: Office, editor: Seat) -> None:
    codes = [house(office) for _ in range(3)]
    right = [file(office, kind="confirmed", code=code)["id"] for code in codes[:2]]
    stale = file(office, kind="wrong_point", code=codes[2], lon=105.8064, lat=21.0215)["id"]
    office.place.do("move", code=codes[2], lon=105.8065, lat=21.0212)
    none = editor.post("/desk/reports/decide", report="9" * 5_000, decision="accept", word="x")
    assert (none.status_code, "chưa chọn" in none.text) == (422, True)
    silent = editor.post("/desk/reports/decide", report=right, decision="reject")
    assert (silent.status_code, "hãy viết cho người báo" in silent.text) == (422, True)
    assert f'value="{right[0]}" checked' in silent.text
    done = editor.post("/desk/reports/decide", report=[*right, stale], decision="accept")
    assert done.status_code == 409
    assert "Đã xử lý 2" in done.text
    assert "đã sửa sau báo cáo này" in done.text
    assert [state(office, each) for each in (*right, stale)] == ["accepted", "accepted", "open"]
    # The report's page shows the record's current state, so accepting it there is allowed.
    page = editor.get(f"/desk/reports/{stale}").text
    seen = re.search(r'name="event_id" value="(\d+)"', page)
    assert seen is not None
    office.place.do("move", code=codes[2], lon=105.80651, lat=21.0212)
    again = editor.post(
        f"/desk/reports/{stale}", decision="accept", event_id=seen[1], word="đã đo lại"
    )
    assert (again.status_code, 'value="đã đo lại"' in again.text) == (409, True)
    now = re.search(r'name="event_id" value="(\d+)"', again.text)
    assert now is not None
    fields = {"decision": "accept", "event_id": now[1]}
    assert editor.post(f"/desk/reports/{stale}", **fields).status_code == 303
    # A double click, or a second editor.
    twice = editor.post(f"/desk/reports/{stale}", **fields)
    assert (twice.status_code, "đã xử lý báo cáo" in twice.text) == (409, True)


def test_editor_proposes_to_retire_and_an_approver_decides(office: Office, editor: Seat) -> None:
    code = house(office)
    filed = file(office, kind="no_such_house", code=code)
    assert "đề nghị ngừng dùng mã" in editor.get(f"/desk/reports/{filed['id']}").text
    editor.post(f"/desk/reports/{filed['id']}", decision="accept")
    answer = office.client.get(f"/v1/reports/{filed['receipt']}").get_json()
    assert (answer["outcome"], answer["decided_at"]) == ("waiting", None)
    approver = seated(office, "lãnh đạo Láng", "approver")
    assert "mã ngừng dùng" in approver.get("/desk/reports", state="proposed").text
    approver.post(f"/desk/reports/{filed['id']}", decision="accept", word="đã phá dỡ")
    assert office.client.get(f"/v1/addresses/{code}").status_code == 410


def test_new_house_without_a_known_commune_goes_to_the_province(
    office: Office, editor: Seat
) -> None:
    filed = file(office, kind="new_house", **FAR)
    assert filed["commune"]["code"] == "48"
    province = seated(office, "thành phố Đà Nẵng", units=("48",))
    shown = province.get("/desk/reports").text
    assert f'value="{filed["id"]}"' in shown
    assert f'value="{filed["id"]}"' not in editor.get("/desk/reports").text
    for seat in (editor, seated(office, "một phường", units=(ELSEWHERE,))):
        assert seat.get(f"/desk/reports/{filed['id']}").status_code == 403
        assert seat.post(f"/desk/reports/{filed['id']}", decision="accept").status_code == 403
    path = f"/desk/reports/{filed['id']}"
    page = province.get(path).text
    communes = re.findall(r'<option value="(\d{5})">', page)
    asked = province.post(path, decision="accept", word="đã xem")
    assert (asked.status_code, "chưa rõ xã" in asked.text) == (422, True)
    abroad = province.post(path, decision="accept", commune=COMMUNE)
    assert abroad.status_code == 403
    names = {"commune": communes[0], "locality": "Thôn 1"}
    wrong = province.post(path, decision="accept", **names)
    assert (wrong.status_code, 'value="Thôn 1"' in wrong.text) == (422, True)
    office.place.do("name-locality", **names)
    assert province.post(path, decision="accept", **names).status_code == 303
    answer = office.client.get(f"/v1/reports/{filed['receipt']}").get_json()
    assert (answer["outcome"], answer["code"] is not None) == ("accepted", True)
    listed = province.get("/desk/proposals").text
    assert answer["code"]["code_display"] in listed
    assert f'href="/desk/records/{answer["code"]["code"]}"' in listed


def test_viewer_reads_the_queue_and_decides_nothing(office: Office) -> None:
    filed = file(office, kind="confirmed", code=house(office))
    viewer = seated(office, "Sở Xây dựng", "viewer", units=("01",))
    page = viewer.get("/desk/reports")
    assert (page.status_code, 'name="report"' in page.text) == (200, False)
    assert viewer.post(f"/desk/reports/{filed['id']}", decision="accept").status_code == 403
    assert viewer.post("/desk/reports/decide", report=filed["id"]).status_code == 403
    carrier = seated(office, "người đưa thư", "carrier")
    assert carrier.get("/desk/reports").status_code == 403
    assert carrier.get("/desk/proposals").status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"state": "lost"}, 422),
        ({"kind": "gossip"}, 422),
        ({"unit": ELSEWHERE}, 403),
        ({"unit": "99999"}, 404),
        ({"after": "x"}, 422),
        ({"after": "1.1"}, 200),
        ({"street": "<script>alert(1)</script>"}, 200),
        ({"street": "=cmd()\0"}, 400),
        ({"street": "a" * 201}, 422),
    ],
)
def test_invalid_filters_are_reported(editor: Seat, query: dict[str, str], status: int) -> None:
    response = editor.get("/desk/reports", **query)
    assert response.status_code == status
    assert "<script>alert" not in response.text


def test_decisions_are_audited(office: Office, editor: Seat) -> None:
    filed = file(office, kind="confirmed", code=house(office))
    editor.post("/desk/reports/decide", report=filed["id"], decision="accept")
    entry = office.audited()[-1]
    assert (entry["endpoint"], entry["actor"], entry["count"], entry["units"]) == (
        *("POST /desk/reports/decide", "cán bộ Láng", 1, [COMMUNE]),
    )
    assert entry["event_id"] is not None
    assert code_display(filed["code"]["code"]) not in repr(entry)
