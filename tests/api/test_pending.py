"""What needs a second person: 202 over HTTP, a page of the desk, and one queue for both."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from geo.code import format as code_display
from registry.access.keys import KeyMade
from tests.support.desk import Seat, hidden, seated
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"pending_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def first(office: Office) -> KeyMade:
    return office.key("Phường Láng – một", "approver")


@pytest.fixture(scope="module")
def second(office: Office) -> KeyMade:
    return office.key("Phường Láng – hai", "approver")


@pytest.fixture(scope="module")
def seat(office: Office) -> Seat:
    return seated(office, "Phường Láng – bàn", "approver")


def decide(office: Office, key: KeyMade, url: str, verb: str, **body: Any) -> TestResponse:
    return office.client.post(f"{url}/{verb}", json=body, headers=bearer(key))


def test_operation_returns_202_and_is_carried_out_when_approved(
    office: Office, first: KeyMade, second: KeyMade
) -> None:
    code = office.place.house("1")
    filed = office.post("retire", first, code=code, reason="dỡ")
    body, url = filed.get_json(), filed.headers["Location"]
    assert (filed.status_code, body["state"], body["url"]) == (202, "waiting", url)
    assert body["requests"] == [{"code": code, "reason": "dỡ"}]
    assert office.place.row(code).status == "active"
    assert body in office.get("/v1/pending-operations", second).get_json()["pending"]
    assert code_of(decide(office, first, url, "approve")) == (403, "own_proposal")
    done = decide(office, second, url, "approve")
    assert done.get_json()["records"][0]["status"] == "retired"
    after = office.get(url, first).get_json()
    assert (after["state"], after["decided_by"]) == ("done", "Phường Láng – hai")
    assert after["event_id"] == done.get_json()["event_id"]
    assert code_of(decide(office, second, url, "approve")) == (409, "pending_decided")
    assert body not in office.get("/v1/pending-operations", second).get_json()["pending"]


def test_patch_with_a_far_move_waits_for_approval(office: Office) -> None:
    code = office.place.house("3", **LANG)
    key = office.key("chuyển xa")
    etag = office.get(f"/v1/addresses/{code}", key).headers["ETag"]
    body = {"lon": LANG["lon"], "lat": LANG["lat"] + 0.003}
    response = office.client.patch(
        f"/v1/addresses/{code}", json=body, headers=bearer(key) | {"If-Match": etag}
    )
    assert (response.status_code, response.get_json()["operation"]) == (202, "move")
    assert "ETag" not in response.headers
    assert office.place.record(code).lat == pytest.approx(LANG["lat"])


def test_rotated_key_is_the_same_person(office: Office, first: KeyMade) -> None:
    url = office.post("retire", first, code=office.place.house("5"), reason="dỡ").headers[
        "Location"
    ]
    rotated = office.rotate("Phường Láng – một")
    assert code_of(decide(office, rotated, url, "approve")) == (403, "own_proposal")


def test_pending_operation_is_hidden_from_other_units(office: Office, first: KeyMade) -> None:
    url = office.post("retire", first, code=office.place.house("7"), reason="dỡ").headers[
        "Location"
    ]
    there = office.key("phường khác", "approver", units=(ELSEWHERE,))
    assert office.get(url, there).status_code == 404
    for verb in ("approve", "decline"):
        assert code_of(decide(office, there, url, verb)) == (404, "not_found")
    assert office.get("/v1/pending-operations", there).get_json() == {"pending": []}
    editor = office.key("người nhập")
    assert code_of(decide(office, editor, url, "decline")) == (403, "forbidden")
    assert code_of(decide(office, editor, url, "approve")) == (403, "forbidden")


@pytest.mark.parametrize("number", ["0", str(2**63 - 1), "9" * 30])
def test_unknown_pending_operations_are_not_found(
    office: Office, second: KeyMade, number: str
) -> None:
    for path in ("/v1/pending-operations", "/desk/proposals"):
        assert office.get(f"{path}/{number}", second).status_code == 404
    assert decide(office, second, f"/v1/pending-operations/{number}", "approve").status_code == 404


# --- at the desk ----------------------------------------------------------------------------------


def test_desk_requests_shows_and_approves_an_operation(office: Office, seat: Seat) -> None:
    code = office.place.house("9")
    path = f"/desk/records/{code_display(code)}/retire"
    preview = seat.post(path, path, **dict(hidden(seat.get(path).text)), reason="nhà đã dỡ")
    assert "cần người thứ hai" in preview.text
    assert "Gửi duyệt" in preview.text
    sent = seat.confirm(path, preview)
    assert re.fullmatch(r"/desk/proposals/\d+", sent.location)
    assert office.place.row(code).status == "active"
    own = seat.get(sent.location).text
    assert "Rút lại" in own
    assert 'value="approve"' not in own
    other = seated(office, "Phường Láng – bàn bên", "approver")
    assert "Đang chờ duyệt: ngừng dùng" in other.get(f"/desk/records/{code_display(code)}").text
    queue, page = other.get("/desk/proposals").text, other.get(sent.location).text
    assert f'href="{sent.location}"' in queue
    for each in ("nhà đã dỡ", "Phường Láng – bàn", code_display(code), "ngừng dùng", "Duyệt"):
        assert each in page
    assert office.place.row(code).status == "active"
    assert other.post(sent.location, sent.location, step="approve").status_code == 303
    assert office.place.row(code).status == "retired"
    assert "Đã duyệt và thực hiện" in seat.get(sent.location).text
    # A second click is reported and does nothing.
    assert other.post(sent.location, "/desk/field", step="approve").status_code == 303


def test_desk_declines_with_a_reason_and_withdraws(office: Office, seat: Seat) -> None:
    office.place.street("Phố Chờ")
    found = seat.get("/desk/streets", q="Phố Chờ").text
    place = re.search(r"/desk/streets/(\d+)", found)
    assert place
    path = f"/desk/streets/{place[1]}/rename"
    form = {"new_name": "Phố Đợi", "decision_number": "3/QĐ", "reason": ""}
    preview = seat.post(path, path, **form)
    seen = re.search(r'name="_seen" value="([^"]+)"', preview.text)
    assert seen
    sent = seat.post(path, path, **form, _seen=seen[1], _step="do", _once="mẫu 1")
    other = seated(office, "Phường Láng – bàn kia", "approver")
    assert "Phố Đợi" in other.get(sent.location).text
    wrong = other.post(sent.location, sent.location, step="decline", reason="gọi 0912345678")
    assert wrong.status_code == 422
    other.post(sent.location, sent.location, step="decline", reason="chưa họp dân")
    assert "chưa họp dân" in seat.get(sent.location).text
    again = seat.post(path, path, **form, _seen=seen[1], _step="do", _once="mẫu 2")
    assert again.location != sent.location
    assert seat.post(again.location, again.location, step="decline").status_code == 303
    assert "đã rút lại" in seat.get(again.location).text


def test_home_page_counts_pending_operations(office: Office, seat: Seat, first: KeyMade) -> None:
    def waiting() -> int:
        found = re.search(r"<strong>([\d.]+)</strong> việc chờ duyệt", seat.get("/desk").text)
        assert found
        return int(found[1])

    before = waiting()
    office.post("retire", first, code=office.place.house("11"), reason="dỡ")
    assert waiting() == before + 1
    office.post("propose", first, commune=COMMUNE, street="Phố Láng", house_number="13")
    assert waiting() == before + 2


def preview_of_undo(office: Office, key: KeyMade, event_id: int) -> TestResponse:
    return office.get(f"/v1/operations/undo?event_id={event_id}", key)


def test_undo_of_a_rename_is_previewed_then_needs_a_second_person(
    office: Office, first: KeyMade, second: KeyMade
) -> None:
    place = office.place
    place.street("Phố Nhầm Tên")
    code = place.house("1", "Nhầm Tên")
    names = {"commune": COMMUNE, "street": "Nhầm Tên", "new_name": "Phố Tên Khác"}
    event = place.do("rename-street", **names).event_id
    shown = preview_of_undo(office, first, event)
    assert shown.get_json() == {"removed": 0, "restored": 0, "kept": 0, "obstacles": []}

    filed = office.post("undo", first, event_id=event, reason="nhầm")
    assert (filed.status_code, place.record(code).street_name) == (202, "Tên Khác")
    done = decide(office, second, filed.headers["Location"], "approve").get_json()

    assert place.record(code).street_name == "Nhầm Tên"
    assert (done["operation"], done["streets"][0]["after"]) == ("undo", "Phố Nhầm Tên")
    assert code_of(preview_of_undo(office, first, event)) == (409, "conflict")
    assert code_of(office.post("undo", first, event_id=event, reason="nhầm")) == (409, "conflict")


def test_undo_names_later_changes_and_is_refused_to_other_units(
    office: Office, first: KeyMade
) -> None:
    place = office.place
    code = place.house("91")
    numbers = [{"old": "91", "new": "93"}]
    event = place.do(
        "renumber-street", commune=COMMUNE, street="Phố Láng", numbers=numbers
    ).event_id
    neighbour = office.key("phường bên", "approver", (ELSEWHERE,))
    assert code_of(preview_of_undo(office, neighbour, event)) == (403, "outside_units")
    refused = office.post("undo", neighbour, event_id=event, reason="nhầm")
    assert code_of(refused) == (403, "outside_units")
    assert office.post("correct", first, code=code, floor="2").status_code == 200

    (obstacle,) = preview_of_undo(office, first, event).get_json()["obstacles"]
    blocked = office.post("undo", first, event_id=event, reason="nhầm")

    assert (obstacle["code"], obstacle["about"]) == ("household_changed", code)
    assert code_of(blocked) == (409, "undo_blocked")
    assert blocked.get_json()["errors"] == [obstacle]


def fed(office: Office, key: KeyMade, after: str = "") -> tuple[dict[str, Any], str]:
    """What followers hold of each code and place, and where they stand."""
    held: dict[str, Any] = {}
    more = True
    while more:
        path = f"/v1/changes?{urlencode({'after': after} if after else {})}"
        page = office.get(path, key).get_json()
        for entry in page["entries"]:
            name = str(entry.get("code") or (entry["type"], entry.get("id")))
            held[name] = {n: v for n, v in entry.items() if n in _HELD}
        after, more = page["cursor"], page["more"]
    return held, after


_HELD = ("type", "code", "label", "address", "street", "house_number", "status", "kind", "name")


def test_followers_are_restored_after_an_undo(office: Office, first: KeyMade) -> None:
    place = office.place
    place.street("Phố Một Nửa")
    place.street("Phố Nửa Kia")
    code = place.house("1", "Một Nửa")
    before, cursor = fed(office, first)
    names = {"commune": COMMUNE, "street": "Một Nửa", "into": "Nửa Kia", "reason": "tests"}
    event = place.do("merge-street", **names).event_id
    merged, later = fed(office, first, cursor)
    assert merged[code] != before[code]

    place.do("undo", event_id=event, reason="nhầm")

    undone, _ = fed(office, first, later)
    assert undone[code] == before[code]
    assert {
        name: value for name, value in fed(office, first)[0].items() if name in before
    } == before
