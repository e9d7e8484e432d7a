"""Workbooks as they are written."""

import errno
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from registry.new_workbook import new_workbook


@pytest.mark.parametrize("row_by_row", [False, True])
def test_full_disk_is_an_error_of_the_file(row_by_row: bool) -> None:
    with (
        pytest.raises(OSError, match="No space left") as raised,
        new_workbook(Path("/dev/full"), row_by_row=row_by_row) as book,
    ):
        book.add_worksheet().write(0, 0, "x" * 10_000)
    assert raised.value.errno == errno.ENOSPC


def test_folder_that_is_not_there_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_workbook(tmp_path / "none" / "a.xlsx"):
        pass


@pytest.mark.parametrize("written", ["=1+1", "=HYPERLINK(0)", "https://diachi.vn", "3/2", "12"])
def test_text_is_a_text_whatever_it_looks_like(tmp_path: Path, written: str) -> None:
    path = tmp_path / "a.xlsx"
    with new_workbook(path) as book:
        book.add_worksheet().write_column(0, 0, [written])
    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python() == [[written]]
