"""Units by code and name on a day, and what became of them."""

import csv
import datetime
import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import shapely
from shapely.geometry import shape

from geo.admin import name_key
from registry import units as module
from registry.core.errors import InvalidInputError, NotFoundError
from registry.units import (
    LAST_DAY_OF_OLD_MAP,
    Conversion,
    UnitQuery,
    convert_code,
    convert_text,
    day_asked,
    find_units,
    is_ambiguous,
    picker,
    unit_by_code,
)
from registry.units.gazetteer import Gazetteer, Succession, Unit, UnitVersion
from registry.units.onward import continuations
from tests.support.units import unit_named

DAY = datetime.date(2026, 10, 1)
REFORM = datetime.date(2025, 7, 1)
ALSO_CODED = {"06978": "06970", "23737": "23938"}
# Where units_current.csv and unit_succession_2025-07.csv are mistaken: registry/seed/README.md.
DISPUTED = {
    "04012",
    "04111",
    "09859",
    "10963",
    "13219",
    "13768",
    "14323",
    "14380",
    "14770",
    "15598",
    "17647",
    "17899",
    "19039",
    "20669",
    "21727",
    "23521",
    "23710",
    "24292",
    "27739",
    "28924",
    "30622",
    "31240",
    "31588",
    "31771",
}


def names(page: list[Unit] | tuple[Unit, ...], day: datetime.date = DAY) -> list[str]:
    return [unit.version_on(day).full_name for unit in page]


def goals(conversion: Conversion) -> list[tuple[str, str]]:
    return [(found.unit.code, found.extent) for found in conversion.to]


def by_old_code(gazetteer: Gazetteer, code: str) -> Conversion:
    return convert_code(gazetteer, code, written_on=LAST_DAY_OF_OLD_MAP, day=DAY)


# --- by code -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "as_of", "full_name"),
    [
        ("00004", None, "Phường Ba Đình"),
        ("00004", LAST_DAY_OF_OLD_MAP, "Phường Trúc Bạch"),
        ("00004", REFORM, "Phường Ba Đình"),
        ("00010", None, "Phường Nguyễn Trung Trực"),
        ("001", None, "Quận Ba Đình"),
        ("01", None, "Thành phố Hà Nội"),
        ("79", LAST_DAY_OF_OLD_MAP, "Thành phố Hồ Chí Minh"),
        ("06978", None, "Xã Ba Chẽ"),
        ("23737", None, "Xã Ia Mơ"),
        ("23737", LAST_DAY_OF_OLD_MAP, "Xã Ia Mơ Nông"),
    ],
)
def test_code_means_the_unit_of_the_day(
    gazetteer: Gazetteer, code: str, as_of: datetime.date | None, full_name: str
) -> None:
    unit = unit_by_code(gazetteer, code, as_of)
    assert unit.version_on(as_of or DAY).full_name == full_name


def test_code_of_another_day_is_not_found_and_its_days_given(gazetteer: Gazetteer) -> None:
    with pytest.raises(NotFoundError, match="Nguyễn Trung Trực until 2024-12-31"):
        unit_by_code(gazetteer, "00010", DAY)
    new = next(
        unit
        for unit in gazetteer.alive(DAY, level="commune")
        if unit.born == REFORM and len(gazetteer.with_code(unit.code)) == 1
    )
    with pytest.raises(NotFoundError, match=f"{new.versions[0].full_name} from 2025-07-01"):
        unit_by_code(gazetteer, new.code, LAST_DAY_OF_OLD_MAP)


@pytest.mark.parametrize("code", ["", "1", "0000", "000000", "0000x", "٠٠٠٠٤", "00004\n", " 01"])
def test_invalid_code_is_refused(gazetteer: Gazetteer, code: str) -> None:
    with pytest.raises(InvalidInputError, match="a unit code has"):
        unit_by_code(gazetteer, code, None)


def test_unknown_code_is_not_found(gazetteer: Gazetteer) -> None:
    with pytest.raises(NotFoundError, match="no administrative unit has ever had code 99999"):
        unit_by_code(gazetteer, "99999", None)


def test_future_day_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "today", lambda: DAY)
    assert day_asked(None) == day_asked(DAY) == DAY
    with pytest.raises(InvalidInputError, match="2026-10-02 has not come"):
        day_asked(DAY + datetime.timedelta(days=1))


# --- by name -------------------------------------------------------------------------------------


