"""Sitting at the desk: a key becomes a session, forms are their session's own, and it all ends."""

from collections.abc import Iterator

import pytest

from registry.access.keys import make_secret
from tests.support.desk import Seat, seated, sign_in
from tests.support.keys import Office, code_of
from tests.support.keys import office as open_office


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"desk_{worker_id}") as made:
        yield made


def test_key_is_exchanged_for_an_http_only_session(office: Office) -> None:
    key = office.key("UBND phường Láng")
    asked = office.app.test_client().get("/desk")
    assert (asked.status_code, asked.location) == (303, "/desk/sign-in?to=%2Fdesk")
    seat = Seat(office.app.test_client())
    response = seat.client.post("/desk/sign-in", data={"key": f" {key.secret} ", "to": "/desk"})
    assert (response.status_code, response.location) == (303, "/desk")
    cookie = response.headers["Set-Cookie"]
    assert all(part in cookie for part in ("desk=", "HttpOnly", "SameSite=Lax", "Max-Age=36000"))
    assert key.secret not in cookie
    page = seat.get("/desk")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "UBND phường Láng" in page.text
    assert key.secret not in page.text
    # The interface for programs takes it where a key is needed.
    assert seat.get("/v1/whoami").get_json()["name"] == "UBND phường Láng"
    assert seat.get("/v1/imports").status_code == 200


@pytest.mark.parametrize("to", ["https://elsewhere.vn/", "//elsewhere.vn", "/\\elsewhere.vn", "/a"])
def test_sign_in_redirects_only_to_desk_pages(office: Office, to: str) -> None:
    key = office.key(f"dẫn {to}")
    response = office.client.post("/desk/sign-in", data={"key": key.secret, "to": to})
    assert response.location == "/desk"
    office.client.delete_cookie("desk")


@pytest.mark.parametrize("given", ["", "dcs_", f"dcs_{'0' * 36}", "é\x00"])
def test_invalid_key_is_reported(office: Office, given: str) -> None:
    response = office.client.post("/desk/sign-in", data={"key": given})
    assert response.status_code == 401
    assert 'role="alert"' in response.text
    assert "Set-Cookie" not in response.headers


def test_session_ends_on_sign_out_timeout_or_revocation_of_its_key(office: Office) -> None:
    key = office.key("ba lần")
    left, old, idle, ahead, revoked = (sign_in(office, key) for _ in range(5))
    token = left.form_token()
    gone = left.post("/desk/sign-out")
    assert (gone.status_code, gone.location) == (303, "/desk/sign-in")
    # Even if the cookie was kept.
    left.client.set_cookie("desk", "kept")
    assert left.client.post("/desk/sign-out", data={"csrf": token}).status_code == 401
    ages = (("began_at", "10 hours"), ("seen_at", "1 hour"), ("began_at", "-10 hours -1 minute"))
    for seat, (column, age) in zip((old, idle, ahead), ages, strict=True):
        cookie = seat.client.get_cookie("desk")
        assert cookie is not None
        office.by_owner(
            f"UPDATE desk_session SET {column} = {column} - CAST(:age AS interval)"
            " WHERE token_hash = sha256(convert_to(:token, 'UTF8'))",
            age=age,
            token=cookie.value,
        )
        assert seat.get("/desk").status_code == 303
    assert revoked.get("/desk").status_code == 200
    office.revoke("ba lần")
    assert revoked.get("/desk").status_code == 303
    assert code_of(revoked.get("/v1/imports")) == (401, "key_required")


def test_form_survives_the_end_of_its_session(office: Office) -> None:
    key = office.key("hết phiên")
    seat = sign_in(office, key)
    typed = {"house_number": "31", "reason": "a" * 300, "street": "<script>"}
    form = {"csrf": seat.form_token(), **typed}
    seat.client.delete_cookie("desk")
    asked = seat.client.post("/desk/sign-out", data=form)
    assert asked.status_code == 401
    kept = {f"kept.{name}": value for name, value in typed.items()}
    assert all(f'name="{name}"' in asked.text for name in kept)
    assert "<script>" not in asked.text.replace("<script type", "")
    again = seat.client.post(
        "/desk/sign-in", data={"key": key.secret, "to": "/desk/sign-out", **kept}
    )
    assert again.status_code == 200
    assert all(f'name="{name}"' in again.text for name in typed)
    assert 'name="csrf" value="' in again.text


