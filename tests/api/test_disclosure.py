"""The register cannot be copied without a key: unrequested codes are charged to a budget.

Every endpoint that returns many codes is called until it returns no more; the codes are counted in
the responses as sent, independently of the program's own count.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import count
from urllib.parse import quote

import pytest

from geo import code as codes
from registry.core.settings import Settings
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import LANG
from tests.support.thorough import gate_takes

HOUSES = 60
BUDGET = 20
LIMITS = Settings(budget_per_address=BUDGET, budget_per_key=10 * BUDGET, rate_per_address=3_000)
STEP = 1e-4
"""Degrees between two houses, some ten metres."""
NDJSON = "application/x-ndjson"
_CODE = re.compile(r"\b([0-9A-Z]{4})-?([0-9A-Z]{4})\b")
_CALLERS = count(1)


@pytest.fixture(scope="module")
def street(admin_url: str, worker_id: str) -> Iterator[Office]:
    """A street of houses, all near one point, and one number in two former wards."""
    with open_office(admin_url, f"disclosure_{worker_id}", LIMITS) as made:
        for number in range(1, HOUSES + 1):
            lon, lat = point(number)
            made.place.house(str(number), lon=lon, lat=lat, position_method="survey")
        yield made


@pytest.fixture
def office(street: Office) -> Office:
    """The same register, for a caller with an unused budget."""
    street.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{next(_CALLERS)}"
    return street


def codes_in(text: str) -> set[str]:
    return {code for code in map("".join, _CODE.findall(text)) if codes.is_valid(code)}


def point(number: int) -> tuple[float, float]:
    """Degrees east and north of the house of that number."""
    return LANG["lon"] + number * STEP, LANG["lat"]


def rows(path: str, kind: str, *lines: str) -> Callable[[Office], str]:
    body = "\n".join(lines)
    return lambda office: office.client.post(path, data=body, content_type=kind).text


def asks(path: str, *texts: str) -> Callable[[Office], str]:
    return lambda office: "".join(office.client.get(path.format(quote(t))).text for t in texts)


EVERY = range(1, HOUSES + 1)
POINTS = [f"{lat},{lon}" for lon, lat in map(point, EVERY)]
WAYS = {
    "reverse": lambda office: "".join(
        office.client.get(
            "/v1/reverse", query_string={"lon": lon, "lat": lat, "limit": 20, "radius_m": 5_000}
        ).text
        for lon, lat in map(point, EVERY)
    ),
    "reverse, rows": rows(
        "/v1/batch/reverse",
        NDJSON,
        *(json.dumps({"lon": lon, "lat": lat, "limit": 20}) for lon, lat in map(point, EVERY)),
    ),
    "reverse, table": rows(
        "/v1/batch/reverse", "text/csv", "lon,lat", *(f"{x},{y}" for x, y in map(point, EVERY))
    ),
    "a point as an address": asks("/v1/geocode?limit=20&q={}", *POINTS),
    "points as addresses, rows": rows(
        "/v1/batch/geocode", NDJSON, *(json.dumps({"q": q, "limit": 20}) for q in POINTS)
    ),
    "points as addresses, verdicts": rows(
        "/v1/batch/validate", "text/csv", "address", *(f'"{q}"' for q in POINTS)
    ),
    "suggestions": asks("/v1/autocomplete?limit=20&q={}", *(f"{n} pho lang" for n in range(1, 10))),
    "suggestions at a point": asks(
        f"/v1/autocomplete?limit=20&lon={LANG['lon']}&lat={LANG['lat']}&q={{}}",
        *(f"số {n}" for n in EVERY),
    ),
    "the search page": asks("/a?code={}", *POINTS),
    "the page of tables": lambda office: (
        office.client.post("/try", data={"mode": "check", "text": "\n".join(POINTS)}).text
    ),
}
"""Ways to ask for many doors without naming one."""


IN_GATE = ("reverse", "points as addresses, rows", "suggestions", "the search page")


@pytest.mark.parametrize("way", gate_takes(WAYS, *IN_GATE))
def test_unrequested_codes_are_limited_by_the_budget(office: Office, way: str) -> None:
    found = codes_in(WAYS[way](office)) | codes_in(WAYS[way](office))
    assert len(found) <= BUDGET + 20  # the answer that spent the last of it
    assert len(found) < HOUSES


def test_all_endpoints_share_one_budget(office: Office) -> None:
    found = [code for way in WAYS.values() for code in codes_in(way(office))]
    assert 0 < len(found) <= BUDGET + 20


def test_named_door_is_returned_after_the_budget_is_spent(office: Office) -> None:
    code = office.place.record(office.place.rows("SELECT min(code) FROM household")[0][0])
    WAYS["reverse"](office)
    refused = office.get(f"/v1/reverse?lon={LANG['lon']}&lat={LANG['lat']}")
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (
        429,
        "enumeration_budget",
    )
    assert int(refused.headers["Retry-After"]) < 3_600 / BUDGET * 21
    number = code.house_number_key
    address = f"{number} Phố Láng, Phường Láng, Hà Nội"
    for sent in (
        office.get(f"/v1/geocode?q={quote(address)}"),
        office.client.post("/v1/validate", json={"address": address}),
    ):
        assert code.code in codes_in(sent.text)
    # Streets and units cost nothing, and are still suggested.
    lines = office.get("/v1/autocomplete?q=pho lang").get_json()["suggestions"]
    assert [line["code"] for line in lines] == [None] * len(lines) != []


def test_only_the_nearest_door_is_returned_on_a_low_budget(office: Office) -> None:
    lon, lat = point(1)
    ask = f"/v1/reverse?lon={lon}&lat={lat}&limit=6"
    answer = [len(office.get(ask).get_json(force=True).get("features", [])) for _ in range(4)]
    assert answer == [6, 6, 1, 1]


def test_key_has_a_larger_budget(office: Office) -> None:
    key = office.key("bưu cục đọc", "carrier")
    found = office.client.post(
        "/v1/batch/reverse",
        data="lon,lat\n" + "\n".join(f"{x},{y}" for x, y in map(point, EVERY)),
        headers=bearer(key),
        content_type="text/csv",
    )
    assert len(codes_in(found.text)) == HOUSES


def test_rows_without_a_key_count_as_requests(office: Office) -> None:
    body = "\n".join('{"q": "12 Phố Láng"}' for _ in range(LIMITS.rate_per_address + 1))
    refused = office.client.post("/v1/batch/geocode", data=body, content_type=NDJSON)
    assert code_of(refused) == (429, "too_many_requests")