def test_units_of_a_day_are_ordered_by_level_and_code(gazetteer: Gazetteer) -> None:
    page = find_units(gazetteer, UnitQuery(DAY, limit=1000))
    assert page.total == 34 + 3_321
    assert [u.code for u in page.units[:2]] == ["01", "04"]
    rest = find_units(gazetteer, UnitQuery(DAY, limit=1000, offset=3_000))
    assert len(rest.units) == page.total - 3_000
    assert find_units(gazetteer, UnitQuery(DAY, offset=99_999)).units == ()


def test_list_is_filtered_by_province_and_level_of_the_day(gazetteer: Gazetteer) -> None:
    districts = UnitQuery(LAST_DAY_OF_OLD_MAP, level="district", province="79", limit=100)
    assert find_units(gazetteer, districts).total == 22
    assert find_units(gazetteer, UnitQuery(DAY, level="district")).total == 0
    with pytest.raises(NotFoundError, match="no province has code 02 on 2026-10-01"):
        find_units(gazetteer, UnitQuery(DAY, province="02"))


@pytest.mark.parametrize(
    ("q", "day", "first"),
    [
        ("ba dinh", DAY, "Phường Ba Đình"),
        ("Ba Đình", LAST_DAY_OF_OLD_MAP, "Quận Ba Đình"),
        ("quận ba đình", LAST_DAY_OF_OLD_MAP, "Quận Ba Đình"),
        ("hn", DAY, "Thành phố Hà Nội"),
        ("TPHCM", DAY, "Thành phố Hồ Chí Minh"),
        ("00004", DAY, "Phường Ba Đình"),
        ("06978", DAY, "Xã Ba Chẽ"),
        ("Cẩm Giàng", DAY, "Xã Cẩm Giàng"),
        ("Cẩm Giang", DAY, "Xã Cẩm Giang"),
        ("Cư Mgar", DAY, "Xã Cư M'gar"),
        ("Đà Lạt", LAST_DAY_OF_OLD_MAP, "Thành phố Đà Lạt"),
    ],
)
def test_best_match_comes_first(
    gazetteer: Gazetteer, q: str, day: datetime.date, first: str
) -> None:
    assert names(find_units(gazetteer, UnitQuery(day, q=q)).units, day)[0] == first


def test_whole_names_rank_before_prefixes_before_parts(gazetteer: Gazetteer) -> None:
    found = find_units(gazetteer, UnitQuery(DAY, q="bình lư", limit=100)).units
    keys = [name_key(unit.version_on(DAY).name) for unit in found]
    ranks = [0 if key == "binh lu" else 1 if key.startswith("binh lu") else 2 for key in keys]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


@pytest.mark.parametrize("q", ["---", "\u0301", "zzzz", "Phường Hà Nội"])
def test_unknown_words_find_nothing(gazetteer: Gazetteer, q: str) -> None:
    page = find_units(gazetteer, UnitQuery(DAY, q=q))
    assert page.total == len(page.units) == 0


# --- conversion ----------------------------------------------------------------------------------


def test_split_commune_returns_all_candidates(gazetteer: Gazetteer) -> None:
    """Tân Tạo A went to Tân Tạo and to Tân Nhựt."""
    conversion = by_old_code(gazetteer, "27457")
    assert goals(conversion) == [("27457", "partial"), ("27595", "partial")]
    assert is_ambiguous([conversion])


def test_merged_commune_returns_its_successor(gazetteer: Gazetteer) -> None:
    conversion = by_old_code(gazetteer, "00004")
    assert names([conversion.unit]) == ["Phường Trúc Bạch"]
    assert goals(conversion) == [("00004", "full")]
    assert not is_ambiguous([conversion])


def test_chain_over_three_maps_includes_the_intermediate_unit(gazetteer: Gazetteer) -> None:
    conversion = by_old_code(gazetteer, "00010")
    assert names([conversion.unit]) == ["Phường Nguyễn Trung Trực"]
    (found,) = conversion.to
    assert names(found.via) == ["Phường Trúc Bạch"]
    assert (names([found.unit]), found.extent) == (["Phường Ba Đình"], "full")


def test_chain_stops_on_the_day_asked_about(gazetteer: Gazetteer) -> None:
    unit = unit_named(gazetteer, "Phường Nguyễn Trung Trực", "00010")
    (found,) = continuations(gazetteer, unit, LAST_DAY_OF_OLD_MAP)
    assert names([found.unit]) == ["Phường Trúc Bạch"]
    assert found.via == ()


