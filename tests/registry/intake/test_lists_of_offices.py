"""Lists that offices keep for their own ends: taxes, electricity, fees, residents."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import LAT, LON, rows

pytestmark = pytest.mark.thorough

DOORS = """
    SELECT h.house_number_key, t.name, l.kind, l.name
    FROM household h LEFT JOIN place t ON t.id = h.street_id
    LEFT JOIN place l ON l.id = h.locality_id
    ORDER BY 1
"""


def run(engine: Engine, path: Path, text: str) -> ImportResult:
    path.write_text(text, encoding="utf-8")
    return import_file(engine, path, ImportOptions("ubnd"), lambda _rows: None)


@pytest.mark.gate
def test_household_without_an_address_in_a_list_of_residents_is_reported(
    engine: Engine, tmp_path: Path
) -> None:
    """A tax list names the commune in every row: a row without an address is not a member."""
    result = run(
        engine,
        tmp_path / "thue.csv",
        "Tên NNT,Địa chỉ thửa đất,Tờ bản đồ,Xã\n"
        "Lê A,12 Láng,12,Phường Láng Hà Nội\nLê B,,13,Phường Láng Hà Nội\n",
    )
    assert (result.new, result.rejected, result.skipped) == (1, 1, 0)
    assert result.problems["address_missing"] == 1

    # Below a household, a row with only a name is.
    result = run(
        engine,
        tmp_path / "nhan-khau.csv",
        "Họ tên,Địa chỉ,Xã\nLê A,14 Láng,Phường Láng Hà Nội\nLê B,,\n",
    )
    assert (result.new, result.rejected, result.skipped) == (1, 0, 1)


def test_counts_of_a_house_are_not_its_number(engine: Engine, tmp_path: Path) -> None:
    counted = ("(12 phòng)", "(nhà 3 tầng)", "2 hộ", "(tầng trệt)")
    lines = "".join(
        f"{n} Láng {expected},Phường Láng Hà Nội\n" for n, expected in enumerate(counted, 14)
    )
    run(engine, tmp_path / "a.csv", f"Địa chỉ,Xã\n{lines}")
    assert rows(engine, DOORS) == [(str(n), "Láng", None, None) for n in range(14, 18)]


def test_unread_number_in_a_text_is_reported(engine: Engine, tmp_path: Path) -> None:
    text = json.dumps(
        [
            {"Địa chỉ": address, "Tổ": "Tổ 5", "Phường": "Láng", "Tỉnh": "Hà Nội", "GPS": point}
            for address, point in (
                ("Láng 16", f"{LAT} {LON}"),
                ("tổ 5, P. Láng", f"{LAT} 105.8382"),
                ("gần nhà 2 tầng (3 hộ), tổ 05", f"{LAT} 105.8384"),
            )
        ],
        ensure_ascii=False,
    )
    result = run(engine, tmp_path / "a.json", text)
    found = [p.row_number for p in result.row_problems if p.code == "number_unread"]
    assert (result.problems.get("number_unread"), found) == (1, found)


def test_estate_in_the_street_column_is_a_locality(engine: Engine, tmp_path: Path) -> None:
    places = {
        "KDC Hòa Phát": ("khu dân cư", "Hòa Phát"),
        "Khu đô thị Vạn Phúc": ("khu đô thị", "Vạn Phúc"),
        "Chung cư Hòa Phát": ("chung cư", "Hòa Phát"),
    }
    lines = "".join(f"{n},{street},00004\n" for n, street in enumerate(places, 12))
    run(engine, tmp_path / "a.csv", f"Số nhà,Đường,Mã xã\n{lines}")
    found = [(str(n), None, *place) for n, place in enumerate(places.values(), 12)]
    assert rows(engine, DOORS) == found


def test_streets_named_like_other_places_are_streets(engine: Engine, tmp_path: Path) -> None:
    streets = ("Giáp Bát", "Giáp Hải", "Chợ Khâm Thiên", "Cư xá Đô Thành")
    lines = "".join(f"{n},{street},00004\n" for n, street in enumerate(streets, 12))
    result = run(
        engine, tmp_path / "a.csv", f"Số nhà,Đường,Mã xã\n{lines}44,giáp đường Láng,00004\n"
    )
    assert rows(engine, DOORS) == [(str(n), s, None, None) for n, s in enumerate(streets, 12)]
    assert result.problems == {"number_unreadable": 1}


def test_group_and_quarter_in_one_cell_are_two_places(engine: Engine, tmp_path: Path) -> None:
    cells = ("T5/KP3", "KP3T5", "Tổ 5 KP.3", "KP3 - T5")
    lines = "".join(f"{n},Láng,{cell},00004\n" for n, cell in enumerate(cells, 12))
    run(engine, tmp_path / "a.csv", f"Số nhà,Đường,Khu phố,Mã xã\n{lines}")
    assert rows(engine, DOORS) == [(str(n), "Láng", "tổ", "5") for n in range(12, 16)]
    outer = "SELECT o.kind, o.name FROM place l JOIN place o ON o.id = l.parent_id"
    assert rows(engine, outer) == [("khu phố", "3")]


def test_cells_of_two_meanings_are_refused(engine: Engine, tmp_path: Path) -> None:
    result = run(
        engine,
        tmp_path / "a.csv",
        "Số nhà,Đường,Khu phố,Mã xã\n"
        "12,Láng,5/3,00004\n"
        "12,Láng + Chùa Láng,3,00004\n"
        "12.B,Láng,3,00004\n"
        "28A-B-C,Láng,3,00004\n",
    )
    assert (result.rejected, result.problems["number_unreadable"]) == (4, 4)


def test_house_with_the_letter_after_d_is_a_separate_house(engine: Engine, tmp_path: Path) -> None:
    header = "Số nhà,Đường,Mã xã\n"
    result = run(
        engine, tmp_path / "a.csv", f"{header}54D,Láng,00004\n54Đ,Láng,00004\n54 Đ,Láng,00004\n"
    )
    assert (result.new, result.linked) == (2, 1)
    # And for another source as well.
    (tmp_path / "b.csv").write_text(f"{header}54Đ,Láng,00004\n54E,Láng,00004\n", "utf-8")
    again = import_file(
        engine, tmp_path / "b.csv", ImportOptions("buu-dien", dry_run=True), lambda _rows: None
    )
    assert (again.new, again.linked) == (1, 1)
    written = "SELECT house_number FROM household ORDER BY 1"
    assert sorted(str(number) for (number,) in rows(engine, written)) == ["54D", "54Đ"]


def test_house_described_as_beside_another_does_not_get_its_number(
    engine: Engine, tmp_path: Path
) -> None:
    beside = ("Sau số 24 Láng", "giáp số 24 Láng", "Trước số 24 Láng, Láng")
    lines = "".join(f'"{address}",Phường Láng Hà Nội\n' for address in beside)
    result = run(engine, tmp_path / "a.csv", f"Địa chỉ,Xã\n{lines}")
    assert (result.new, result.rejected) == (0, 3)
    lines = "".join(f'"{n} Láng, {a}",Phường Láng Hà Nội\n' for n, a in enumerate(beside, 26))
    assert run(engine, tmp_path / "b.csv", f"Địa chỉ,Xã\n{lines}").new == 3
    assert rows(engine, DOORS) == [(str(n), "Láng", None, None) for n in range(26, 29)]


def test_former_or_double_locality_is_questioned(engine: Engine, tmp_path: Path) -> None:
    cells = ("Thôn 2 cũ", "Thôn 1 (mới)", "Thôn Đông nay là thôn Đoài", "Thôn 1 và 2")
    lines = "".join(f"{n},Láng,{cell},00004\n" for n, cell in enumerate(cells, 12))
    text = f"Số nhà,Đường,Thôn,Mã xã\n{lines}44,Láng,Chợ cũ,00004\n"
    result = run(engine, tmp_path / "a.csv", text)
    assert (result.new, result.problems["number_unreadable"]) == (1, 4)


def test_locality_cell_without_a_name_is_reported(engine: Engine, tmp_path: Path) -> None:
    cells = ("Lô C", "Ngõ 5", "TT 5 tầng", "Tổ 5", "-")
    text = "".join(f"{n},Láng,{cell},00004\n" for n, cell in enumerate(cells, 1))
    result = run(engine, tmp_path / "a.csv", f"Số nhà,Đường,Tổ dân phố,Mã xã\n{text}")
    found = [p.row_number for p in result.row_problems if p.code == "place_unread"]
    assert (result.new, result.problems["place_unread"]) == (5, 3), found


def test_rooms_in_two_rows_of_one_house_are_two_records(engine: Engine, tmp_path: Path) -> None:
    text = "Dãy trọ,Số phòng,Số nhà,Đường,Mã xã\nA,1,12,Láng,00004\nB,1,12,Láng,00004\n"
    assert run(engine, tmp_path / "a.csv", text).new == 2


def test_fee_is_not_a_household_count(engine: Engine, tmp_path: Path) -> None:
    text = "Số nhà,Đường,Số hộ,Mã xã\n12,Láng,15000,00004\n14,Láng,2,00004\n"
    result = run(engine, tmp_path / "a.csv", text)
    assert (result.new, result.problems) == (1, {"households_count_unreadable": 1})


def test_accuracy_is_read_with_its_unit_or_reported(engine: Engine, tmp_path: Path) -> None:
    cells = ("5", "5m", "±5", "4,5 m", "tốt", "")
    text = "".join(
        f'{n},Láng,00004,{float(LON) + n / 1000},{LAT},"{cell}"\n' for n, cell in enumerate(cells)
    )
    header = "Số nhà,Đường,Mã xã,Kinh độ,Vĩ độ,Độ chính xác (m)\n"
    result = run(engine, tmp_path / "a.csv", header + text.replace("0,Láng", "10,Láng", 1))
    assert (result.new, result.problems["accuracy_unreadable"]) == (6, 1)
    known = "SELECT position_accuracy_m FROM household ORDER BY house_number::int"
    found = [None if metres is None else float(str(metres)) for (metres,) in rows(engine, known)]
    assert found == [5.0, 5.0, 4.5, None, None, 5.0]


def test_former_address_is_used_when_the_current_one_is_blank(
    engine: Engine, tmp_path: Path
) -> None:
    result = run(
        engine,
        tmp_path / "a.csv",
        "Địa chỉ cũ,Địa chỉ mới,Phường mới\n"
        '"12 Láng, P. Trúc Bạch, Ba Đình, HN","12 Láng, P. Ba Đình, HN",\n'
        '"14 Láng, P. Trúc Bạch, Ba Đình, HN",,\n'
        '"16 Láng, P. Ngọc Hà, Ba Đình, HN",,Phường Ba Đình\n'  # of two that it became
        '"18 Láng, P. Ngọc Hà, Ba Đình, HN",,\n'
        '"20 Láng, P. Trúc Bạch, Ba Đình, HN",,Phường Láng Hà Nội\n'
        ",,Phường Ba Đình\n",
    )
    assert (result.new, result.rejected) == (3, 3)
    assert result.problems["completed_from_former_address"] == 4
    places = "SELECT h.house_number, u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id"
    assert sorted(rows(engine, places)) == [("12", "00004"), ("14", "00004"), ("16", "00004")]
