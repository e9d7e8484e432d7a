"""Records in an area: counted first, then returned as a file and charged."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import InvalidInputError
from registry.core.settings import Settings
from registry.publish.export.area import records_within
from registry.units.gazetteer import Gazetteer
from scripts.export import export
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, LANG

LON, LAT = LANG["lon"], LANG["lat"]
NEXT = "00190"
"""Phường Ô Chợ Dừa."""
STEP = 0.001
"""Degrees between two houses: 104 m eastwards."""
LIMITS = Settings(budget_per_key=20)
PATH = "/v1/within"


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str) -> Iterator[Office]:
    """Houses 1 to 9 along the parallel of Láng, of which 4 is restricted; 10 in another commune;
    a tower; a house without a point.
    """
    with open_office(admin_url, f"within_{worker_id}", LIMITS) as made:
        place = made.place
        codes = [place.house(str(n), **_at(n)) for n in range(1, 10)]
        office = {"use": "office", "name": "UBND phường Láng"}
        place.do("uses", code=codes[8], uses=[office], reason="tests")
        place.do("correct", code=codes[3], restricted=True, reason="tests")
        place.street("Phố Láng", commune=NEXT)
        place.house("10", commune=NEXT, **_at(10))
        place.house("12", kind="building", building="Tháp A", **_at(12))
        place.house("99")
        yield made


def _at(steps: int) -> dict[str, object]:
    return {"lon": LON + steps * STEP, "lat": LAT, "position_method": "gps"}


def _polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"geometry": {"type": "Polygon", "coordinates": list(rings)}}


def _box(west: float, east: float, reach: float = 0.5) -> list[list[float]]:
    """A ring around what lies between two steps."""
    w, e, s, n = LON + west * STEP, LON + east * STEP, LAT - reach * STEP, LAT + reach * STEP
    return [[w, s], [e, s], [e, n], [w, n], [w, s]]


def _circle(steps: float, metres: float) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [LON + steps * STEP, LAT]}
    return {"geometry": point, "buffer_m": metres}


LINE = {
    "geometry": {
        "type": "LineString",
        "coordinates": [[LON - 0.2, LAT - 0.2], [LON + 6 * STEP, LAT], [LON + 6 * STEP, LAT + 0.2]],
    },
    "buffer_m": 150,
}
ALL = _polygon(_box(0.5, 12.5))


def ask(office: Office, body: object, path: str = PATH, role: Any = "carrier") -> Any:
    key = office.key(f"khoá {next(_KEYS)}", role)
    return office.client.post(path, json=body, headers=bearer(key))


_KEYS = iter(range(1_000_000))


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (_polygon(_box(0.5, 3.5)), {"1", "2", "3"}),
        (_polygon(_box(0.5, 12.5), _box(1.5, 11.5, 0.2)[::-1]), {"1", "12"}),
        (_polygon(_box(1, 2)), {"1", "2"}),
        (_circle(2, 100), {"2"}),
        (_circle(2, 110), {"1", "2", "3"}),
        (LINE, {"5", "6", "7"}),
        (ALL, {"1", "2", "3", "5", "6", "7", "8", "9", "10", "12"}),
        (_circle(-100, 1_000), set()),
    ],
)
def test_area_count_matches_its_records(
    office: Office, body: dict[str, Any], numbers: set[str]
) -> None:
    counted = ask(office, body).get_json()
    assert counted["records"] == len(numbers)
    assert counted["records"] == sum(c["records"] for c in counted["communes"])
    file = ask(office, body, f"{PATH}/records?format=ndjson")
    if numbers:
        answer = [json.loads(line)["house_number"] for line in file.text.splitlines()]
        assert (set(answer), len(answer)) == (numbers, len(numbers))
    else:
        assert code_of(file) == (404, "not_found")


def test_counts_are_by_commune_and_kind(office: Office) -> None:
    counted = ask(office, ALL).get_json()
    assert 0 < counted.pop("area_km2") < 1
    lang, other = counted.pop("communes")
    assert counted == {"records": 10, "dwellings": 8, "buildings": 1, "households": 8}
    assert (lang["code"], lang["province"]) == (COMMUNE, "Thành phố Hà Nội")
    assert (lang["dwellings"], lang["buildings"], lang["households"]) == (7, 1, 7)
    assert (other["code"], other["dwellings"], other["buildings"]) == (NEXT, 1, 0)


def test_doors_with_a_use_are_counted_and_listed_separately(office: Office) -> None:
    offices = {**ALL, "use": "office"}
    counted = ask(office, offices).get_json()
    assert (counted["records"], counted["dwellings"]) == (1, 0)
    (line,) = ask(office, offices, f"{PATH}/records?format=ndjson").text.splitlines()
    assert json.loads(line)["house_number"] == "9"
    assert ask(office, {**ALL, "use": "dwelling"}).get_json()["dwellings"] == 8


def test_file_has_the_columns_of_an_export(office: Office) -> None:
    key = bearer(office.key("như tệp xuất", "carrier"))
    whole = office.client.get("/v1/export?external=true&on=2025-01-01", headers=key).text
    part = ask(office, _circle(2, 50), f"{PATH}/records?external=true&on=2025-01-01")
    assert part.headers["Content-Disposition"].startswith('attachment; filename="dia-chi-so-within')
    head, *rows = csv.reader(io.StringIO(part.text))
    exported = list(csv.reader(io.StringIO(whole)))
    assert head == exported[0]
    assert rows == [row for row in exported if row[5] == "2"]


SQUARE = [[LON, LAT], [LON + 0.01, LAT + 0.01], [LON + 0.01, LAT], [LON, LAT + 0.01], [LON, LAT]]
WRONG = {
    "polygon_crosses_itself": _polygon(SQUARE),
    "malformed_geometry": _polygon(SQUARE[:-1]),
    "outside_country": _polygon([[lat, lon] for lon, lat in _box(0, 1)]),
    "area_too_large": _circle(0, 25_000) | {"geometry": {"type": "MultiPoint", "coordinates": [
        [LON, LAT], [LON + 0.5, LAT], [LON, LAT + 0.5]]}},
    "too_many_vertices": LINE | {"geometry": {"type": "LineString", "coordinates": [
        [LON + n * 1e-6, LAT] for n in range(10_001)]}},
    "missing": {"geometry": LINE["geometry"]},
    "literal_error": {"geometry": {"type": "GeometryCollection", "coordinates": []}},
    "greater_than": _circle(0, 0),
    "less_than_equal": _circle(0, 25_001),
}  # fmt: skip


@pytest.mark.parametrize("code", WRONG)
def test_invalid_area_is_refused_with_its_code(office: Office, code: str) -> None:
    for path in (PATH, f"{PATH}/records"):
        refused = ask(office, WRONG[code], path)
        assert refused.status_code == 422, refused.text
        assert [error["code"] for error in refused.get_json(force=True)["errors"]] == [code]


def test_self_intersection_is_reported_with_its_location(office: Office) -> None:
    refused = ask(office, WRONG["polygon_crosses_itself"]).get_json(force=True)
    assert f"{LON + 0.005:.6f}" in refused["errors"][0]["detail"]


Numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-200, 200)
Coordinates = st.recursive(
    st.lists(Numbers, max_size=4), lambda inner: st.lists(inner, max_size=5), max_leaves=12
)


@given(st.sampled_from(["Point", "LineString", "MultiPolygon", "Polygon"]), Coordinates)
def test_no_geometry_causes_a_server_error(
    office: Office, gazetteer: Gazetteer, kind: str, coordinates: object
) -> None:
    drawn = json.dumps({"type": kind, "coordinates": coordinates})
    try:
        records_within(office.place.engine, gazetteer, drawn, 10.0)
    except InvalidInputError as error:
        assert error.code == "invalid_input"  # noqa: PT017


def test_records_need_a_key_and_are_charged_to_its_budget(office: Office) -> None:
    for path in (PATH, f"{PATH}/records"):
        assert code_of(office.client.post(path, json=ALL)) == (401, "key_required")
    key = office.key("trả theo số cửa", "carrier")

    def left() -> int:
        answer: int = office.get("/v1/whoami", key).get_json()["enumeration_budget"]["left"]
        return answer

    for _ in range(3):
        counted = office.client.post(PATH, json=ALL, headers=bearer(key))
        assert (counted.status_code, left()) == (200, 20)
    for rest in (10, 0):
        file = office.client.post(f"{PATH}/records", json=ALL, headers=bearer(key))
        assert (file.status_code, left()) == (200, rest)
    refused = office.client.post(f"{PATH}/records", json=ALL, headers=bearer(key))
    assert code_of(refused) == (429, "enumeration_budget")
    assert 1_700 < int(refused.headers["Retry-After"]) <= 1_800
    noted = [entry for entry in office.audited() if entry["actor"] == "trả theo số cửa"]
    assert {(e["endpoint"], e["count"]) for e in noted} >= {("POST /v1/within/records", 10)}


def test_request_larger_than_the_budget_is_refused_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = office.app.extensions["diachiso_access"].limits
    monkeypatch.setattr(limits, "purse", lambda *_: limits.empty_purse)
    refused = ask(office, ALL, f"{PATH}/records")
    assert [e["code"] for e in refused.get_json(force=True)["errors"]] == ["area_holds_too_many"]
    assert ask(office, ALL).get_json()["records"] == 10


def test_command_exports_the_records_within_a_geometry_file(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", office.place.url)
    path, out = tmp_path / "tuyen.geojson", tmp_path / "so.csv"
    feature = {"type": "Feature", "properties": {}, "geometry": LINE["geometry"]}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    done = CliRunner().invoke(export, ["--within", str(path), "--buffer", "150", "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    assert f"{COMMUNE} Phường Láng: 3 bản ghi: 3 chỗ ở, 0 toà nhà; 3 hộ" in done.stderr
    assert len(out.read_text().splitlines()) == 4
    near = ["--within", str(path), "--buffer", "150"]
    for wrong in (
        ["--buffer", "150"],
        ["--within", str(path)],
        ["--within", str(out)],
        [*near, "--status", "proposed"],
        [*near, "--as-of", "2026-01-01"],
        [*near, "--layer", "communes"],
    ):
        refused = CliRunner().invoke(export, [*wrong, "--out", "-", "--format", "csv"])
        assert refused.exit_code not in (0, None), wrong
