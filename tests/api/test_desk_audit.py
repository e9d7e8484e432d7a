"""The audit log in words: who did what to which code, limited to the caller's units."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from geo.code import format as code_display
from tests.support.desk import Seat, seated
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"deskaudit_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def reader(office: Office) -> Seat:
    return seated(office, "Phường Láng – xem sổ", "approver")


def lines(seat: Seat, **asked: str) -> list[str]:
    """The displayed log, line by line."""
    rows = re.findall(r"<tr><td.*?</tr>", seat.get("/desk/audit", **asked).text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in rows]


def test_line_shows_actor_action_code_and_reason(office: Office, reader: Seat) -> None:
    first = office.key("Phường Láng – nhập", "approver")
    second = office.key("Phường Láng – duyệt", "approver")
    code = office.place.house("1")
    shown = code_display(code)
    why = {"reason": "nhà đã phá dỡ", "decision_number": "12/QĐ-UBND"}
    filed = office.post("retire", first, code=code, **why)
    assert filed.status_code == 202
    url = f"{filed.headers['Location']}/approve"
    headers = {"Authorization": f"Bearer {second.secret}"}
    assert office.client.post(url, headers=headers).status_code == 200
    approved, asked = lines(reader, code=shown)
    assert "Khoá “ Phường Láng – nhập ” (người duyệt) đã gửi, chờ người thứ hai duyệt" in asked
    assert f"ngừng dùng mã {shown}" in asked
    assert f"Phường Láng – duyệt ” (người duyệt) đã duyệt: ngừng dùng mã {shown}" in approved
    for text in ("lý do: nhà đã phá dỡ", "quyết định 12/QĐ-UBND", "Phường Láng – nhập"):
        assert text in approved
    assert f'href="/desk/records/{shown}"' in reader.get("/desk/audit", code=code).text


def test_refused_and_created_records_are_found_by_code(office: Office, reader: Seat) -> None:
    code = office.place.house("3")
    office.post("retire", office.key("chỉ nhập"), code=code, reason="t")
    alone = office.key("một mình", "approver", approves_own=True)
    parts = [{"house_number": "3A"}, {"house_number": "3B"}]
    done = office.post("split", alone, code=code, reason="chia thửa", parts=parts).get_json()
    made = next(r["code_display"] for r in done["records"] if r["status"] == "active")
    (line,) = lines(reader, code=made)
    assert "đã tách mã" in line
    assert made in line
    assert "chia thửa" in line


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"operation": "verify"}, 1),
        ({"operation": "retire"}, 0),
        ({"actor": "lọc sổ", "until": "1/1/2020"}, 0),
        ({"since": "1/1/2020", "until": "31/12/9999"}, 1),
    ],
)
def test_lines_are_filtered(
    office: Office, reader: Seat, asked: dict[str, str], found: int
) -> None:
    name = f"lọc sổ {len(office.audited())}"
    code = office.place.house(f"5/{len(office.audited()) + 1}")
    office.post("verify", office.key(name), code=code)
    assert len(lines(reader, **{"actor": name} | asked)) == found


@pytest.mark.parametrize("asked", [{"code": "xyz"}, {"since": "hôm qua"}, {"until": "32/1/2026"}])
def test_invalid_filter_is_reported(reader: Seat, asked: dict[str, str]) -> None:
    assert reader.get("/desk/audit", **asked).status_code == 422


def test_approver_sees_the_events_of_its_units(office: Office, reader: Seat) -> None:
    code = office.place.house("7")
    here, there = office.key("khoá Láng"), office.key("khoá nơi khác", units=(ELSEWHERE,))
    office.post("name-street", there, commune=ELSEWHERE, street="Đường Riêng")
    office.post("verify", here, code=code)
    elsewhere = seated(office, "duyệt nơi khác", "approver", units=(ELSEWHERE,))
    assert len(lines(reader, actor="khoá Láng")) == 1
    assert lines(reader, actor="khoá nơi khác") == []
    assert len(lines(elsewhere, actor="khoá nơi khác")) == 1
    assert lines(elsewhere, code=code) == []
    assert seated(office, "người nhập Láng").get("/desk/audit").status_code == 403


def test_codes_of_other_wards_are_not_shown(office: Office, reader: Seat) -> None:
    office.place.street("Đường Ngoài", commune=ELSEWHERE)
    codes = [
        office.place.house("9"),
        office.place.house("9", "Đường Ngoài", commune=ELSEWHERE),
    ]
    office.post("issue-plates", office.key("quản trị mọi nơi", "admin"), codes=codes)
    (line,) = lines(reader, code=codes[0])
    assert code_display(codes[0]) in line
    assert code_display(codes[1]) not in line
    assert COMMUNE not in line
