"""What stands beside the street in its cell, or beside the number in a text, is not passed over."""

import pytest
from sqlalchemy import Engine

from registry.intake.result import ImportResult
from tests.support.intake import BA_DINH, Deliver, door, rows

pytestmark = pytest.mark.thorough

DOORS = (
    "SELECT h.house_number_key, t.key, u.code, f.code FROM household h"
    " JOIN place t ON t.id = h.street_id JOIN admin_unit u ON u.id = h.unit_id"
    " LEFT JOIN admin_unit f ON f.id = h.former_unit_id ORDER BY h.house_number_key"
)


def warnings(result: ImportResult) -> dict[int, str]:
    return {each.row_number: each.code for each in result.examples}


@pytest.mark.gate
@pytest.mark.parametrize(
    "street",
    ["Quán Thánh, phường Trúc Bạch", "Quán Thánh (P. Trúc Bạch)", "Quán Thánh, Trúc Bạch"],
)
def test_a_former_ward_in_the_cell_of_the_street_is_the_former_ward(
    engine: Engine, deliver: Deliver, street: str
) -> None:
    result = deliver(door("12", street=street))
    assert (result.new, result.problems) == (1, {})
    assert rows(engine, DOORS) == [("12", "quan thanh", BA_DINH, "00004")]


def test_a_ward_that_contradicts_is_said_and_a_column_of_its_own_goes_first(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(
        door("12", "a", street="Quán Thánh, phường Vĩnh Hải"),
        door("14", "b", street="Quán Thánh, phường Láng Hạ", **{"phường cũ": "Trúc Bạch"}),
    )
    assert warnings(result) == {1: "former_commune_differs"}
    assert [former for *_, former in rows(engine, DOORS)] == [None, "00004"]


@pytest.mark.parametrize(
    "street", ["Quán Thánh, Hàng Khoai", "Quán Thánh, đường Hàng Khoai", "Quán Thánh; Hàng Khoai"]
)
def test_another_name_beside_the_street_is_told(deliver: Deliver, street: str) -> None:
    result = deliver(
        door("12", "a", street=street),
        door("14", "b", street="Quán Thánh (góc Hàng Khoai)"),
        door("16", "c", street="Quán Thánh, tổ 3"),
    )
    assert (result.new, warnings(result)) == (3, {1: "street_part_unread"})


@pytest.mark.parametrize(
    "beside", ["Quán Thánh - ?", "? - Quán Thánh", "- - -", f"Quán Thánh - {'x ' * 1_500}"]
)
def test_what_stands_beside_the_street_and_is_no_name_ends_no_import(
    deliver: Deliver, beside: str
) -> None:
    result = deliver(door("12", "a", street=beside), door("14", "b", street="Quán Thánh"))
    assert (result.rows, result.new + result.rejected) == (2, 2)


@pytest.mark.parametrize("cell", ["12, Hàng Khoai", "12; Láng", "12 (Hàng Khoai)"])
def test_another_name_beside_the_number_is_told(deliver: Deliver, cell: str) -> None:
    result = deliver(
        door(cell, "a"),
        door("14, Quán Thánh", "b"),
        door("16, tổ 3", "c", locality="Tổ 3"),
        door("18 (cũ 20)", "d"),
        door("20, Trúc Bạch", "e"),
    )
    assert (result.new, warnings(result)) == (5, {1: "number_part_unread", 5: "number_part_unread"})


def test_a_place_that_two_cells_name_is_one_and_two_of_a_kind_are_refused(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(
        door("12, tổ 5", "a", street="Quán Thánh, tổ dân phố 5", tổ="5"),
        door("14, tổ 6", "b", tổ="5"),
        door("16, thôn Đông", "c", locality="thôn Tây"),
        door("18, khu phố 2", "d", tổ="5"),
        door("20, xóm 2", "e", tổ="", locality="thôn Nam"),
    )
    assert (result.new, result.problems["number_unreadable"]) == (3, 2)
    assert rows(engine, "SELECT l.kind, l.name, p.name FROM place l"
        " LEFT JOIN place p ON p.id = l.parent_id WHERE l.class = 'locality' ORDER BY 1, 2, 3") == [
        ("khu phố", "2", None), ("thôn", "Nam", None), ("tổ", "5", "2"), ("tổ", "5", None),
        ("xóm", "2", "Nam"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["5, 7 Quán Thánh", "5 Quán Thánh; 7 Hàng Khoai", "5 Quán Thánh, số 7 Hàng Khoai"]
)
def test_a_second_number_of_a_text_is_told(deliver: Deliver, text: str) -> None:
    result = deliver(
        {"địa chỉ": f"{text}, Phường Ba Đình, Hà Nội"},
        {"địa chỉ": "Số 9 ngõ 7 Quán Thánh, tổ 3, Phường Ba Đình, Hà Nội"},
        {"địa chỉ": "Phòng 5 nhà 11 Quán Thánh, Phường Ba Đình, Hà Nội"},
        {"địa chỉ": "15-17 Quán Thánh, Phường Ba Đình, Hà Nội"},
    )
    assert (result.new, warnings(result)) == (4, {1: "second_number"})


def test_a_group_beside_the_street_and_another_in_its_column_are_refused(deliver: Deliver) -> None:
    result = deliver(
        door("12", "a", street="Quán Thánh, tổ 6", tổ="5"),
        door("14", "b", street="Quán Thánh, tổ 5", tổ="5"),
        door("16", "c", street="Quán Thánh, tổ dân phố 5", tổ="5"),
    )
    assert (result.new, warnings(result)) == (2, {1: "number_unreadable"})


def test_a_ward_behind_a_dash_is_read_where_the_file_tells(
    engine: Engine, deliver: Deliver
) -> None:
    result = deliver(
        door("12", "a", street="Đặng Dung - Trúc Bạch"),
        door("14", "b", street="Đặng Dung"),
        door("16", "c", street="Hàng Than - Nguyễn Trung Trực"),
        door("18", "d", street="Hàng Than - Trúc Bạch"),
        # A road with the names of its ends, of which the first is a unit's.
        door("20", "e", street="Quán Thánh - Trúc Bạch"),
    )
    assert (result.new, warnings(result)) == (5, {})
    assert rows(engine, DOORS)[:2] == [
        ("12", "dang dung", BA_DINH, "00004"),
        ("14", "dang dung", BA_DINH, None),
    ]
    assert [street for _, street, *_ in rows(engine, DOORS)[2:]] == [
        *("hang than", "hang than", "quan thanh truc bach"),
    ]


def test_a_ward_behind_a_dash_is_told_where_nothing_tells(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        door("12", "a", street="Đặng Dung - Trúc Bạch"),
        door("14", "b", street="Cây Găng - Cây Sao"),
        door("16", "c", street="Anh Đào 6 - 16"),
    )
    assert (result.new, warnings(result)) == (3, {1: "ward_behind_street"})
    assert rows(engine, DOORS)[0] == ("12", "dang dung truc bach", BA_DINH, None)


@pytest.mark.parametrize(
    ("street", "place", "names"),
    [
        ("ĐƯỜNG ĐẶNG DUNG", "THÔN ĐÔNG", ("Đặng Dung", "Đông")),
        ("đặng dung", "thôn đông", ("Đặng Dung", "Đông")),
        ("Đường QL1A", "KHU PHỐ TÂN AN", ("1A", "Tân An")),
        ("Cách mạng Tháng 8", "Bon Bu N'Đơr", ("Cách mạng Tháng 8", "Bu N'Đơr")),
    ],
)
def test_names_in_capitals_alone_or_in_none_get_them_as_people_write_them(
    engine: Engine, deliver: Deliver, street: str, place: str, names: tuple[str, str]
) -> None:
    deliver(door("12", street=street, locality=place))
    assert rows(engine, "SELECT name FROM place ORDER BY class DESC") == [(name,) for name in names]