def test_form_of_another_site_or_session_is_refused(office: Office) -> None:
    seat, other = seated(office, "của mình"), seated(office, "của người khác")
    token = seat.form_token()
    for headers, form, status in (
        ({"Sec-Fetch-Site": "cross-site"}, {"csrf": token}, 403),
        ({"Origin": "https://elsewhere.vn"}, {"csrf": token}, 403),
        ({}, {}, 403),
        ({}, {"csrf": other.form_token()}, 403),
        ({}, {"csrf": "x" * 64}, 403),
    ):
        found = seat.client.post("/desk/sign-out", data=form, headers=headers)
        # What comes from elsewhere has no session at all.
        assert found.status_code in (status, 401), headers
    assert seat.get("/desk").status_code == 200
    # Login CSRF would make a user work under another's key.
    key = office.key("bị gài")
    foreign = office.client.post(
        "/desk/sign-in", data={"key": key.secret}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403


def test_form_with_nul_characters_is_refused(office: Office) -> None:
    seat = seated(office, "ký tự lạ", "admin")
    for path in ("/desk/targets", "/desk/hamlets/1/rename"):
        for field in ("source", "_once", "a\0"):
            response = seat.post(path, **{field: "\0"})
            assert (response.status_code, "NUL" in response.text) == (422, True), (path, field)


def test_session_writes_need_a_csrf_token(office: Office) -> None:
    seat = seated(office, "trang có mã", "approver")
    house = office.place.house("71")
    body = {"code": house, "on": "2026-11-02"}
    assert code_of(seat.client.post("/v1/operations/verify", json=body)) == (401, "key_required")
    headers = {"X-Csrf-Token": seat.form_token()}
    done = seat.client.post("/v1/operations/verify", json=body, headers=headers)
    assert done.status_code == 200
    foreign = headers | {"Sec-Fetch-Site": "same-site"}
    assert code_of(seat.client.post("/v1/operations/verify", json=body, headers=foreign))[0] == 401


def test_viewer_reads_the_queues_of_its_units_and_writes_nothing(office: Office) -> None:
    seat = seated(office, "Sở Nông nghiệp", "viewer", units=("01",))
    page = seat.get("/desk")
    assert page.status_code == 200
    assert "Thành phố Hà Nội" in page.text
    assert seat.get("/v1/reports").status_code == 200
    assert seat.get("/v1/reports", unit="79").status_code == 403
    house = office.place.house("73")
    refused = seat.client.post(
        "/v1/operations/verify",
        json={"code": house, "on": "2026-11-02"},
        headers={"X-Csrf-Token": seat.form_token()},
    )
    assert code_of(refused) == (403, "forbidden")


def test_home_shows_progress_pending_work_and_recent_events(office: Office) -> None:
    seat = seated(office, "tổng quan", "approver")
    before = seat.get("/desk").text
    assert "việc chờ duyệt" in before
    house = office.place.house("75")
    assert (
        office.post("verify", office.key("người làm"), code=house, on="2026-11-02").status_code
        == 200
    )
    page = seat.get("/desk").text
    assert "xác minh" in page
    assert "người làm" in page
    assert seat.get("/desk", lang="en").status_code == 303
    assert "Latest changes" in seat.get("/desk").text
    carrier = seated(office, "bưu điện", "carrier")
    assert carrier.get("/desk").status_code == 200
    assert "người làm" not in carrier.get("/desk").text


def test_signing_in_is_audited_without_the_key(office: Office) -> None:
    key = office.key("ghi sổ")
    sign_in(office, key)
    assert office.client.post("/desk/sign-in", data={"key": make_secret()}).status_code == 401
    entries = [e for e in office.audited() if e["endpoint"] == "POST /desk/sign-in"]
    assert [(e["actor"], e["status"]) for e in entries[-2:]] == [
        ("ghi sổ", 303),
        ("anonymous", 401),
    ]
    assert key.secret not in str(entries)
