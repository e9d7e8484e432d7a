"""Records at the desk: the list, the page of a record, and operations with their preview."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.core.endpoint import facts_of
from geo.code import format as code_display
from registry.core.roles import Role
from registry.lifecycle.table import OPERATIONS
from tests.support.desk import Seat, hidden, seated
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG

LIST = f"/desk/records?unit={COMMUNE}"
_numbers = iter(range(1001, 9999, 2))
_names = iter(range(10**6))


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"desk_records_{worker_id}") as made:
        made.place.do("name-street", commune=ELSEWHERE, street="Đường Xa")
        yield made


@pytest.fixture(scope="module")
def approver(office: Office) -> Seat:
    return signed_in(office, "approver", approves_own=True)


def signed_in(office: Office, role: Role = "editor", **more: Any) -> Seat:
    return seated(office, f"{role} {next(_names)}", role, **more)


def house(office: Office, **more: Any) -> str:
    return office.place.house(str(next(_numbers)), **more)


def page_of(code: str, operation: str = "") -> str:
    return f"/desk/records/{code_display(code)}" + (f"/{operation}" if operation else "")


def shown(response: TestResponse) -> str:
    """The text of a page, without its marks."""
    main = response.text.partition("<main")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def fill(seat: Seat, path: str, **fields: Any) -> dict[str, Any]:
    """The form of a page as rendered, with some fields filled in."""
    page = seat.client.get(path).text.rpartition("<form")[2]
    drawn = re.findall(r'<input [^>]*name="([^"]+)" value="([^"]*)"', page)
    drawn += re.findall(r'name="([^"]+)"[^>]*>(?:<option[^>]*>[^<]*</option>)*?'
                        r'<option value="([^"]*)" selected', page)  # fmt: skip
    held = {unescape(name): unescape(value) for name, value in drawn if name != "restricted"}
    return held | fields


def preview(seat: Seat, path: str, **fields: Any) -> TestResponse:
    return seat.client.post(path, data=fill(seat, path, **fields))


def events(office: Office) -> int:
    return int(office.place.rows("SELECT count(*) FROM event")[0][0])


def test_record_is_shown_with_its_number_before_july_2025(office: Office) -> None:
    """Not today's number on the old commune."""
    code = office.place.house("6601", former_commune="00187", **LANG)
    public = f"/v1/addresses/{code}"
    before = office.client.get(public).get_json()["label_before_2025_07"]
    assert before.startswith("6601 ")
    office.place.do("renumber", code=code, house_number="6603")
    assert office.client.get(public).get_json()["label_before_2025_07"] == before
    page = shown(signed_in(office).get(page_of(code)))
    assert "6603 " in page
    assert before in page


# --- the list ------------------------------------------------------------------------------------


def test_list_shows_the_commune_and_links_its_records(office: Office) -> None:
    code, without = house(office, **LANG), house(office)
    seat = signed_in(office, "viewer")
    page = seat.get("/desk/records")
    assert "Phường Láng" in shown(page)
    assert page_of(code) in page.text
    assert 'name="record"' not in page.text
    listed = seat.get("/desk/records", unit=COMMUNE, q=office.place.row(code).house_number)
    assert page_of(code) in listed.text
    assert page_of(without) not in listed.text
    assert seat.get("/desk/records", q=code_display(code).lower()).location == page_of(code)
    bore = office.place.row(code).house_number
    office.place.do("renumber", code=code, house_number=f"{bore}B")
    former = seat.get("/desk/records", unit=COMMUNE, q=f"{bore} láng")
    assert f"(số cũ {bore})" in shown(former)
    assert page_of(code) in former.text
    points = seat.get("/desk/records/points", unit=COMMUNE).get_json()["points"]
    assert code in [point[2] for point in points]
    assert without not in [point[2] for point in points]
    assert seat.get("/desk/records/boundary", unit=COMMUNE).get_json()["type"] == "Feature"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"q": "!!!"}, 422),
        ({"street": "x"}, 422),
        ({"status": "mất"}, 422),
        ({"unit": "99999"}, 422),
        ({"unit": ELSEWHERE}, 403),
        ({"after": "không mã"}, 200),
    ],
)
def test_invalid_query_is_reported(
    office: Office, approver: Seat, query: dict[str, str], status: int
) -> None:
    page = approver.get("/desk/records", **{"unit": COMMUNE, **query})
    assert page.status_code == status
    assert ('role="alert"' in page.text) == (status != 200)
    assert approver.get("/desk/records/points").status_code in (200, 422)


