"""GET /v1/autocomplete."""

from typing import Any

import pytest

from tests.support.web import Site

PATH = "/v1/autocomplete"


def ask(site: Site, **query: object) -> list[dict[str, Any]]:
    response = site.client.get(PATH, query_string=query)
    assert response.status_code == 200, response.text
    assert response.cache_control.no_store
    found: list[dict[str, Any]] = response.get_json()["suggestions"]
    return found


def test_suggestion_has_the_published_shape(site: Site) -> None:
    code = site.world.codes["40B"]
    (line,) = ask(site, q="40b chua lang")
    assert (line.pop("lon"), line.pop("lat")) != (None, None)
    assert line == {
        "type": "door",
        "label": "40B Đường Chùa Láng, Phường Láng, Thành phố Hà Nội",
        "text": "40B Đường Chùa Láng, Phường Láng, Thành phố Hà Nội",
        "code": code,
        "code_display": f"{code[:4]}-{code[4:]}",
        "places": 1,
        "commune": {"code": "00199", "name": "Phường Láng"},
        "province": {"code": "01", "name": "Thành phố Hà Nội"},
        "former_name": None,
    }


def test_chosen_suggestion_can_be_extended_and_validated(site: Site) -> None:
    """Any suggestion put into the field leads to the same door."""
    (street,) = ask(site, q="chua l")
    (door,) = [line for line in ask(site, q=f"40 {street['text']}") if line["type"] == "door"]
    judged = site.client.post("/v1/validate", json={"address": door["text"]}).get_json()
    assert (judged["verdict"], judged["code"]) == ("accept", door["code"])


def test_limit_place_and_point_are_applied(site: Site) -> None:
    assert len(ask(site, q="lang", limit=1)) == 1
    inside = ask(site, q="lang", within="79")
    assert {line["province"]["code"] for line in inside} == {"79"}
    assert ask(site, q="lang", lon=106.698, lat=10.772)[0]["province"]["code"] == "79"


@pytest.mark.parametrize("q", ["a", "!!!", "漢字", "مرحبا", "';--", "12"])
def test_no_matching_prefix_returns_an_empty_list(site: Site, q: str) -> None:
    assert ask(site, q=q) == []
