"""One text for the door, and columns beside it for its units."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.database import session_scope
from registry.intake.result import ImportOptions
from registry.intake.run import import_file


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


def test_columns_of_the_door_beside_a_text_are_said_to_be_unused(
    engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "households.csv"
    file.write_text("địa chỉ,số nhà,mã xã\n5 Quán Thánh,5,00004\n")
    result = import_file(engine, file, ImportOptions("ubnd"), lambda _rows: None)
    assert result.columns_unknown == ("số nhà",)