def test_user_of_several_communes_chooses_one(office: Office) -> None:
    seat = signed_in(office, "admin", approves_own=True)
    assert "/desk/records?unit=01" in seat.get("/desk/records").text
    assert LIST in seat.get("/desk/records", unit="01").text
    assert seat.get(LIST).status_code == 200


# --- the page of one -----------------------------------------------------------------------------


def test_page_shows_the_history_and_state_of_a_record(office: Office, approver: Seat) -> None:
    code = house(office, **LANG)
    office.place.do("renumber", code=code, house_number="7001", decision_number="9/QĐ")
    page = approver.get(page_of(code))
    found = shown(page)
    assert all(part in found for part in ("7001 Phố Láng", "đổi số nhà", "9/QĐ", "đang dùng"))
    assert page_of(code, "retire") in page.text
    clerk = signed_in(office)
    assert page_of(code, "move") in clerk.get(page_of(code)).text
    assert page_of(code, "retire") not in clerk.get(page_of(code)).text
    assert "Ngừng dùng cần người duyệt" in shown(clerk.get(page_of(code)))
    viewer = signed_in(office, "viewer").get(page_of(code))
    assert page_of(code, "verify") not in viewer.text
    assert "Xác minh cần người nhập" in shown(viewer)
    assert clerk.get(f"/desk/records/{code.lower()}").location == page_of(code)
    assert clerk.get("/desk/records/1000-0014").status_code == 404


def test_record_of_another_commune_is_refused_and_audited(office: Office) -> None:
    there = office.place.house("1", "Đường Xa", commune=ELSEWHERE)
    seat = seated(office, "người Láng", "approver")
    for path in (page_of(there), page_of(there, "retire"), page_of(there, "correct")):
        assert seat.get(path).status_code == 403
    token = seat.form_token(LIST)
    for path in (page_of(there, "retire"), "/desk/records/several/retire"):
        form = {"csrf": token, "reason": "dỡ", "_step": "do", "record": f"{there}.1", "_seen": "1"}
        assert seat.client.post(path, data=form).status_code == 403
    # A new record there, and ours brought there.
    new = {"commune": ELSEWHERE, "street": "Đường Xa", "house_number": "3", "csrf": token}
    assert seat.client.post("/desk/records/new/propose", data=new).status_code == 403
    assert office.place.row(there).status == "active"
    mine = [e for e in office.audited() if e["actor"] == "người Láng" and e["status"] == 403]
    assert {e["outcome"] for e in mine} == {"outside_units"}
    assert len(mine) == 6


# --- operations ----------------------------------------------------------------------------------


def test_every_operation_has_an_endpoint_of_its_role(office: Office) -> None:
    roles = {
        rule.endpoint.partition(".")[2]: facts_of(office.app, rule.endpoint).role
        for rule in office.app.url_map.iter_rules()
        if rule.rule.startswith("/desk/") and "POST" in (rule.methods or ())
    }
    for operation in OPERATIONS:
        named = operation.kind if operation.name != "reserve" else "new_reserve"
        assert roles[named] == operation.role, operation.name


def _act(office: Office, seat: Seat, operation: str, code: str, **fields: Any) -> TestResponse:
    """Preview and confirm; the preview writes nothing, and the answer is the page afterwards."""
    path = page_of(code, operation)
    before = events(office)
    page = preview(seat, path, **fields)
    assert page.status_code == 200, shown(page)
    assert "Chưa ghi gì" in shown(page)
    assert events(office) == before
    answer = seat.confirm(path, page)
    assert answer.status_code == 303, shown(answer)
    assert events(office) == before + 1
    return page


