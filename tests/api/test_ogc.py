"""OGC API Features: pages, boxes, days and systems; and that GDAL and OWSLib open it."""

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Request
from flask.testing import FlaskClient
from owslib.ogcapi.features import Features
from sqlalchemy import text
from werkzeug.test import TestResponse

from api.core.access import ANONYMOUS, Caller
from registry.core.database import session_scope
from registry.publish.features.systems import CRS84, SYSTEMS
from registry.units.gazetteer import VIET_NAM
from tests.support.search_world import LANG, World, search_world
from tests.support.serving import served
from tests.support.units import open_app

OPEN = ("streets", "localities", "communes", "provinces")
SERVICES = ("offices", "service_areas")
DOORS = ("households", "buildings")
WITH_KEY = {"X-Role": "carrier"}
AROUND = f"{LANG[0] - 0.001},{LANG[1] - 0.001},{LANG[0] + 0.001},{LANG[1] + 0.001}"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@dataclass(frozen=True)
class Site:
    """The application, its register, and where it is served."""

    client: FlaskClient
    world: World
    url: str

    def get(self, path: str, **parameters: object) -> TestResponse:
        return self.client.get(f"/ogc{path}", query_string=parameters, headers=WITH_KEY)

    def items(self, collection: str, **parameters: object) -> list[dict[str, Any]]:
        response = self.get(f"/collections/{collection}/items", **parameters)
        assert response.status_code == 200, response.text
        features: list[dict[str, Any]] = response.get_json()["features"]
        return features


def by_header(request: Request) -> Caller:
    role: Any = request.headers.get("X-Role") or (
        request.authorization and request.authorization.token
    )
    return Caller(role, role) if role else ANONYMOUS


@pytest.fixture(scope="module")
def site(admin_url: str, worker_id: str) -> Iterator[Site]:
    with (
        search_world(admin_url, f"ogc_{worker_id}") as world,
        open_app(world.url, by_header) as app,
        served(app) as url,
    ):
        yield Site(app.test_client(), world, url)


def shown(site: Site, kind: str) -> set[str]:
    with session_scope(site.world.engine) as session:
        return set(
            session.scalars(
                text(
                    "SELECT code FROM household"
                    " WHERE status = 'active' AND NOT restricted AND kind = :kind"
                ),
                {"kind": kind},
            )
        )


