"""A TCVN3 file filled in with Unicode: one decision for the whole file including the header."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions
from registry.intake.row_reports import Handback, write_problems
from registry.intake.run import import_file
from tests.support.intake import rows

HEADER = "Hä tªn chñ hé;Số nhà;§­êng;Khu phè;M· x·"
ROWS = [
    "NguyÔn V¨n A;1;Lª Lîi;Khu Phè 1;00004",
    "TrÇn ThÞ B;2;Đường Thành;Khu Phè 1;00004",
    "Lª ThÞ C;3;TrÇn H­ng §¹o;Khu phố 1;00004",
    "Ph¹m V¨n D;?;TrÇn H­ng §¹o;Khu Phè 2;00004",
    "Ph¹m V¨n E;5;TrÇn H­ng §¹o;Khu Phè 2;00004",
    "§ç V¨n F;6;Lª Lîi;Khu Phè 2;00004",
]


@pytest.mark.parametrize("names", [HEADER, HEADER.replace("Hä tªn chñ hé", "Họ tên chủ hộ")])
def test_row_with_a_unicode_cell_is_read_like_the_others(
    engine: Engine, tmp_path: Path, names: str
) -> None:
    path, back = tmp_path / "ho.csv", tmp_path / "loi.csv"
    path.write_text("\n".join([names, *ROWS]) + "\n", encoding="utf-8")
    assert open_file(path).headers == ("Họ tên chủ hộ", "Số nhà", "Đường", "Khu phố", "Mã xã")

    with (tmp_path / "problems").open("w+b") as problems:
        options, handback = ImportOptions("phuong"), Handback(problems=problems)
        result = import_file(engine, path, options, lambda _count: None, handback)
        write_problems(open_file(path), problems, back, "rejected")
    assert (result.new, result.rejected) == (5, 1)
    assert rows(engine, "SELECT kind, name FROM place WHERE class = 'locality' ORDER BY name") == [
        ("khu phố", "1"),
        ("khu phố", "2"),
    ]
    header, row = back.read_text(encoding="utf-8-sig").splitlines()
    assert header.startswith("Số nhà;Đường;Khu phố;Mã xã;")
    assert row.startswith("?;Trần Hưng Đạo;Khu Phố 2;00004;")