@pytest.mark.parametrize(
    ("operation", "fields", "expected", "column", "value"),
    [
        ("verify", {"on": "2026-11-02"}, "Xác minh ngày: – → 02/11/2026", "verified_on", None),
        ("correct", {"delivery_hint": "=cmd()"}, "– → =cmd()", "delivery_hint", "=cmd()"),
        ("correct", {"house_number": "8001B"}, "8001B Phố Láng", "house_number", "8001B"),
        ("correct", {"lon": "105,8061", "lat": "21.0212"}, "105.806100", "position_method", "gps"),
        ("move", {"lon": "105.8062", "lat": "21.0212"}, "21.021200", "status", "active"),
        (
            "renumber",
            {"house_number": "8003", "decision_number": "12/QĐ"},
            "12/QĐ",
            "house_number",
            "8003",
        ),
        ("retire", {"reason": "đã dỡ"}, "ngừng dùng", "status", "retired"),
        ("replace", {"reason": "biển sai"}, "mã mới", "status", "retired"),
        (
            "split",
            {"reason": "chia", "parts.0.house_number": "8005A", "parts.1.house_number": "8005B"},
            "8005B Phố Láng",
            "status",
            "retired",
        ),
    ],
)
def test_operation_is_shown_before_it_is_done(
    office: Office,
    approver: Seat,
    operation: str,
    fields: Any,
    expected: str,
    column: str,
    value: Any,
) -> None:
    code = house(office, **LANG)
    assert expected in shown(_act(office, approver, operation, code, **fields))
    row = office.place.row(code)
    if value is not None:
        assert getattr(row, column) == value
    # Nothing else was touched by a form that shows it all.
    assert (row.households_count, row.restricted) == (1, False)
    if operation != "correct":
        assert row.delivery_hint is None


def test_fields_cleared_with_a_new_point_are_cleared(office: Office, approver: Seat) -> None:
    code = house(office, **LANG)
    office.place.do("correct", code=code, delivery_hint="cổng xanh")
    path = page_of(code, "correct")
    shown = preview(approver, path, lon="105.8061", lat="21.0212", delivery_hint="")
    approver.confirm(path, shown)
    assert office.place.row(code).delivery_hint is None
    assert office.place.record(code).lon == 105.8061


def test_far_move_needs_confirmation(office: Office, approver: Seat) -> None:
    code = house(office, **LANG)
    path = page_of(code, "move")
    near = preview(approver, path, lon="105.8062", lat="21.0211")
    assert "cách vị trí đang ghi 21 m" in shown(near)
    assert 'name="_sure"' not in near.text
    far = preview(approver, path, lon="105.8162", lat="21.0211")
    assert "cách vị trí đang ghi 1,1 km" in shown(far)
    assert "nhà ở cách xa" in shown(approver.confirm(path, far))
    assert office.place.record(code).lon == LANG["lon"]
    form = dict(hidden(far.text)) | {"_step": "do", "_sure": "1"}
    assert approver.client.post(path, data=form).status_code == 303


def test_records_are_merged_reinstated_and_bound(office: Office, approver: Seat) -> None:
    one, other = house(office), house(office)
    ticks = [f"{code}.{office.place.row(code).event_id}" for code in (one, other)]
    ticked = {"csrf": approver.form_token(LIST), "record": ticks, "back": LIST}
    choice = approver.client.post("/desk/records/several/merge", data=ticked)
    starts = re.search(rf'href="({page_of(one, "merge")}[^"]+)"', choice.text)
    assert starts is not None
    assert f">{code_display(other)}</textarea>" in approver.get(unescape(starts[1])).text
    alone = ticked | {"record": ticks[:1]}
    assert approver.client.post("/desk/records/several/merge", data=alone).status_code == 422
    page = _act(office, approver, "merge", one, codes=code_display(other), reason="thông nhau")
    assert "2 hộ ở đó" in shown(page)
    assert office.place.row(other).status == "retired"
    assert code_display(one) in approver.get(page_of(other)).text
    _act(office, approver, "reinstate", other, reason="nhầm")
    assert office.place.row(other).status == "active"
    held = office.place.do("reserve", count=1, commune=COMMUNE).records[0].code
    number = str(next(_numbers))
    _act(office, approver, "activate", held, commune=COMMUNE, street="láng", house_number=number)
    assert office.place.record(held).label_parts.number_key == number


