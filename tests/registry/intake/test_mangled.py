"""House numbers converted by a spreadsheet are refused with the likely originals."""

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
def test_dates_and_exponents_are_not_house_numbers(deliver: Deliver, engine: Engine) -> None:
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


def test_formula_error_is_not_a_blank_cell(engine: Engine, tmp_path: Path) -> None:
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


def test_trailing_zeros_and_a_contradicting_floor_are_kept(
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
    query = "SELECT row_number, code, value FROM import_problem WHERE code <> 'no_house_number'"
    assert sorted(rows(engine, query)) == [
        (3, "floor_differs", "1 205"),
        (5, "shares_door", None),
    ]


def test_reference_whose_door_changed_its_number_is_reported(
    deliver: Deliver, engine: Engine
) -> None:
    first = ROW | {"source_ref": "head", "house_number": "12"}
    second = ROW | {"source_ref": "other", "house_number": "12"}
    assert deliver(first, second).linked == 1
    moved = deliver(first | {"house_number": "14"}, second)
    assert (moved.changed, moved.unchanged) == (1, 1)
    query = (
        "SELECT p.row_number, p.proposed_fix FROM import_problem p"
        " WHERE p.code = 'reference_moved_away'"
    )
    assert rows(engine, query) == [(2, "14")]