@pytest.mark.parametrize(
    ("collection", "kind"), [("households", "household"), ("buildings", "building")]
)
def test_paging_returns_every_visible_door_once(site: Site, collection: str, kind: str) -> None:
    found: list[str] = []
    path: str | None = f"/ogc/collections/{collection}/items?limit=7"
    while path:
        page = site.client.get(path, headers=WITH_KEY).get_json()
        assert page["numberReturned"] == len(page["features"]) <= 7
        found += [feature["id"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        parts = urlsplit(following[0]) if following else None
        path = f"{parts.path}?{parts.query}" if parts else None
    assert len(found) == len(set(found))
    assert set(found) == shown(site, kind)


def test_door_has_the_properties_of_a_lookup(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    feature = site.get(f"/collections/households/items/{code}").get_json()
    address = site.client.get(f"/v1/addresses/{code}").get_json()
    assert feature["properties"]["address"] == address["label"]
    assert feature["properties"]["address_before_2025_07"] == address["label_before_2025_07"]
    assert feature["properties"]["commune"] == "Phường Láng"
    assert feature["properties"]["demo"] is code.startswith("0")
    assert feature["geometry"]["coordinates"] == [
        address["position"][each] for each in ("lon", "lat")
    ]


def test_only_doors_need_a_key(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    for path in (
        *(f"/ogc/collections/{name}/items" for name in DOORS),
        f"/ogc/collections/households/items/{code}",
        f"/ogc/collections/%68ouseholds/items/{code}",
        f"/ogc/collections/buildings/items/{code}",
    ):
        assert site.client.get(path).status_code == 401, path
    for path in (
        "",
        "/conformance",
        "/collections",
        *(f"/collections/{name}/items" for name in (*OPEN, *SERVICES)),
    ):
        body = site.client.get(f"/ogc{path}").get_data(as_text=True)
        assert not [known for known in site.world.codes.values() if known in body]


WRONG = [
    ({"bbox": "1,2,3"}, "malformed_bbox"),
    ({"bbox": "a,b,c,d"}, "malformed_bbox"),
    ({"bbox": "nan,0,1,1"}, "malformed_bbox"),
    ({"bbox": "1e999,0,1,1"}, "malformed_bbox"),
    ({"bbox": "105,22,106,21"}, "malformed_bbox"),
    ({"bbox": "21,105,22,106,"}, "malformed_bbox"),
    ({"bbox": "21,105,22,106"}, "malformed_bbox"),
    ({"bbox": ",".join(["1"] * 90)}, "malformed_bbox"),
    ({"bbox": "1,2,3,4", "bbox-crs": f"{EPSG}9999"}, "unknown_crs"),
    ({"bbox": "1e30,1e30,2e30,2e30", "bbox-crs": f"{EPSG}3405"}, "malformed_bbox"),
    ({"crs": "EPSG:4326"}, "unknown_crs"),
    ({"datetime": "yesterday"}, "malformed_datetime"),
    ({"datetime": "2025-06-30T00:00:00"}, "malformed_datetime"),
    ({"datetime": "2025-02-30"}, "malformed_datetime"),
    ({"datetime": "2025-06-30/2024-06-30"}, "malformed_datetime"),
    ({"datetime": "9999-12-31T23:59:59Z"}, "malformed_datetime"),
    ({"datetime": "1900-01-01"}, "day_too_early"),
    ({"limit": "0"}, "greater_than_equal"),
    ({"limit": "many"}, "int_parsing"),
    ({"after": "'; DROP TABLE household"}, "string_too_long"),
    ({"after": "a';--"}, "malformed_cursor"),
    ({"after": "9" * 19}, "malformed_cursor"),
    ({"unit": "1"}, "string_pattern_mismatch"),
    ({"filter": "name LIKE '%'"}, "unknown_parameter"),
    ({"f": "html"}, "literal_error"),
]


@pytest.mark.parametrize(("parameters", "code"), WRONG)
def test_invalid_parameter_is_400_and_named(
    site: Site, parameters: dict[str, str], code: str
) -> None:
    for collection in ("households", "streets", "communes"):
        response = site.get(f"/collections/{collection}/items", **parameters)
        assert response.status_code == 400
        assert response.content_type == "application/problem+json"
        (error,) = response.get_json()["errors"]
        field = list(parameters)[-1 if code == "unknown_crs" else 0]
        assert (error["field"], error["code"]) == (field, code)


@pytest.mark.parametrize("collection", [*DOORS, *OPEN, *SERVICES])
def test_unknown_item_is_not_found_whatever_its_form(site: Site, collection: str) -> None:
    for key in ("x", "99999999999999999999", "'", "0000-0000", "%00"):
        response = site.client.get(f"/ogc/collections/{collection}/items/{key}", headers=WITH_KEY)
        assert response.status_code in (400, 404), key
    assert site.get("/collections/rivers").status_code == 404
    assert site.get("/collections/rivers/items").status_code == 404


def test_too_large_limit_returns_one_page_and_a_next_link(site: Site) -> None:
    page = site.get("/collections/communes/items", limit=50_000).get_json()
    assert page["numberReturned"] == 1_000
    assert "next" in [link["rel"] for link in page["links"]]


def test_bbox_selects_the_same_items_in_every_crs(site: Site) -> None:
    inside = {each["id"] for each in site.items("households", bbox=AROUND, limit=1_000)}
    assert site.world.codes["27 Láng"] in inside
    assert site.world.codes["27 Láng HCM"] in inside  # the world's doors stand in one row
    assert not inside & {each["id"] for each in site.items("households", bbox="108,15,109,16")}
    west, south, east, north = AROUND.split(",")
    turned = {"bbox": f"{south},{west},{north},{east}", "bbox-crs": f"{EPSG}4326"}
    assert {each["id"] for each in site.items("households", limit=1_000, **turned)} == inside
    assert [each["id"] for each in site.items("communes", bbox=AROUND, unit="01")] == [
        each["id"] for each in site.items("communes", bbox=AROUND)
    ]
    streets = {each["properties"]["full_name"] for each in site.items("streets", bbox=AROUND)}
    assert "Phố Láng" in streets
    over = site.items("provinces", bbox="170,-10,-170,10")
    assert over == []


@pytest.mark.parametrize(
    "crs", [f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}3405", f"{EPSG}5897", f"{EPSG}4756"]
)
def test_coordinates_round_trip_in_every_crs_within_a_centimetre(site: Site, crs: str) -> None:
    code = site.world.codes["27 Láng"]
    response = site.get(f"/collections/households/items/{code}", crs=crs)
    assert response.headers["Content-Crs"] == f"<{crs}>"
    x, y = response.get_json()["geometry"]["coordinates"]
    box = {"bbox": f"{x - 1e-6},{y - 1e-6},{x + 1e-6},{y + 1e-6}", "bbox-crs": crs}
    if crs.endswith(("3857", "3405", "5897")):
        box["bbox"] = f"{x - 0.02},{y - 0.02},{x + 0.02},{y + 0.02}"
    assert [each["id"] for each in site.items("households", **box)] == [code]


def test_units_are_those_of_the_given_day(site: Site) -> None:
    before = site.get("/collections/provinces/items", datetime="2025-06-30", limit=100).get_json()
    after = site.items("provinces", limit=100)
    assert (before["numberReturned"], len(after)) == (63, 34)
    ha_noi = site.items("communes", datetime="../2025-06-30", unit="01", limit=1_000)
    names = {each["properties"]["full_name"]: each["properties"] for each in ha_noi}
    assert names["Phường Láng Hạ"]["district"] == "Quận Đống Đa"
    assert "Phường Láng" not in names
    today = site.get("/collections/communes/items/00199").get_json()["properties"]
    assert (today["full_name"], today["province"], today["district"]) == (
        "Phường Láng", "Thành phố Hà Nội", None,
    )  # fmt: skip
    assert today["approximate"] is True


def test_doors_and_streets_are_those_of_the_given_time(site: Site) -> None:
    # `now` of the database is later than this by the time it reads it.
    now = datetime.datetime.now(VIET_NAM).isoformat()
    for collection in (*DOORS, "streets", "localities"):
        today = site.items(collection, limit=1_000)
        then = site.items(collection, limit=1_000, datetime=now)
        assert [each["properties"] for each in then] == [each["properties"] for each in today]
        assert site.items(collection, datetime="2024-06-30") == [] or collection not in DOORS


def test_restricted_door_is_on_no_page_now_or_in_the_past(site: Site) -> None:
    code = site.world.codes["129 Láng"]
    before = datetime.datetime.now(VIET_NAM).isoformat()
    statement = text("UPDATE household SET restricted = :hidden WHERE code = :code")
    try:
        with session_scope(site.world.engine) as session:
            session.execute(text("SELECT open_event('correct', 'test')"))
            session.execute(statement, {"hidden": True, "code": code})
        for parameters in ({}, {"datetime": before}):
            found = site.items("households", limit=1_000, **parameters)
            assert code not in {each["id"] for each in found}
            assert (
                site.get(f"/collections/households/items/{code}", **parameters).status_code == 404
            )
    finally:
        with session_scope(site.world.engine) as session:
            session.execute(text("SELECT open_event('correct', 'test')"))
            session.execute(statement, {"hidden": False, "code": code})


GDAL = """
import json, sys
import pyogrio
service = "OAPIF:" + sys.argv[1] + "/ogc"
told = {}
for name in sys.argv[2:]:
    info = pyogrio.read_info(service, layer=name)
    _, table = pyogrio.raw.read_arrow(service, layer=name, max_features=1500)
    told[name] = {"crs": info["crs"], "rows": table.num_rows, "fields": list(info["fields"])}
box = (105.8, 21.0, 105.81, 21.03)
told["box"] = pyogrio.raw.read_arrow(service, layer="communes", bbox=box)[1].num_rows
print(json.dumps(told))
"""


@pytest.mark.thorough
def test_gdal_opens_it(site: Site) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "OGR_SKIP"}
    environment |= {"GDAL_HTTP_AUTH": "BEARER", "GDAL_HTTP_BEARER": "carrier"}
    run = subprocess.run(
        [sys.executable, "-c", GDAL, site.url, *DOORS, *OPEN],
        env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert answer["households"]["rows"] == len(shown(site, "household"))
    assert {"code", "address", "demo"} <= set(answer["households"]["fields"])
    assert answer["communes"]["rows"] == 1_500  # over the edge of a page
    assert answer["provinces"]["rows"] == 34
    assert answer["streets"]["rows"] > 10
    assert 0 < answer["box"] < 30


def test_owslib_opens_it(site: Site) -> None:
    service = Features(f"{site.url}/ogc", headers=WITH_KEY)
    assert service.conformance()["conformsTo"]
    assert service.feature_collections() == [*DOORS, *OPEN, *SERVICES]
    assert service.collection("communes")["crs"] == list(SYSTEMS)
    page = service.collection_items("communes", bbox=[105.8, 21.0, 105.81, 21.03], limit=2)
    assert page["numberReturned"] == 2
    assert (
        service.collection_item("provinces", "01")["properties"]["full_name"] == "Thành phố Hà Nội"
    )
    assert CRS84 in SYSTEMS


def test_whole_register_is_streamed_to_one_caller_at_a_time(site: Site) -> None:
    def get(**parameters: str) -> TestResponse:
        return site.client.get("/v1/export", query_string=parameters, headers=WITH_KEY)

    assert site.client.get("/v1/export").status_code == 401
    assert get(format="xlsx").status_code == 422
    assert get(format="csv", layer="communes").status_code == 422
    assert get(unit="00025").status_code == 404
    first = get(format="ndjson", demo="true")
    assert first.content_type == "application/x-ndjson"
    assert get(format="csv").status_code == 503  # the first one was not read to its end
    codes = [json.loads(line)["code"] for line in first.get_data().splitlines()]
    assert set(codes) == shown(site, "household") | shown(site, "building")
    abandoned = get(format="csv")
    abandoned.close()
    boundaries = get(format="geojson", layer="provinces").get_json(force=True)
    assert len(boundaries["features"]) == 34
