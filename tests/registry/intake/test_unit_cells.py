"""Codes and numbers in columns of names, and names of units that are those of streets as well."""

import pytest
from sqlalchemy import Engine

from registry.errors import UnreadableFileError
from tests.support.intake import BA_DINH, Deliver, rows

pytestmark = pytest.mark.thorough

COMMUNES = "SELECT DISTINCT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
DOORS = {
    "columns": {"số nhà": "12", "đường": "Quán Thánh"},
    "text": {"địa chỉ": "12 Quán Thánh"},
}


@pytest.mark.gate
@pytest.mark.parametrize("written", DOORS)
@pytest.mark.parametrize(
    ("units", "commune"),
    [
        # As forms export what was chosen of a list.
        ({"xã": "00004", "tỉnh": "01"}, BA_DINH),
        ({"xã": "199", "huyện": "6", "tỉnh": "1"}, "00199"),
        ({"xã": "Phường Ba Đình", "tỉnh": "01"}, BA_DINH),
        # As a city's companies write them.
        ({"phường": "12", "quận": "3", "tỉnh": "Hồ Chí Minh"}, "27142"),
        ({"phường": "12", "quận": "03", "tỉnh": "79"}, "27142"),
        ({"xã/phường": "P.12", "quận/huyện": "Q.3", "tỉnh": ""}, "27142"),
    ],
)
def test_figures_in_columns_of_names_are_read_as_what_they_mean(
    engine: Engine, deliver: Deliver, written: str, units: dict[str, str], commune: str
) -> None:
    result = deliver(DOORS[written] | units)
    assert (result.new, set(result.problems) & {"second_number"}) == (1, set())
    assert rows(engine, COMMUNES) == [(commune,)]


@pytest.mark.parametrize("units", [{"xã": "00000", "tỉnh": "01"}, {"xã": "99999", "tỉnh": "01"}])
def test_a_code_that_none_bears_is_asked_about(deliver: Deliver, units: dict[str, str]) -> None:
    assert deliver(DOORS["columns"] | units).problems == {"commune_code_unknown": 1}


def test_a_street_that_is_called_like_its_ward_needs_no_second_name(
    engine: Engine, deliver: Deliver
) -> None:
    doors = {
        ("Cầu Giấy", "Cầu Giấy"): "00166",
        ("Chùa Láng", "Láng"): "00199",
        ("Láng", "Phường Láng"): "00199",
        ("Ba Đình, Phường Ba Đình", "Ba Đình"): BA_DINH,
    }
    result = deliver(
        *(
            {"mã": f"{n}", "địa chỉ": f"12 {street}", "phường": ward, "thành phố": "Hà Nội"}
            for n, (street, ward) in enumerate(doors)
        )
    )
    assert result.new == len(doors)
    of_each = (
        "SELECT u.code FROM household_ref r JOIN household h USING (code)"
        " JOIN admin_unit u ON u.id = h.unit_id ORDER BY r.source_ref"
    )
    assert rows(engine, of_each) == [(commune,) for commune in doors.values()]


def test_what_a_map_says_of_a_buildings_use_is_no_name(engine: Engine, deliver: Deliver) -> None:
    deliver(*({"số nhà": n, "đường": "Láng", "building": use, "mã xã": BA_DINH}
              for n, use in (("1", "yes"), ("2", "Apartments"), ("3", "Sunrise"))))  # fmt: skip
    found = rows(engine, "SELECT building_name FROM household WHERE kind = 'household' ORDER BY 1")
    assert found == [("Sunrise",), (None,), (None,)]


def test_two_addresses_of_some_kind_are_asked_about(deliver: Deliver) -> None:
    with pytest.raises(UnreadableFileError, match="Địa chỉ phát"):
        deliver({"Địa chỉ phát": "12 Láng", "Địa chỉ nhận": "14 Láng", "mã xã": BA_DINH})


