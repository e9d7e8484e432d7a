"""Transposed tables: field names in the first column, one household per column."""

from pathlib import Path

import pytest
import xlsxwriter

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import cells_of, open_file, rows_of

FIELDS = ("house_number", "street", "commune_code")
TURNED = [
    ["DANH SÁCH HỘ", "", "", ""],
    ["STT", "1", "2", "3"],
    ["Số nhà", "12", "14", "16"],
    ["Đường", "Láng", "Láng", ""],
    ["Mã xã", "00199", "00199", "00199"],
]
READ = [("12", "Láng", "00199"), ("14", "Láng", "00199"), ("16", "", "00199")]


def read(path: Path) -> list[tuple[str, ...]]:
    file = open_file(path)
    with rows_of(file) as found:
        return list(map(cells_of(file, FIELDS), found))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_transposed_table_is_transposed_back_and_reported(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(delimiter.join(row).rstrip(delimiter) + "\n" for row in TURNED))
    assert read(path) == READ
    assert any("đã xoay lại" in str(note) for note in open_file(path).notes)


def test_transposed_sheet_is_read_after_a_numbering_column(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(TURNED):
            sheet.write_row(at, 0, [str(at), *row])
    assert read(tmp_path / "a.xlsx") == READ


def test_header_row_precedes_names_in_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Đường,Mã xã,Số nhà\nThôn,00199,1\nXã,00199,2\nSố nhà,00199,3\n")
    assert [row[2] for row in read(path)] == ["00199"] * 3


def test_too_wide_transposed_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    wide = [[row[0], *row[1:] * 1_500] for row in (*TURNED[2:], ["Ghi chú", "x", "y", "z"])]
    path.write_text("".join(",".join(row) + "\n" for row in wide))
    with pytest.raises(UnreadableFileError, match="Transpose"):
        open_file(path)
