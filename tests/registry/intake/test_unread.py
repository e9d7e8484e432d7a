"""Unread columns: dropped if they have personal data, otherwise reported."""

import io
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import SourceFile, cells_of, open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.row_reports import Handback, write_codes, write_problems
from registry.intake.run import import_file
from tests.support.intake import rows

CHANCE = random.Random(5)
PROVINCES = ("001", "024", "036", "079", "092")


def identity() -> str:
    """A number of the form of a số định danh."""
    born = f"{CHANCE.randrange(4)}{CHANCE.randrange(100):02}"
    return f"{CHANCE.choice(PROVINCES)}{born}{CHANCE.randrange(10**6):06}"


def telephone() -> str:
    return f"0{CHANCE.choice('35789')}{CHANCE.randrange(10**8):08}"


def write_file(path: Path, header: str, cells: list[str]) -> Path:
    """Doors of one street, with one more column."""
    lines = [f"{n},Quán Thánh,00004,{cell}" for n, cell in enumerate(cells, 1)]
    path.write_text("\n".join([f"Số nhà,Đường,Mã xã,{header}", *lines]), encoding="utf-8")
    return path


def _rows(file: SourceFile) -> list[list[str]]:
    with rows_of(file) as below:
        return list(below)


@pytest.mark.parametrize("header", ["Mã số", "Mã hồ sơ", "Cột 4"])
@pytest.mark.parametrize("number", [identity, telephone])
@pytest.mark.parametrize("count", [1, 2, 30])
def test_personal_numbers_are_dropped_whatever_the_header(
    tmp_path: Path, header: str, number: object, count: int
) -> None:
    assert callable(number)
    cells = [number() for _ in range(count)] + [""] * count
    file = open_file(write_file(tmp_path / "a.csv", header, cells))
    assert (file.columns.personal, file.columns.unknown) == ((header,), ())
    assert file.columns.about_people == (3,)
    assert "source_ref" not in file.columns.positions
    assert any(header in str(note) and "đã bỏ" in str(note) for note in file.notes)
    assert file.unread == ()


@pytest.mark.parametrize("header", ["Mã hồ sơ", "TEN_CH", "Cột 4"])
@pytest.mark.parametrize(
    "cells",
    [
        ["Nguyễn Văn An", "Trần Thị Bé", "Lê Mai Hoa", "LE THI HOA", ""],
        ["a@b.vn", "c.d@e.vn", ""],
    ],
)
def test_name_and_mail_columns_are_dropped_whatever_the_header(
    tmp_path: Path, header: str, cells: list[str]
) -> None:
    file = open_file(write_file(tmp_path / "a.csv", header, cells))
    assert (file.columns.personal, file.columns.about_people) == ((header,), (3,))
    assert "source_ref" not in file.columns.positions


def test_ten_digit_numbers_under_an_ambiguous_header_are_reported(tmp_path: Path) -> None:
    cells = [f"11106{n:05}" for n in range(30)]
    path = write_file(tmp_path / "a.csv", "Mã địa chỉ số", cells)
    (note,) = open_file(path).notes
    assert "dia_chi_so" in str(note)
    decided = open_file(path, mapping={"Mã địa chỉ số": "source_ref"})
    assert decided.notes == ()
    assert open_file(write_file(tmp_path / "b.csv", "Mã hồ sơ", cells)).notes == ()


def test_streets_named_after_people_are_not_a_personal_column(tmp_path: Path) -> None:
    streets = ["Võ Thị Sáu", "Nguyễn Văn Cừ", "Lê Hồng Phong", "Trần Hưng Đạo", "Lê Mai Hoa"]
    file = open_file(write_file(tmp_path / "a.csv", "Cột 4", streets))
    assert file.columns.personal == ()


@pytest.mark.parametrize(
    "cells",
    [
        [f"{n:012}" for n in range(1, 40)],
        # The commune's code, then a number that counts up.
        [f"01901{n:07}" for n in range(1, 40)],
        [f"07927{n:07}" for n in range(1, 40)],
        [f"03000{n:05}" for n in range(1, 40)],
        [f"HK-{n}" for n in range(1, 40)],
        ["024090123456", *(f"A{n}" for n in range(9))],
    ],
)
def test_sequential_references_are_kept(tmp_path: Path, cells: list[str]) -> None:
    file = open_file(write_file(tmp_path / "a.csv", "Mã số", cells))
    assert (file.columns.personal, file.notes) == ((), ())
    assert "source_ref" in file.columns.positions


