"""Cells of one row that contradict each other, or are in the wrong column, are questioned."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import Deliver, door, rows

pytestmark = pytest.mark.thorough


def run(engine: Engine, path: Path, text: str) -> ImportResult:
    path.write_text(text, encoding="utf-8")
    return import_file(engine, path, ImportOptions("ubnd"), lambda _rows: None)


def shown(result: ImportResult, code: str) -> list[tuple[int, str | None]]:
    found = (problem for problem in result.row_problems if problem.code == code)
    return [(problem.row_number, problem.value) for problem in found]


@pytest.mark.gate
def test_number_path_contradicting_the_alley_columns_is_refused(
    engine: Engine, tmp_path: Path
) -> None:
    result = run(
        engine,
        tmp_path / "a.csv",
        "Số nhà,Ngõ,Ngách,Đường,Mã xã\n"
        "5/12,Ngõ 34,Ngách 12,Quán Thánh,00004\n"  # house 5 of alley 12, or 12 of another one
        "12/5,34,12,Quán Thánh,00004\n"
        "5/12,12,,Quán Thánh,00004\n"
        # These continue where the alleys end, or repeat them completely.
        "12/5,34,,Quán Thánh,00004\n"
        "34/12/7,34,12,Quán Thánh,00004\n"
        "34,34,,Quán Thánh,00004\n",
    )
    assert shown(result, "number_unreadable") == [
        (1, "5/12 ≠ Ngõ 34, Ngách 12"),
        (2, "12/5 ≠ ngõ 34, ngách 12"),
        (3, "5/12 ≠ ngõ 12"),
    ]
    numbers = rows(engine, "SELECT house_number_key FROM household ORDER BY 1")
    assert numbers == [("34/12/5",), ("34/12/7",), ("34/34",)]


def test_street_in_the_group_column_is_refused(engine: Engine, tmp_path: Path) -> None:
    good = "".join(f"{n},Quán Thánh,Tổ 3,00004\n" for n in range(1, 8))
    moved = "20,,Quán Thánh,00004\n"
    result = run(engine, tmp_path / "a.csv", f"Số nhà,Đường,Tổ,Mã xã\n{good}{moved}")
    assert (result.new, shown(result, "number_unreadable")) == (7, [(8, "20")])


def test_numbered_group_is_not_a_street_of_that_number(engine: Engine, tmp_path: Path) -> None:
    streets = "".join(f"{n},Đường 3,,00004\n" for n in range(1, 8))
    result = run(engine, tmp_path / "a.csv", f"Số nhà,Đường,Tổ,Mã xã\n{streets}20,,Tổ 3,00004\n")
    assert (result.new, result.problems) == (8, {"street_missing": 1})


def test_unreadable_text_is_quoted_without_personal_names(engine: Engine, tmp_path: Path) -> None:
    result = run(
        engine,
        tmp_path / "a.csv",
        "Số nhà,Đường,Mã xã\n"
        "12? bà Nguyễn Thị Hoa,Quán Thánh,00004\n"
        "12? 0905123456,Quán Thánh,00004\n"
        "12,góc Láng - Hồ Tùng Mậu,00004\n"
        "14,nt,00004\n",
    )
    unreadable = shown(result, "number_unreadable")
    assert unreadable == [(1, "12? …"), (2, "12? …"), (3, "góc … - …")]
    assert shown(result, "as_above") == [(4, "nt")]


def test_two_former_communes_do_not_share_a_door_without_one(deliver: Deliver) -> None:
    deliver(door("12"), door("14"))
    result = deliver(
        door("12", former_commune="Trúc Bạch"),
        door("12", former_commune="Quán Thánh"),
        door("14", former_commune="Quán Thánh"),
        source="buu-dien",
    )
    assert [row for row, _ in shown(result, "door_ambiguous")] == [1, 2]
    assert (result.linked, result.rejected) == (1, 2)


def test_street_name_extending_another_is_reported(deliver: Deliver) -> None:
    result = deliver(
        door("1"),
        door("2", street="Quán Thánh kéo dài"),
        door("3", street="Phố Quán Thánh cũ"),
        door("4", street="Chợ Mới"),
        dry_run=True,
    )
    found = [p for p in result.row_problems if p.code == "street_stretched"]
    assert result.rejected == 0
    assert result.problems["street_stretched"] == 2, found
