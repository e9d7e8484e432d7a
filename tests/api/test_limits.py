"""Requests a minute, and codes that were not asked for by themselves, an hour."""

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from geo import code as codes
from registry.access.budget import COST, Budget
from registry.access.keys import KeyMade, make_secret
from registry.core.database import make_engine
from registry.core.settings import Settings
from tests.support.factories import next_code
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.units import open_app

FEW = Settings(
    rate_per_address=8, rate_per_key=12, budget_per_address=3 * COST, budget_per_key=5 * COST
)
UNITS = "/v1/units?q=hue"


class Clock:
    """A clock that the test advances."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = self.ran = next(_HOURS)
        times = SimpleNamespace(time=lambda: self.now, monotonic=lambda: self.ran)
        for room in ("api.core.counters", "registry.access.budget", "registry.access.rates"):
            patch.setattr(f"{room}.time", times)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.ran += seconds

    def jump(self, seconds: float) -> None:
        """The system clock is set."""
        self.now += seconds


_HOURS = count(1_800_000_000.0, 14_400.0)
"""Each test begins in an hour in which nobody has asked anything yet."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture(scope="module")
def shared(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"limits_{worker_id}", FEW) as made:
        yield made


@pytest.fixture
def office(shared: Office, clock: Clock) -> Office:
    """The application at the hour of the test."""
    return shared


def missing() -> str:
    """A code that no record has."""
    return codes.format(next_code())


def miss(office: Office, key: KeyMade | None = None) -> tuple[int, str]:
    return code_of(office.get(f"/v1/addresses/{missing()}", key))


def whoami(office: Office, key: KeyMade | None = None) -> dict[str, Any]:
    found: dict[str, Any] = office.get("/v1/whoami", key).get_json()
    return found


# --- requests ------------------------------------------------------------------------------------


def test_responses_state_the_remaining_quota(office: Office) -> None:
    first, second = office.get(UNITS), office.get(UNITS)
    assert first.headers["RateLimit-Policy"] == '"address";q=8;w=60'
    assert first.headers["RateLimit"] == '"address";r=7;t=60'
    assert second.headers["RateLimit"] == '"address";r=6;t=60'


def test_too_frequent_network_address_must_wait(office: Office, clock: Clock) -> None:
    assert {office.get(UNITS).status_code for _ in range(8)} == {200}
    clock.wait(20)
    refused = office.get(UNITS)
    assert code_of(refused) == (429, "too_many_requests")
    assert refused.headers["Retry-After"] == "40"
    assert refused.headers["RateLimit"] == '"address";r=0;t=40'
    clock.wait(40)
    assert office.get(UNITS).status_code == 200


def test_key_has_its_own_rate_limit_from_any_network_address(office: Office) -> None:
    slow = office.key("chậm", "carrier", rate_per_minute=2)
    for _ in range(9):
        office.get(UNITS)
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert office.get(UNITS, slow).headers["RateLimit-Policy"] == '"key";q=2;w=60'
    response = office.client.get(UNITS, headers=bearer(slow), environ_overrides=elsewhere)
    assert response.status_code == 200
    assert code_of(office.get(UNITS, slow)) == (429, "too_many_requests")
    usual = office.key("thường", "carrier")
    assert office.get(UNITS, usual).headers["RateLimit-Policy"] == '"key";q=12;w=60'


def test_health_checks_are_not_rate_limited(office: Office) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json"):
        for _ in range(10):
            response = office.get(path)
            assert response.status_code == 200
            assert "RateLimit" not in response.headers


def test_ipv6_network_is_one_caller(office: Office) -> None:
    for number in range(8):
        office.client.get(UNITS, environ_overrides={"REMOTE_ADDR": f"2001:db8::{number}"})
    for address, status in (("2001:db8::ff", 429), ("2001:db8:0:1::1", 200), ("127.0.0.1", 200)):
        response = office.client.get(UNITS, environ_overrides={"REMOTE_ADDR": address})
        assert response.status_code == status, address


