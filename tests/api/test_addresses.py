"""GET /v1/addresses/{code}."""

import pytest

from api.core.errors import MIMETYPE
from geo import code as codes
from tests.support.units import open_app
from tests.support.web import Site


def test_address_is_returned_with_its_wording_on_both_maps(site: Site) -> None:
    code = site.world.codes["12/34/5A Láng"]
    response = site.client.get(f"/v1/addresses/{codes.format(code)}")
    body = response.get_json()
    assert response.status_code == 200
    assert (body["code"], body["code_display"]) == (code, codes.format(code))
    assert body["code_spoken"] == codes.spoken(code)
    assert body["label"] == "12/34/5A Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert body["label_before_2025_07"] == (
        "12/34/5A Phố Láng, Phường Láng Hạ, Quận Đống Đa, Thành phố Hà Nội"
    )
    assert body["commune"] == {"code": "00199", "name": "Phường Láng"}
    assert body["province"] == {"code": "01", "name": "Thành phố Hà Nội"}
    assert body["former_commune"] == {"code": "00199", "name": "Phường Láng Hạ"}
    assert body["map"] == {"from": "2025-07-01", "to": None}
    assert body["position"]["method"] == "gps"


def test_flat_names_its_building(site: Site) -> None:
    body = site.client.get(f"/v1/addresses/{site.world.codes['flat 1205']}").get_json()
    assert body["parent"]["code"] == site.world.codes["CT1"]
    assert body["label"].startswith("Căn hộ 1205, Toà CT1, 1 Đường Huỳnh Thúc Kháng")


def test_unchanged_address_is_not_sent_again(site: Site) -> None:
    path = f"/v1/addresses/{site.world.codes['27 Láng']}"
    first = site.client.get(path)
    again = site.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert first.cache_control.private
    assert first.cache_control.no_cache


def test_retired_code_is_410_with_its_successors(site: Site) -> None:
    response = site.client.get(f"/v1/addresses/{site.world.codes['40 retired']}")
    body = response.get_json(force=True)
    assert (response.status_code, response.content_type) == (410, MIMETYPE)
    assert body["code"] == "gone"
    assert [item["code"] for item in body["successors"]] == [site.world.codes["40B"]]


LABEL = "27 Phố Láng, Phường Láng, Thành phố Hà Nội"


def test_mistyped_code_gets_suggestions(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    wrong = code[:7] + ("0" if code[7] != "0" else "1")
    response = site.client.get(f"/v1/addresses/{wrong}")
    body = response.get_json(force=True)
    assert (response.status_code, body["code"]) == (404, "code_mistyped")
    assert body["reason"] == "code_wrong_check"
    # With the address of each: nobody can choose by the code alone.
    shown = {"code": code, "code_display": codes.format(code), "label": LABEL}
    assert shown in body["suggestions"]
    page = site.client.get(f"/a/{wrong}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert LABEL in page.text


@pytest.mark.parametrize("name", ["reserved"])
def test_code_without_an_address_is_404(site: Site, name: str) -> None:
    response = site.client.get(f"/v1/addresses/{site.world.codes[name]}")
    assert (response.status_code, response.get_json(force=True)["code"]) == (404, "not_found")


@pytest.mark.parametrize("text", ["12", "x" * 300, "ng%C6%B0%E1%BB%9Di", "%00", "1H6X!XH2V"])
def test_malformed_code_is_refused(site: Site, text: str) -> None:
    response = site.client.get(f"/v1/addresses/{text}")
    body = response.get_json(force=True)
    assert (response.status_code, body["code"]) == (422, "invalid_input")
    assert body["errors"][0]["code"].startswith("code_")


def test_unknown_parameter_is_refused(site: Site) -> None:
    path = f"/v1/addresses/{site.world.codes['27 Láng']}?verbose=1"
    assert site.client.get(path).status_code == 422


def test_stopped_database_is_503() -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        response = app.test_client().get("/v1/addresses/1000-0006")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