def test_codes_are_reserved_once_however_often_the_form_is_sent(
    office: Office, approver: Seat
) -> None:
    path = "/desk/records/new/reserve"
    page = preview(approver, path, count="3", reason="in biển", commune=COMMUNE)
    assert "Giữ 3 mã mới" in shown(page)
    first, second = approver.confirm(path, page), approver.confirm(path, page)
    assert (first.status_code, second.status_code) == (303, 303)
    assert "status=reserved" in first.location
    found = office.place.rows("SELECT count(*) FROM household WHERE status = 'reserved'"
                              " AND event_id = (SELECT max(id) FROM event)")  # fmt: skip
    assert found == [(3,)]
    assert "đã giữ" in shown(approver.get(first.location))
    assert preview(approver, path, count="0", commune=COMMUNE).status_code == 422


def test_proposal_needs_a_second_person_unless_the_office_has_one(
    office: Office, approver: Seat
) -> None:
    proposer = seated(office, "đề nghị rồi duyệt", "approver")
    alone = signed_in(office, "approver", approves_own=True)

    def propose(seat: Seat) -> str:
        path, number = "/desk/records/new/propose", str(next(_numbers))
        page = preview(seat, path, commune=COMMUNE, street="Phố Láng", house_number=number)
        done = seat.confirm(path, page)
        return str(done.location.rpartition("/")[2])

    own = propose(proposer)
    refused = preview(proposer, page_of(own.replace("-", ""), "activate"))
    assert refused.status_code == 403
    assert "own_proposal" in refused.text
    assert office.audited()[-1]["outcome"] == "own_proposal"
    _act(office, approver, "activate", own.replace("-", ""))
    _act(office, alone, "activate", propose(alone).replace("-", ""))
    turned_down = propose(proposer).replace("-", "")
    assert "Từ chối đề nghị" in shown(approver.get(page_of(turned_down)))
    _act(office, approver, "retire", turned_down, reason="không có nhà này")


def test_concurrent_edits_are_not_lost(office: Office, approver: Seat) -> None:
    code = house(office)
    path = page_of(code, "correct")
    form = fill(approver, path, households_count="4", house_number="9001")
    office.place.do("correct", code=code, delivery_hint="cổng xanh", house_number="9003")
    late = approver.client.post(path, data=form)
    assert late.status_code == 412
    assert office.audited()[-1]["outcome"] == "stale"
    found = shown(late)
    assert "hiện là 9003" in found
    assert "tests" in found
    assert 'name="house_number" value="9001"' in late.text
    # What he did not touch is as the other left it.
    assert 'name="delivery_hint" value="cổng xanh"' in late.text
    again = approver.client.post(path, data=_drawn(late))
    assert again.status_code == 200
    assert "cổng xanh" not in shown(again)
    assert approver.confirm(path, again).status_code == 303
    row = office.place.row(code)
    assert (row.house_number, row.households_count, row.delivery_hint) == ("9001", 4, "cổng xanh")
    # Sent again, it is reported as written and not as a conflict with itself.
    assert approver.confirm(path, again).location == page_of(code)
    # Between the preview and the confirmation.
    page = preview(approver, page_of(code, "retire"), reason="dỡ")
    office.place.do("verify", code=code)
    assert approver.confirm(page_of(code, "retire"), page).status_code == 412
    assert office.place.row(code).status == "active"


def _drawn(response: TestResponse) -> dict[str, str]:
    form = response.text.rpartition("<form")[2]
    found = re.findall(r'<input [^>]*name="([^"]+)" value="([^"]*)"', form)
    return {unescape(n): unescape(v) for n, v in found if n != "restricted"}


