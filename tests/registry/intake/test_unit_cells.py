"""Codes and numbers in columns of names, and names of units that are those of streets as well."""

import pytest
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from tests.support.intake import BA_DINH, Deliver, rows

pytestmark = pytest.mark.thorough


def test_two_secondary_address_columns_are_questioned(deliver: Deliver) -> None:
    with pytest.raises(UnreadableFileError, match="Địa chỉ phát"):
        deliver({"Địa chỉ phát": "12 Láng", "Địa chỉ nhận": "14 Láng", "mã xã": BA_DINH})


def test_wrong_province_is_reported_with_the_communes_own(deliver: Deliver) -> None:
    units = {"phường": "P. Hải Châu I", "quận": "Q. Hải Châu", "thành phố": "Quảng Nam"}
    (problem,) = deliver({"số nhà": "9", "đường": "Yên Bái"} | units).row_problems
    assert problem.code == "province_differs"
    assert "Phường Hải Châu, Đà Nẵng" in (problem.proposed_fix or "")


def test_unknown_district_is_reported_and_decides_nothing(engine: Engine, deliver: Deliver) -> None:
    row = {"số nhà": "12", "đường": "Lê Lợi", "tỉnh": "Hà Nội"}
    result = deliver(
        row | {"xã": "Láng", "huyện": "Đống Đa"},
        row | {"số nhà": "14", "xã": "Láng", "huyện": "Đồng Đaa"},
        row | {"số nhà": "16", "xã": "Phường Láng", "huyện": "Thanh Xuân"},
        # Of three communes of that name one is current: an old address may mean any.
        row | {"xã": "AYun", "huyện": "Chư êS", "tỉnh": "Gia Lai"},
    )
    assert (result.new, result.rejected) == (3, 1)
    expected = {(each.row_number, each.code) for each in result.examples}
    assert expected == {*((n, "district_unread") for n in (2, 3, 4)), (4, "commune_ambiguous")}


def test_figures_in_a_former_ward_column_are_ward_numbers(engine: Engine, deliver: Deliver) -> None:
    """Thạnh Mỹ Tây is a xã of An Giang as well; the header decides."""
    rest = {"Quận cũ": "Bình Thạnh", "Phường mới": "Thạnh Mỹ Tây"}
    result = deliver({"Số nhà": "1", "Đường": "D5", "Phường cũ": "25"} | rest)
    assert (result.new, set(result.problems) - {"commune_from_former"}) == (1, set())
    stored = (
        "SELECT u.code, f.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
        " JOIN admin_unit f ON f.id = h.former_unit_id"
    )
    assert rows(engine, stored) == [("26956", "26920")]
