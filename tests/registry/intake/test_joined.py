"""Columns that are read as one: alleys, hamlets in one another, coordinates in three pieces."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.columns.reader import cells_of, open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import rows
from tests.support.vectors import Row, cases

pytestmark = pytest.mark.thorough


def read(path: Path, header: str, row: str, *fields: str) -> tuple[str, ...]:
    """The cells of one row as read."""
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    file = open_file(path)
    with rows_of(file) as found:
        return next(map(cells_of(file, fields), found))


@pytest.mark.parametrize("row", cases("joined_cells", "cells"))
def test_cells_of_several_columns_are_joined(tmp_path: Path, row: Row) -> None:
    head, cells = f"{row['header']},Đường,Mã xã", f"{row['cells']},Láng,00004"
    field = {"number": "house_number", "place": "locality"}[row["part"]]
    assert read(tmp_path / "a.csv", head, cells, field, "street") == (row["read"], "Láng")


def test_houses_of_several_alleys_are_several_doors(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Số nhà,Ngõ,Đường,Mã xã\n7,,Quán Thánh,00004\n7,15,Quán Thánh,00004\n"
        "7,Ngõ 18,Quán Thánh,00004\n7 ngõ 18,Ngõ 18,Quán Thánh,00004\n18/7,18,Quán Thánh,00004\n"
        "9,Ngõ Gạch,Quán Thánh,00004\n9,Ngõ Gạch,,00004\n",
        encoding="utf-8",
    )
    result = import_file(engine, path, ImportOptions("ubnd"), lambda _rows: None)
    assert result.columns_unknown == ()
    # A named alley is a street: beside another street it is ambiguous.
    assert result.problems["number_unreadable"] == 1
    assert (result.new, result.linked, result.rejected) == (4, 2, 1)
    numbers = rows(engine, "SELECT house_number_key FROM household ORDER BY 1")
    assert numbers == [("15/7",), ("18/7",), ("7",), ("9",)]


def test_lettered_alleys_are_steps_of_the_path(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Số nhà,Kiệt/Hẻm/Ngõ,Đường,Mã xã\n18,K22,Đống Đa,20242\n18,K23,Đống Đa,20242\n"
        "20,H5,Đống Đa,20242\n3,k.26/h.4,Đống Đa,20242\n",
        encoding="utf-8",
    )
    result = import_file(engine, path, ImportOptions("ubnd"), lambda _rows: None)
    assert (result.new, result.linked, result.rejected) == (4, 0, 0)
    keys = rows(engine, "SELECT house_number_key FROM household ORDER BY 1")
    assert keys == [("22/18",), ("23/18",), ("26/4/3",), ("5/20",)]


@pytest.mark.parametrize(
    ("header", "cells", "building"),
    [
        ("Chung cư,Block", "The Sun,B", "Block B, The Sun"),
        ("Toà,Chung cư", "A1,Chung cư The Sun", "Toà A1, Chung cư The Sun"),
        ("Toà nhà,Tháp", "The Sun,Tháp B", "Tháp B, The Sun"),
        ("Toà nhà,Block", "The Sun,", "The Sun"),
        ("Block", "B", "B"),
    ],
)
def test_block_belongs_to_its_building(
    tmp_path: Path, header: str, cells: str, building: str
) -> None:
    header, row = f"Số nhà,Đường,Mã xã,Căn hộ,{header}", f"7,Láng,00004,501,{cells}"
    assert read(tmp_path / "a.csv", header, row, "building", "unit") == (building, "501")


@pytest.mark.parametrize(
    ("header", "cells", "degrees"),
    [
        ("Kinh độ (độ),Kinh độ (phút),Kinh độ (giây)", "105,50,17.5", "105°50'17.5\""),
        ("Kinh độ,Kinh độ phút", "105,50.25", "105°50.25'0\""),
        ("Kinh độ,Kinh độ phút", "105.8375,", "105.8375"),
    ],
)
def test_degrees_and_minutes_are_one_coordinate(
    tmp_path: Path, header: str, cells: str, degrees: str
) -> None:
    row = f"7,Láng,00004,21.03,{cells}"
    found = read(
        tmp_path / "a.csv", f"Số nhà,Đường,Mã xã,Vĩ độ,{header}", row, "longitude", "latitude"
    )
    assert found == (degrees, "21.03")


@pytest.mark.parametrize("other", ["Số nhà,Đường", "Địa chỉ,Đường"])
def test_so_column_beside_a_house_number_is_a_row_number(tmp_path: Path, other: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Số,{other},Mã xã\n1,5,Láng,00004\n", encoding="utf-8")
    assert open_file(path).columns.unknown == ("Số",)
