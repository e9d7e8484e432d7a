"""CSV files as clerks' programs write them, and errors for unreadable ones."""

import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.core.errors import UnreadableFileError
from registry.files.formats import blocks
from registry.intake.columns.cells import cells_in_blocks
from registry.intake.columns.reader import SourceFile, cells_of, open_file, rows_of
from tests.support.thorough import examples

HEADER = "số nhà,đường,mã xã\n"


def read(path: Path, content: str | bytes) -> list[list[str]]:
    """The cells of each row, which must be the same column by column."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    file = open_file(path)
    by_row = rows_and_overlong(file)
    assert columns_and_overlong(file) == by_row
    return by_row[0]


def rows_and_overlong(file: SourceFile) -> tuple[list[list[str]], list[int]]:
    with rows_of(file) as rows:
        cells = cells_of(file, file.columns.positions)
        read = [[cell.replace("\0", "") for cell in cells(row)] for row in rows]
    return read, list(file.overlong)


def columns_and_overlong(file: SourceFile) -> tuple[list[list[str]], list[int]]:
    with cells_in_blocks(file, tuple(file.columns.positions)) as blocks:
        tables = [[column.to_pylist() for column in block] for block in blocks]
    return [list(row) for table in tables for row in zip(*table, strict=True)], file.overlong


_PIECES = [
    *'a ,;"\n\r',
    "\r\n",
    "\n1,Láng,00004\n",
    '\n"1,2","Lá""ng",',
    "\xa0",
    "\ufeff",
    "x" * 700,
]


@settings(max_examples=examples(60, 400), deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join), st.sampled_from([40, 4096]))
@example('\r\n\n"1,2","Lá""ng","aaa\na"', 40)
def test_columns_and_rows_give_the_same_values(content: str, block: int) -> None:
    with TemporaryDirectory() as folder, patch.object(blocks, "_BLOCK", block):
        path = Path(folder) / "a.csv"
        path.write_bytes((HEADER + "1,Láng,00004\n" * 3 + content).encode())
        try:
            file = open_file(path)
            by_row = rows_and_overlong(file)
        except UnreadableFileError:
            # A row may be read where the file as a whole is refused for its last line.
            return
        assert columns_and_overlong(file) == by_row


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "1,Láng,00004\n",
        HEADER + "1,Láng,00004",
        "\ufeff" + HEADER + "1,Láng,00004\r\n\r\n,,\n",
        "sep=;\r\nsố nhà;đường;mã xã\r\n1;Láng;00004\r\n",
        "Số nhà|Đường|MÃ XÃ\n1|Láng|00004\n",
        '"Số\nnhà",đường,"Mã xã\nphường"\n1,Láng,00004\n',
        HEADER + '"1"," Láng ","00004",,\n',
    ],
)
def test_common_table_layouts_are_read(tmp_path: Path, content: str) -> None:
    assert read(tmp_path / "a.csv", content) == [["1", "Láng", "00004"]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "tệp rỗng"),
        (b"\n  \n", "tệp rỗng"),
        (b"\n1,2\n", "dòng đầu trống"),
        (b"PK\x03\x04rest", "tệp nén hỏng"),
        (b"\xd0\xcf\x11\xe0rest", "bảng tính hỏng"),
        (b"%PDF-1.7", "PDF"),
        (b"a\x00b", "không phải tệp văn bản"),
        (unicodedata.normalize("NFD", HEADER).encode("cp1258", "replace"), "bảng mã.*CSV UTF-8"),
        (HEADER.encode() + b"1,Lang,00004\n" * 30_000 + b"\xff\n", "CSV UTF-8"),
        ("họ tên,tuổi\nA,3\n", "thiếu cột.*address.*commune_code.*họ tên"),
        ("số nhà,đường\n1,Láng\n", "thiếu cột.*commune_code"),
        ("số nhà,house_number,mã xã\n1,2,00004\n", "hai cột cùng nghĩa house_number.*--mapping"),
        # A mapping is by name and would exclude both.
        ("số nhà,SỐ NHÀ,mã xã\n1,2,00004\n", "hai cột cùng tên 'số nhà'.*tách hai bảng"),
        ("Mã hồ sơ,Mã địa chỉ số,số nhà,mã xã\na,b,2,00004\n", '--mapping \'."Mã hồ sơ": ""'),
        (HEADER + '1,"Láng,00004\n2,Láng,00004\n', "dấu ngoặc kép mở ở dòng 2"),
        (HEADER + "1,Láng,00004\n" + '2,"Láng,00004\n' * 3, "dấu ngoặc kép"),
        (HEADER + '1,"' + "x" * 200_000, "dấu ngoặc kép"),
    ],
)
def test_unreadable_file_is_reported_in_one_line(
    tmp_path: Path, content: str | bytes, expected: str
) -> None:
    with pytest.raises(UnreadableFileError, match=expected) as caught:
        read(tmp_path / "a.csv", content)
    assert "\n" not in caught.value.detail
    assert caught.value.detail.startswith("a.csv: ")


def test_missing_file_and_folder_have_different_messages(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="không có tệp này"):
        open_file(tmp_path / "no.csv")
    with pytest.raises(UnreadableFileError, match="thư mục"):
        open_file(tmp_path)


@pytest.mark.parametrize(
    "last",
    ['2,"Phố\nLáng",00004\n', '2,"Phố\nLáng\n",00004\n\n\n', '2,"Phố\n""Láng""",00004\n,,\n'],
)
def test_quoted_multiline_cell_may_end_a_file(tmp_path: Path, last: str) -> None:
    found = read(tmp_path / "a.csv", HEADER + '1,"Lá\nng",00004\n' + last)

    assert [row[0] for row in found] == ["1", "2"]


