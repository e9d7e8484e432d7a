"""Interfaces of Nominatim and Photon."""

from typing import Any

import pytest

from geo import code as codes
from tests.support.web import Site

THERE = "27 Láng, Phường Láng, Hà Nội"
FORMATS = ("json", "jsonv2", "geojson", "geocodejson")


def ask(site: Site, path: str, **asked: object) -> Any:
    return site.client.get(path, query_string=asked).get_json()


@pytest.fixture(scope="module")
def door(site: Site) -> dict[str, Any]:
    (found,) = ask(site, "/nominatim/search", q=THERE, addressdetails=1)
    return dict(found)


def test_nominatim_finds_a_door(site: Site, door: dict[str, Any]) -> None:
    code = site.world.codes["27 Láng"]
    assert (door["place_id"], door["code"]) == (codes.to_serial(code), code)
    assert (door["category"], door["type"], door["addresstype"]) == ("place", "house", "place")
    south, north, west, east = map(float, door["boundingbox"])
    assert south < float(door["lat"]) < north
    assert west < float(door["lon"]) < east
    address = door["address"]
    assert (address["house_number"], address["road"]) == ("27", "Phố Láng")
    assert (address["city"], address["state"]) == ("Phường Láng", "Thành phố Hà Nội")
    assert (address["country_code"], address["ISO3166-2-lvl4"]) == ("vn", "VN-HN")


def test_nominatim_finds_a_door_by_its_parts(site: Site, door: dict[str, Any]) -> None:
    for parts in (
        {"street": "27 Láng", "city": "Láng", "state": "Hà Nội", "country": "Việt Nam"},
        {"street": "27 Láng", "city": "Láng Hạ", "county": "Đống Đa", "state": "Hà Nội"},
    ):
        (found,) = ask(site, "/nominatim/search", **parts, format="json")
        assert (found["place_id"], found["class"]) == (door["place_id"], "place")
        assert "address" not in found


@pytest.mark.parametrize("form", FORMATS)
def test_nominatim_answers_in_its_formats(site: Site, door: dict[str, Any], form: str) -> None:
    lon, lat = float(door["lon"]), float(door["lat"])
    searched = ask(site, "/nominatim/search", q=THERE, format=form)
    near = ask(site, "/nominatim/reverse", lon=lon, lat=lat, format=form)
    known = ask(site, "/nominatim/lookup", osm_ids=f"N{door['place_id']},W12", format=form)
    if form.startswith("json"):
        assert [searched[0]["place_id"], near["place_id"], known[0]["place_id"]] == [
            door["place_id"]
        ] * 3
        return
    for found in (searched, near, known):
        (feature,) = found["features"]
        shown = feature["properties"]
        shown = shown if form == "geojson" else shown["geocoding"]
        assert shown["place_id"] == door["place_id"]
        assert feature["geometry"] == {"type": "Point", "coordinates": [lon, lat]}


@pytest.mark.parametrize(
    ("zoom", "addresstype"),
    [(18, "place"), (17, "road"), (12, "city"), (8, "state"), (3, "state")],
)
def test_zoom_decides_the_level_of_a_reverse_result(
    site: Site, door: dict[str, Any], zoom: int, addresstype: str
) -> None:
    at = {"lon": door["lon"], "lat": door["lat"], "zoom": zoom}
    found = ask(site, "/nominatim/reverse", **at)
    assert found["addresstype"] == addresstype
    assert ("house_number" in found["address"]) == (addresstype == "place")
    assert ("postcode" in found["address"]) == (addresstype != "state")
    if addresstype in ("city", "state"):
        (unit,) = ask(site, "/nominatim/search", q=found["display_name"])
        assert (unit["place_id"], unit["lat"], unit["lon"]) == (
            *(found["place_id"], found["lat"], found["lon"]),
        )
    members = [each for each in ("road", "city", "state") if each in found["address"]]
    assert found["display_name"].endswith(", ".join(found["address"][each] for each in members))


def test_viewbox_ranks_and_restricts_results(site: Site, door: dict[str, Any]) -> None:
    here = f"{float(door['lon']) + 0.01},{float(door['lat']) + 0.01},105,20"
    for bounded, box, count in ((0, "0,0,1,1", 1), (1, "0,0,1,1", 0), (1, here, 1)):
        asked = {"q": THERE, "viewbox": box, "bounded": bounded}
        assert len(ask(site, "/nominatim/search", **asked)) == count


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("search", {"q": THERE, "exclude_place_ids": "{place_id}"}),
        ("search", {"q": THERE, "countrycodes": "la,kh"}),
        ("search", {"q": THERE, "layer": "poi"}),
        ("search", {"q": THERE, "featureType": "city"}),
        ("search", {"street": "27 Láng", "city": "Láng", "state": "Hà Nội", "country": "Lào"}),
        ("search", {"q": " "}),
        ("lookup", {"osm_ids": "N1,R999999999999999999,abc,,X"}),
    ],
)
def test_nominatim_returns_an_empty_result(
    site: Site, door: dict[str, Any], path: str, asked: dict[str, str]
) -> None:
    given = {name: value.format(**door) for name, value in asked.items()}
    assert ask(site, f"/nominatim/{path}", **given) == []