@pytest.mark.parametrize(
    "written",
    [
        *("::ffff:203.0.113.7", "::ffff:cb00:7107", "203.0.113.7:4711", "[::ffff:203.0.113.7]:80"),
        *("2002:cb00:7107:1::1", "2002:cb00:7107:2::1", "64:ff9b::203.0.113.7", "203.0.113.7"),
    ],
)
def test_ipv4_address_is_one_caller_in_any_notation(office: Office, written: str) -> None:
    for _ in range(8):
        office.client.get(UNITS, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    refused = office.client.get(UNITS, environ_overrides={"REMOTE_ADDR": written})
    assert refused.status_code == 429


def test_undeclared_proxy_headers_are_ignored(office: Office) -> None:
    for number in range(8):
        office.client.get(UNITS, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    given = {"X-Forwarded-For": "203.0.113.99", "Forwarded": "for=203.0.113.99"}
    assert office.client.get(UNITS, headers=given).status_code == 429


def test_guessed_keys_are_soon_rate_limited(office: Office) -> None:
    statuses = [code_of(office.get(UNITS, make_secret())) for _ in range(61)]
    assert statuses[:60] == [(401, "key_unknown")] * 60
    assert statuses[60] == (429, "too_many_requests")
    # Other callers are unaffected, and so are callers with a valid key.
    assert office.get(UNITS).status_code == 200


def test_declared_proxies_give_the_client_address(
    admin_url: str, worker_id: str, clock: Clock
) -> None:
    behind = Settings(rate_per_address=2, proxies=2, ipv6_prefix=48)
    with open_office(admin_url, f"proxies_{worker_id}", behind) as made:

        def ask(expected: str) -> int:
            return made.client.get(UNITS, headers={"X-Forwarded-For": expected}).status_code

        # The second from the right was written by a proxy; anything before it may be forged.
        assert ask("1.1.1.1, 203.0.113.5, 10.0.0.1") == 200
        assert ask("2.2.2.2, 203.0.113.5, 10.0.0.1") == 200
        assert ask("3.3.3.3, 203.0.113.5, 10.0.0.1") == 429
        assert ask("3.3.3.3, 203.0.113.6, 10.0.0.1") == 200
        networks = [ask(f"[2001:db8:7:{network}::1]:4711, 10.0.0.1") for network in range(3)]
        assert networks == [200, 200, 429]


# --- unknown codes -------------------------------------------------------------------------------


def test_unknown_codes_are_charged_until_the_budget_is_spent(office: Office, clock: Clock) -> None:
    code = office.place.house("1")
    assert [miss(office) for _ in range(3)] == [(404, "not_found")] * 3
    # Not even a right one: the difference would be the answer.
    for path in (f"/v1/addresses/{missing()}", f"/v1/addresses/{code}"):
        refused = office.get(path)
        assert code_of(refused) == (429, "enumeration_budget")
        assert refused.headers["Retry-After"] == "120"  # of 30 units an hour, one
    assert office.get(UNITS).status_code == 200
    clock.wait(121)
    assert office.get(f"/v1/addresses/{code}").status_code == 200
    assert miss(office) == (429, "enumeration_budget")
    clock.wait(3_600 + 1_200)
    assert whoami(office)["enumeration_budget"]["left"] == 3 * COST


@pytest.mark.parametrize("jump_s", [-3_600, 365 * 86_400])
def test_clock_jump_locks_out_no_caller(office: Office, clock: Clock, jump_s: int) -> None:
    for times in (1, -1):  # and back
        for _ in range(2):
            miss(office)
        clock.jump(times * jump_s)
        clock.wait(2)  # until the next database query
        whoami(office)
        clock.wait(3_601)
        assert whoami(office)["enumeration_budget"]["left"] == 3 * COST
        assert miss(office) == (404, "not_found")


def test_mistyped_codes_do_not_lock_out_callers_sharing_an_address(office: Office) -> None:
    code = office.place.house("9")
    slip = code[:-1] + ("0" if code[-1] != "0" else "1")
    answer = [office.get(f"/v1/addresses/{slip}").get_json(force=True) for _ in range(6)]
    assert {one["code"] for one in answer} == {"code_mistyped"}
    assert [bool(one["suggestions"]) for one in answer] == [True, True, False, False, False, False]
    assert office.get(f"/v1/addresses/{code}").status_code == 200


def test_existing_codes_cost_nothing(office: Office, clock: Clock) -> None:
    code = office.place.house("3")
    for _ in range(6):
        assert office.get(f"/v1/addresses/{code}").status_code == 200
    assert whoami(office)["enumeration_budget"]["left"] == 3 * COST


@pytest.mark.parametrize(
    "path",
    [
        "/v1/addresses/{code}",
        "/v1/addresses/{wrong}",
        "/v1/addresses/{code}?as_of=2026-01-01",
        "/v1/geocode?q={code}",
        "/v1/geocode?q=giao+{code}+27+Láng",
        "/v1/geocode?q={wrong}",
    ],
)
def test_every_endpoint_charges_the_same_for_a_code(office: Office, path: str) -> None:
    code = missing()
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    office.get(path.format(code=code, wrong=wrong))
    assert whoami(office)["enumeration_budget"]["left"] == 2 * COST


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("0000000135", 0),  # a digit is missing
        ("00000001358", COST),  # eleven digits with a wrong check: they may have been misheard
        ("hoan-kiem-2026", 0),
        ("2HT64FP", COST),  # a symbol is missing: its neighbours are looked up
    ],
)
def test_text_that_only_looks_like_a_code_is_free(office: Office, text: str, cost: int) -> None:
    assert office.get(f"/v1/addresses/{text}").status_code in (404, 422)
    assert whoami(office)["enumeration_budget"]["left"] == 3 * COST - cost


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("1202-1204 Hẻm 94, Láng", 0),  # not a code without the check symbol
        ("Lô 2026A123, khu đô thị Láng", 0),
        ("9448-9456 Hẻm 94, Láng", COST),  # a well-formed code: indistinguishable from a probe
    ],
)
def test_numbers_in_an_address_are_free_unless_they_are_a_code(
    office: Office, text: str, cost: int
) -> None:
    assert office.client.get("/v1/geocode", query_string={"q": text}).status_code == 200
    assert whoami(office)["enumeration_budget"]["left"] == 3 * COST - cost