@pytest.mark.parametrize("written", ["text", "columns"])
def test_a_province_that_the_commune_was_never_in_is_asked_about(
    deliver: Deliver, written: str
) -> None:
    given = []
    for province in ("TP. Huế", "Thành phố Hồ Chí Minh", "Quảng Nam"):
        units = {"phường": "P. Hải Châu I", "quận": "Q. Hải Châu", "thành phố": province}
        row = {"số nhà": "9", "đường": "Yên Bái"} | units
        if written == "text":
            row = {"địa chỉ": f"9 Yên Bái, {', '.join(units.values())}"}
        given.append(row)
    result = deliver(*given)
    assert (result.new, result.rejected, result.problems) == (0, 3, {"province_differs": 3})
    for problem in result.row_problems:
        assert "Phường Hải Châu, Đà Nẵng" in (problem.proposed_fix or "")


@pytest.mark.parametrize(
    ("units", "right"),
    [
        ({"phường": "Phường Bến Nghé", "tỉnh": "Hà Nội"}, False),
        ({"phường": "Phường Bến Nghé", "tỉnh": "TP. Hồ Chí Minh"}, True),
        ({"mã xã": "00199", "tỉnh": "TP. Hồ Chí Minh"}, False),
        ({"mã xã": "00199", "phường": "Phường Láng", "tỉnh": "79"}, False),
        ({"mã xã": "00199", "phường": "Phường Láng", "tỉnh": "Hà Nội"}, True),
        ({"phường": "Phường Láng", "tỉnh": "Không Có"}, True),
    ],
)
def test_a_commune_that_its_province_lacks_is_published_nowhere(
    deliver: Deliver, units: dict[str, str], right: bool
) -> None:
    result = deliver({"số nhà": "28", "đường": "Quán Thánh"} | units)
    assert (result.new, "province_differs" not in result.problems) == (int(right), right)


def test_a_province_of_any_map_that_holds_the_commune_is_right(deliver: Deliver) -> None:
    addresses = (
        # Provinces of today and of before, cities that bear a province's name.
        "9 Yên Bái, P. Hải Châu I, Q. Hải Châu, TP. Đà Nẵng, Việt Nam",
        "9 Trần Phú, P. Minh An, TP. Hội An, Tỉnh Quảng Nam",
        "9 Trần Phú, P. Minh An, TP. Hội An, TP. Đà Nẵng",
        "9 Lê Lợi, P. Phú Hội, TP. Huế, Thừa Thiên Huế",
        "9 Lê Lợi, P. 7, TP. Vũng Tàu, Bà Rịa - Vũng Tàu",
        "9 Lê Lợi, P. 7, TP. Vũng Tàu, TP. Hồ Chí Minh",
    )
    result = deliver(*({"địa chỉ": address} for address in addresses))
    assert (result.rejected, "province_differs" in result.problems) == (0, False)


def test_a_district_that_is_not_known_is_said_and_decides_nothing(
    engine: Engine, deliver: Deliver
) -> None:
    row = {"số nhà": "12", "đường": "Lê Lợi", "tỉnh": "Hà Nội"}
    result = deliver(
        row | {"xã": "Láng", "huyện": "Đống Đa"},
        row | {"số nhà": "14", "xã": "Láng", "huyện": "Đồng Đaa"},
        row | {"số nhà": "16", "xã": "Phường Láng", "huyện": "Thanh Xuân"},
        # Of three communes of that name, one is of today: an address of the old map may mean any.
        row | {"xã": "AYun", "huyện": "Chư êS", "tỉnh": "Gia Lai"},
    )
    assert (result.new, result.rejected) == (3, 1)
    told = {(each.row_number, each.code) for each in result.examples}
    assert told == {*((n, "district_unread") for n in (2, 3, 4)), (4, "commune_ambiguous")}


def test_figures_in_a_column_of_former_wards_are_their_numbers(
    engine: Engine, deliver: Deliver
) -> None:
    """Thạnh Mỹ Tây is a xã of An Giang as well; the header says which is meant."""
    rest = {"Quận cũ": "Bình Thạnh", "Phường mới": "Thạnh Mỹ Tây"}
    result = deliver({"Số nhà": "1", "Đường": "D5", "Phường cũ": "25"} | rest)
    assert (result.new, set(result.problems) - {"commune_from_former"}) == (1, set())
    stored = (
        "SELECT u.code, f.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
        " JOIN admin_unit f ON f.id = h.former_unit_id"
    )
    assert rows(engine, stored) == [("26956", "26920")]