def test_columns_of_our_own_reports_are_dropped_silently(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER.strip() + ",code,problems,vấn đề,đề nghị,ghi chú,code_display,outcome\n")

    columns = open_file(path).columns

    assert columns.unknown == ("ghi chú",)
    assert columns.personal == ()
    assert [*columns.own] == [3, 4, 5, 6, 8, 9]


def test_single_code_column_is_not_treated_as_our_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER.strip() + ",code,đề nghị\n")

    columns = open_file(path).columns

    assert (columns.unknown, columns.own) == (("code", "đề nghị"), ())


def test_rows_longer_than_the_header_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "1,Láng,00004,,\n\n2,Láng,Hạ,00004\n3,Láng\n")
    file = open_file(path)

    for _ in range(2):
        with rows_of(file) as rows:
            assert len(list(rows)) == 3
        assert file.overlong == [2]


def test_points_in_one_column_are_split_into_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        '1,Láng,00004,"21.0285, 105.8542",x',
        "2,Láng,00004,105.8542 21.0285",
        '3,Láng,00004,"587000,5; 2325123"',
        "4,Láng,00004,,,,",
        "5,Láng,00004,gần chợ",
        "6,Láng,00004,587000.5 2325123",
    ]
    for header in ("Toạ độ", "Tọa độ (lat, lng)", "GPS"):
        head = f'số nhà,đường,mã xã,"{header}"\n'
        path.write_text(head + "\n\n".join(rows) + "\n", encoding="utf-8")
        file = open_file(path)
        assert {"longitude", "latitude"} <= file.columns.positions.keys()
        with rows_of(file) as found:
            cells = cells_of(file, ("house_number", "longitude", "latitude"))
            read = [cells(row) for row in found]
        assert read == [
            ("1", "105.8542", "21.0285"),
            ("2", "105.8542", "21.0285"),
            ("3", "587000,5; 2325123", "587000,5; 2325123"),
            ("4", "", ""),
            ("5", "gần chợ", "gần chợ"),
            ("6", "587000.5", "2325123"),
        ]
        assert file.overlong == [1]
        assert columns_and_overlong(file) == rows_and_overlong(file)
    path.write_text("số nhà,đường,mã xã,toạ độ,kinh độ,vĩ độ\n1,Láng,00004,?,105.8,21.0\n")
    assert open_file(path).columns.unknown == ("toạ độ",)
