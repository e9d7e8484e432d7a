"""A value only in the first row of a group is offered to be filled down, and filled on request."""

from pathlib import Path

import pytest

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import cells_of, open_file, rows_of

GROUPS = """STT,Tên đường,Số nhà,Phường
1,Láng,3,Láng
2,,5,
3,nt,7,nt
,,,
1,Chùa Láng,3,Láng
2,,5,
Tổ 5,,,
Tổng cộng,,,5 hộ
1,,9,Ba Đình
"""
STREET, WARD = {"Tên đường": "street:fill"}, {"Phường": "commune:fill"}


def read(path: Path, mapping: dict[str, str] | None = None) -> list[tuple[str, ...]]:
    file = open_file(path, mapping=mapping)
    with rows_of(file) as rows:
        taken = map(cells_of(file, ("street", "house_number", "commune")), rows)
        return [cells for cells in taken if cells[1]]


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    path = tmp_path / "ho.csv"
    path.write_text(GROUPS, encoding="utf-8")
    return path


def test_blank_cells_are_filled_only_on_request_and_the_option_offered(groups: Path) -> None:
    assert read(groups)[1] == ("", "5", "")
    (note,) = (note for note in open_file(groups).notes if "đầu mỗi nhóm" in str(note))
    assert """--mapping '{"Phường": "commune:fill", "Tên đường": "street:fill"}'""" in str(note)


def test_blank_cells_and_ditto_marks_repeat_the_cell_above(groups: Path) -> None:
    assert read(groups, STREET | WARD) == [
        ("Láng", "3", "Láng"),
        ("Láng", "5", "Láng"),
        ("Láng", "7", "Láng"),
        ("Chùa Láng", "3", "Láng"),
        ("Chùa Láng", "5", "Láng"),
        ("", "9", "Ba Đình"),
    ]


def test_street_is_not_repeated_into_the_next_commune(tmp_path: Path) -> None:
    path = tmp_path / "ho.csv"
    path.write_text("Đường,Số nhà,Xã\nLáng,3,Láng\n,5,Láng\n,7,Ba Đình\n", encoding="utf-8")
    found = read(path, {"Đường": "street:fill"})
    assert [street for street, *_ in found] == ["Láng", "Láng", ""]


@pytest.mark.parametrize(
    "text",
    [
        # Rural rows have a hamlet in place of the street.
        "Đường,Số nhà,Thôn,Xã\n" + "Láng,3,,Láng\n" + ",5,Đông,Láng\n" * 6,
        # One of many is left out, or the first: no group begins so.
        "Đường,Số nhà,Xã\n" + "Láng,3,Láng\n" * 6 + ",5,Láng\n",
        "Đường,Số nhà,Xã\n" + ",5,Láng\n" * 6 + "Láng,3,Láng\n",
    ],
)
def test_filling_is_not_offered_when_blanks_may_be_intended(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ho.csv"
    path.write_text(text, encoding="utf-8")
    assert open_file(path).notes == ()


def test_only_known_fields_can_be_filled(groups: Path) -> None:
    with pytest.raises(UnreadableFileError, match="duong"):
        open_file(groups, mapping={"Tên đường": "duong:fill"})
