"""Postcodes and other ids of units in answers, the lines of a letter, and contradictions."""

import csv
import io
import re
from typing import Any

import pytest

from geo.code import format as code_display
from tests.support.web import Site

ADDRESS = "27 Láng, Phường Láng, Hà Nội"
LANG, OTHER = "11528", "11120"
LETTER = ["27 Phố Láng", "Phường Láng", "Hà Nội 11528"]
ABROAD = ["27 PHO LANG", "PHUONG LANG", "HA NOI 11528", "VIET NAM"]


def validated(site: Site, **asked: Any) -> dict[str, Any]:
    response = site.client.post("/v1/validate", json=asked)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.get_json()
    return body


def geocoded(site: Site, **asked: Any) -> list[dict[str, Any]]:
    features = site.client.get("/v1/geocode", query_string=asked).get_json()["features"]
    return [each["properties"] for each in features]


def test_postcode_and_ids_are_returned_when_requested(site: Site) -> None:
    code = site.world.codes["27 Láng"]
    answer = site.client.get(f"/v1/addresses/{code}?ids=true&postal=true").get_json()
    assert answer["postcode"] == LANG
    assert answer["commune"]["ids"] == {"postcode": LANG}
    assert answer["province"]["ids"] == {"iso_3166_2": "VN-HN"}
    assert answer["postal_label"] == {"lines": LETTER, "lines_ascii": ABROAD}
    plain = site.client.get(f"/v1/addresses/{code}").get_json()
    assert "postal_label" not in plain
    assert "ids" not in plain["commune"]
    (door,) = geocoded(site, q=ADDRESS, ids="true")
    assert (door["geocoding"]["postcode"], door["commune"]["ids"]) == (LANG, {"postcode": LANG})
    (province,) = geocoded(site, q="Hà Nội")
    assert "postcode" not in province["geocoding"]
    found = validated(site, address=ADDRESS, ids=True, postal=True)
    assert (found["verdict"], found["postcode"]) == ("accept", LANG)
    assert found["postal_label"] == {"lines": LETTER, "lines_ascii": ABROAD}
    assert found["province"]["ids"] == {"iso_3166_2": "VN-HN"}
    assert validated(site, address="Thôn 9", postal=True)["postal_label"] is None
    near = site.client.get("/v1/autocomplete?q=27 lang&ids=true").get_json()["suggestions"]
    assert near[0]["commune"]["ids"] == {"postcode": LANG}


def test_copied_and_printed_address_has_its_postcode(site: Site) -> None:
    page = site.client.get(f"/a/{code_display(site.world.codes['27 Láng'])}").text
    (copied,) = re.findall(r'data-copy="([^"]* 11528)"', page)
    assert validated(site, address=copied)["verdict"] == "accept"
    assert "<br>".join(LETTER) in page


@pytest.mark.parametrize(
    ("asked", "verdict", "component"),
    [
        ({"address": ADDRESS, "postcode": LANG}, "accept", "confirmed"),
        ({"address": ADDRESS, "postcode": OTHER}, "confirm", "unverified"),
        (
            {"address": ADDRESS, "postcode": " 11 528 "},
            "accept",
            "confirmed",
        ),
        # From before August 2025, or invalid.
        ({"address": ADDRESS, "postcode": "100000"}, "accept", "unverified"),
        (
            {"house_number": "27", "street": "Láng", "commune": "Phường Láng", "province": "Hà Nội"}
            | {"postcode": OTHER},
            "confirm",
            "unverified",
        ),
    ],
)
def test_postcode_of_another_commune_is_a_fault(
    site: Site, asked: dict[str, str], verdict: str, component: str
) -> None:
    found = validated(site, **asked)
    assert (found["verdict"], found["postcode"]) == (verdict, LANG)
    (shown,) = (each for each in found["components"] if each["component"] == "postcode")
    assert shown == {
        "component": "postcode",
        "status": component,
        "given": asked["postcode"].replace(" ", ""),
        "value": LANG,
    }
    columns = {"q" if name == "address" else name: value for name, value in asked.items()}
    (door,) = geocoded(site, **columns)
    faults = [fault["code"] for fault in door["faults"]]
    assert ("postcode_contradicts_text" in faults) == (verdict == "confirm")


def test_postcode_at_the_end_of_a_text_is_a_component(site: Site) -> None:
    found = validated(site, address=f"{ADDRESS} {OTHER}")
    (shown,) = (each for each in found["components"] if each["component"] == "postcode")
    assert found["verdict"] == "confirm"
    assert (shown["status"], shown["given"], shown["value"]) == ("unverified", OTHER, LANG)


def test_invalid_postcode_is_not_repeated(site: Site) -> None:
    given = {"address": ADDRESS, "postcode": "bà Tèo 0912345678"}
    found = validated(site, **given)
    assert found["verdict"] == "accept"
    assert "Tèo" not in str(found)
    assert "0912345678" not in str(found)


def test_batch_rows_have_separate_id_columns(site: Site) -> None:
    rows = f'Mã đơn,Địa chỉ,Postcode\nA1,"{ADDRESS}",11120\nA2,Thôn 9,\n'
    response = site.client.post(
        "/v1/batch/validate?ids=true&postal=true",
        data=rows.encode(),
        headers={"Content-Type": "text/csv"},
    )
    first, second = csv.DictReader(io.StringIO(response.text))
    assert first["result_verdict"] == "confirm"
    assert first["result_commune_id_postcode"] == LANG
    assert first["result_province_id_iso_3166_2"] == "VN-HN"
    assert first["result_postal_label"] == " | ".join(LETTER)
    assert first["result_postal_label_ascii"] == " | ".join(ABROAD)
    assert {second[name] for name in second if "_id_" in name or "postal" in name} == {""}
    answered = site.client.post(
        "/v1/batch/geocode?ids=true", json={"rows": [{"q": "Phường Láng, Hà Nội"}]}
    ).get_json()["rows"][0]["result"]["answer"]
    assert answered["features"][0]["properties"]["commune"]["ids"] == {"postcode": LANG}


def test_postcode_names_the_commune_of_an_address_without_one(site: Site) -> None:
    for asked in (
        {"address": f"99 Không Có, {LANG}"},
        {"address": "99 Không Có", "postcode": LANG},
        {"address": "99 Không Có, Hà Nội", "postcode": LANG},
        {"house_number": "99", "street": "Không Có", "postcode": LANG},
        {"street": "Không Có", "province": "Hà Nội", "postcode": LANG},
        {"postcode": LANG},
    ):
        found = validated(site, **asked)
        assert (found["commune"]["code"], found["code"]) == ("00199", None), asked
    (commune,) = (each for each in found["components"] if each["component"] == "commune")
    assert (commune["status"], commune.get("given")) == ("inferred", None)
    named = validated(site, address=f"Láng, Hà Nội {LANG}")["components"]
    assert [each["status"] for each in named if each["component"] == "province"] == ["confirmed"]
    for elsewhere in (
        {"address": "99 Không Có, Huế"},
        {"house_number": "99", "street": "Không Có", "province": "Huế"},
    ):
        assert validated(site, **elsewhere, postcode=LANG)["commune"] is None, elsewhere