@pytest.mark.parametrize(
    ("code", "name", "successors"),
    [
        ("06978", "Xã Ba Chẽ", [("06970", "unchanged")]),
        ("23938", "Xã Ia Mơ", [("23938", "unchanged")]),
        ("23737", "Xã Ia Mơ Nông", [("23734", "full")]),
    ],
)
def test_codes_that_differ_between_the_lists_are_handled(
    gazetteer: Gazetteer, code: str, name: str, successors: list[tuple[str, str]]
) -> None:
    conversion = by_old_code(gazetteer, code)
    assert names([conversion.unit]) == [name]
    assert goals(conversion) == successors


def test_code_new_since_the_old_map_means_its_current_unit(gazetteer: Gazetteer) -> None:
    new = next(
        unit
        for unit in gazetteer.alive(DAY, level="commune")
        if unit.born == REFORM and len(gazetteer.with_code(unit.code)) == 1
    )
    assert goals(by_old_code(gazetteer, new.code)) == [(new.code, "unchanged")]


def test_code_on_both_maps_is_read_on_the_requested_map(gazetteer: Gazetteer) -> None:
    before = convert_code(gazetteer, "00004", written_on=LAST_DAY_OF_OLD_MAP, day=DAY)
    after = convert_code(gazetteer, "00004", written_on=REFORM, day=DAY)
    assert names([before.unit, after.unit]) == ["Phường Trúc Bạch", "Phường Ba Đình"]


def test_district_is_succeeded_by_the_successors_of_its_communes(gazetteer: Gazetteer) -> None:
    conversion = by_old_code(gazetteer, "001")
    assert {extent for _, extent in goals(conversion)} == {"partial"}
    assert "Phường Ba Đình" in names([found.unit for found in conversion.to])
    (district,) = gazetteer.with_code("001")
    communes = gazetteer.members(district, LAST_DAY_OF_OLD_MAP)
    assert {found.unit.id for found in conversion.to} == {
        found.unit.id for commune in communes for found in continuations(gazetteer, commune, DAY)
    }


def test_province_is_succeeded_by_the_merged_one(gazetteer: Gazetteer) -> None:
    assert goals(by_old_code(gazetteer, "02")) == [("08", "full")]
    assert goals(by_old_code(gazetteer, "01")) == [("01", "unchanged")]


def test_commune_of_unknown_fate_has_no_successor(gazetteer: Gazetteer) -> None:
    """Phú An Hòa: the one gap that registry/seed/README.md names."""
    ended = [unit for unit in gazetteer.units.values() if not unit.alive_on(DAY)]
    lost = [unit.code for unit in ended if not continuations(gazetteer, unit, DAY)]
    assert lost == ["28825"]


def test_cycle_of_successions_terminates() -> None:
    def unit(number: int, *, alive: bool) -> Unit:
        name = UnitVersion("A", "A", "xa", None, None, None, None, None, "effective")
        ended = None if alive else datetime.date(2000, 1, number)
        return Unit(number, "commune", f"{number:05}", None, ended, None, None, None, (name,), ())

    one, two, end = unit(1, alive=False), unit(2, alive=False), unit(3, alive=True)
    on = datetime.date(2000, 1, 1)
    steps = [(one, two), (two, one), (two, end)]
    known = Gazetteer(
        1,
        {u.id: u for u in (one, two, end)},
        tuple(Succession(old, new, "full", on) for old, new in steps),
    )
    assert [found.unit.id for found in continuations(known, one, DAY)] == [3]


# --- text to current units -----------------------------------------------------------------------


def test_day_of_the_map_settles_what_a_name_means(gazetteer: Gazetteer) -> None:
    text = "Phường Ngọc Hà, Hà Nội"

    def goals_of(written_on: datetime.date | None) -> list[list[str]]:
        found = convert_text(gazetteer, text, written_on=written_on, day=DAY)
        return [names([to.unit for to in conversion.to]) for conversion in found]

    assert goals_of(None) == [["Phường Ngọc Hà"], ["Phường Ba Đình", "Phường Ngọc Hà"]]
    assert goals_of(LAST_DAY_OF_OLD_MAP) == [["Phường Ba Đình", "Phường Ngọc Hà"]]
    assert goals_of(REFORM) == [["Phường Ngọc Hà"]]


def test_readings_resolving_to_one_unit_are_not_ambiguous(gazetteer: Gazetteer) -> None:
    found = convert_text(gazetteer, "TP HCM", written_on=None, day=DAY)
    assert len(found) == 2
    assert not is_ambiguous(found)
    assert not is_ambiguous([])