def test_personal_numbers_are_neither_stored_nor_returned(engine: Engine, tmp_path: Path) -> None:
    numbers = [identity() for _ in range(6)]
    path = write_file(tmp_path / "a.csv", "Mã số", numbers)
    path.write_text(path.read_text(encoding="utf-8").replace("6,Quán", ",Quán"), encoding="utf-8")
    answers, problems = io.BytesIO(), io.BytesIO()
    result = import_file(
        engine, path, ImportOptions("ubnd"), lambda _rows: None, Handback(answers, problems)
    )
    assert (result.new, result.rejected, result.columns_personal) == (5, 1, ("Mã số",))
    refs = rows(engine, "SELECT source_ref FROM household_ref")
    assert len(refs) == 5
    assert not {ref for (ref,) in refs} & set(numbers)
    file, codes, report = open_file(path), io.StringIO(), tmp_path / "report.csv"
    write_codes(file, answers, codes)
    write_problems(file, problems, report, "rejected")
    for written in (codes.getvalue(), report.read_text(encoding="utf-8-sig")):
        assert "Quán Thánh" in written
        assert not any(number in written for number in numbers)


@pytest.mark.parametrize(
    ("header", "cells", "field"),
    [
        ("Toạ độ Bắc", ["2325123"] * 3, "latitude"),
        ("KĐ", ["105.83812", "105.83915", "105.84001"], "longitude"),
        ("Cột 4", ["Đường Láng", "Phố Hàng Bạc", "Ngõ Gạch"], None),
        ("Tuyến", ["QL1A", "Đường Láng", "Phố Huế"], None),
    ],
)
def test_unread_address_columns_are_reported(
    tmp_path: Path, header: str, cells: list[str], field: str | None
) -> None:
    path = write_file(tmp_path / "a.csv", header, cells)
    if field is None:
        # Where no street is read, it is one that is missed.
        path.write_text(path.read_text(encoding="utf-8").replace(",Đường,", ",Ghi chú,", 1))
        field = "street"
    notes = [str(note) for note in open_file(path).notes if f"“{header}”" in str(note)]
    assert len(notes) == 1
    assert notes[0].startswith("cảnh báo")
    assert f'--mapping \'{{"{header}": "{field}"}}\'' in notes[0]


def test_other_nonempty_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Đường,Mã xã,Họ tên,Diện tích,Ghi chú\n1,5,Láng,00004,Lê A,,\n"
        "2,7,Láng,00004,Lê B,,cửa xanh\n",
        encoding="utf-8",
    )
    file = open_file(path)
    assert file.columns.unknown == ("STT", "Diện tích", "Ghi chú")
    assert file.unread == ("Ghi chú",)


def test_two_columns_for_one_field_are_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Số nhà,Đường,Tên phố,Mã xã\n5,Láng,Láng,00004\n", encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=r"""--mapping '\{"Tên phố": ""\}'"""):
        open_file(path)
    file = open_file(path, mapping={"Tên phố": ""})
    assert file.columns.unknown == ("Tên phố",)


@pytest.mark.parametrize(
    "cell",
    ["21.0386 105.8380 12.3 4.8", "https://maps.google.com/?q=21.0386,105.8380", "7PH72RQQ+C6"],
)
def test_points_in_an_unread_column_are_reported(tmp_path: Path, cell: str) -> None:
    file = open_file(write_file(tmp_path / "a.csv", "Dán link vị trí nhà", [f'"{cell}"'] * 3))
    (note,) = file.notes
    assert '{"Dán link vị trí nhà": "point"}' in str(note)
    path = write_file(tmp_path / "b.csv", "Dán link vị trí nhà", [f'"{cell}"'] * 3)
    read = open_file(path, mapping={"Dán link vị trí nhà": "point"})
    points = {cells_of(read, ["longitude", "latitude"])(row) for row in _rows(read)}
    ((longitude, latitude),) = points
    assert (float(longitude), float(latitude)) == pytest.approx((105.838, 21.0386), abs=0.001)