@pytest.mark.parametrize(
    ("operation", "fields", "expected"),
    [
        ("move", {"lon": "106.7", "lat": "10.77"}, "ở ngoài xã, phường, cách trụ sở"),
        ("move", {"lon": "21.0", "lat": "105.8"}, "đổi chỗ"),
        ("move", {"lon": "một", "lat": "hai"}, "phải là số"),
        ("correct", {}, "không có gì để sửa"),
        ("correct", {"street": "<script>alert(1)</script>"}, "chưa có trong xã, phường"),
        ("correct", {"delivery_hint": "gọi 0912 345 678"}, "xin đừng ghi số điện thoại"),
        ("correct", {"households_count": "-1"}, "phải từ 1 trở lên"),
        ("renumber", {"house_number": ""}, "còn thiếu"),
        ("retire", {"reason": " "}, "còn thiếu"),
        ("merge", {"codes": "1000-0014", "reason": "x"}, "không có mã"),
        ("split", {"reason": "x", "_parts": "nhiều"}, "cần ít nhất"),
        ("verify", {"on": "2999-01-01"}, "chưa tới"),
    ],
)
def test_invalid_input_is_reported_in_the_filled_in_form(
    office: Office, approver: Seat, operation: str, fields: dict[str, str], expected: str
) -> None:
    code = house(office, **LANG)
    before = events(office)
    answer = preview(approver, page_of(code, operation), **fields)
    assert answer.status_code in (404, 409, 422), shown(answer)
    assert expected in shown(answer)
    assert "<script>alert" not in answer.text
    assert events(office) == before
    for name, value in fields.items():
        if answer.status_code == 422 and name not in ("_parts", "reason"):
            assert unescape(answer.text).count(value or 'value=""'), name


def test_duplicate_address_can_be_confirmed(office: Office, approver: Seat) -> None:
    one, other = house(office), house(office)
    number = office.place.row(one).house_number
    refused = preview(approver, page_of(other, "renumber"), house_number=number)
    assert refused.status_code == 409
    assert page_of(one) in refused.text
    assert 'name="same_address"' in refused.text
    _act(office, approver, "renumber", other, house_number=number, same_address="1")


def test_operation_of_a_higher_role_is_refused_and_audited(office: Office) -> None:
    code, clerk = house(office), seated(office, "chỉ nhập")
    token = clerk.form_token(LIST)
    for path in (page_of(code, "retire"), "/desk/records/several/retire"):
        form = {"csrf": token, "reason": "x", "_step": "do", "record": f"{code}.1"}
        refused = clerk.client.post(path, data=form)
        assert refused.status_code == 403
        assert "không thuộc quyền người nhập" in shown(refused)
        assert office.audited()[-1]["outcome"] == "forbidden"
    assert office.place.row(code).status == "active"


# --- several -------------------------------------------------------------------------------------


def test_bulk_operation_reports_the_records_that_cannot_be_changed(
    office: Office, approver: Seat
) -> None:
    codes = [house(office) for _ in range(3)]
    seen = {code: office.place.row(code).event_id for code in codes}
    office.place.do("correct", code=codes[0], delivery_hint="ngõ sau")
    path, token = "/desk/records/several/retire", approver.form_token(LIST)
    ticked: dict[str, Any] = {
        "csrf": token,
        "record": [f"{code}.{seen[code]}" for code in codes],
        "back": LIST,
    }
    form = approver.client.post(path, data=ticked)
    assert form.status_code == 200
    assert all(page_of(code) in form.text for code in codes)
    missing = approver.client.post(path, data=ticked | {"_step": "preview"})
    assert missing.status_code == 422
    assert "còn thiếu" in shown(missing)
    response = approver.client.post(path, data=ticked | {"_step": "preview", "reason": "giải toả"})
    found = shown(response)
    assert "Không thực hiện được với 1 mã" in found
    assert "đã có người sửa sau khi bạn xem" in found
    assert "2 hộ ở đó" in found
    before = events(office)
    answer = approver.confirm(path, response)
    assert (answer.status_code, answer.location) == (303, LIST)
    assert events(office) == before + 1
    assert [office.place.row(code).status for code in codes] == ["active", "retired", "retired"]
    assert approver.confirm(path, response).status_code == 303
    assert events(office) == before + 1
    # One record changed between preview and confirmation: none is written.
    rest = ticked | {"record": [f"{codes[0]}.{office.place.row(codes[0]).event_id}"]}
    last = approver.client.post(path, data=rest | {"_step": "preview", "reason": "giải toả"})
    office.place.do("verify", code=codes[0])
    late = approver.confirm(path, last)
    assert late.status_code == 409
    assert "giải toả" in late.text
    assert office.place.row(codes[0]).status == "active"
    assert approver.client.post(path, data={"csrf": token}).status_code == 422
    for back in ("https://elsewhere.vn/desk/records", "/desk/records\r\nX-Bad: 1"):
        led = approver.client.post(path, data=ticked | {"back": back})
        assert 'name="back" value="/desk/records"' in led.text
