"""Columns that are read as one: alleys, hamlets in one another, coordinates in three pieces."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.columns.reader import cells_of, open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import rows

pytestmark = pytest.mark.thorough


def read(path: Path, header: str, row: str, *fields: str) -> tuple[str, ...]:
    """The cells of one row, as they are read."""
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    file = open_file(path)
    with rows_of(file) as found:
        return next(map(cells_of(file, fields), found))


@pytest.mark.gate
@pytest.mark.parametrize(
    ("header", "cells", "number"),
    [
        ("Số nhà,Ngõ", "7,Ngõ 15", "7, Ngõ 15"),
        ("Số nhà,Ngõ", "7,15", "7, ngõ 15"),
        ("Số nhà,Ngõ", "7,", "7"),
        ("Số nhà,Ngõ", "7,-", "7"),
        ("Số nhà,Ngõ", "7,không có", "7"),
        # As above: whatever that was, the row is refused.
        ("Số nhà,Ngõ", "7,nt", "nt"),
        # A letter is an alley here, and no Khu phố.
        ("Số nhà,Kiệt", "7,K15/H3", "7, kiệt 15/3"),
        ("Số nhà,Kiệt/Hẻm/Ngõ", "18,K22", "18, kiệt 22"),
        ("Số nhà,Kiệt/Hẻm", "18,k.26A", "18, kiệt 26A"),
        ("Số nhà,Kiệt/Hẻm", "20,H5", "20, hẻm 5"),
        ("Số nhà,Hẻm", "20,h. 5/3", "20, hẻm 5/3"),
        ("Số nhà,Ngõ", "20,N5", "20, ngõ 5"),
        ("Số nhà,Ngõ", "20,ng.5", "20, ngõ 5"),
        ("Số nhà,Ngách", "20,Ngh 5", "20, ngách 5"),
        ("Số nhà,Kiệt", ",K22", "kiệt 22"),
        ("Số nhà,Hẻm/Kiệt", "7,15/3", "7, hẻm 15/3"),
        ("Số nhà,Ngách,Ngõ", "7,4,15", "7, ngách 4, ngõ 15"),
        ("Ngõ/ngách/hẻm,Số nhà", "Ngách 15/4,7", "7, Ngách 15/4"),
        ("Số nhà,Ngõ", ",15", "ngõ 15"),
        # Of what is no number the alley makes none.
        ("Số nhà,Ngõ", "cạnh chợ,15", "cạnh chợ"),
        ("Số nhà,Ngõ", "3-Feb,15", "3-Feb"),
    ],
)
def test_an_alley_is_part_of_the_path(tmp_path: Path, header: str, cells: str, number: str) -> None:
    read_number, *_ = read(
        tmp_path / "a.csv", f"{header},Đường,Mã xã", f"{cells},Láng,00004", "house_number", "street"
    )
    assert read_number == number


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
    # An alley with a name is a street: beside another one nobody knows which is meant.
    assert result.problems["number_unreadable"] == 1
    assert (result.new, result.linked, result.rejected) == (4, 2, 1)
    numbers = rows(engine, "SELECT house_number_key FROM household ORDER BY 1")
    assert numbers == [("15/7",), ("18/7",), ("7",), ("9",)]


def test_alleys_by_their_letters_are_steps_of_the_path(engine: Engine, tmp_path: Path) -> None:
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
    ("header", "cells", "place"),
    [
        ("Khu phố,Tổ", "2,5", "tổ 5, khu phố 2"),
        ("Tổ,Khu phố", "Tổ 5,Khu phố 2", "Tổ 5, Khu phố 2"),
        ("Thôn,Xóm", "Đoài,Xóm Chùa", "Xóm Chùa, thôn Đoài"),
        ("Thôn,Xóm", "Đoài,", "thôn Đoài"),
        ("Thôn,Xóm", "Thôn Đoài,Thôn Đoài", "Thôn Đoài"),
        ("Tổ,Khu phố", 'Tổ 5,"Tổ 5, Khu phố 2"', "Tổ 5, Khu phố 2"),
        ("Tổ,Khu phố", "0,2", "khu phố 2"),
        ("Tổ,Khu phố", "5,nt", "nt"),
        ("TEN_KP,TDP", "3,4", "tổ dân phố 4, khu phố 3"),
    ],
)
def test_localities_of_two_columns_are_one_in_the_other(
    tmp_path: Path, header: str, cells: str, place: str
) -> None:
    found = read(tmp_path / "a.csv", f"{header},Mã xã", f"{cells},00004", "locality", "street")
    assert found == (place, "")


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
def test_a_block_lies_in_its_building(
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
def test_so_beside_a_number_numbers_the_rows(tmp_path: Path, other: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Số,{other},Mã xã\n1,5,Láng,00004\n", encoding="utf-8")
    assert open_file(path).columns.unknown == ("Số",)
