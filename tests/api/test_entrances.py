"""Entrances of records: written by editors, proposed in reports, returned by lookup and reverse."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from geo.code import format as code_display
from registry.access.keys import KeyMade
from registry.search.reverse import SQL
from registry.units.gazetteer import today
from tests.support.desk import Seat, seated
from tests.support.keys import Office, bearer, office
from tests.support.lifecycle import LANG

LON, LAT = LANG["lon"], LANG["lat"]
EAST = 111_320 * math.cos(math.radians(LAT))
UNKNOWN: dict[str, Any] = dict.fromkeys(("accuracy_m", "note", "seen_on", "source", "of"))
NOTE = "cổng phía ngõ 34, đóng sau 22 giờ"


def at(east_m: float, north_m: float = 0, **more: Any) -> dict[str, Any]:
    """A point at this distance from (LON, LAT), as stored."""
    lon, lat = LON + east_m / EAST, LAT + north_m / 110_700
    return {"lon": round(lon, 6), "lat": round(lat, 6), **more}


@pytest.fixture(scope="module")
def here(admin_url: str, worker_id: str) -> Iterator[Office]:
    with office(admin_url, f"entrances_{worker_id}") as made:
        yield made


@pytest.fixture(scope="module")
def editor(here: Office) -> KeyMade:
    return here.key("cán bộ Láng")


@pytest.fixture(scope="module")
def carrier(here: Office) -> KeyMade:
    return here.key("bưu cục", "carrier")


_NUMBERS = iter(range(1, 1_000))


def house(here: Office, north_m: float = 0, **fields: Any) -> str:
    """A separate door, far enough north of the others not to affect them."""
    return here.place.house(str(next(_NUMBERS)), **at(0, north_m) | fields)


def entrances(here: Office, code: str, key: KeyMade | None = None, **asked: Any) -> Any:
    answer = here.client.get(f"/v1/addresses/{code}", query_string=asked, headers=bearer(key))
    assert answer.status_code == 200, answer.text
    return answer.get_json()["entrances"]


def near(here: Office, point: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    query = {"lon": point["lon"], "lat": point["lat"], **asked}
    answer = here.client.get("/v1/reverse", query_string=query)
    assert answer.status_code == 200, answer.text
    return [feature["properties"] for feature in answer.get_json()["features"]]


# --- the operation -------------------------------------------------------------------------------


def test_list_is_replaced_as_a_whole_and_its_history_kept(
    here: Office, editor: KeyMade, carrier: KeyMade
) -> None:
    code = house(here)
    ((cursor,),) = here.place.rows("SELECT clock_timestamp()")
    gates = [
        {"kind": "main", **at(1)},
        {"kind": "locker", **at(40, accuracy_m=5, note=NOTE, seen_on="2/11/2026", source="survey")},
    ]
    done = here.post("entrances", editor, code=code, entrances=gates, reason="đo tại chỗ")
    assert (done.status_code, done.get_json()["operation"]) == (200, "entrances")
    found = [UNKNOWN | gates[0], UNKNOWN | gates[1] | {"seen_on": "2026-11-02"}]
    assert entrances(here, code) == found
    assert here.post("entrances", editor, code=code, entrances=gates[:1]).status_code == 200
    assert entrances(here, code) == found[:1]
    assert here.post("entrances", editor, code=code, entrances=[]).status_code == 200
    assert entrances(here, code) == []
    assert here.place.row(code).entrances is None
    assert entrances(here, code, as_of=cursor.isoformat()) == []
    steps = here.get(f"/v1/addresses/{code}/history", carrier).get_json()["steps"]
    changes = [c for step in steps for c in step["changes"] if c["field"] == "entrances"]
    assert [c["after"] for c in changes] == [found, found[:1], None]


FAR = {"lon": 105.9, "lat": LAT}


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ([{"kind": "roof", **at(1)}], "entrances.0.kind", "literal_error"),
        ([{"kind": "main", "lat": LAT}], "entrances.0.lon", "missing"),
        ([{"kind": "main", **at(1)}, {"kind": "main", **FAR}], "entrances.1.lon", "far_from_door"),
        ([{"kind": "main", "lon": 108.2, "lat": 16.0}], "entrances.0.lon", "far_from_commune"),
        ([{"kind": "main", "lon": LAT, "lat": LON}], "entrances.0", "coordinates_swapped"),
        ([{"kind": "main", **at(1, note="a" * 141)}], "entrances.0.note", "string_too_long"),
        ([{"kind": "main", **at(1, note="gọi 0912 345 678")}], "entrances.0.note", "personal_data"),
        ([{"kind": "main", **at(1, note="cổng nhà bà Hoa")}], "entrances.0.note", "personal_data"),
        ([{"kind": "main", **at(1, note="a\nb")}], "entrances.0.note", "string_pattern_mismatch"),
        ([{"kind": "main", **at(1, note="")}], "entrances.0.note", "string_too_short"),
        ([{"kind": "main", **at(1, seen_on="2999-01-01")}], "entrances.0.seen_on", "day_in_future"),
        ([{"kind": "main", **at(1, seen_on="31/2/2026")}], "entrances.0.seen_on", "malformed_day"),
        ([{"kind": "main", **at(1, source="bà Lan")}], "entrances.0.source", "literal_error"),
        ([{"kind": "main", **at(1)}] * 2, "entrances.1", "given_twice"),
        ([{"kind": "main", **at(n)} for n in range(9)], "entrances", "too_long"),
        ([{"kind": "main", **at(1, phone="x")}], "entrances.0.phone", "unknown_parameter"),
    ],
)
def test_invalid_entrance_is_refused_with_its_field(
    here: Office, editor: KeyMade, wrong: list[Any], field: str, code: str
) -> None:
    door = house(here)
    answer = here.post("entrances", editor, code=door, entrances=wrong)
    assert answer.status_code == 422, answer.text
    (error,) = answer.get_json(force=True)["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert here.place.row(door).entrances is None


def test_successor_inherits_entrances_unless_its_point_differs(
    here: Office, editor: KeyMade
) -> None:
    code = house(here)
    here.post("entrances", editor, code=code, entrances=[{"kind": "main", **at(3)}])
    made = here.place.do("replace", code=code, reason="biển in sai").records
    code = next(each.code for each in made if each.status == "active")
    assert [each["kind"] for each in entrances(here, code)] == ["main"]
    parts = [{"house_number": "901"}, {"house_number": "902", **at(20)}]
    made = here.place.do("split", code=code, parts=parts, reason="tách").records
    kept = [len(entrances(here, each.code)) for each in made if each.status == "active"]
    assert kept == [1, 0]


# --- lookup and reverse --------------------------------------------------------------------------


def test_flat_has_the_entrances_of_its_building_until_it_has_its_own(
    here: Office, editor: KeyMade, carrier: KeyMade
) -> None:
    tower = house(here, building="CT1", kind="building")
    flat = house(here, building="CT1", unit_number="1205", parent=tower)
    here.post("entrances", editor, code=tower, entrances=[{"kind": "vehicles", **at(30)}])
    found = UNKNOWN | {"kind": "vehicles", **at(30)}
    assert entrances(here, tower) == [found]
    assert entrances(here, flat) == [found | {"of": tower}]
    before = here.get(f"/v1/addresses/{flat}").headers["ETag"]
    here.post("entrances", editor, code=tower, entrances=[{"kind": "vehicles", **at(31)}])
    seen = here.client.get(f"/v1/addresses/{flat}", headers={"If-None-Match": before})
    assert seen.status_code == 200  # the flat itself did not change
    page = here.client.get(f"/a/{code_display(flat)}").text
    assert "Lối xe vào" in page
    assert f'href="/a/{tower}"' in page
    here.place.do("correct", code=tower, restricted=True)
    assert entrances(here, flat) == entrances(here, flat, carrier) == []
    here.post("entrances", editor, code=flat, entrances=[{"kind": "main", **at(5)}])
    assert entrances(here, flat) == [UNKNOWN | {"kind": "main", **at(5)}]


def test_record_is_found_by_the_entrance_nearest_to_the_point(
    here: Office, editor: KeyMade
) -> None:
    """Points and entrances far enough north of the others that nothing else is near."""
    at_m = 1_000
    tower = house(here, at_m, building="CT2", kind="building")
    small = here.place.house(str(next(_NUMBERS)), **at(150, at_m))
    for kinds, asked_m, kind, metres in (
        # The record's point is the main entrance if the list has none.
        ((), 10, None, 10),
        ((("vehicles", 100),), 90, "vehicles", 10),
        ((("vehicles", 100),), 10, "main", 10),
        ((("vehicles", 100), ("locker", -60)), -45, "locker", 15),
        ((("main", 100), ("main", -60)), -20, "main", 40),
    ):
        gates = [{"kind": each, **at(east, at_m)} for each, east in kinds]
        assert here.post("entrances", editor, code=tower, entrances=gates).status_code == 200
        first, second = near(here, at(asked_m, at_m), limit=2)
        assert first["code"] == tower
        assert first["distance_m"] == pytest.approx(metres, abs=0.6)
        assert (first.get("entrance") or {}).get("kind") == kind
        assert (second["code"], "entrance" in second) == (small, False)
    # Nearer than the neighbouring door only by its entrance; not returned once it is restricted.
    gates = [{"kind": "delivery", **at(140, at_m, note=NOTE)}]
    here.post("entrances", editor, code=tower, entrances=gates)
    first, second = near(here, at(144, at_m), limit=2)
    assert (first["code"], first["entrance"]) == (tower, UNKNOWN | gates[0])
    assert second["code"] == small
    here.place.do("correct", code=tower, restricted=True)
    assert [each["code"] for each in near(here, at(140, at_m), limit=5)] == [small]


def test_both_scans_of_reverse_use_their_index(here: Office) -> None:
    asked = {"lon": LON, "lat": LAT, "reach_m": 300}
    statement = SQL.driver("nearest_few")
    for name, value in asked.items():
        statement = statement.replace(f"%({name})s", str(value))
    plan = "\n".join(row[0] for row in here.place.rows(f"EXPLAIN {statement}"))
    assert "Index Scan using ix_household_entrances" in plan, plan


# --- from the door -------------------------------------------------------------------------------


def report(here: Office, key: KeyMade | None = None, **fields: Any) -> TestResponse:
    given = {"kind": "entrance", "entrance": "vehicles"} | fields
    return here.client.post("/v1/reports", json=given, headers=bearer(key))


def test_reports_are_counted_and_an_acceptance_adds_the_entrance(
    here: Office, editor: KeyMade, carrier: KeyMade
) -> None:
    code = house(here)
    here.post("entrances", editor, code=code, entrances=[{"kind": "locker", **at(-20)}])
    other = here.key("bưu cục khác", "carrier")
    first = report(here, carrier, code=code, note=NOTE, **at(60, position_accuracy_m=6))
    assert first.status_code == 200, first.text
    same = report(here, other, code=code, note=NOTE.upper(), **at(68)).get_json()
    assert (same["id"], same["reporters"]) == (first.get_json()["id"], 2)
    # Others: another kind, another note, another place. All by one key on one day.
    for fields in (
        {"entrance": "delivery", **at(60)},
        {"note": "mở cả ngày", **at(60)},
        {"note": NOTE, **at(90)},
    ):
        filed = report(here, carrier, code=code, **fields).get_json()
        assert (filed["id"] != same["id"], filed["reporters"]) == (True, 1)
    (entry,) = [
        each
        for each in here.get("/v1/reports?kind=entrance", editor).get_json()["reports"]
        if each["id"] == same["id"]
    ]
    assert (entry["accepting"], entry["entrance"], entry["note"]) == ("entrances", "vehicles", NOTE)
    assert entry["point"]["distance_m"] == pytest.approx(60, abs=1)

    def accept(report_id: int, **more: Any) -> TestResponse:
        path = f"/v1/reports/{report_id}/accept"
        return here.client.post(path, json={"reason": "đã xem", **more}, headers=bearer(editor))

    assert accept(same["id"]).status_code == 200
    day = today().isoformat()
    found = at(60, accuracy_m=6, note=NOTE, seen_on=day, source="carrier")
    added = UNKNOWN | {"kind": "vehicles", **found}
    assert entrances(here, code) == [UNKNOWN | {"kind": "locker", **at(-20)}, added]
    step = here.place.steps(code)[-1]
    assert (step.operation, step.report_id) == ("entrances", same["id"])
    # An existing entrance is not added twice; an editor's note is kept.
    again = report(here, code=code, note="cổng xanh của chủ quán", **at(64)).get_json()["id"]
    assert accept(again, note="cổng xanh").status_code == 200
    kept = entrances(here, code)
    assert [each["kind"] for each in kept] == ["locker", "vehicles"]
    assert (kept[1]["note"], kept[1]["source"]) == ("cổng xanh", "resident")
    wrong = accept(
        report(here, code=code, kind="confirmed", entrance=None).get_json()["id"], note="x"
    )
    assert (wrong.status_code, wrong.get_json(force=True)["errors"][0]["field"]) == (422, "note")


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({**at(5), "entrance": None}, "entrance", "missing"),
        ({}, "lon", "missing"),
        ({**at(5), "entrance": "roof"}, "entrance", "literal_error"),
        ({**at(5), "note": "gọi 0912345678"}, "note", "personal_data"),
        ({**at(5), "note": "a" * 141}, "note", "string_too_long"),
        ({"lon": 108.2, "lat": 16.0}, "lon", "far_from_commune"),
        ({**at(5), "kind": "wrong_point"}, "entrance", "not_of_this_kind"),
        ({"kind": "confirmed", "entrance": None, "note": "a"}, "note", "not_of_this_kind"),
        ({**at(5), "address": "x"}, "address", "not_of_this_kind"),
    ],
)
def test_report_of_an_invalid_entrance_is_refused(
    here: Office, fields: dict[str, Any], field: str, code: str
) -> None:
    answer = report(here, code=house(here), **fields)
    assert answer.status_code == 422, answer.text
    (error,) = answer.get_json(force=True)["errors"]
    assert (error["field"], error["code"]) == (field, code)


def test_address_page_shows_entrances_and_accepts_a_report(here: Office, editor: KeyMade) -> None:
    code = house(here)
    gates = [{"kind": "locker", **at(40, note="<b>sảnh</b>", seen_on="2026-11-02")}]
    here.post("entrances", editor, code=code, entrances=gates)
    path = f"/a/{code_display(code)}"
    page = here.client.get(path).text
    assert "&lt;b&gt;sảnh&lt;/b&gt;" in page
    assert "cách ghim 40 m" in page
    assert "xác minh ngày 02/11/2026" in page
    assert '; 1 tủ nhận hàng"' in page
    assert page.count('class="sketch-entrance"') == 1
    form = {"kind": "entrance", "entrance": "main", "note": NOTE, **at(5)}
    sent = here.client.post(f"{path}/report", data=form)
    assert sent.status_code == 303, sent.text
    assert "Có lối vào ở đây" in here.client.get(sent.headers["Location"]).text
    for wrong, expected in (
        ({"note": "gọi 0912345678"}, "xin đừng ghi số điện thoại"),
        ({"entrance": "roof"}, "hãy chọn loại lối vào"),
        ({"lon": "", "lat": ""}, "Hãy cho biết nhà ở đâu"),
    ):
        refused = here.client.post(f"{path}/report", data=form | wrong)
        assert (refused.status_code, expected in refused.text) == (422, True)
        assert (wrong.get("note") or NOTE) in refused.text  # typed values are kept


# --- at the desk ---------------------------------------------------------------------------------


def test_desk_writes_entrances_after_a_preview_and_decides_reports(here: Office) -> None:
    seat: Seat = seated(here, "bàn giấy Láng")
    code = house(here)
    path = f"/desk/records/{code_display(code)}/entrances"
    assert seat.get(path).text.count("<fieldset") == 3  # two entrances, and why
    seen = here.place.record(code).event_id
    rows = {
        "entrances.0.kind": "vehicles",
        "entrances.0.lon": str(at(50)["lon"]),
        "entrances.0.lat": str(at(50)["lat"]).replace(".", ","),
        "entrances.0.note": NOTE,
        "entrances.1.kind": "main",
        "_parts": "2",
        "_seen": str(seen),
    }
    wrong = seat.post(path, path, **rows | {"entrances.0.lon": "x"})
    assert (wrong.status_code, 'value="x"' in wrong.text) == (422, True)
    preview = seat.post(path, path, **rows)
    assert preview.status_code == 200, preview.text
    assert f"lối xe vào {at(50)['lat']:.6f}, {at(50)['lon']:.6f} · “{NOTE}”" in preview.text
    assert seat.confirm(path, preview).status_code == 303
    stored = {"kind": "vehicles", **at(50), "note": NOTE}
    assert here.place.row(code).entrances == [stored]
    page = seat.get(f"/desk/records/{code_display(code)}").text
    assert f"“{NOTE}”" in page
    # Unchanged entrances are not listed beside new ones.
    more = {"entrances.1.lon": str(at(9)["lon"]), "entrances.1.lat": str(at(9)["lat"])}
    now = str(here.place.record(code).event_id)
    response = seat.post(path, path, **rows | more | {"_seen": now}).text
    assert "cửa chính" in response.partition("<dl")[0]
    assert NOTE not in response.partition("<dl")[0]
    # The form starts with the recorded entrances; one with cleared point and note is dropped.
    assert f'value="{NOTE}"' in seat.get(path).text
    emptied = rows | {f"entrances.0.{name}": "" for name in ("lon", "lat", "note")}
    stale = seat.post(path, path, **emptied)
    assert stale.status_code == 412
    now = str(here.place.record(code).event_id)
    assert seat.confirm(path, seat.post(path, path, **emptied | {"_seen": now})).status_code == 303
    assert here.place.row(code).entrances is None
    filed = report(here, code=code, note="nhà màu vàng", **at(12)).get_json()["id"]
    shown = seat.get(f"/desk/reports/{filed}").text
    assert "Lối xe vào: “nhà màu vàng”" in shown
    assert seat.post(f"/desk/reports/{filed}", decision="accept", note="").status_code == 303
    (kept,) = here.place.row(code).entrances
    assert (kept["kind"], "note" in kept, kept["source"]) == ("vehicles", False, "resident")
    assert "ghi lối vào" in seat.get(f"/desk/records/{code_display(code)}").text.lower()
