"""A spreadsheet's own idea of a house number is refused, with what may have stood there."""

import datetime
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import Engine

from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import Deliver, rows

pytestmark = pytest.mark.thorough

ROW = {"source_ref": "1", "street": "Láng", "commune_code": "00004"}


@pytest.mark.gate
def test_dates_and_powers_are_no_house_numbers(deliver: Deliver, engine: Engine) -> None:
    numbers = ["3-Feb", "2026-06-25", "1.2E+04", "3/2"]
    result = deliver(
        *(ROW | {"source_ref": f"{at}", "house_number": n} for at, n in enumerate(numbers))
    )
    assert result.problems["number_mangled"] == 3
    assert (result.rejected, result.new) == (3, 1)
    found = rows(engine, "SELECT value, proposed_fix FROM import_problem ORDER BY row_number")
    assert found == [
        ("3-Feb", "3/2 hoặc 2/3"),
        ("2026-06-25", "25/6 hoặc 6/25"),
        ("1.2E+04", None),
    ]


def test_dates_are_no_flats_and_no_streets(deliver: Deliver, engine: Engine) -> None:
    date, readings = "2026-06-25 00:00:00", "25/6 hoặc 6/25"
    house = ROW | {"house_number": "1", "building": "CT1", "unit": "101"}
    fields = ("unit", "floor", "building", "street")
    result = deliver(*(house | {"source_ref": field, field: date} for field in fields))
    assert (result.new, result.problems) == (0, {"number_mangled": len(fields)})
    found = rows(engine, "SELECT DISTINCT value, proposed_fix FROM import_problem")
    assert found == [(date, readings)]
    named = deliver(house | {"source_ref": "1", "building": "May 10", "unit": "12E05"})
    assert (named.new, named.problems) == (1, {})


def test_date_in_a_cell_of_a_spreadsheet_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "ho.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Số nhà", "Đường", "Mã xã"])
        date = book.add_format({"num_format": "d/m"})
        sheet.write_datetime(1, 0, datetime.datetime(2026, 2, 3), date)  # noqa: DTZ001
        sheet.write_row(1, 1, ["Láng", "00004"])
        sheet.write_row(2, 0, [12, "Láng", "00004"])
    result = import_file(engine, path, ImportOptions("phuong"), lambda _count: None)
    assert (result.new, result.rejected) == (1, 1)
    assert [problem.proposed_fix for problem in result.row_problems] == ["3/2 hoặc 2/3"]


def test_an_error_of_a_formula_is_no_blank_cell(engine: Engine, tmp_path: Path) -> None:
    codes = {
        **dict.fromkeys(("Số nhà", "Đường", "Thôn"), "number_mangled"),
        "Xã": "commune_unknown",
        "Kinh độ": "coordinates_unreadable",
        "Mã hồ sơ": "reference_mangled",
    }
    header = ["Mã hồ sơ", "Số nhà", "Đường", "Thôn", "Xã", "Tỉnh", "Kinh độ", "Vĩ độ"]
    path = tmp_path / "ho.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Khác & cũ")
        sheet = book.add_worksheet("Hộ & dân")
        sheet.write_row(2, 1, header)
        for at, name in enumerate(("", *codes), start=3):
            sheet.write_row(at, 1, [f"{at}", f"{at}", "Láng", "Đông", "Ba Đình", "Hà Nội"])
            sheet.write_row(at, 7, [105.838, 21.0386])
            if name:
                sheet.write_formula(at, 1 + header.index(name), "=A1", None, "#REF!")
    result = import_file(engine, path, ImportOptions("phuong"), lambda _count: None)
    assert result.new == 1
    assert [problem.code for problem in result.row_problems] == list(codes.values())


