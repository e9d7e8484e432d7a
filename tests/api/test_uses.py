"""Uses at a door over HTTP: set by an editor, read by carriers, filtered by use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from registry.core.settings import Settings
from tests.api.pack_reader import read_pack
from tests.support.keys import Office, bearer, code_of
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE, LANG

UBND = {"use": "office", "name": "UBND phường Láng", "since": "2025-07-01"}
ALONE = "00190"
"""A commune of one test, which counts its records."""
CELL = "office: UBND phường Láng [2025-07-01..]"


@pytest.fixture(scope="module")
def office(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    settings = Settings(var=tmp_path_factory.mktemp("var"), limits=False)
    with open_office(admin_url, f"uses_{worker_id}", settings) as made:
        yield made


def test_uses_appear_wherever_their_record_does(office: Office) -> None:
    office.place.street("Phố Láng", commune=ALONE)
    code, home = (office.place.house(number, commune=ALONE, **LANG) for number in ("11", "13"))
    editor = office.key("phường Láng", units=(ALONE,))
    carrier = office.key("Bưu điện", "carrier")
    done = office.post("uses", editor, code=code, uses=[UBND])
    assert done.status_code == 200, done.text

    address = office.get(f"/v1/addresses/{code}").get_json()
    assert (address["uses"], address["households_count"]) == ([UBND], 0)
    assert office.get(f"/v1/addresses/{home}").get_json()["uses"] == []
    (step,) = office.get(f"/v1/addresses/{code}/history", carrier).get_json()["steps"][-1:]
    assert {"field": "uses", "before": None, "after": [UBND]} in step["changes"]
    expected, page = {}, {"more": True, "cursor": ""}
    while page["more"]:
        asked = f"/v1/changes?limit=10000&after={page['cursor']}".removesuffix("&after=")
        page = office.get(asked, carrier).get_json()
        expected |= {
            each["code"]: each["uses"] for each in page["entries"] if each["type"] == "put"
        }
    assert expected[code] == [UBND]
    assert expected[home] == []

    def listed(path: str) -> dict[str, str | None]:
        features = office.get(path, carrier).get_json()["features"]
        return {each["id"]: each["properties"]["uses"] for each in features}

    items = f"/ogc/collections/households/items?unit={ALONE}"
    assert listed(items) == {code: CELL, home: None}
    assert listed(f"{items}&use=office") == {code: CELL}
    assert listed(f"{items}&use=dwelling&bbox=105,20,107,22") == {home: None}
    assert listed(f"{items}&use=works") == {}
    assert office.get(f"{items}&use=castle", carrier).status_code == 400

    lines = office.get(f"/v1/export?unit={ALONE}&use=office", carrier).text.splitlines()
    assert len(lines) == 2
    assert CELL in lines[1]
    keys = office.get("/v1/packs/keys").get_json()
    for query, doors in (("", 2), ("?use=office", 1), ("?use=business", 0)):
        taken = office.get(f"/v1/packs/{ALONE}{query}", carrier)
        pack = read_pack(taken.data, keys)
        assert (pack["doors"], pack["kind"]) == (doors, "whole")
        if doors == 1:
            assert pack["held"]["doors"]["uses"] == CELL


def test_name_without_a_use_word_is_found_as_a_whole(office: Office) -> None:
    code = office.place.house("31", **LANG)
    office.place.do("uses", code=code, uses=[{"use": "office", "name": "Quỹ tín dụng Hoa Sen"}])

    def is_found(text: str) -> bool:
        found = office.get(f"/v1/geocode?q={quote(text)}").get_json()["features"]
        return code in {each["properties"]["code"] for each in found}

    assert is_found("Quỹ tín dụng Hoa Sen, Phường Láng, Hà Nội")
    assert is_found("quy tin dung hoa sen")
    assert not is_found("Quỹ tín dụng Hoa Sen, Phường Đống Đa, Hà Nội")
    assert not is_found("Quỹ tín dụng Hoa, Phường Láng, Hà Nội")
    assert not is_found("Hoa Sen, Phường Láng, Hà Nội")
    office.place.retire(code)


def test_door_found_by_a_name_is_shown_with_it(office: Office) -> None:
    code = office.place.house("33", **LANG)
    name = "Bệnh viện Bạch Mai"
    office.place.do("uses", code=code, uses=[{"use": "public_place", "name": name}])

    def verdict(address: str) -> dict[str, Any]:
        answer: dict[str, Any] = office.client.post(
            "/v1/validate", json={"address": address}
        ).get_json()
        return answer

    named = verdict("bv bach mai, láng, hà nội")
    assert (named["verdict"], named["code"], named["name"]) == ("accept", code, name)
    # Without its commune it may be a namesake that is not registered.
    for address in ("BV Bạch Mai", "BV Bạch Mai, Hà Nội"):
        asked = verdict(address)
        assert asked["next_action"] == "ask_yes_no"
        assert f"“{name}, {asked['label']}”" in asked["question"]["text"]
    other = office.place.house("35", **LANG)
    office.place.do("uses", code=other, uses=[{"use": "public_place", "name": name}])
    choices = verdict("BV Bạch Mai")["question"]["choices"]
    assert {(each["code"], each["name"]) for each in choices} == {(code, name), (other, name)}
    (first, *_) = office.get(f"/v1/geocode?q={quote('BV Bạch Mai')}").get_json()["features"]
    assert first["properties"]["geocoding"]["name"] == name
    for made in (code, other):
        office.place.retire(made)


@pytest.mark.parametrize(
    "use",
    [{"use": "castle"}, UBND | {"name": "Trần Thị Mai"}, {"use": "other", "since": "2999-01-01"}],
)
def test_invalid_use_is_refused_with_its_field(office: Office, use: dict[str, str]) -> None:
    ((known,),) = office.place.rows("SELECT count(*) FROM household")
    code = office.place.house(str(101 + known))
    editor = office.key(f"phường {use['use']}")
    assert code_of(office.post("uses", editor, code=code, uses=[use]))[0] == 422


def test_uses_are_imported_from_a_file(office: Office, tmp_path: Path) -> None:
    from registry.lifecycle.requests import GivenUse
    from registry.lifecycle.row_tables import read_rows

    file = tmp_path / "uses.csv"
    file.write_text("Công năng,Tên,Từ ngày\ntrụ sở,UBND phường Láng,01/07/2025\n", encoding="utf-8")
    assert read_rows(file, GivenUse) == [
        {"use": "office", "name": "UBND phường Láng", "since": "2025-07-01"}
    ]


def test_coverage_counts_other_uses_beside_homes(office: Office) -> None:
    # The whole of a commune, and where the number that it should have is known.
    code = office.place.house("15", **LANG)
    approver = office.key("duyệt Láng", "approver")
    office.post("uses", approver, code=code, uses=[UBND, {"use": "works"}])
    before = office.get(f"/v1/coverage/{COMMUNE}").get_json()["total"]["uses"]
    offices = next(each for each in before if each["use"] == "office")
    target = {"unit": COMMUNE, "households": 10, "counted": "office"}
    answered = office.client.post(
        "/v1/targets", json={"targets": [target]}, headers=bearer(approver)
    ).get_json()
    assert answered["new"] == 1, answered

    answer = office.get(f"/v1/coverage/{COMMUNE}").get_json()["total"]
    (now,) = (each for each in answer["uses"] if each["use"] == "office")
    assert (now["doors"], now["target"]["doors"]) == (offices["doors"], 10)
    assert now["share"] == offices["doors"] / 10
    assert answer["target"] is None or answer["target"]["counted"] == "households"
    page = office.client.get(f"/coverage/{COMMUNE}").text
    assert f"trụ sở cơ quan, tổ chức: {offices['doors']} / 10" in page
