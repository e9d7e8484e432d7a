"""Workbooks with a sheet for each hamlet: read as one table where all have its columns."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import xlsxwriter

from registry.core.errors import SheetNotChosenError, UnreadableFileError
from registry.files.formats.sheets import ALL
from registry.files.formats.table import Numbering, SheetPlace
from registry.intake.columns.cells import cells_in_blocks
from registry.intake.columns.reader import SourceFile, cells_of, numbering_of, open_file, rows_of

HEADER = ["Số nhà", "Thôn", "Mã xã"]


def write_book(path: Path, **sheets: list[list[str]]) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
    return path


def test_sheets_with_the_same_header_are_one_table(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "a.xlsx",
        Đông=[HEADER, ["1", "Đông", "00004"], ["2", "Đông", "00004"]],
        # A title above moves the header.
        Đoài=[["DANH SÁCH HỘ", "", ""], ["SỐ NHÀ", "Thôn", "Mã xã"], ["1", "Đoài", "00004"]],
        Tổng=[["Thôn", "Số hộ"], ["Đông", "2"], ["Đoài", "1"]],
    )
    with pytest.raises(SheetNotChosenError, match=r"several sheets.*--sheet '\*'") as refused:
        open_file(path)
    assert refused.value.extra == {"sheets": ["Đông", "Đoài"], "all_sheets": True}
    file = open_file(path, ALL)
    with rows_of(file) as found:
        read = list(map(cells_of(file, ("house_number", "locality")), found))
    assert read == [("1", "Đông"), ("2", "Đông"), ("1", "Đoài")]
    (note,) = file.notes
    assert "đã đọc trang 'Đông', 'Đoài'" in str(note)
    assert note.words("vi").endswith("'Tổng'")


def test_skipped_sheet_is_reported(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "a.xlsx",
        Nhà=[["Số nhà", "Đường", "Thôn", "Mã xã"], ["1", "Láng", "Đông", "00004"]],
        Thôn=[HEADER[1:], ["Đoài", "00004"]],
        Ghi=[["Ghi chú"], ["x"]],
    )
    (note,) = open_file(path).notes
    assert "đã đọc trang 'Nhà'" in str(note)
    assert note.words("vi").endswith("không đọc: 'Thôn'")


def test_sheets_may_have_their_columns_in_another_order(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "a.xlsx",
        Đông=[HEADER, ["1", "Đông", "00004"]],
        Đoài=[["Mã xã", "Thôn", "Số nhà"], ["00004", "Đoài", "2"], ["00004", "", "3"]],
    )
    file = open_file(path, ALL)
    with rows_of(file) as found:
        read = list(map(cells_of(file, ("house_number", "locality", "commune_code")), found))
    assert read == [("1", "Đông", "00004"), ("2", "Đoài", "00004"), ("3", "", "00004")]


@pytest.mark.parametrize(
    ("sheets", "column", "expected"),
    [
        (["Tổ 1", "TDP 2"], [], ["Tổ 1", "TDP 2"]),
        (["Thôn Đông", "Tổ 2", "Khu phố 3"], [], ["Thôn Đông", "Tổ 2", "Khu phố 3"]),
        (["Tổ 1", "Tổ 2 (35 hộ)"], [], ["tổ 1", "tổ 2"]),
        (["Tổ 1", "Khác"], [], ["", ""]),
        (["Tổ 1", "Tổ 2"], ["Thôn"], ["Đông", "Đông"]),
    ],
)
def test_sheets_named_after_hamlets_locate_their_rows(
    tmp_path: Path, sheets: list[str], column: list[str], expected: list[str]
) -> None:
    rows = [["Số nhà", "Mã xã", *column], ["1", "00004", *["Đông"] * len(column)]]
    path = write_book(tmp_path / "a.xlsx", **dict.fromkeys(sheets, rows))
    file = open_file(path, ALL)
    with rows_of(file) as found:
        read = list(map(cells_of(file, ("house_number", "locality")), filter(any, found)))
    assert read == [("1", place) for place in expected]


def test_sheets_with_other_columns_are_refused_by_name(tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "a.xlsx",
        Đông=[HEADER, ["1", "Đông", "00004"]],
        Đoài=[["Thôn", "Số nhà", "Xã"], ["Đoài", "1", "Láng"]],
    )
    with pytest.raises(UnreadableFileError, match="'Đông' và 'Đoài' không cùng các cột"):
        open_file(path, ALL)


WRITE = """
import json, sys
import numpy
from pyogrio.raw import write
columns = [numpy.array(column, object) for column in json.loads(sys.argv[2])]
names = ["Số nhà", "Đường", "Mã xã"]
write(sys.argv[1], None, columns, names, geometry_type=None, driver="ODS")
"""
"""As GDAL, and QGIS, write a document of OpenOffice."""


def test_line_breaks_between_document_cells_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    columns = [["12", "3/2"], ["Đường Láng", "Láng  Hạ"], ["00199", "00199"]]
    # In a process in which GDAL is not restricted to the accepted formats.
    free = {name: value for name, value in os.environ.items() if not name.startswith("OGR_")}
    command = [sys.executable, "-c", WRITE, path, json.dumps(columns)]
    subprocess.run(command, env=free, check=True)
    file = open_file(path)
    with rows_of(file) as found:
        assert list(found) == [list(row) for row in zip(*columns, strict=True)]


def shown_at(file: SourceFile, number: int) -> SheetPlace:
    numbering = numbering_of(file)
    assert numbering is not None
    # As stored.
    kept = Numbering.of_json(json.loads(json.dumps(numbering)))
    assert kept == numbering
    return numbering.place(number)


def test_rows_are_numbered_as_in_the_spreadsheet(tmp_path: Path) -> None:
    rows = [
        [],
        ["DANH SÁCH HỘ"],
        [],
        ["Số nhà", "Đường", "Mã xã"],
        ["(1)", "(2)", "(3)"],
        ["5", "Láng", "00199"],
        [],
        ["Tổ dân phố 3"],
        ["7", "Láng", "00199"],
        ["9", "Láng", "00199"],
    ]
    file = open_file(write_book(tmp_path / "a.xlsx", Sheet=rows))
    with rows_of(file) as found:
        numbers = [row[0] for row in found]
    assert numbers == ["5", "7", "9"]
    assert [shown_at(file, number) for number in (1, 3)] == [(6, ""), (10, "")]
    both = open_file(write_book(tmp_path / "b.xlsx", A=rows, B=[*rows[3:4], *rows[5:]]), ALL)
    for _ in range(2):
        with rows_of(both) as found:
            assert len(list(found)) == 6
        shown = [shown_at(both, number) for number in (1, 3, 4, 6)]
        assert shown == [(6, "A"), (10, "A"), (2, "B"), (6, "B")]
    # Under a heading made of the sheet's name as well.
    hamlets = {"Tổ 1": [*rows[3:4], *rows[5:7], *rows[8:]], "Tổ 2": rows[3:]}
    named = open_file(write_book(tmp_path / "c.xlsx", **hamlets), ALL)
    with rows_of(named) as found:
        assert len(list(found)) == 6
    assert [shown_at(named, number) for number in (1, 3, 4)] == [
        (2, "Tổ 1"),
        (5, "Tổ 1"),
        (3, "Tổ 2"),
    ]


@pytest.mark.parametrize("street", ["Láng Hạ", '"Láng\nHạ"'])
@pytest.mark.parametrize(("hint", "blank"), [("", ",,"), ("", ""), ("sep=,\n", ",,")])
def test_csv_rows_are_numbered_as_in_a_spreadsheet(
    tmp_path: Path, hint: str, blank: str, street: str
) -> None:
    """By a reader of rows and by one of blocks, which leaves cells of two lines to the other."""
    path = tmp_path / "a.csv"
    lines = ["DANH SÁCH HỘ,,", "Số nhà,Đường,Mã xã", "5,Láng,00199", blank, blank, "7,Láng,00199"]
    lines += [f"9,{street},00199", "11,Láng,00199"]
    path.write_text(hint + "\n".join(lines), encoding="utf-8")
    file = open_file(path)
    with rows_of(file) as found:
        assert [row[0] for row in found] == ["5", "7", "9", "11"]
    by_rows = [shown_at(file, number) for number in (1, 2, 3, 4)]
    with cells_in_blocks(file, ["house_number", "street"]) as blocks:
        assert sum(len(block[0]) for block in blocks) == 4
    by_blocks = [shown_at(file, number) for number in (1, 2, 3, 4)]
    assert by_rows == by_blocks == [(3, ""), (6, ""), (7, ""), (8, "")]


def test_json_records_have_no_spreadsheet_row(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"Số nhà": "5", "Đường": "Láng", "Mã xã": "00199"}]', encoding="utf-8")
    assert numbering_of(open_file(path)) is None
