"""A spreadsheet's own idea of a house number is refused, with what may have stood there."""

import datetime
from pathlib import Path

import xlsxwriter
from sqlalchemy import Engine

from registry.intake.run import ImportOptions, import_file
from tests.support.intake import Deliver, rows

ROW = {"source_ref": "1", "street": "Láng", "commune_code": "00004"}


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