def test_batch_rows_are_charged_individually(office: Office) -> None:
    code = office.place.house("5")
    rows = [code, missing(), missing(), missing(), missing(), code]
    body = "\n".join(f'{{"code": "{row}"}}' for row in rows)
    response = office.client.post(
        "/v1/batch/lookup", data=body, headers={"Content-Type": "application/x-ndjson"}
    )
    statuses = [line.split('"status":"')[1].split('"')[0] for line in response.text.splitlines()]
    spent = "enumeration_budget"
    assert statuses == ["ok", "not_found", "not_found", "not_found", spent, spent]
    again = office.client.post(
        "/v1/batch/geocode", data=f'{{"q": "{code}"}}', content_type="application/x-ndjson"
    )
    assert f'"status":"{spent}"' in again.text


def test_key_has_its_own_budget(office: Office) -> None:
    key = office.key("bưu cục", "carrier")
    for _ in range(3):
        miss(office)
    assert [miss(office, key)[0] for _ in range(6)] == [404] * 5 + [429]
    assert whoami(office, key)["enumeration_budget"] == {
        "per_hour": 5 * COST,
        "left": 0,
        "resets_in_s": 3_600,
    }


def test_processes_share_one_budget(office: Office, clock: Clock) -> None:
    """Two applications over one register, as two processes are."""
    code = office.place.house("7")
    with open_app(office.place.url, None, FEW) as app:
        other = Office(app, app.test_client(), office.place)
        assert [miss(o)[0] for o in (office, other, office)] == [404, 404, 404]
        assert miss(other) == (429, "enumeration_budget")
        clock.wait(1)
        for one in (office, other):
            assert one.get(f"/v1/addresses/{code}").status_code == 429


def test_budget_stores_no_network_address_in_clear(office: Office) -> None:
    miss(office)
    ((holder,),) = office.place.rows("SELECT holder FROM enumeration_budget")
    assert holder.startswith("client:")
    assert "127" not in holder or len(holder) == len("client:") + 16


def test_callers_with_a_full_budget_are_deleted(office: Office, clock: Clock) -> None:
    miss(office)
    clock.wait(7_300)
    key = office.key("quên", "carrier")
    miss(office, key)
    holders = office.place.rows("SELECT holder FROM enumeration_budget")
    assert [holder[:4] for (holder,) in holders] == ["key:"]


def test_nothing_is_counted_when_limits_are_off(admin_url: str, worker_id: str) -> None:
    with open_office(admin_url, f"unlimited_{worker_id}") as made:
        for _ in range(40):
            assert miss(made) == (404, "not_found")
        found = whoami(made)
        assert (found["rate"], found["enumeration_budget"]) == (None, None)
        assert "RateLimit" not in made.get(UNITS).headers


def test_codes_are_counted_when_the_database_is_read_only(clock: Clock) -> None:
    """A replica may still answer: then each process counts alone."""
    engine = make_engine("postgresql://nobody@127.0.0.1:1/nothing")
    alone = Budget(engine)
    assert [alone.spend("client:x", 0.25, at_once=True) for _ in range(2)] == [0.25, 0.5]
    clock.wait(360)
    assert alone.level("client:x") == pytest.approx(0.4)
    engine.dispose()
