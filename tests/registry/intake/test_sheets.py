"""Workbooks with a sheet for each hamlet: read as one table where all have its columns."""

from pathlib import Path

import pytest
import xlsxwriter

from registry.errors import UnreadableFileError
from registry.intake.formats.sheets import ALL
from registry.intake.reader import cells_of, open_file, rows_of

HEADER = ["Số nhà", "Thôn", "Mã xã"]


def write_book(path: Path, **sheets: list[list[str]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


def test_all_sheets_of_one_header_are_one_table(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "a.xlsx",
        Đông=[HEADER, ["1", "Đông", "00004"], ["2", "Đông", "00004"]],
        # A title above moves the header.
        Đoài=[["DANH SÁCH HỘ", "", ""], ["SỐ NHÀ", "Thôn", "Mã xã"], ["1", "Đoài", "00004"]],
        Tổng=[["Thôn", "Số hộ"], ["Đông", "2"], ["Đoài", "1"]],
    )
    with pytest.raises(UnreadableFileError, match=r"several sheets.*--sheet '\*'"):
        open_file(path)
    file = open_file(path, ALL)
    with rows_of(file) as found:
        read = list(map(cells_of(file, ("house_number", "locality")), found))
    assert read == [("1", "Đông"), ("2", "Đông"), ("1", "Đoài")]
    (note,) = file.notes
    assert "'Đông', 'Đoài' được đọc" in note
    assert note.endswith("'Tổng'")


def test_sheets_of_other_columns_are_refused_with_their_names(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "a.xlsx",
        Đông=[HEADER, ["1", "Đông", "00004"]],
        Đoài=[["Thôn", "Số nhà", "Mã xã"], ["Đoài", "1", "00004"]],
    )
    with pytest.raises(UnreadableFileError, match="'Đông' và 'Đoài' không cùng các cột"):
        open_file(path, ALL)
