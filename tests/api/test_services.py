"""Services over HTTP and at the desk: public reads, operators write their own."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from geo.code import format as code_display
from registry.access.keys import KeyMade
from tests.support.desk import hidden, seated
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, ELSEWHERE, LANG

POST, RIVAL = "Bưu điện Việt Nam", "Viettel Post"
TABLE = (
    "service,kind,office,lon,lat,hours,communes\n"
    f"Chuyển phát nhanh,giao,Bưu cục Láng,105.8065,21.0211,Mo-Sa 07:30-18:00,{COMMUNE}\n"
)


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    with open_office(admin_url, f"servicesapi_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def door(office: Office) -> str:
    return office.place.house("1", **LANG)


@pytest.fixture(scope="module")
def keys(office: Office) -> dict[str, KeyMade]:
    return {name: office.key(name, "carrier") for name in (POST, RIVAL)}


def deliver(office: Office, key: KeyMade | None, table: str = TABLE, **query: Any) -> Any:
    return office.client.post(
        "/v1/services", data=table.encode(), query_string=query, headers=bearer(key)
    )


def sheet(table: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(table.encode()), "vùng <1>.csv"


def at(office: Office, query: str) -> list[tuple[str, str, str | None]]:
    services = office.get(f"/v1/services?{query}").get_json()["services"]
    return [(s["operator"], s["basis"], s["office"] and s["office"]["name"]) for s in services]


def test_operators_write_their_own_areas_and_everybody_reads_them(
    office: Office, door: str, keys: dict[str, KeyMade]
) -> None:
    def of_these(query: str) -> list[tuple[str, str, str | None]]:
        return [each for each in at(office, query) if each[0] in keys]

    tried = deliver(office, keys[POST], dry_run=True).get_json()
    assert (tried["new"], tried["written"]) == (1, False)
    assert of_these(f"code={door}") == []
    drawn = {"type": "FeatureCollection", "features": [{
        "type": "Feature", "properties": {"service": "Nhanh", "kind": "delivers", "codes": [door]},
        "geometry": None,
    }]}  # fmt: skip
    form = {"file": (io.BytesIO(json.dumps(drawn).encode()), "vùng.geojson")}
    sent = office.client.post("/v1/services", data=form, headers=bearer(keys[RIVAL])).get_json()
    assert (sent["operator"], sent["new"], sent["written"]) == (RIVAL, 1, True)
    wrong = TABLE + "Nhanh,gom,,,,,99999\n"
    answer = deliver(office, keys[POST], wrong, file_name="vùng.csv").get_json()
    assert (answer["operator"], answer["rejected"], answer["written"]) == (POST, 1, True)
    assert [(p["row_number"], p["code"]) for p in answer["problems"]] == [(2, "unit_unknown")]
    # An area given by codes matches requests for the door, not for the place.
    both = [(POST, "commune", "Bưu cục Láng"), (RIVAL, "code", None)]
    assert of_these(f"code={code_display(door)}") == both
    assert of_these(f"lon={LANG['lon']}&lat={LANG['lat']}") == both[:1]
    answered = office.get(f"/v1/addresses/{door}?services=true").get_json()["services"]
    answered = [each for each in answered if each["operator"] in keys]
    assert [each["operator"] for each in answered] == [POST, RIVAL]
    assert answered[0]["distance_m"] == 52
    assert "services" not in office.get(f"/v1/addresses/{door}").get_json()
    page = office.get(f"/a/{code_display(door)}").text
    assert "Bưu cục Láng" in page
    assert "cách 52 m" in page
    assert "T2-T7 07:30-18:00" in page
    features = office.get("/ogc/collections/offices/items").get_json()["features"]
    assert POST in [feature["properties"]["operator"] for feature in features]
    # An operator cannot write for another.
    assert code_of(deliver(office, keys[RIVAL], operator=POST)) == (403, "forbidden")
    assert code_of(deliver(office, None)) == (401, "key_required")
    for role in ("merchant", "approver"):
        assert code_of(deliver(office, office.key(f"k {role}", role)))[0] == 403
    admin = office.key("Vận hành", "admin")
    assert deliver(office, admin, operator=RIVAL, dry_run=True).get_json()["operator"] == RIVAL
    assert of_these(f"code={door}") == both
    entry = next(e for e in reversed(office.audited()) if e["actor"] == POST and e["count"])
    assert (entry["endpoint"], entry["count"]) == ("POST /v1/services", 2)


def test_check_shows_an_operator_its_own_problems(
    office: Office, door: str, keys: dict[str, KeyMade]
) -> None:
    key = office.key("Nhất Tín", "carrier")
    table = "service,kind,office,communes\n" + "".join(
        f"A,giao,{name},{ELSEWHERE}\n" for name in ("B1", "B2")
    )
    assert deliver(office, key, table).status_code == 200
    answer = office.get(f"/v1/services/check?unit={COMMUNE}", key).get_json()
    assert [(o["office"], o["other_office"]) for o in answer["overlaps"]] == [("B1", "B2")]
    assert answer["doors"] == 1
    assert [(each["code"], each["codes"]) for each in answer["unserved"]] == [(COMMUNE, [door])]
    assert office.get(f"/v1/services/check?unit={COMMUNE}&operator={POST}", key).status_code == 403
    assert code_of(office.get("/v1/services/check?unit=99999", key)) == (404, "not_found")
    assert office.get(f"/v1/services/check?unit={COMMUNE}").status_code == 401


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("", (422, "invalid_input")),
        ("lon=105.8", (422, "invalid_input")),
        ("lon=105.8&lat=21&code=1000-0006", (422, "invalid_input")),
        ("lon=200&lat=21", (422, "invalid_input")),
        ("code=1000-0007", (404, "code_mistyped")),
        ("code=1000-0006", (404, "not_found")),
        ("code=1000-0006&on=hôm qua", (422, "invalid_input")),
    ],
)
def test_invalid_request_is_refused(office: Office, query: str, problem: tuple[int, str]) -> None:
    assert code_of(office.get(f"/v1/services?{query}")) == problem


def test_carrier_dry_runs_and_writes_a_file_at_the_desk(office: Office) -> None:
    seat = seated(office, "Giao Hàng Nhanh", "carrier")
    wrong = TABLE + f"Nhanh,bay,,,,,{COMMUNE}\n"
    tried = seat.post("/desk/services/file", operator="", file=sheet(wrong))
    assert tried.status_code == 200
    assert "bay" in tried.text
    assert "Chưa hãng nào" not in tried.text
    assert "Bưu cục Láng" not in seat.get("/desk/services").text
    done = seat.client.post("/desk/services/file", data=dict(hidden(tried.text)))
    assert (done.status_code, done.location) == (303, "/desk/services")
    assert "Bưu cục Láng" in seat.get("/desk/services").text
    # What the next file would lose by a row that is wrong, and where its areas overlap.
    worse = TABLE.replace("giao", "bay") + f"Gom,gom,A,,,,{COMMUNE}\nGom,gom,B,,,,{COMMUNE}\n"
    tried = seat.post("/desk/services/file", operator="", file=sheet(worse)).text
    assert "Vùng mất vì dòng sai" in tried
    assert "Phường Láng" in tried
    assert "Vùng chồng nhau" in tried
    named = seat.get("/desk/services", unit="Phường Láng, Hà Nội").text
    assert "Ở đây nhà nào cũng có hãng phục vụ" in named
    assert seat.get("/desk/services", unit="Xã Không Đâu").status_code == 422
    counted = seat.get("/desk/services", unit=ELSEWHERE, kind="collects").text
    assert "Ở đây nhà nào cũng có hãng phục vụ" in counted
    for page, status in (
        (seat.get("/desk/services", unit="99999"), 422),
        (seat.post("/desk/services/file"), 422),
        (seat.post("/desk/services/file", operator=POST, file=sheet(wrong)), 403),
        (seat.post("/desk/services/file", name="a.csv", content="%%%"), 422),
    ):
        assert page.status_code == status
    # An authority sees who serves its commune but cannot write.
    viewer = seated(office, "Sở Công Thương", "viewer")
    page = viewer.get("/desk/services", operator="Giao Hàng Nhanh").text
    assert "Bưu cục Láng" in page
    assert "Gửi tệp mới" not in page
    assert "Vùng chồng nhau" not in page
