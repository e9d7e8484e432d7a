"""Keys at the desk: made, narrowed, exchanged and revoked by an administrator."""

import re
from collections.abc import Iterator

import pytest

from tests.support.desk import Seat, seated
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE

SECRET = re.compile(r"dcs_[0-9A-Za-z]{36}")


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"deskkeys_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def admin(office: Office) -> Seat:
    return seated(office, "Sở Nội vụ", "admin")


def number_of(office: Office, name: str) -> int:
    return dict(office.place.rows("SELECT name, id FROM api_key"))[name]


def test_new_key_is_shown_once(office: Office, admin: Seat) -> None:
    form = {"name": "UBND phường Láng", "role": "approver", "units": f" {COMMUNE}, {COMMUNE} "}
    made = admin.post("/desk/keys", "/desk/keys", **form, alone="on")
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    secret = SECRET.search(made.text)
    assert secret
    held = office.get("/v1/whoami", secret[0]).get_json()
    assert (held["name"], held["role"]) == ("UBND phường Láng", "approver")
    assert [unit["code"] for unit in held["units"]] == [COMMUNE]
    listed = admin.get("/desk/keys", q="phường láng").text
    assert "UBND phường Láng" in listed
    assert "một người" in listed
    assert not SECRET.search(listed)
    expected = {e["endpoint"] for e in office.audited() if e["actor"] == "Sở Nội vụ"}
    assert {"keys create: UBND phường Láng", "keys alone: UBND phường Láng"} <= expected
    # The same form again makes no second key, and keeps the typed values.
    again = admin.post("/desk/keys", "/desk/keys", **form)
    assert again.status_code == 409
    assert f'value=" {COMMUNE}, {COMMUNE} "' in again.text


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"name": "", "role": "editor", "units": COMMUNE}, "tên tổ chức"),
        ({"name": "a", "role": "boss"}, "vai trò"),
        ({"name": "a", "role": "editor"}, "cần mã xã"),
        ({"name": "a", "role": "editor", "units": "99999"}, "99999"),
        ({"name": "a", "role": "viewer", "expires": "01/01/2020"}, "đã qua"),
        ({"name": "<b>", "role": "viewer", "expires": "x"}, "không đọc được"),
    ],
)
def test_invalid_key_request_is_reported(
    office: Office, admin: Seat, form: dict[str, str], expected: str
) -> None:
    refused = admin.post("/desk/keys", "/desk/keys", **form)
    assert refused.status_code == 422
    assert expected in refused.text
    assert "<b>" not in refused.text
    assert ("a",) not in office.place.rows("SELECT name FROM api_key")


def test_key_is_narrowed_rotated_and_revoked(office: Office, admin: Seat) -> None:
    former = office.key("khoá chia", "approver", units=("01",))
    number = number_of(office, "khoá chia")
    here = f"/desk/keys/{number}"
    office.by_owner("UPDATE api_key_unit SET widened_by_event_id = 1 WHERE key_id = :id", id=number)
    assert "cần thu hẹp" in admin.get(here).text
    assert "khoá chia" in admin.get("/desk/keys", state="widened").text
    assert admin.post(f"{here}/units", here, units="").status_code == 422
    assert admin.post(f"{here}/units", here, units=COMMUNE).status_code == 303
    assert "cần thu hẹp" not in admin.get(here).text
    assert admin.post(f"{here}/alone", here, alone="yes").status_code == 303
    assert "tự duyệt việc của mình" in admin.get(here).text
    assert admin.post(f"{here}/alone", here, alone="no").status_code == 303
    exchanged = SECRET.search(admin.post(f"{here}/rotate", here, at_once="on").text)
    assert exchanged
    assert office.get("/v1/whoami", former).status_code == 401
    assert office.get("/v1/whoami", exchanged[0]).status_code == 200
    assert admin.post(f"{here}/revoke", here).status_code == 303
    assert "đã thu hồi" in admin.get(here).text
    assert admin.post(f"{here}/rotate").status_code == 409
    assert admin.post(f"{here}/readmit").status_code == 409
    found = [e["endpoint"] for e in office.audited() if e["endpoint"].endswith(": khoá chia")]
    assert found == [f"keys {what}: khoá chia" for what in
                    ("create", "bind", "alone", "not alone", "rotate", "revoke")]  # fmt: skip


def test_only_a_national_administrator_makes_keys(office: Office, admin: Seat) -> None:
    approver = seated(office, "người duyệt", "approver")
    assert approver.get("/desk/keys").status_code == 403
    bound = seated(office, "quản trị tỉnh", "admin")
    number = number_of(office, "quản trị tỉnh")
    admin.post(f"/desk/keys/{number}/units", units="01")
    assert bound.get("/desk/keys").status_code == 403
    assert bound.post("/desk/keys", name="leo thang", role="admin").status_code == 403
    own = f"/desk/keys/{number_of(office, 'Sở Nội vụ')}"
    assert admin.post(f"{own}/revoke").status_code == 409
    assert admin.get("/desk/keys/999999").status_code == 404


def test_audit_log_is_shown_at_the_desk(office: Office, admin: Seat) -> None:
    office.post("verify", office.key("hay ghi"), code="nothing", on="2026-11-02")
    page = admin.get("/desk/audit", actor="hay ghi", refused="on").text
    assert "bị từ chối: xác minh" in page
    assert "Sở Nội vụ" not in re.sub(r'class="sitting".*?</div>', "", page, flags=re.DOTALL)
    assert admin.get("/desk/audit", since="hôm qua").status_code == 422