def test_picker_lists_every_commune_of_the_day_once_in_order(gazetteer: Gazetteer) -> None:
    lists = picker(gazetteer, DAY)
    communes = [commune.code for _, of_province in lists for commune in of_province]
    assert len(lists) == 34
    assert len(communes) == len(set(communes)) == 3_321
    assert names([lists[0][0], lists[-1][0]]) == ["Tỉnh An Giang", "Tỉnh Vĩnh Long"]
    assert names(lists[0][1][:2]) == ["Xã An Biên", "Xã An Châu"]


# --- against the shared data ---------------------------------------------------------------------


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def own_code(code: str) -> str:
    return ALSO_CODED.get(code, code)


@pytest.mark.thorough
def test_every_commune_of_the_old_map_is_read_from_its_address(
    gazetteer: Gazetteer, shared_data: Path
) -> None:
    outcomes, wrong = Counter[str](), []
    for row in rows(shared_data / "units_before_2025-07.csv"):
        text = f"{row['commune']}, {row['district']}, {row['province']}"
        found = {c.unit.code for c in convert_text(gazetteer, text, written_on=None, day=DAY)}
        outcome = "right" if found == {row["commune_code"]} else "ambiguous"
        if row["commune_code"] not in found:
            outcome = "wrong"
            wrong.append(text)
        outcomes[outcome] += 1
    assert wrong == []
    assert outcomes["ambiguous"] <= 78, outcomes  # names that another commune had before 2025


@pytest.mark.thorough
def test_successors_agree_with_an_independent_list(gazetteer: Gazetteer, shared_data: Path) -> None:
    expected = defaultdict(set)
    for row in rows(shared_data / "unit_succession_2025-07.csv"):
        expected[row["old_commune_code"]].add(row["new_commune_code"])
    differing = set()
    for row in rows(shared_data / "units_before_2025-07.csv"):
        text = f"{row['commune']}, {row['district']}, {row['province']}"
        found = convert_text(gazetteer, text, written_on=LAST_DAY_OF_OLD_MAP, day=DAY)
        to = {own_code(to.unit.code) for conversion in found for to in conversion.to}
        if to != set(map(own_code, expected[row["commune_code"]])):
            differing.add(row["commune_code"])
    assert differing == DISPUTED


def test_every_current_commune_is_read_from_its_address(
    gazetteer: Gazetteer, shared_data: Path
) -> None:
    current = rows(shared_data / "units_current.csv")
    provinces = {row["code"]: row["full_name"] for row in current if row["level"] == "province"}
    missed, several = [], 0
    for row in current:
        if row["level"] != "commune":
            continue
        text = f"{row['full_name']}, {provinces[row['province_code']]}"
        found = convert_text(gazetteer, text, written_on=None, day=DAY)
        code = own_code(row["code"])
        if not any(c.unit.code == code and c.unit.alive_on(DAY) for c in found):
            missed.append(text)
        several += len(found) > 1
        of_today = convert_text(gazetteer, text, written_on=DAY, day=DAY)
        assert [c.unit.code for c in of_today] == [code], text
    assert missed == []
    assert several <= 1_141  # a former commune of the same name and province


@pytest.mark.thorough
def test_real_old_addresses_mostly_resolve_to_the_commune_of_their_point(
    gazetteer: Gazetteer, shared_data: Path
) -> None:
    with gzip.open(shared_data / "commune_boundaries.geojson.gz", "rt", encoding="utf-8") as file:
        features = json.load(file)["features"]
    polygons = [shapely.make_valid(shape(feature["geometry"])) for feature in features]
    addresses = rows(shared_data / "real_addresses.csv")
    points = [shapely.Point(float(r["longitude"]), float(r["latitude"])) for r in addresses]
    holding = defaultdict(set)
    for point, polygon in zip(*shapely.STRtree(polygons).query(points, "within"), strict=True):
        holding[point].add(own_code(features[polygon]["properties"]["code"]))
    outcomes = Counter[str]()
    for index, row in enumerate(addresses):
        found = convert_text(gazetteer, row["address_before_2025"], written_on=None, day=DAY)
        to = {own_code(to.unit.code) for conversion in found for to in conversion.to}
        if not any(conversion.naming.commune for conversion in found):
            outcomes["abstained"] += 1
        else:
            outcomes["right" if to & holding[index] else "wrong"] += 1
    assert outcomes["right"] >= 2_620, outcomes
    assert outcomes["wrong"] <= 170, outcomes
