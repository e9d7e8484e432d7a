"""Names of communes that mean one place today and another one before, or two at once."""

from pathlib import Path

from sqlalchemy import Engine

from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import rows

COMMUNES = """
    SELECT h.house_number, u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id ORDER BY 1
"""


def run(engine: Engine, path: Path, text: str) -> ImportResult:
    path.write_text(text, encoding="utf-8")
    return import_file(engine, path, ImportOptions("ubnd"), lambda _rows: None)


def warned(result: ImportResult, code: str) -> int:
    return result.problems.get(code, 0)


def test_name_without_a_district_among_others_with_one_is_reported(
    engine: Engine, tmp_path: Path
) -> None:
    """Half of the former Phường Ngọc Hà is Phường Ba Đình today."""
    header = "Số nhà,Đường,Phường/xã,Quận/huyện,Tỉnh\n"
    mixed = "1,Láng,Phúc Xá,Ba Đình,Hà Nội\n2,Láng,Ngọc Hà,,Hà Nội\n"
    result = run(engine, tmp_path / "a.csv", header + mixed)
    assert (result.new, warned(result, "commune_assumed")) == (2, 1)
    assert rows(engine, COMMUNES) == [("1", "00097"), ("2", "00008")]

    # If no row has a district, all are current.
    result = run(engine, tmp_path / "b.csv", header + "3,Láng,Ngọc Hà,,Hà Nội\n")
    assert (result.new, warned(result, "commune_assumed")) == (1, 0)


def test_point_decides_between_wards_of_the_same_name(engine: Engine, tmp_path: Path) -> None:
    """Ba Đình is a ward of Hà Nội, and a xã of Thanh Hóa."""
    result = run(
        engine,
        tmp_path / "a.csv",
        "Số nhà,Đường,Phường,Kinh độ,Vĩ độ\n"
        "1,Láng,Ba Đình,105.8403,21.0412\n"
        "2,Láng,Ba Đình,105.85,20.05\n"
        "3,Láng,Ba Đình,,\n",
    )
    assert rows(engine, COMMUNES) == [("1", "00004"), ("2", "16171"), ("3", "00004")]
    assert (result.rejected, warned(result, "commune_assumed")) == (0, 1)
