"""The old wording on request, from the register, the text or the point, with its source."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient

from geo.code import format as code_display
from registry.core.events import write_scope
from registry.records.unit_identifiers import IdentifierFile, load_unit_identifiers
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.boundaries import load_boundaries
from tests.support.factories import TEST
from tests.support.lifecycle import Town
from tests.support.lifecycle import town as open_town
from tests.support.pdf import texts_of
from tests.support.units import open_app

HA, THUONG = "00199", "00187"
"""Phường Láng Hạ and Phường Láng Thượng, of before."""
EDGE = 105.81
"""Degrees east: where the two meet."""
WEST, EAST = {"lon": EDGE - 0.004, "lat": 21.02}, {"lon": EDGE + 0.004, "lat": 21.02}
OLD = {"wording": "before:2025-07-01"}
LABEL = "{door}, Phường Láng {ward}, Quận Đống Đa, Thành phố Hà Nội"


@dataclass(frozen=True)
class Shop:
    """A register with polygons of two old wards, and a client."""

    town: Town
    client: FlaskClient

    def address_of(self, code: str, **asked: str) -> Any:
        return self.client.get(f"/v1/addresses/{code}", query_string=OLD | asked).get_json(
            force=True
        )

    def validated(self, address: str, **asked: str) -> Any:
        return self.client.post("/v1/validate", json=OLD | {"address": address} | asked).get_json()


def box(west: float, east: float) -> dict[str, Any]:
    ring = [[west, 21.0], [east, 21.0], [east, 21.04], [west, 21.04], [west, 21.0]]
    return {"type": "Polygon", "coordinates": [ring]}


@pytest.fixture(scope="module")
def shop(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    areas = {HA: box(EDGE - 0.02, EDGE), THUONG: box(EDGE, EDGE + 0.02)}
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": area}
        for code, area in areas.items()
    ]
    file = tmp_path_factory.mktemp("wording") / "old.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    ids = file.with_suffix(".csv")
    ids.write_text(f"code,value\n{HA},1A0602\n006,1486\n01,201\n")
    with open_town(admin_url, f"wording_{worker_id}") as town, open_app(town.url) as app:
        load_boundaries(town.engine, str(file), actor="tests", day=LAST_DAY_OF_OLD_MAP)
        with write_scope(town.engine, TEST) as session:
            found = IdentifierFile("ghn", LAST_DAY_OF_OLD_MAP, partial=True)
            assert load_unit_identifiers(session, ids, found).written
        yield Shop(town, app.test_client())


def test_former_polygons_give_the_former_ward_of_a_door(shop: Shop) -> None:
    code = shop.town.house("1", **WEST)
    body = shop.address_of(code)
    assert body["label"] == "1 Phố Láng, Phường Láng, Thành phố Hà Nội"
    assert body["label_on"] == {
        "day": "2025-06-30",
        "label": LABEL.format(door="1 Phố Láng", ward="Hạ"),
        "communes": [{"code": HA, "name": "Phường Láng Hạ"}],
        "door": "1 Phố Láng",
        "commune": {"code": HA, "name": "Phường Láng Hạ"},
        "district": {"code": "006", "name": "Quận Đống Đa"},
        "province": {"code": "01", "name": "Thành phố Hà Nội"},
        "known_by": "point",
        "door_known": True,
    }
    # What the register does not know itself stays without.
    assert body["label_before_2025_07"] is None
    east = shop.address_of(shop.town.house("2", **EAST))["label_on"]
    assert east["label"] == LABEL.format(door="2 Phố Láng", ward="Thượng")
    # They give nothing about the current map.
    near = shop.client.get("/v1/reverse", query_string={"lon": 105.826, "lat": 21.03}).get_json()
    assert [each["properties"]["commune"]["code"] for each in near["features"]] != [HA]


@pytest.mark.parametrize(
    ("number", "point"),
    [
        ("3", {"lon": EDGE - 0.0001, "lat": 21.02}),
        ("5", WEST | {"position_accuracy_m": 900}),
        ("7", {"lon": 105.7, "lat": 21.02}),
        ("10", {"lon": EDGE - 0.03, "lat": 21.02, "position_accuracy_m": 2_001}),
    ],
)
def test_inconclusive_point_gives_no_former_ward(shop: Shop, number: str, point: Any) -> None:
    """The point is on the edge, possibly on both sides, in neither, or too inaccurate."""
    found = shop.address_of(shop.town.house(number, **point))["label_on"]
    assert (found["label"], found["door"], found["commune"], found["known_by"]) == (None,) * 4
    assert {HA, THUONG} <= {unit["code"] for unit in found["communes"]}


def test_registered_former_commune_precedes_the_point(shop: Shop) -> None:
    found = shop.address_of(shop.town.house("9", former_commune=HA, **EAST))["label_on"]
    assert (found["commune"]["code"], found["known_by"]) == (HA, "register")


def test_text_gives_the_former_wording_of_an_unregistered_door(shop: Shop) -> None:
    found = shop.validated("801 Láng, Phường Láng Thượng, Đống Đa, Hà Nội")
    assert found["code"] is None
    on = found["label_on"]
    assert on["label"] == LABEL.format(door="801 Phố Láng", ward="Thượng")
    assert (on["known_by"], on["door_known"]) == ("text", False)
    unknown = shop.validated("801 Phố Láng, Phường Láng, Hà Nội")["label_on"]
    assert (unknown["label"], unknown["known_by"]) == (None, None)
    assert len(unknown["communes"]) > 1


def test_former_commune_parameter_counts_as_named(shop: Shop) -> None:
    address = "803 Phố Láng, Phường Láng, Hà Nội"
    found = shop.validated(address, former_commune=THUONG)["label_on"]
    assert (found["label"], found["known_by"]) == (
        LABEL.format(door="803 Phố Láng", ward="Thượng"),
        "text",
    )
    # A unit that never joined this commune gives nothing; an unknown one is refused.
    elsewhere = shop.validated(address, former_commune="00001")["label_on"]
    assert (elsewhere["label"], elsewhere["known_by"]) == (None, None)
    for code, why in (("99999", "unit_unknown"), ("Láng", "string_pattern_mismatch")):
        errors = shop.validated(address, former_commune=code)["errors"]
        assert [(each["field"], each["code"]) for each in errors] == [("former_commune", why)]


def test_text_and_point_must_agree(shop: Shop) -> None:
    shop.town.house("11", lon=105.7, lat=21.02)
    shop.town.house("13", **WEST)
    found = shop.validated("11 Láng, Phường Láng Thượng, Đống Đa, Hà Nội")["label_on"]
    assert (found["commune"]["code"], found["known_by"], found["door_known"]) == (
        THUONG,
        "text",
        True,
    )
    found = shop.validated("13 Láng, Phường Láng Thượng, Đống Đa, Hà Nội")["label_on"]
    assert (found["label"], found["known_by"]) == (None, None)
    found = shop.validated("13 Láng, Phường Láng Hạ, Đống Đa, Hà Nội")["label_on"]
    assert (found["commune"]["code"], found["known_by"]) == (HA, "text")


def test_equivalent_wordings_give_the_same_label(shop: Shop) -> None:
    code = shop.town.house("15", former_commune=HA, **WEST)
    before = shop.address_of(code)
    assert (
        shop.address_of(code, wording="both")
        == shop.address_of(code, wording="before:1/7/2025")
        == before
    )
    assert shop.address_of(code, on="2025-06-30") == before
    assert "label_on" not in shop.address_of(code, wording="today")
    assert (
        shop.address_of(code, wording="before:2026-01-01")["label_on"]["label"] == before["label"]
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"wording": "old"}, "malformed_wording"),
        ({"wording": "before:2025-02-30"}, "malformed_wording"),
        ({"wording": "before:0001-01-01"}, "malformed_wording"),
        ({"wording": ""}, "malformed_wording"),
        ({"wording": "before:2024-01-01"}, "day_too_early"),
        ({"on": "2025-07-01"}, "two_days"),
    ],
)
def test_invalid_wording_is_refused(shop: Shop, asked: dict[str, str], code: str) -> None:
    for answer in (
        shop.address_of("0000-0000", **asked),
        shop.validated("27 Láng, Hà Nội", **asked),
        shop.client.post(
            "/v1/batch/lookup", query_string=OLD | asked, json={"rows": []}
        ).get_json(),
    ):
        assert [(each["field"], each["code"]) for each in answer["errors"]] == [("wording", code)]


def test_batch_has_columns_for_the_parts_of_a_wording(shop: Shop) -> None:
    shop.town.house("17", former_commune=HA, **WEST)
    shop.town.house("19")
    rows = "địa chỉ\n17 Phố Láng Phường Láng Hà Nội\n19 Phố Láng Phường Láng Hà Nội\n"
    answer = shop.client.post(
        "/v1/batch/validate", query_string=OLD, data=rows.encode(), content_type="text/csv"
    )
    known, unknown = csv.DictReader(io.StringIO(answer.text))
    parts = {
        "label_on": LABEL.format(door="17 Phố Láng", ward="Hạ"),
        "door_on": "17 Phố Láng",
        "commune_on": "Phường Láng Hạ",
        "commune_on_code": HA,
        "district_on": "Quận Đống Đa",
        "district_on_code": "006",
        "province_on": "Thành phố Hà Nội",
        "province_on_code": "01",
        "known_by_on": "register",
    }
    assert {name: known[f"result_{name}"] for name in parts} == parts
    assert not any(unknown[f"result_{name}"] for name in parts if not name.startswith("province"))
    # All that it may be in are of one province, which does not hold for the district.
    assert unknown["result_province_on"] == "Thành phố Hà Nội"
    assert unknown["result_label"]


def test_batch_row_may_override_the_wording(shop: Shop) -> None:
    code = shop.town.house("21", former_commune=HA, **WEST)
    rows = [{"code": code}, {"code": code, "on": "2025-12-31"}, {"code": code, "wording": "today"}]
    answer = shop.client.post("/v1/batch/lookup", query_string=OLD, json={"rows": rows}).get_json()
    found = [row["result"]["answer"].get("label_on", {}).get("day") for row in answer["rows"]]
    assert found == ["2025-06-30", "2025-12-31", None]


def test_ids_are_those_of_the_former_units_in_the_carriers_scheme(shop: Shop) -> None:
    code = shop.town.house("27", former_commune=HA, **WEST)
    found = shop.address_of(code, scheme="ghn", postal="true")["label_on"]
    parts = ("commune", "district", "province")
    ids = [("ghn", "1A0602"), ("ghn", "1486"), ("ghn", "201")]
    assert [next(iter(found[part]["ids"].items())) for part in parts] == ids
    assert found["postal_label"]["lines"] == [
        *("27 Phố Láng", "Phường Láng Hạ", "Quận Đống Đa", "Hà Nội"),
    ]
    # Another scheme has its own ids for current units and none for former ones.
    found = shop.validated("27 Láng, Phường Láng, Hà Nội", scheme="iso_3166_2")["label_on"]
    assert [found[part]["ids"] for part in parts] == [{}, {}, {"iso_3166_2": "VN-HN"}]
    answer = shop.client.post(
        "/v1/batch/lookup",
        query_string=OLD | {"scheme": "ghn"},
        data=f"code\n{code}\n".encode(),
        content_type="text/csv",
    )
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert [row[f"result_{part}_on_id_ghn"] for part in parts] == [each for _, each in ids]
    assert row["result_province_id_ghn"] == "201"
    unknown = shop.address_of(code, scheme="gkn")
    assert [each["code"] for each in unknown["errors"]] == ["unknown_scheme"]


@pytest.mark.parametrize(
    ("column", "asked", "value"),
    [
        ("label_on", {}, LABEL.format(door="33 Phố Láng", ward="Hạ")),
        ("district_on", OLD, "Quận Đống Đa"),
        ("commune_on", {"wording": "before:2026-01-01"}, "Phường Láng"),
    ],
)
def test_spreadsheet_cell_has_the_wording(
    shop: Shop, column: str, asked: dict[str, str], value: str
) -> None:
    address = {"q": "33 Láng, Phường Láng Hạ, Đống Đa, Hà Nội", "column": column}
    assert shop.client.get("/v1/cell", query_string=address | asked).text == value


def test_code_page_shows_the_old_wording_with_its_parts(shop: Shop) -> None:
    code = shop.town.house("29", **WEST)
    page = shop.client.get(f"/a/{code_display(code)}").text
    for words in (LABEL.format(door="29 Phố Láng", ward="Hạ"), "Theo địa giới trước 01/07/2025"):
        assert words in page
    assert "vị trí nhà trong địa giới cũ" in page
    untold = shop.client.get(f"/a/{code_display(shop.town.house('31'))}").text
    assert "chưa rõ thuộc đơn vị cũ nào: " in untold
    assert "Chép địa chỉ cũ" not in untold
    other = shop.client.get(f"/a/{code_display(code)}?wording=before:2026-01-01").text
    assert "Trước 01/01/2026" not in other  # its label equals today's
    assert shop.client.get(f"/a/{code_display(code)}?wording=old").status_code == 422


def test_stickers_have_the_requested_wordings(shop: Shop) -> None:
    known = shop.town.house("23", former_commune=HA, **WEST)
    shop.town.house("25")
    lines = f"{known}\n25 Phố Láng, Phường Láng, Hà Nội".encode()
    old, new = (f"{ward}, Thành phố Hà Nội" for ward in ("Quận Đống Đa", "Phường Láng"))
    # For the second only today's label is known, which is used instead.
    counts = {"before:2025-07-01": (1, 1, 2, 1), "both": (1, 2, 2, 1), "today": (0, 2, 0, 0)}
    for wording, counted in counts.items():
        paper = shop.client.post(
            "/v1/routes/papers",
            query_string={"paper": "stickers", "wording": wording},
            data=lines,
            content_type="text/plain",
        )
        words = " ".join(" ".join(texts_of(paper.data)).split())
        assert tuple(map(words.count, (old, new, "Trước 1/7/2025:", "chưa rõ"))) == counted
        assert ("wording_unknown" in paper.headers["Paper-Notices"]) == (wording != "today")
    stops = shop.client.post("/v1/routes", query_string=OLD, json={"rows": [{"code": known}]})
    (stop,) = stops.get_json()["stops"]
    assert stop["label_on"]["label"] == LABEL.format(door="23 Phố Láng", ward="Hạ")
