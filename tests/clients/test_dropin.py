"""Clients of Nominatim, with another address and nothing else changed."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from geopy.exc import GeocoderQueryError
from geopy.geocoders import Nominatim, Photon

from clients import generate
from geo import code as codes
from tests.clients.test_generated import ADDRESS, Shop, needs_node, run
from tests.support.search_world import search_world
from tests.support.serving import serving_here

NODE_GEOCODER = """
const geocoder = require('node-geocoder')({provider: 'openstreetmap', osmServer: process.argv[2]});
(async () => {
  const [found] = await geocoder.geocode(process.argv[3]);
  const [near] = await geocoder.reverse({lat: found.latitude, lon: found.longitude});
  console.log(JSON.stringify([found, near]));
})();
"""


@pytest.fixture(scope="module")
def shop(admin_url: str, worker_id: str) -> Iterator[Shop]:
    with search_world(admin_url, f"dropin_{worker_id}") as world, serving_here(world.url) as url:
        yield Shop(url, world.codes["27 Láng"])


def test_geopy_works_through_the_nominatim_interface(shop: Shop) -> None:
    host = urlsplit(shop.url).netloc
    geocoder = Nominatim(user_agent="test", domain=f"{host}/nominatim", scheme="http")
    found = geocoder.geocode(ADDRESS, addressdetails=True, language="vi", country_codes="vn")
    assert (found.address, found.raw["code"]) == (
        "27 Phố Láng, Phường Láng, Thành phố Hà Nội",
        shop.code,
    )
    parts = {"street": "27 Láng", "city": "Láng", "state": "Hà Nội"}
    assert geocoder.geocode(parts).point == found.point
    assert geocoder.reverse(found.point, zoom=18).raw["address"]["house_number"] == "27"
    assert len(geocoder.geocode("Láng", exactly_one=False, limit=3)) <= 3
    assert geocoder.geocode("!!!") is None
    with pytest.raises(GeocoderQueryError):
        geocoder.geocode("x" * 3_000)


def test_geopy_works_through_the_photon_interface(shop: Shop) -> None:
    geocoder = Photon(domain=f"{urlsplit(shop.url).netloc}/photon", scheme="http")
    found = geocoder.geocode(ADDRESS, location_bias=(21.02, 105.8), limit=5)
    assert found.raw["properties"]["code"] == shop.code
    assert geocoder.reverse(found.point).raw["properties"]["code"] == shop.code


@needs_node
def test_node_geocoder_works_through_the_nominatim_interface(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("node")
    (folder / "node_modules").symlink_to(generate.NODE_MODULES)
    (folder / "ask.js").write_text(NODE_GEOCODER, encoding="utf-8")
    done = run("node", "ask.js", f"{shop.url}/nominatim", ADDRESS, cwd=folder)
    for found in json.loads(done):
        assert (found["streetNumber"], found["streetName"]) == ("27", "Phố Láng")
        assert (found["city"], found["countryCode"]) == ("Phường Láng", "VN")


SHEET = r"""
const {execFileSync} = require('child_process');
const ask = `
  const [url, body] = process.argv.slice(1);
  fetch(url, {method: 'POST', headers: {'Content-Type': 'text/csv'}, body})
    .then(async (r) => console.log(JSON.stringify([r.status, await r.text()])));
`;
const UrlFetchApp = {fetch(url, {payload}) {
  const told = execFileSync(process.execPath, ['-e', ask, url, payload], {encoding: 'utf8'});
  const [status, text] = JSON.parse(told);
  return {getResponseCode: () => status, getContentText: () => text};
}};
const cells = (line) => line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)
  .map((cell) => cell.replace(/,$/, '').replace(/"/g, ''));
const Utilities = {parseCsv: (text) => text.trim().split(/\r?\n/).map(cells)};
"""


@needs_node
def test_sheets_function_requests_a_whole_column_at_once(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("sheets")
    script = (generate.CLIENTS / "sheets" / "diachiso.gs").read_text(encoding="utf-8")
    asked = f"console.log(JSON.stringify(DIACHISO([['{ADDRESS}'], [''], ['!!!']], 'code')))"
    program = SHEET + script.replace("https://diachi.example", shop.url) + asked
    (folder / "sheet.js").write_text(program, encoding="utf-8")
    assert json.loads(run("node", "sheet.js", cwd=folder)) == [
        [codes.format(shop.code)],
        [""],
        [""],
    ]
