"""Cells with artifacts of a program are read as their original content."""

import json
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import cells_of, open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import rows

pytestmark = pytest.mark.thorough

FIELDS = ("house_number", "street", "commune_code")
ROWS = [["Số nhà", "Đường", "Mã xã"], ["3/2", "Đường Nguyễn Trãi", "00199"]]
READ = [("3/2", "Đường Nguyễn Trãi", "00199")]


def twice(cell: str) -> str:
    """Its bytes of UTF-8 as letters of Windows-1252, those that it lacks as what they are."""
    return "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in cell.encode("utf-8")
    )


def read(path: Path) -> list[tuple[str, ...]]:
    file = open_file(path)
    with rows_of(file) as found:
        return list(map(cells_of(file, FIELDS), found))


def csv_of(table: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in table)


@pytest.mark.gate
@pytest.mark.parametrize(
    ("content", "note"),
    [
        (csv_of([list(map(twice, row)) for row in ROWS]), "sai bảng mã"),
        (csv_of([list(map(twice, ROWS[0])), ROWS[1]]), "sai bảng mã"),
        (csv_of([ROWS[0], list(map(twice, ROWS[1]))]), "sai bảng mã"),
        ("Số nhà,Đường,Mã xã\n3/2,Đường Nguyễn Tr&atilde;i,00199\n", "HTML"),
        ("Số nhà,Đường,Mã xã\n3/2,Đường&nbsp;Nguyễn Tr&#227;i,00199\n", "HTML"),
        ('Số nhà,Đường,Mã xã\n="3/2",Đường Nguyễn Trãi,="00199"\n', "bảng tính"),
        ("Số nhà,Đường,Mã xã\n'3/2,Đường Nguyễn Trãi,'00199\n", "bảng tính"),
        ("'Số nhà','Đường','Mã xã'\n'3/2','Đường Nguyễn Trãi','00199'\n", "bảng tính"),
        ('"Số nhà,Đường,Mã xã"\n"3/2,Đường Nguyễn Trãi,00199"\n', "ngoặc kép"),
        ('"Số nhà;Đường;Mã xã"\n"3/2;""Đường Nguyễn Trãi"";00199"\n', "ngoặc kép"),
    ],
)
def test_artifacts_in_text_tables_are_removed(tmp_path: Path, content: str, note: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    assert [tuple(" ".join(cell.split()) for cell in row) for row in read(path)] == READ
    assert [each for each in open_file(path).notes if note in str(each)]


def test_artifacts_in_workbooks_and_records_are_removed(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["DANH SÁCH"])
        for at, row in enumerate(ROWS, 2):
            sheet.write_row(at, 0, list(map(twice, row)))
    assert read(tmp_path / "a.xlsx") == READ
    record = dict(zip(map(twice, ROWS[0]), map(twice, ROWS[1]), strict=True))
    (tmp_path / "a.json").write_text(json.dumps([record]))
    assert read(tmp_path / "a.json") == READ


@pytest.mark.parametrize("cell", ["Đường M'Droh", "R&D", "Ông Ích Khiêm", "'", "=A1", "Ã¿", "''"])
def test_intended_characters_are_kept(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Số nhà,Đường,Mã xã\n1,{cell},00199\n", encoding="utf-8")
    assert read(path) == [("1", cell, "00199")]
    assert open_file(path).notes == ()


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-32", ","), ("utf-8", "^"), ("utf-8", "\x1f"), ("utf-16", "^")],
)
def test_rare_encodings_and_delimiters_are_read(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_of(ROWS).replace(",", delimiter).encode(encoding))
    assert read(path) == READ


@pytest.mark.parametrize(
    ("begins", "expected"),
    [
        (b"Rar!\x1a\x07\x00", "giải nén"),
        (b"7z\xbc\xaf'\x1c", "giải nén"),
        (b"BZh91AY", "giải nén"),
        (b"\xfd7zXZ\x00", "giải nén"),
        (b"{\\rtf1\\ansi", "Word"),
        (b"MIME-Version: 1.0\r\n", "trang web"),
        (b'<?xml version="1.0"?><rows/>', "XML"),
        (b"\x00\x01\x00\x00Standard Jet DB\x00", "Access"),
        (b"AC1032\x00\x00", "CAD"),
        (b"  0\r\nSECTION\r\n  2\r\nHEADER\r\n", "CAD"),
    ],
)
def test_other_kinds_of_files_are_refused_with_the_remedy(
    tmp_path: Path, begins: bytes, expected: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(begins + b" " * 100)
    with pytest.raises(UnreadableFileError, match=expected):
        open_file(path)


UNREADABLE = [
    *((cell, "Láng", "number_unreadable") for cell in ("12\\3", "12:3", "12//3", "/12", "12%")),
    *((cell, "Láng", "number_unreadable") for cell in ("12-3", "5/12-3", "12-3/5")),
    *((cell, "Láng", "number_mangled") for cell in ("03/02/2026", "3-2-2026", "3.2.2026")),
    ("12", "30/04/2026", "number_mangled"),
    *((cell, "Láng", "number_mangled") for cell in ("#N/A", "TRUE", "#VALUE!")),
    *(("12", cell, "number_mangled") for cell in ("#N/A", "#REF!", "Err:502", "undefined")),
    *(("12", cell, "text_garbled") for cell in ("Nguy\ufffdn Trãi", "L%C3%A1ng", r"L\u00e1ng")),
]


def test_unreadable_cells_are_refused_and_not_lost(engine: Engine, tmp_path: Path) -> None:
    """Beside a hamlet and a point the row would be a dwelling without what was not read."""
    path = tmp_path / "a.csv"
    place = "Thôn 3,00199,105.8060,21.0211"
    lines = [f"{number},{street},{place}\n" for number, street, _ in UNREADABLE]
    path.write_text("".join(["Số nhà,Đường,Thôn,Mã xã,Kinh độ,Vĩ độ\n", *lines]), encoding="utf-8")
    result = import_file(engine, path, ImportOptions("x"), lambda _n: None)
    assert (result.new, result.rejected) == (0, len(UNREADABLE))
    expected = {(each.row_number, each.code) for each in result.row_problems}
    assert {(at, code) for at, (_, _, code) in enumerate(UNREADABLE, 1)} <= expected


@pytest.mark.parametrize(
    ("street", "key"), [("Nguyen_Trai", "nguyen trai"), ("Láng.", "lang"), ("Đường D.", "d")]
)
def test_punctuation_around_a_street_is_not_part_of_it(
    engine: Engine, tmp_path: Path, street: str, key: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Số nhà,Đường,Mã xã\n12,{street},00199\n", encoding="utf-8")
    assert import_file(engine, path, ImportOptions("x"), lambda _n: None).new == 1
    assert rows(engine, "SELECT key FROM place WHERE class = 'street'") == [(key,)]
