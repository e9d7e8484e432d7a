"""Controls of others for Leaflet and MapLibre, bundled as npm has them, with our address alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Locator, Page, expect

from clients import generate
from tests.clients.test_generated import ADDRESS, needs_node, run
from tests.support.browser import Visit, chromium
from tests.support.search_world import LANG, World
from tests.support.serving import served, serving_here
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.thorough,
    needs_node,
    pytest.mark.skipif(chromium() is None, reason="needs Chromium; bin/test installs it"),
    pytest.mark.skipif(
        not (generate.NODE_MODULES / "leaflet-control-geocoder").is_dir(),
        reason="needs the geocoders of clients/web/package-lock.json; bin/bootstrap installs them",
    ),
]
STREET = "Phố Láng, Phường Láng, Thành phố Hà Nội"
NEXT = (LANG[0] + 0.0001, LANG[1])
CONFIG = """export default {worker: {format: 'es'}, build: {
  target: 'es2022', rollupOptions: {input: ['leaflet.html', 'maplibre.html']},
}};"""
PAGE = """<!doctype html><html lang="vi"><meta charset="utf-8"><title>Bản đồ</title>
<style>body { margin: 0 } #map { height: 700px }</style><div id="map"></div>
<script type="module" src="./%s.js"></script></html>"""
# Its demo, with the address of the service as an option; the tiles are left out.
LEAFLET = """
import L from 'leaflet';
import {geocoder as control, geocoders} from 'leaflet-control-geocoder';
import 'leaflet/dist/leaflet.css';
import 'leaflet-control-geocoder/dist/Control.Geocoder.css';
const server = import.meta.env.VITE_REGISTER;
const geocoder = location.hash === '#photon'
  ? geocoders.photon({serviceUrl: `${server}/photon/api/`, reverseUrl: `${server}/photon/reverse/`})
  : geocoders.nominatim({serviceUrl: `${server}/nominatim/`});
const map = new L.Map('map', {maxZoom: 19, zoomAnimation: false}).setView([0, 0], 2);
control({geocoder, collapsed: false})
  .on('startsuggest', () => { window.suggests = true; }).addTo(map);
