"""Formulas that failed in a workbook of the old kind."""

from pathlib import Path

import pytest
import xlwt
from sqlalchemy import Engine

from registry.files.formats.xls_errors import error_cells
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import LAT, LON, rows

REF, NOT_AVAILABLE = 0x17, 0x2A


def book(path: Path, *, filler: int = 0) -> Path:
    """A sheet with `#REF!` as a number in the third row, and `#N/A` as a street in the fourth."""
    made = xlwt.Workbook()
    made.add_sheet("Ghi chú").write(0, 0, "x")
    sheet = made.add_sheet("Hộ dân")
    for column, header in enumerate(("Số nhà", "Đường", "Tổ", "Mã xã", "Kinh độ", "Vĩ độ")):
        sheet.write(0, column, header)
    for row in range(1, 4 + filler):
        for column, cell in enumerate((str(row), "Láng", "Tổ 3", "00004", LON, LAT)):
            if (row, column) not in ((2, 0), (3, 1)):
                sheet.write(row, column, cell)
    sheet.row(2).set_cell_error(0, REF)
    sheet.row(3).set_cell_error(1, NOT_AVAILABLE)
    made.save(str(path))
    return path


@pytest.mark.parametrize("filler", [0, 3_000])
def test_error_cells_are_located(tmp_path: Path, filler: int) -> None:
    found = error_cells(book(tmp_path / "a.xls", filler=filler), "Hộ dân")
    assert found == {2: {0: "#REF!"}, 3: {1: "#N/A"}}


def test_failed_house_number_does_not_become_a_house_without_one(
    engine: Engine, tmp_path: Path
) -> None:
    """With its point and place the row would silently become a house without a number."""
    options = ImportOptions("ubnd", sheet="Hộ dân")
    result = import_file(engine, book(tmp_path / "a.xls"), options, lambda _rows: None)
    assert (result.new, result.rejected) == (1, 2)
    assert result.problems["number_mangled"] == 2
    assert rows(engine, "SELECT house_number FROM household") == [("1",)]


@pytest.mark.parametrize("kept", [8, 60, 600, 2_000, 5_000])
def test_truncated_workbook_gives_no_errors(tmp_path: Path, kept: int) -> None:
    whole = book(tmp_path / "a.xls").read_bytes()
    (tmp_path / "b.xls").write_bytes(whole[:kept])
    assert error_cells(tmp_path / "b.xls", "Hộ dân") == {}
