"""Webhooks over HTTP and at the desk: ownership and refusals."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from geo import code as codes
from registry.access.keys import KeyMade
from registry.core.settings import Settings
from registry.publish.webhooks.delivering import opened, send_due
from registry.publish.webhooks.subscriptions import MAX_CODES, MAX_OF_KEY
from tests.support.desk import sign_in
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE
from tests.support.receiver import Receiver, receiving

HOSTS = ("127.0.0.1",)
SETTINGS = Settings(limits=False, webhook_hosts=HOSTS)
URL = "https://giaohang.vn/dia-chi-so"
SECRET = re.compile(r"whsec_[0-9A-Za-z+/]{43}=")


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"webhookapi_{worker_id}", SETTINGS) as made:
        yield made


@pytest.fixture(scope="module")
def carrier(office: Office) -> KeyMade:
    return office.key("hãng giao hàng", "carrier")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def ask(office: Office, key: KeyMade, method: str, path: str = "", **body: Any) -> Any:
    headers = bearer(key)
    url = f"/v1/webhooks{path}"
    return office.client.open(url, method=method, json=body or None, headers=headers)


def send(office: Office) -> None:
    with opened(Settings(database_url=office.place.url, webhook_hosts=HOSTS)) as register:
        send_due(register)


def test_webhook_is_created_updated_and_deleted(office: Office, receiver: Receiver) -> None:
    carrier, code = office.key("hãng từ đầu đến cuối", "carrier"), office.place.house("1")
    made = ask(office, carrier, "POST", url=receiver.url, units=[COMMUNE], since="0").get_json()
    assert SECRET.fullmatch(made["secret"])
    assert (made["state"], made["units"], made["codes"], made["kinds"]) == (
        *("active", [COMMUNE], None),
        [],
    )
    path = f"/{made['id']}"
    send(office)
    assert code in {expected for _, expected, _ in receiver.entries()}
    (tried,) = ask(office, carrier, "GET", f"{path}/deliveries").get_json()["deliveries"]
    assert (tried["outcome"], tried["status"], tried["kind"]) == ("delivered", 204, "changes")
    shown = ask(office, carrier, "GET", path).get_json()
    assert (shown["behind"], shown["last_outcome"]) == (0, "delivered")
    assert "secret" not in shown
    paused = ask(office, carrier, "PATCH", path, state="paused", kinds=["split"]).get_json()
    assert (paused["state"], paused["kinds"], paused["units"]) == ("paused", ["split"], [COMMUNE])
    office.place.house("2")
    send(office)
    assert receiver.messages == []
    ask(office, carrier, "PATCH", path, state="active", kinds=[])
    send(office)
    assert [kinds for _, _, kinds in receiver.entries()] == [["new"]]
    ask(office, carrier, "POST", f"{path}/replay", since=tried["behind"])
    send(office)
    assert code in {expected for _, expected, _ in receiver.entries()}
    again = ask(office, carrier, "POST", f"{path}/secret", overlap_h=1).get_json()
    assert again["secret"] != made["secret"]
    assert again["previous_secret_until"]
    assert ask(office, carrier, "POST", f"{path}/test").get_json() == {"id": made["id"]}
    assert [each["id"] for each in ask(office, carrier, "GET").get_json()["webhooks"]] == [
        made["id"]
    ]
    other = office.key("hãng khác", "carrier")
    assert ask(office, other, "GET").get_json() == {"webhooks": []}
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        assert code_of(ask(office, other, method, path + rest)) == (404, "not_found")
    assert code_of(ask(office, other, "GET", f"/{2**64}")) == (404, "not_found")
    admin = office.key("quản trị", "admin")
    assert ask(office, admin, "GET", path).get_json()["key"] == "hãng từ đầu đến cuối"
    assert ask(office, carrier, "DELETE", path).status_code == 200
    assert code_of(ask(office, carrier, "GET", path)) == (404, "not_found")
    made_by = [e for e in office.audited() if e["actor"] == "hãng từ đầu đến cuối"]
    assert made_by[0]["endpoint"] == "POST /v1/webhooks"
    assert made_by[0]["units"] == [COMMUNE]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://giaohang.vn/"}, (422, "malformed_url")),
        ({"url": "https://127.0.0.2/"}, (422, "private_address")),
        ({"url": "https://[::ffff:10.0.0.1]/"}, (422, "private_address")),
        ({"url": URL, "codes": ["1H6XXH2V", "khong phai ma"]}, (422, "malformed_code")),
        ({"url": URL, "kinds": ["exploded"]}, (422, "literal_error")),
        ({"url": URL, "since": "hôm qua"}, (422, "malformed_since")),
        ({"url": URL, "since": "2.2026"}, (422, "malformed_cursor")),
        ({"url": URL, "since": "31/02/2026"}, (422, "malformed_day")),
        ({"url": URL, "since": "2999-01-01"}, (422, "day_in_future")),
        ({"url": URL, "since": "999999999999"}, (410, "cursor_refused")),
        ({"url": URL, "units": ["99999"]}, (404, "not_found")),
        ({"url": URL, "units": ["001"]}, (422, "no_commune")),
        ({"url": URL, "note": "a\nb"}, (422, "string_pattern_mismatch")),
        ({}, (422, "missing")),
    ],
)
def test_invalid_subscription_is_refused(
    office: Office, carrier: KeyMade, body: dict[str, Any], code: tuple[int, str]
) -> None:
    response = office.client.post("/v1/webhooks", json=body, headers=bearer(carrier))
    problem = response.get_json(force=True)
    found = problem["errors"][0]["code"] if problem.get("errors") else problem["code"]
    assert (response.status_code, found) == code


def test_webhook_of_an_authority_is_limited_to_its_units(office: Office) -> None:
    editor = office.key("UBND phường Láng", "editor", (COMMUNE,))
    assert code_of(ask(office, editor, "POST", url=URL, units=[ELSEWHERE])) == (
        403,
        "outside_units",
    )
    assert code_of(ask(office, editor, "POST", url=URL))[0] == 422
    assert ask(office, editor, "POST", url=URL, units=[COMMUNE]).status_code == 200
    stranger = office.client.post("/v1/webhooks", json={"url": URL})
    assert code_of(stranger) == (401, "key_required")


@pytest.mark.thorough
def test_codes_and_webhooks_of_a_key_are_limited(office: Office) -> None:
    key = office.key("hãng lớn", "carrier")
    many = [codes.from_serial(10**8 + at) for at in range(MAX_CODES)]
    made = ask(office, key, "POST", url=URL, codes=many, state="paused").get_json()
    assert made["codes"] == MAX_CODES
    assert code_of(ask(office, key, "POST", url=URL, codes=[*many, many[0]]))[0] == 422
    changed = ask(office, key, "PATCH", f"/{made['id']}", codes=[]).get_json()
    assert changed["codes"] is None
    for _ in range(MAX_OF_KEY - 1):
        assert ask(office, key, "POST", url=URL, state="paused").status_code == 200
    assert code_of(ask(office, key, "POST", url=URL)) == (409, "conflict")


def test_webhook_is_created_shown_and_resent_at_the_desk(
    office: Office, receiver: Receiver
) -> None:
    seat = sign_in(office, office.key("bưu cục", "carrier"))
    page = "/desk/webhooks"
    wrong = seat.post(page, page, url="http://giaohang.vn/", units=COMMUNE, kinds="moved")
    assert wrong.status_code == 422
    assert 'value="http://giaohang.vn/"' in wrong.text
    assert 'value="moved" checked' in wrong.text
    made = seat.post(page, page, url=receiver.url, units=COMMUNE, note="kho Láng")
    assert SECRET.search(made.text)
    found = re.search(rf"{page}/\d+", made.text)
    assert found
    path = found[0]
    assert "kho Láng" in seat.get(page).text
    receiver.messages.clear()
    receiver.answers.append((410, {}, b""))
    office.place.house("3")
    send(office)
    assert "đã ngừng gửi" in seat.get(page).text
    shown = seat.get(path).text
    assert "nơi nhận báo không còn (410)" in shown
    assert "lần cuối" in shown
    assert seat.post(f"{path}/state", path, state="active").status_code == 303
    send(office)
    assert len(receiver.taken()) == 2
    assert seat.post(f"{path}/replay", path, since="mai").status_code == 422
    assert seat.post(f"{path}/replay", path, since="0").status_code == 303
    assert seat.post(f"{path}/test", path).status_code == 303
    assert SECRET.search(seat.post(f"{path}/secret", path).text)
    assert seat.post(f"{path}/delete", path).status_code == 303
    assert seat.get(path).status_code == 404