map.on('click', async ({latlng}) => {
  const [found] = await geocoder.reverse(latlng, map.options.crs.scale(map.getZoom()));
  new L.Marker(found.center).bindPopup(found.html || found.name).addTo(map).openPopup();
});
window.pixel = (lon, lat) => {
  const {x, y} = map.latLngToContainerPoint([lat, lon]);
  return [x, y];
};
"""
# The example of the documentation of MapLibre, and the same for a point.
MAPLIBRE = """
import * as maplibregl from 'maplibre-gl';
import worker from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import MaplibreGeocoder from '@maplibre/maplibre-gl-geocoder';
import 'maplibre-gl/dist/maplibre-gl.css';
import '@maplibre/maplibre-gl-geocoder/dist/maplibre-gl-geocoder.css';
const server = `${import.meta.env.VITE_REGISTER}/nominatim`;
const places = async (question) => {
  const answer = await (await fetch(`${server}/${question}`)).json();
  const features = answer.features.map(({bbox, properties}) => {
    const center = [bbox[0] + (bbox[2] - bbox[0]) / 2, bbox[1] + (bbox[3] - bbox[1]) / 2];
    return {
      type: 'Feature', geometry: {type: 'Point', coordinates: center}, center, properties,
      place_name: properties.display_name, text: properties.display_name, place_type: ['place'],
    };
  });
  return {features};
};
const geocoder = new MaplibreGeocoder({
  forwardGeocode: ({query}) =>
    places(`search?q=${query}&format=geojson&polygon_geojson=1&addressdetails=1`),
  reverseGeocode: ({query: [lon, lat]}) => places(`reverse?lon=${lon}&lat=${lat}&format=geojson`),
}, {maplibregl, reverseGeocode: true, flyTo: {animate: false}});
maplibregl.setWorkerUrl(worker);
const style = {version: 8, sources: {}, layers: []};
const map = new maplibregl.Map({container: 'map', style, center: [0, 0], zoom: 2});
map.addControl(geocoder);
map.on('click', ({lngLat}) => geocoder.query(`${lngLat.lat}, ${lngLat.lng}`));
window.pixel = (lon, lat) => {
  const {x, y} = map.project([lon, lat]);
  return [x, y];
};
"""


@pytest.fixture(scope="module")
def register_url(world: World) -> Iterator[str]:
    with serving_here(world.url) as found:
        yield found


@pytest.fixture(scope="module")
def url(register_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("maps")
    (folder / "node_modules").symlink_to(generate.NODE_MODULES)
    (folder / ".env").write_text(f"VITE_REGISTER={register_url}\n")
    for name, program in {"leaflet": LEAFLET, "maplibre": MAPLIBRE}.items():
        (folder / f"{name}.html").write_text(PAGE % f"{name}_map", encoding="utf-8")
        (folder / f"{name}_map.js").write_text(program, encoding="utf-8")
    (folder / "vite.config.mjs").write_text(CONFIG)
    vite = generate.NODE_MODULES / "vite" / "bin" / "vite.js"
    run("node", vite, "build", "--logLevel", "error", cwd=folder)
    with served(Flask("maps", static_folder=folder / "dist", static_url_path="")) as found:
        yield found


@pytest.fixture(scope="module")
def window(register_url: str) -> dict[str, Any]:
    return {"also": (register_url,), "allowed": ("favicon", "404")}


def pixel(page: Page, point: tuple[float, float]) -> tuple[float, float]:
    """Where a point of the earth is in the window."""
    x, y = page.evaluate("point => window.pixel(...point)", list(point))
    return x, y


def expect_at(marker: Locator, point: tuple[float, float]) -> None:
    """The tip of a marker, the middle of its lower side, is at a point of the earth."""

    def is_there() -> bool:
        box = marker.bounding_box()
        assert box
        tip = box["x"] + box["width"] / 2, box["y"] + box["height"]
        return bool(tip == pytest.approx(pixel(marker.page, point), abs=8))

    eventually(is_there, "the marker is at the door")


def click_at(page: Page, point: tuple[float, float]) -> None:
    page.mouse.click(*pixel(page, point))


@pytest.mark.parametrize(
    ("service", "label", "other"),
    [
        (
            "nominatim",
            "Phố Láng 2711528 Phường Láng Thành phố Hà Nội Việt Nam",
            "Phố Láng 12/34/5A11528 Phường Láng Thành phố Hà Nội Việt Nam",
        ),
        # The control omits house numbers.
        ("photon", *["Phố Láng, Phường Láng, Thành phố Hà Nội, Việt Nam"] * 2),
    ],
)
def test_control_of_leaflet_finds_and_names_doors(
    visit: Visit, service: str, label: str, other: str
) -> None:
    page = visit.open(f"/leaflet.html#{service}")
    page.get_by_placeholder("Search...").press_sequentially(ADDRESS)
    # The control drops a query made before it starts to suggest.
    page.wait_for_function("window.suggests")
    page.get_by_placeholder("Search...").press("Enter")
    popup, marker = page.locator(".leaflet-popup-content"), page.locator(".leaflet-marker-icon")
    first = page.locator(".leaflet-control-geocoder-alternatives li").first
    expect(first.or_(marker).first).to_be_visible()
    if first.is_visible():
        first.dispatch_event("mousedown")
    expect(popup).to_have_text(label)
    expect_at(marker, LANG)
    click_at(page, NEXT)
    expect(marker).to_have_count(2)
    expect(popup).to_have_count(1)
    expect(popup).to_have_text(other)
    expect_at(marker.last, NEXT)


def test_control_of_maplibre_finds_and_names_doors(visit: Visit) -> None:
    page = visit.open("/maplibre.html")
    field, marker = page.get_by_placeholder("Search"), page.locator(".maplibregl-marker")
    field.press_sequentially(ADDRESS)
    field.press("Enter")
    page.locator(".suggestions li", has_text="27 Phố Láng").first.click()
    expect(field).to_have_value(f"27 {STREET}")
    expect_at(marker, LANG)
    click_at(page, NEXT)
    expect(field).to_have_value(f"12/34/5A {STREET}")
    expect_at(marker, NEXT)
