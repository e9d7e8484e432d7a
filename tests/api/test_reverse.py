"""GET and POST /v1/reverse."""

from tests.support.search_world import LANG
from tests.support.web import Site

AT = {"lon": LANG[0], "lat": LANG[1]}


def test_nearest_door_is_returned_with_its_distance(site: Site) -> None:
    body = site.client.get("/v1/reverse", query_string=AT).get_json()
    (feature,) = body["features"]
    assert body["geocoding"]["query"] == "21.0211,105.806"
    assert feature["properties"]["code"] == site.world.codes["27 Láng"]
    assert feature["properties"]["distance_m"] == 0.0
    assert feature["geometry"]["coordinates"] == list(LANG)


def test_json_form_and_query_get_the_same_answer(site: Site) -> None:
    by_query = site.client.get("/v1/reverse", query_string={**AT, "limit": 3}).get_json()
    assert len(by_query["features"]) == 3
    assert site.client.post("/v1/reverse", json={**AT, "limit": 3}).get_json() == by_query
    assert site.client.post("/v1/reverse", data={**AT, "limit": 3}).get_json() == by_query


def test_point_outside_viet_nam_returns_an_empty_collection(site: Site) -> None:
    response = site.client.get("/v1/reverse?lon=2.35&lat=48.86")
    assert (response.status_code, response.get_json()["features"]) == (200, [])