@pytest.mark.parametrize(
    ("path", "asked", "message"),
    [
        ("search", {}, "Nothing to search for."),
        ("search", {"q": THERE, "format": "xml"}, "Parameter 'format' must be one of: json"),
        ("search", {"q": THERE, "limit": "ten"}, "Parameter 'limit' must be a number."),
        ("search", {"q": THERE, "city": "Láng"}, "Structured query parameters"),
        ("search", {"q": THERE, "viewbox": "1,2,3"}, "Bounding box parameter needs 4"),
        ("search", {"q": THERE, "viewbox": "1,2,3,nan"}, "Bounding box parameter needs 4"),
        ("search", {"q": "x" * 3_000}, ""),
        ("reverse", {"lon": "105"}, "Parameter 'lat' missing."),
        ("reverse", {"lon": "105", "lat": "NaN"}, "Parameter 'lat' must be a number."),
        ("reverse", {"lon": "105", "lat": "21", "zoom": ""}, "Parameter 'zoom' must be a"),
        ("lookup", {"osm_ids": ",".join(["N1"] * 51)}, "Too many object IDs."),
    ],
)
def test_nominatim_errors_have_its_format(
    site: Site, path: str, asked: dict[str, str], message: str
) -> None:
    response = site.client.get(f"/nominatim/{path}", query_string=asked)
    error = response.get_json()["error"]
    assert (response.status_code, error["code"]) == (400, 400)
    assert error["message"].startswith(message)


def test_point_outside_the_country_cannot_be_geocoded(site: Site) -> None:
    assert ask(site, "/nominatim/reverse", lat=52.5, lon=13.4) == {"error": "Unable to geocode"}


def test_status_is_returned_as_text_and_as_json(site: Site) -> None:
    assert site.client.get("/nominatim/status").text == "OK"
    assert ask(site, "/nominatim/status", format="json")["message"] == "OK"
    assert ask(site, "/photon/status") == {"status": "Ok"}


@pytest.mark.parametrize(
    "path",
    [
        *(f"/nominatim/{name}{end}" for name in ("search", "status") for end in ("", ".php")),
        *(f"/photon/{name}" for name in ("api", "structured", "reverse", "status")),
    ],
)
def test_path_may_end_in_a_slash(site: Site, path: str) -> None:
    asked = {"q": THERE, "street": "Láng", "lon": "105.8", "lat": "21.02"}
    if path.startswith("/nominatim"):
        asked = {"q": THERE}
    assert site.client.get(f"{path}/", query_string=asked).status_code == 200


def test_unknown_parameters_are_ignored_and_other_origins_allowed(site: Site) -> None:
    asked = {"q": THERE, "polygon_geojson": 1, "email": "a@b.c", "accept-language": "en"}
    response = site.client.get(
        "/nominatim/search", query_string=asked, headers={"Origin": "https://map.example"}
    )
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert len(response.get_json()) == 1


def test_photon_completes_and_searches(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    for typed in ("27 Láng, Ph", THERE, "27 Láng, Láng Hạ, Đống Đa, Hà Nội"):
        (found, *_) = ask(site, "/photon/api", q=typed)["features"]
        shown = found["properties"]
        assert (shown["code"], shown["housenumber"], shown["street"]) == (code, "27", "Phố Láng")
        assert (shown["type"], shown["countrycode"]) == ("house", "VN")
    parts = {"housenumber": "27", "street": "Láng", "city": "Láng", "state": "Hà Nội"}
    (found,) = ask(site, "/photon/structured", **parts)["features"]
    assert found["properties"]["code"] == code
    streets = ask(site, "/photon/api", q="lang", layer="street")["features"]
    assert {one["properties"]["type"] for one in streets} == {"street"}
    for tag, keys in (("highway", {"highway"}), (":residential", {"highway"}), ("!highway", set())):
        tagged = ask(site, "/photon/api", q="lang", layer="street", osm_tag=tag)["features"]
        assert {one["properties"]["osm_key"] for one in tagged} == keys, tag


def test_photon_reverse_returns_nearby_places(site: Site, door: dict[str, Any]) -> None:
    at = {"lon": door["lon"], "lat": door["lat"]}
    (nearest,) = ask(site, "/photon/reverse", **at)["features"]
    assert nearest["properties"]["code"] == door["code"]
    assert len(ask(site, "/photon/reverse", **at, limit=3)["features"]) == 3
    assert ask(site, "/photon/reverse", **at, bbox="0,0,1,1")["features"] == []
    for layer, name in (("street", "Phố Láng"), ("city", "Phường Láng"), ("house", "27")):
        (around,) = ask(site, "/photon/reverse", **at, layer=layer)["features"]
        properties = around["properties"]
        assert (properties["type"], name) in (
            (layer, properties.get("name")),
            (layer, properties.get("housenumber")),
        )


@pytest.mark.parametrize(
    ("path", "asked", "message"),
    [
        ("api", {}, "missing search term 'q'"),
        ("api", {"q": "láng", "lon": "200", "lat": "1"}, "invalid search term 'lon'"),
        ("api", {"q": "láng", "lon": "105"}, "invalid search term 'lat'"),
        ("api", {"q": "láng", "bbox": "1,2"}, "Invalid number of supplied coordinates"),
        ("api", {"q": "láng", "layer": "moon"}, "Unknown layer type: moon"),
        ("api", {"q": "láng", "limit": "x"}, "invalid search term 'limit'"),
        ("reverse", {"lat": "21"}, "invalid search term 'lon'"),
        ("reverse", {}, "missing search term 'lat' and/or 'lon'"),
        ("reverse", {"lon": "105", "lat": "21", "radius": "-1"}, "invalid search term 'radius'"),
        ("structured", {}, "at least one of the parameters"),
    ],
)
def test_photon_errors_have_its_format(
    site: Site, path: str, asked: dict[str, str], message: str
) -> None:
    response = site.client.get(f"/photon/{path}", query_string=asked)
    assert response.status_code == 400
    assert response.get_json()["message"].startswith(message)
