"""One text for the door, and columns beside it for its units."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.database import session_scope
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from tests.support.intake import deliveries, rows

pytestmark = pytest.mark.thorough

DOORS = """
    SELECT h.code, h.house_number_key, t.name, h.floor, h.unit_number
    FROM household h LEFT JOIN place t ON t.id = h.street_id
"""
PLACED = """
    SELECT h.house_number_key, t.name, l.name FROM household h
    LEFT JOIN place t ON t.id = h.street_id
    LEFT JOIN place l ON l.id = h.locality_id ORDER BY 1, 2, 3
"""


@pytest.mark.gate
@pytest.mark.parametrize(
    ("header", "row", "new", "problem"),
    [
        ("địa chỉ,mã xã", "5 Quán Thánh,00004", 1, None),
        ("địa chỉ,xã/phường,tỉnh/tp", "5 Quán Thánh,Phường Ba Đình,Hà Nội", 1, None),
        ("địa chỉ,mã xã", '"5 Quán Thánh, Ba Đình",00004', 1, None),
        ("địa chỉ,mã xã,tỉnh", '"5 Quán Thánh, Phường Ba Đình, Hà Nội",00004,Hà Nội', 1, None),
        (
            "địa chỉ,mã xã",
            '"5 Quán Thánh, Phường Láng, Hà Nội",00004',
            0,
            "commune_differs_from_code",
        ),
        ("địa chỉ,mã xã", "5 Quán Thánh,99999", 0, "commune_code_unknown"),
        ("địa chỉ,mã xã", "Quán Thánh,00004", 0, "address_names_no_dwelling"),
        ("địa chỉ,mã xã", ",00004", 0, "address_missing"),
    ],
)
def test_columns_of_units_complete_a_text(
    engine: Engine, tmp_path: Path, header: str, row: str, new: int, problem: str | None
) -> None:
    file = tmp_path / "households.csv"
    file.write_text(f"mã hộ,{header}\n1,{row}\n")
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert (result.rows, result.new, result.rejected) == (1, new, 1 - new)
    assert problem is None or problem in result.problems
    if new:
        with session_scope(engine) as session:
            code = session.scalar(
                text("SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id")
            )
        assert code == "00004"


Door = tuple[str | None, ...]
HOUSE: Door = ("5", "Quán Thánh", None, None)
FLAT: Door = ("5", "Quán Thánh", None, "302")
IN_AN_ALLEY: Door = ("15/7", "Quán Thánh", None, None)


@pytest.mark.parametrize(
    ("header", "doors"),
    [
        (
            "số nhà",
            {
                "5 Quán Thánh,5": HOUSE,
                "Quán Thánh,5": HOUSE,
                "Ngõ 15 Quán Thánh,7": IN_AN_ALLEY,
                "15/7 Quán Thánh,7": IN_AN_ALLEY,
                # What a spreadsheet made of a number.
                "3/2 Quán Thánh,03-Feb": ("3/2", "Quán Thánh", None, None),
                "5 Quán Thánh,7": None,
                "5 Quán Thánh,15/7": None,
                "Ngõ 15 Quán Thánh,18/7": None,
            },
        ),
        ("số nhà,ngõ", {"7 Quán Thánh,7,15": IN_AN_ALLEY}),
        ("số nhà,đường", {"Ba Đình,5,Quán Thánh": HOUSE, ",5,Phố Quán Thánh": HOUSE}),
        ("tầng,căn hộ", {"5 Quán Thánh,3,302": FLAT}),
        ("toà nhà,tầng,căn hộ", {"5 Quán Thánh,B,3,302": FLAT}),
        ("căn hộ", {'"Căn 302, 5 Quán Thánh",302': FLAT, '"Căn 302, 5 Quán Thánh",303': None}),
        # Storeys of a house.
        ("tầng", {"5 Quán Thánh,3 tầng": HOUSE}),
        ("đường", {"5 Quán Thánh,Phố Đội Cấn": None}),
        ("toà nhà,căn hộ", {'"Căn 302, toà A, 5 Quán Thánh",B,302': None}),
    ],
)
def test_columns_of_the_door_complete_a_text_or_contradict_it(
    engine: Engine, tmp_path: Path, header: str, doors: dict[str, Door | None]
) -> None:
    file = tmp_path / "households.csv"
    lines = "".join(f"{n},{row},00004\n" for n, row in enumerate(doors, 1))
    file.write_text(f"mã hộ,địa chỉ,{header},mã xã\n{lines}", encoding="utf-8")
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert result.columns_unknown == ()
    code = "address_differs_from_columns"
    differing = [each.row_number for each in result.row_problems if each.code == code]
    refused = [n for n, door in enumerate(doors.values(), 1) if door is None]
    assert (differing, result.rejected) == (refused, len(refused))
    found = rows(
        engine, f"SELECT r.source_ref, d.* FROM household_ref r JOIN ({DOORS}) d USING (code)"
    )
    read = {str(n): door for n, door in enumerate(doors.values(), 1) if door}
    assert {str(ref): door for ref, _, *door in found} == {n: list(d) for n, d in read.items()}


def test_a_column_that_says_as_above_refuses_the_row(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "households.csv"
    file.write_text(
        "Địa chỉ,Số nhà,Ngõ,Căn hộ,Mã xã\nQuán Thánh,5,nt,,00004\n5 Quán Thánh,,,nt,00004\n",
        encoding="utf-8",
    )
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert (result.rows, result.rejected) == (2, 2)


def test_flats_of_one_text_are_as_many_doors(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "households.csv"
    flats = "".join(f"5 Quán Thánh,A1,{n // 10},{n // 10}0{n % 10},00004\n" for n in range(11, 40))
    file.write_text(f"Địa chỉ,Toà nhà,Tầng,Căn hộ,Mã xã\n{flats}", encoding="utf-8")
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert (result.new, result.linked, result.buildings) == (29, 0, 1)


@pytest.mark.parametrize(
    ("text", "group", "places", "code"),
    [
        ("5 Quán Thánh, tổ 6", "5", "to 6", "locality_differs"),
        ("5 Quán Thánh, tổ dân phố 6", "5", "to dan pho 6", "locality_differs"),
        ("5 Quán Thánh, tổ dân phố 5", "5", "to dan pho 5", None),
        ("5 Quán Thánh, tổ 5", "Tổ 5", "to 5", None),
        ("5 Quán Thánh, khu phố 6", "5", "to 5 khu pho 6", None),
        ("5 Quán Thánh", "5", "to 5", None),
        # Without a street nothing but the group tells the house.
        ("Số nhà 5, tổ 6", "5", None, "address_differs_from_columns"),
    ],
)
def test_a_group_in_the_text_and_another_in_its_column_are_told(
    engine: Engine, tmp_path: Path, text: str, group: str, places: str | None, code: str | None
) -> None:
    file = tmp_path / "households.csv"
    file.write_text(f'địa chỉ,tổ,mã xã\n"{text}",{group},00004\n', encoding="utf-8")
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert set(result.problems) == ({code} if code else set())
    found = rows(
        engine,
        """SELECT concat_ws(' ', l.own_key, o.own_key) FROM household h
        JOIN place l ON l.id = h.locality_id LEFT JOIN place o ON o.id = l.parent_id""",
    )
    assert found == ([(places,)] if places else [])


def test_a_street_without_its_kind_is_the_one_that_the_commune_has(
    engine: Engine, tmp_path: Path
) -> None:
    """`12 Ấp Bắc` is on Đường Ấp Bắc, of the register or of the file, where no ấp is called so."""
    commune = "Phường Ba Đình, Hà Nội"
    known = {"house_number": "12", "street": "Đường Ấp Bắc", "commune_code": "00004"}
    hamlet = {"house_number": "1", "locality": "Xóm Mới", "commune_code": "00004"}
    deliver = deliveries(engine, tmp_path)
    deliver(known, known | {"house_number": "1", "street": "Đường Xóm Mới"}, hamlet)

    texts = (
        *("12 Ấp Bắc", "14 Ấp Bắc", "2 Xóm Mới", "3 đường Chợ Mới", "5 Chợ Mới", "6 Xóm Chùa"),
        *("Hộ ông A, Ấp Bắc",),
    )
    result = deliver(*({"address": f"{text}, {commune}"} for text in texts), source="texts")

    assert (result.linked, result.new, result.rejected) == (1, 5, 1)
    assert rows(engine, PLACED) == [
        *(("1", "Xóm Mới", None), ("1", None, "Mới"), ("12", "Ấp Bắc", None)),
        *(("14", "Ấp Bắc", None), ("2", None, "Mới"), ("3", "Chợ Mới", None)),
        *(("5", "Chợ Mới", None), ("6", None, "Chùa")),
    ]