def test_a_cell_of_more_than_a_number_is_split_or_refused(deliver: Deliver, engine: Engine) -> None:
    """A street beside the number is read where no column says otherwise; words are no steps."""
    cells = [
        ("9 Trần Quốc Thảo - gọi 0903.123.456", ""),
        ("57 Bà Huyện Thanh Quan", "Bà Huyện Thanh Quan"),
        ("57 Bà Huyện Thanh Quan", "Lê Lợi"),
        ("49 đến 53", "Láng"),
        ("45 + 47", "Láng"),
        ("57,59", "Láng"),
        ("59,5", "Láng"),
        ("12 trọ", "Láng"),
        ("158 12", "Láng"),
        ("45341", "Láng"),
    ]
    result = deliver(
        *(
            ROW | {"source_ref": f"{at}", "house_number": number, "street": street}
            for at, (number, street) in enumerate(cells, 1)
        )
    )
    assert (result.new, result.rejected) == (6, 4)
    told = "SELECT row_number, code, value FROM import_problem ORDER BY row_number"
    assert rows(engine, told) == [
        # Quoted, but for words that may be somebody's name.
        (3, "number_unreadable", "57"),
        (7, "number_unreadable", "59,5"),
        (8, "number_unreadable", "12 …"),
        (9, "number_unreadable", "158 12"),
        (10, "number_unlikely", "45341"),
    ]
    kept = (
        "SELECT h.house_number_key, t.name FROM household h"
        " JOIN place t ON t.id = h.street_id ORDER BY h.house_number_key"
    )
    assert sorted(rows(engine, kept)) == [
        ("45-47", "Láng"),
        ("45341", "Láng"),
        ("49-53", "Láng"),
        ("57", "Bà Huyện Thanh Quan"),
        ("57-59", "Láng"),
        ("9", "Trần Quốc Thảo"),
    ]


def test_zeros_behind_a_point_and_a_floor_that_contradicts_are_kept(
    deliver: Deliver, engine: Engine
) -> None:
    tower = ROW | {"street": "Láng", "building": "Toà S2"}
    result = deliver(
        tower | {"source_ref": "1", "house_number": "A12.05"},
        tower | {"source_ref": "2", "house_number": "A12.5"},
        tower | {"source_ref": "3", "floor": "1", "unit": "2.05"},
        tower | {"source_ref": "4", "floor": "12", "unit": "12.05"},
        tower | {"source_ref": "5", "unit": "12.05"},
    )
    assert (result.new, result.linked) == (4, 1)
    told = "SELECT row_number, code, value FROM import_problem WHERE code <> 'no_house_number'"
    assert sorted(rows(engine, told)) == [
        (3, "floor_differs", "1 205"),
        (5, "shares_door", None),
    ]


def test_a_street_behind_a_hamlet_is_kept(deliver: Deliver, engine: Engine) -> None:
    result = deliver(
        {"source_ref": "1", "địa chỉ": "25 A/12 kp4 Trần Quốc Thảo, Phường Nhiêu Lộc, TPHCM"},
        {"source_ref": "2", "địa chỉ": "49 đến 53 Lê Lợi, Phường Nhiêu Lộc, TPHCM"},
    )
    assert (result.new, result.rejected) == (2, 0)
    kept = (
        "SELECT h.house_number_key, t.name FROM household h"
        " JOIN place t ON t.id = h.street_id ORDER BY t.name"
    )
    assert rows(engine, kept) == [("49-53", "Lê Lợi"), ("25A/12", "Trần Quốc Thảo")]


def test_a_reference_whose_door_got_another_number_is_told(
    deliver: Deliver, engine: Engine
) -> None:
    first = ROW | {"source_ref": "head", "house_number": "12"}
    second = ROW | {"source_ref": "other", "house_number": "12"}
    assert deliver(first, second).linked == 1
    moved = deliver(first | {"house_number": "14"}, second)
    assert (moved.changed, moved.unchanged) == (1, 1)
    told = (
        "SELECT p.row_number, p.proposed_fix FROM import_problem p"
        " WHERE p.code = 'reference_moved_away'"
    )
    assert rows(engine, told) == [(2, "14")]
