"""`/v1/coverage` as its callers see it."""

import datetime
import gzip
import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert

from geo.code import from_serial
from registry.core.database import make_engine, session_scope
from registry.core.events import write_scope
from registry.coverage import count_cache, measure
from registry.units.gazetteer import VIET_NAM
from tests.support.factories import TEST, make_household
from tests.support.tables import Target
from tests.support.units import open_app, read_gazetteer, unit_named

UNIT = {
    "code",
    "level",
    "name",
    "province",
    "target",
    "households",
    "share",
    "deficit",
    "dwellings",
    "positioned",
    "share_positioned",
    "verified",
    "share_verified",
    "deliverable",
    "share_deliverable",
    "plated",
    "suspected_duplicates",
    "without_number",
    "uses",
    "audit",
    "locality",
}


def test_provinces_are_listed_by_default(client: FlaskClient) -> None:
    answer = client.get("/v1/coverage")

    assert answer.status_code == 200
    assert set(answer.json) == {"as_of", "counted_at", "demo", "former_unit", "units", "total"}
    assert answer.json["total"]["code"] == "VN"
    units = answer.json["units"]
    assert len(units) == 34
    assert set(units[0]) == UNIT
    assert units[0] == {
        "code": "01",
        "level": "province",
        "name": "Thành phố Hà Nội",
        "province": None,
        "target": {
            "households": 2271806,
            "counted": "households",
            "quality": "estimate",
            "quality_label": "ước tính",
            "source": units[0]["target"]["source"],
            "reference_date": "2024-04-01",
        },
        "households": 0,
        "share": 0.0,
        "deficit": 2271806,
        "dwellings": 0,
        "positioned": 0,
        "share_positioned": None,
        "verified": 0,
        "share_verified": None,
        "deliverable": 0,
        "share_deliverable": None,
        "plated": 0,
        "suspected_duplicates": 0,
        "without_number": 0,
        "audit": [],
        "locality": None,
        "uses": [],
    }


def test_communes_of_one_province_are_listed_when_asked(client: FlaskClient) -> None:
    units = client.get("/v1/coverage?level=commune&province=01").json["units"]
    assert len(units) == 126
    assert {unit["province"]["code"] for unit in units} == {"01"}
    assert len(client.get("/v1/coverage?level=commune").json["units"]) == 3321


def test_province_without_a_level_is_one_unit(client: FlaskClient) -> None:
    by_filter = client.get("/v1/coverage?province=79").json
    assert by_filter == client.get("/v1/coverage/79").json
    assert [unit["code"] for unit in by_filter["units"]] == ["79"]


@pytest.mark.parametrize("path", ["/v1/coverage/02", "/v1/coverage?province=02"])
def test_former_unit_is_answered_by_its_successor(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json["former_unit"] == {"code": "02", "name": "Tỉnh Hà Giang"}
    assert [unit["code"] for unit in answer.json["units"]] == ["08"]


def test_the_parts_of_a_unit_are_listed_when_asked(client: FlaskClient) -> None:
    communes = client.get("/v1/coverage/01?level=commune").json
    assert len(communes["units"]) == 126
    assert communes["total"]["code"] == "01"
    assert client.get("/v1/coverage/00004?level=locality").json["units"] == []


def test_demo_households_are_counted_when_asked(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    engine = make_engine(url)
    unit_id = unit_named(read_gazetteer(engine), "Phường Ba Đình", "00004").id
    with write_scope(engine, TEST) as session:
        make_household(session, unit_id=unit_id)
        make_household(session, unit_id=unit_id, code=from_serial(3), households_count=2)
    with session_scope(engine) as session:
        session.execute(
            insert(Target).values(
                unit_id=unit_id,
                households=4,
                quality="declared",
                source="UBND",
                reference_date="2026-06-30",
            )
        )
    engine.dispose()

    with open_app(url) as app:
        client = app.test_client()
        (real,) = client.get("/v1/coverage/00004").json["units"]
        (both,) = client.get("/v1/coverage/00004?demo=true").json["units"]

    assert (real["households"], real["share"], real["deficit"]) == (1, 0.25, 3)
    assert (both["households"], both["share"], both["deficit"]) == (3, 0.75, 1)
    assert real["target"]["quality_label"] == "kê khai"


def test_stale_counts_are_marked_until_the_job_has_run(
    fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (count_cache, measure):
        monkeypatch.setattr(module, "MOST_RECORDS", 0)
    url = fresh_database()
    engine = make_engine(url)
    with write_scope(engine, TEST) as session:
        make_household(
            session, unit_id=unit_named(read_gazetteer(engine), "Phường Ba Đình", "00004").id
        )

    with open_app(url) as app:
        client = app.test_client()
        late = client.get("/v1/coverage").json
        assert datetime.datetime.fromisoformat(late["counted_at"]) < datetime.datetime.now(VIET_NAM)
        assert late["total"]["dwellings"] == 0
        assert client.get("/v1/coverage/00004/gaps").json["counted_at"] == late["counted_at"]
        page = client.get("/coverage", headers={"Accept": "text/html"})
        assert "đang đếm lại" in page.text
        table = client.get("/coverage?as=csv").headers["Content-Disposition"]
        assert datetime.datetime.fromisoformat(late["counted_at"]).strftime("%Hh%M") in table

        count_cache.count(engine, None)

        now = client.get("/v1/coverage").json
        assert (now["counted_at"], now["total"]["dwellings"]) == (None, 1)
        assert "đang đếm lại" not in client.get("/coverage", headers={"Accept": "text/html"}).text
    engine.dispose()


def test_series_of_a_unit_and_the_country(client: FlaskClient) -> None:
    answer = client.get("/v1/coverage/VN/series?since=1/7/2026").json
    assert answer["unit"] == {"code": "VN", "level": "country", "name": "Việt Nam"}
    assert (answer["since"], answer["days"]) == ("2026-07-01", [])
    assert answer["forecast"] == {"date": None, "reason": "no_series"}
    assert client.get("/v1/coverage/02/series").json["former_unit"]["name"] == "Tỉnh Hà Giang"
    for query, status in (("00004/series?since=x", 422), ("99999/series", 404)):
        assert client.get(f"/v1/coverage/{query}").status_code == status
    backwards = client.get("/v1/coverage/01/series?since=2026-02-01&until=2026-01-01")
    assert backwards.json["errors"][0]["code"] == "span_backwards"


def test_gaps_of_a_unit(client: FlaskClient) -> None:
    answer = client.get("/v1/coverage/01/gaps?limit=2").json
    assert answer["unit"] == {"code": "01", "name": "Thành phố Hà Nội"}
    assert answer["counts"] == {"below_target": 1, "street_holes": 0, "never_delivered": 126}
    assert [gap["level"] for gap in answer["gaps"]] == ["province", "commune"]
    assert answer["gaps"][0]["target_quality_label"] == "ước tính"
    kind = client.get("/v1/coverage/00004/gaps?kind=street_holes").json
    assert (kind["gaps"], kind["counts"]["never_delivered"]) == ([], None)
    for path, status in (("99999/gaps", 404), ("01/gaps?kind=x", 422), ("01/gaps?limit=0", 422)):
        assert client.get(f"/v1/coverage/{path}").status_code == status


def test_long_list_is_compressed(client: FlaskClient) -> None:
    path = "/v1/coverage?level=commune"
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data)) == client.get(path).get_json()
    assert len(packed.data) * 5 < len(client.get(path).data)
