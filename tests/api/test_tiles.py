"""Vector tiles: what they hold at which zoom, and how they are sent."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.publish.drawing.refresh import keep_up, refresh
from tests.support.basemap import RED, red_map
from tests.support.search_world import LANG, search_world
from tests.support.tiles import read_tile, tile_at
from tests.support.units import open_app
from tests.support.web import Site

HOANG_SA, TRUONG_SA = (112.135, 16.568), (114.45, 9.71)


@pytest.fixture(scope="module")
def site(admin_url: str, worker_id: str) -> Iterator[Site]:
    with search_world(admin_url, f"tiles_{worker_id}") as world, open_app(world.url) as app:
        yield Site(app.test_client(), world)


def tile(
    site: Site, zoom: int, at: tuple[float, float] = LANG
) -> dict[str, list[dict[str, object]]]:
    x, y = tile_at(zoom, *at)
    response = site.client.get(f"/tiles/{zoom}/{x}/{y}")
    assert response.status_code == 200
    return read_tile(response.data)


def names(site: Site, zoom: int, kind: str, at: tuple[float, float] = LANG) -> set[object]:
    return {label["name"] for label in tile(site, zoom, at)["labels"] if label["kind"] == kind}


@pytest.mark.thorough
def test_drawn_map_tables_are_analyzed(site: Site) -> None:
    with session_scope(site.world.engine) as session:
        known = session.scalars(
            text("SELECT DISTINCT tablename FROM pg_stats WHERE tablename LIKE 'map_%' ORDER BY 1")
        ).all()
    assert known == ["map_density", "map_label", "map_unit"]


def test_archipelagos_are_labelled_with_their_province_at_every_zoom(site: Site) -> None:
    for zoom in range(19):
        for at, name, holder in (
            (HOANG_SA, "Quần đảo Hoàng Sa", "Thành phố Đà Nẵng"),
            (TRUONG_SA, "Quần đảo Trường Sa", "Tỉnh Khánh Hòa"),
        ):
            labels = tile(site, zoom, at)["labels"]
            assert (name, holder) in [(each["name"], each["holder"]) for each in labels], zoom


def test_units_are_drawn_labelled_and_marked_approximate(site: Site) -> None:
    whole = tile(site, 4)
    assert {each["approximate"] for each in whole["provinces"]} == {True}
    assert "communes" not in whole
    assert "Hà Nội" in names(site, 6, "province")
    (lang,) = [each for each in tile(site, 14)["communes"] if each["code"] == "00199"]
    assert (lang["name"], lang["approximate"]) == ("Phường Láng", True)
    assert "01" in {each["code"] for each in tile(site, 4)["provinces"]}
    assert "Phường Láng" in names(site, 12, "commune")


def test_province_with_more_households_is_labelled_before_a_larger_one(site: Site) -> None:
    labels = [each for each in tile(site, 3)["labels"] if each["kind"] == "province"]
    assert len(labels) == 34
    first = sorted(labels, key=lambda label: -int(str(label["weight"])))[:2]
    assert {each["name"] for each in first} == {"Hà Nội", "Hồ Chí Minh"}


def test_streets_and_localities_are_labelled_at_their_doors(site: Site) -> None:
    assert names(site, 12, "street") == set()
    assert "Phố Láng" in names(site, 17, "street")


def test_doors_are_drawn_from_zoom_15_without_codes(site: Site) -> None:
    assert "doors" not in tile(site, 14)
    assert sum(each["n"] for each in tile(site, 14)["density"]) > 0  # type: ignore[misc]
    assert all("number" not in each for each in tile(site, 15)["doors"])
    doors = [each for zoom in (17, 18) for each in tile(site, zoom)["doors"]]
    numbers = {each.get("number") for each in doors}
    assert "27" in numbers
    assert "LO5" not in numbers  # the key of a lot: `Lô 5` on its gate
    assert {name for each in doors for name in each} <= {"mvt_id", "n", "number"}
    x, y = tile_at(18, *LANG)
    body = site.client.get(f"/tiles/18/{x}/{y}").data
    assert not [code for code in site.world.codes.values() if code.encode() in body]


def test_tile_is_compressed_and_revalidated_by_etag(site: Site) -> None:
    x, y = tile_at(9, *LANG)
    path = f"/tiles/9/{x}/{y}"
    plain = site.client.get(path)
    packed = site.client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    for first in (plain, packed):
        again = site.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


def test_map_metadata_matches_the_tile_contents(site: Site) -> None:
    known = site.client.get("/tiles/tilejson.json").get_json()
    assert known["tiles"] == ["http://localhost/tiles/{z}/{x}/{y}"]
    expected = {layer["id"]: set(layer["fields"]) for layer in known["vector_layers"]}
    for zoom in (4, 9, 14, 18):
        for layer, features in tile(site, zoom).items():
            fields = {name for each in features for name in each} - {"mvt_id"}
            assert fields <= expected[layer], layer
    style = site.client.get("/tiles/style.json").get_json()
    assert {each["source-layer"] for each in style["layers"] if "source" in each} == expected.keys()
    assert list(style["sources"]) == ["register"]
    assert site.client.get("/tiles/base/1/0/0").status_code == 404


def test_base_map_is_below_the_dots_and_served_locally(site: Site, tmp_path: Path) -> None:
    path = red_map(tmp_path / "nen.pmtiles")
    settings = Settings(limits=False, basemap=str(path))
    with open_app(site.world.url, settings=settings) as app:
        client = app.test_client()
        style = client.get("/tiles/style.json").get_json()
        layers = [layer["id"] for layer in style["layers"]]
        assert layers.index("land") < layers.index("base") < layers.index("density")
        base = style["sources"]["base"]
        assert (base["type"], base["attribution"], base["maxzoom"]) == ("raster", "© Đỏ", 8)
        (url,) = base["tiles"]
        x, y = tile_at(8, *LANG)
        for zoom, across, down, size in ((8, x, y, len(RED)), (8, 0, 0, 0), (0, 0, 0, len(RED))):
            path_of_tile = url.format(z=zoom, x=across, y=down).removeprefix("http://localhost")
            answer = client.get(path_of_tile, headers={"Accept-Encoding": "gzip"})
            assert (answer.status_code, len(answer.data)) == (200, size)
        assert client.get("/tiles/base/9/0/0").status_code == 422
        policy = client.get("/").headers["Content-Security-Policy"]
        assert "connect-src 'self';" in policy


def test_content_security_policy_allows_only_the_configured_tile_server(site: Site) -> None:
    settings = Settings(
        limits=False,
        basemap="https://tiles.vn:8443/a/{z}/{x}/{y}.pbf",
        basemap_attribution="© Tôi",
    )
    with open_app(site.world.url, settings=settings) as app:
        client = app.test_client()
        policy = client.get("/").headers["Content-Security-Policy"].split("; ")
        assert "connect-src 'self' https://tiles.vn:8443" in policy
        assert "script-src 'self'" in policy
        style = client.get("/tiles/style.json").get_json()
        assert style["sources"]["base"]["type"] == "vector"
        assert style["sources"]["base"]["attribution"] == "© Tôi"
        assert {"base-roads-line", "base-water-fill"} <= {each["id"] for each in style["layers"]}


def test_redraw_skips_unchanged_layers(site: Site) -> None:
    done = refresh(site.world.engine)
    assert (done.units, done.households) == (False, False)


def test_worker_pauses_after_a_long_drawing(site: Site) -> None:
    """Until then it draws no households, except on request."""
    engine = site.world.engine
    for rests, households in (("1 hour", False), ("0 hours", True)):
        with session_scope(engine) as session:
            state = "event_id = 0, rests_until = now() + CAST(:rests AS interval)"
            session.execute(text(f"UPDATE map_state SET {state}"), {"rests": rests})
        assert keep_up(engine, Settings()).households is households
    with session_scope(engine) as session:
        session.execute(text("UPDATE map_state SET event_id = 0, rests_until = 'infinity'"))
    assert refresh(engine).households
