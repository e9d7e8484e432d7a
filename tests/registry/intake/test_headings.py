"""Lists that are parted by headings: the houses below one lie in the hamlet that it names."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.columns.reader import cells_of, open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.run import import_file

HEADER = "STT,Số nhà,Đường,Mã xã\n"


def read(path: Path, *fields: str) -> list[tuple[str, ...]]:
    file = open_file(path)
    with rows_of(file) as rows:
        return [*map(cells_of(file, fields), rows)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            "Tổ dân phố 1,,,\n1,12,Láng,00199\n,Tổ dân phố 2,,\n2,14,Láng,00199\n",
            ["tổ dân phố 1", "tổ dân phố 2"],
        ),
        (
            "1,12,Láng,00199\nI. Khu phố 3 (20 hộ):,,,\n2,14,Láng,00199\n"
            "1. Tổ 1,,,\n3,16,Láng,00199\n"
            "2. Tổ 2,,,\n4,18,Láng,00199\nII. Khu phố 4,,,\n5,20,Láng,00199\n",
            ["", "khu phố 3", "tổ 1, khu phố 3", "tổ 2, khu phố 3", "khu phố 4"],
        ),
    ],
)
def test_houses_belong_to_the_heading_above_them(
    tmp_path: Path, rows: str, expected: list[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + rows)
    assert [place for _, place in read(path, "house_number", "locality")] == expected
    assert any("(Tổ dân phố 1)" in str(n) or "Khu phố 3" in str(n) for n in open_file(path).notes)


def test_heading_may_include_a_count(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Họ tên chủ hộ,Số nhà,Đường,Mã xã,Số khẩu,Số hộ\n"
        "I,Tổ dân phố số 1,,,,12,3\n1,X,12,Láng,00199,4,1\n,Cộng TDP 1,,,,12,3\n"
        "2,Khu phố 2,,,,9,1\n1,Y,14,Láng,00199,4,1\n"
    )
    assert read(path, "house_number", "locality") == [
        ("12", "tổ dân phố 1"),
        ("", ""),
        ("14", "khu phố 2"),
    ]


def test_street_headings_are_used_without_a_street_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Mã xã,Ghi chú\nĐường Láng (2 hộ),,,\n1,12,00199,\n2,,,Đường bê tông\n"
        "Tổ 5,,,\n1,14,00199,\nB. Phố Vũ Ngọc Phan:,,,\n1,16,00199,\n"
    )
    assert read(path, "house_number", "street", "locality") == [
        ("12", "Đường Láng", ""),
        ("", "Đường Láng", ""),
        ("14", "", "tổ 5"),
        ("16", "Phố Vũ Ngọc Phan", "tổ 5"),
    ]
    assert sum("đường của các dòng bên dưới" in str(note) for note in open_file(path).notes) == 1


def test_roman_numeral_marks_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Đường,Mã xã\nI,Tổ dân phố số 1,,\n1,12,Láng,00199\nII,Tổ 2,,\n1,14,Láng,00199\n"
    )
    assert read(path, "house_number", "locality") == [("12", "tổ dân phố 1"), ("14", "tổ 2")]
    # A house of a group may be the first one of a list.
    path.write_text("STT,Số nhà,Đường,Mã xã\n1,Tổ 1,,00199\n2,12,Láng,00199\n")
    assert "Thôn, tổ (nhóm)" not in open_file(path).headers


@pytest.mark.parametrize("column", ["Toà nhà,", ""])
@pytest.mark.parametrize("address", ["Địa chỉ", "Đường"])
def test_block_headings_apply_to_their_flats(tmp_path: Path, column: str, address: str) -> None:
    path, blank = tmp_path / "a.csv", "," * bool(column)
    path.write_text(
        f"STT,{column}Căn hộ,{address},Mã xã\nBlock A,,,{blank}\n1,{blank}201,88 Láng,00199\n"
        f"II,Tháp CT2,,{blank}\n1,{blank}201,88 Láng,00199\n2,{blank}202,88 Láng,00199\n"
    )
    assert read(path, "building", "unit") == [("Block A", "201"), ("Tháp CT2", "201"),
                                              ("Tháp CT2", "202")]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}Tổng cộng: 2,,,\n1,12,Láng,00199\nNguyễn Văn Tổ,,,\n",
        f"{HEADER}Tổ trưởng,,,\n1,12,Láng,00199\n",
        "Số nhà,Đường,Thôn,Mã xã\n12,Láng,,00199\n,,Thôn Đông,\n14,Láng,,00199\n",
        "Địa chỉ\nTổ 5\n12 Láng, Phường Láng, Hà Nội\n",
    ],
    ids=["sum", "signature", "column of hamlets", "one text"],
)
def test_other_rows_are_not_headings(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    file = open_file(path)
    assert ",".join(file.headers) == text.partition("\n")[0]
    with rows_of(file) as rows:
        assert len(list(rows)) == text.count("\n") - 1


def test_same_number_in_two_groups_is_two_doors(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Mã xã\nThôn Đông,,\n1,7,00199\n2,9,00199\nThôn Tây,,\n3,7,00199\n"
        ",Người lập biểu,\n,Trần Thị Bình,\n"
    )
    result = import_file(engine, path, ImportOptions("x"), lambda _n: None)
    assert (result.rows, result.new, result.linked, result.skipped) == (5, 3, 0, 2)
    assert any("Thôn Đông" in str(note) for note in result.file_notes)
