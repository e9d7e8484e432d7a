"""Lists of residents: a household has a row for each person, and is one door."""

from pathlib import Path

from sqlalchemy import Engine

from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import Deliver, door, rows

RESIDENTS = """STT,Số hộ khẩu,Họ và tên,Quan hệ,Số nhà,Đường,Mã xã
1,HK1,A,Chủ hộ,10,Láng,00199
2,HK1,B,Vợ,10,Láng,00199
3,HK2,C,Chủ hộ,12,Láng,00199
,,D,Con,,,
,,E,Con,,,
6,HK3,F,Chủ hộ,,Láng,00199
7,HK3,G,Con,,Láng,00199
"""


def delivered(engine: Engine, path: Path, text: str, **options: object) -> ImportResult:
    path.write_text(text, encoding="utf-8")
    mapping = {"Số hộ khẩu": "source_ref"}
    given = ImportOptions("congan", mapping=mapping, **options)  # type: ignore[arg-type]
    return import_file(engine, path, given, lambda _count: None)


def test_household_members_are_neither_doors_nor_errors(engine: Engine, tmp_path: Path) -> None:
    result = delivered(engine, tmp_path / "a.csv", RESIDENTS)
    # Of the third household the address lacks its number, in each of its rows.
    assert (result.rows, result.new, result.skipped, result.rejected) == (7, 2, 3, 2)
    assert result.problems["row_of_member"] == 3
    assert {each.row_number for each in result.row_problems} == {6, 7}
    assert rows(engine, "SELECT count(*) FROM household") == [(2,)]
    again = delivered(engine, tmp_path / "a.csv", RESIDENTS)
    assert (again.unchanged, again.skipped) == (2, 3)


def test_blank_rows_are_members_if_the_commune_applies_to_the_file(
    engine: Engine, tmp_path: Path
) -> None:
    text = "Họ và tên,Số nhà,Đường\nA,10,Láng\nB,,\nC,,Láng\n"
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    options = ImportOptions("congan", commune="00199", strict=True)
    result = import_file(engine, path, options, lambda _count: None)
    assert (result.skipped, result.rejected) == (1, 1)
    assert result.problems == {"address_names_no_dwelling": 1, "row_of_member": 1}


def test_reference_of_another_door_is_still_an_error(deliver: Deliver) -> None:
    result = deliver(
        door("10", "HK1"),
        door("12", "HK1"),
        door("10", "HK1", unit="5"),
        door("10", "HK1"),
        door("10", "HK2"),  # another household of the same door
    )
    assert (result.new, result.linked, result.skipped, result.rejected) == (1, 1, 1, 2)
    assert result.problems == {"shares_door": 1, "duplicate_ref": 2, "row_of_member": 1}


def test_blank_row_of_a_file_without_names_is_an_error(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Ghi chú,Số nhà,Đường,Mã xã\nx,10,Láng,00199\ny,,,\n", encoding="utf-8")
    result = import_file(engine, path, ImportOptions("congan"), lambda _count: None)
    assert (result.new, result.skipped, result.rejected) == (1, 0, 1)
