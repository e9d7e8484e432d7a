"""Text beside the street in its cell, or beside the number in a text, is not ignored."""

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


def test_long_text_beside_the_street_fails_no_import(deliver: Deliver) -> None:
    beside = f"Quán Thánh - {'x ' * 1_500}"
    result = deliver(door("12", "a", street=beside), door("14", "b", street="Quán Thánh"))
    assert (result.rows, result.new + result.rejected) == (2, 2)


def test_ward_after_a_dash_is_read_if_the_file_confirms_it(
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


def test_unconfirmed_ward_after_a_dash_is_reported(engine: Engine, deliver: Deliver) -> None:
    result = deliver(
        door("12", "a", street="Đặng Dung - Trúc Bạch"),
        door("14", "b", street="Cây Găng - Cây Sao"),
        door("16", "c", street="Anh Đào 6 - 16"),
    )
    assert (result.new, warnings(result)) == (3, {1: "ward_behind_street"})
    assert rows(engine, DOORS)[0] == ("12", "dang dung truc bach", BA_DINH, None)
