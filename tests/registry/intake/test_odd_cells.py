"""Empty or unreadable cells fail only their own row."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import LAT, LON, Deliver, checksum, door, rows

FIELDS = (
    *("source_ref", "house_number", "street", "locality", "building", "floor", "unit"),
    *("commune_code", "commune", "district", "province", "former_commune_code"),
    *("longitude", "latitude", "households_count", "position_accuracy_m"),
)
ODD = (
    '"',
    "-",
    "//",
    "…",
    "\u200b",
    "?",
    "'",
    "nt",
    "%",
    "0",
    "x" * 5_000,
    "Ph\u00adó",
    "½",
)


def codes(result: ImportResult) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for problem in result.row_problems:
        found.setdefault(problem.row_number, []).append(problem.code)
    return found


def test_no_cell_fails_the_whole_file(deliver: Deliver) -> None:
    odd = [
        door(f"{at}", f"{field} {at}") | {field: cell}
        for field in FIELDS
        for at, cell in enumerate(ODD, 1)
    ]
    # Behind them a good row, which is published.
    result = deliver(*odd, door("400", "good"))
    assert result.rows == len(odd) + 1
    assert len(odd) not in codes(result)


@pytest.mark.thorough
def test_no_cell_beside_a_text_fails_the_whole_file(deliver: Deliver) -> None:
    given = {"address": "12 Phố Quán Thánh, Phường Ba Đình, Hà Nội"}
    for field in ("commune", "district", "province", "locality", "former_address", "address"):
        odd = [given | {field: cell, "source_ref": f"a{at}"} for at, cell in enumerate(ODD)]
        good = {"address": "400 Phố Quán Thánh, Phường Ba Đình, Hà Nội", "source_ref": "good"}
        assert deliver(*odd, good, source=field).rejected < len(ODD) + 1


def test_uncertain_places_are_refused(deliver: Deliver, engine: Engine) -> None:
    unsure = ("Đông?", "Đông/Tây", "Đông, Tây", "Đông (cũ: Tây)")
    good = ("Xóm 2, Thôn Đông", "Xóm 2 Ngọc Sơn", "Đông - Tây")
    result = deliver(
        *({"số nhà": "1", "thôn": name, "mã xã": "00004"} for name in (*unsure, *good)),
        {"số nhà": "3", "tổ": "5.0", "mã xã": "00004"},
    )
    assert codes(result) == {n: ["number_unreadable"] for n in range(1, 5)}
    assert result.new == len(good) + 1
    assert ("tổ", "5") in rows(engine, "SELECT kind, name FROM place WHERE class = 'locality'")


@pytest.mark.thorough
def test_another_source_provides_a_missing_point(deliver: Deliver, engine: Engine) -> None:
    deliver(door("1", "a"), door("2", "b", longitude=LON, latitude=LAT))
    before = checksum(engine)
    first = door("1", "x", longitude=LON, latitude="21.0390")
    second = door("2", "y", longitude=LON, latitude="21.03861")
    result = deliver(first, second, source="dien")
    assert result.linked == 2
    points = "SELECT round(ST_Y(point)::numeric, 4)::text FROM household ORDER BY house_number"
    assert rows(engine, points) == [("21.0390",), ("21.0386",)]
    roll_back(engine, result.import_id or 0)
    assert checksum(engine) == before


def test_reference_in_exponent_notation_is_refused(deliver: Deliver) -> None:
    result = deliver(door("1", "1.23457E+11"), door("2", "12E3"), door("3", "5,1E+10"))
    assert codes(result) == {1: ["reference_mangled"], 3: ["reference_mangled"]}


def test_row_without_a_street_among_others_with_one_is_reported(deliver: Deliver) -> None:
    most = [door(f"{n}", f"{n}", locality="Tổ 3") for n in range(1, 20)]
    result = deliver(*most, door("20", "20", street="", locality="Tổ 3"))
    assert (result.new, result.problems["street_missing"]) == (20, 1)
    few = [door(f"{n}", f"{n}", street="", locality="Tổ 4") for n in range(1, 20)]
    assert "street_missing" not in deliver(*few, door("20", "20"), source="xa").problems


def test_degrees_with_a_letter_are_read(deliver: Deliver, engine: Engine) -> None:
    pairs = [("105.8380 E", "21.0386 N"), ("E105.8381", "N21.0386"), ("105,8382°", "21,0386° B")]
    given = [
        door(f"{n}", f"{n}", longitude=lon, latitude=lat) for n, (lon, lat) in enumerate(pairs, 1)
    ]
    assert deliver(*given).new == 3
    found = "SELECT round(ST_X(point)::numeric, 4)::text FROM household ORDER BY 1"
    assert rows(engine, found) == [("105.8380",), ("105.8381",), ("105.8382",)]


def test_ambiguous_commune_is_settled_by_its_column_and_other_rows(
    engine: Engine, tmp_path: Path
) -> None:
    """Bình Tân is a ward of Hồ Chí Minh and a xã of Đồng Nai, Hòa Bình of other provinces."""
    path = tmp_path / "ho.csv"

    def communes(header: str, *names: str) -> tuple[dict[int, list[str]], list[object]]:
        lines = [f"{n},{n},Lê Lợi,{name}" for n, name in enumerate(names, 1)]
        path.write_text("\n".join([f"Mã hồ sơ,Số nhà,Đường,{header}", *lines]), encoding="utf-8")
        result = import_file(engine, path, ImportOptions(header), lambda _count: None)
        query = "SELECT u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id ORDER BY 1"
        return codes(result), [code for (code,) in rows(engine, query)]

    assert communes("Xã/phường", "Bình Tân")[0] == {1: ["commune_ambiguous"]}
    assert communes("Phường", "Bình Tân") == ({}, ["27442"])
    others = ("Phường Sài Gòn", "Phường Bến Thành", "Phường Tân Định")
    assert communes("Xã / phường", *others, "Bình Tân")[0] == {}


NOTES = (
    *("Tổng: 13 hộ", "Cộng: 3 hộ", "Tổng cộng có 3 hộ, 12 khẩu", "Mẫu số 05"),
    *("Sài Gòn, ngày 5/3/2026", "Số: 12/TB-TDP", "Kèm theo Quyết định 15/2026/QĐ-UBND"),
    *("Người lập bảng 5/3", "Cộng tổ 3: 2 hộ"),
)


def test_totals_and_notes_with_figures_are_not_houses(engine: Engine, tmp_path: Path) -> None:
    """With a commune beside it each would be read as a number of a street."""
    path = tmp_path / "a.csv"
    notes = "".join(f',"{note}"\n' for note in NOTES)
    path.write_text(f"STT,Địa chỉ\n1,14 Láng\n2,16 Láng\n{notes}", encoding="utf-8")
    options = ImportOptions("thử", commune="00199")
    result = import_file(engine, path, options, lambda _count: None)
    assert (result.new, result.skipped, result.rejected) == (2, len(NOTES), 0)
    notes = "".join(f',,"{note}"\n' for note in NOTES)
    path.write_text(f"STT,Số nhà,Đường\n1,14,Láng\n{notes}", encoding="utf-8")
    result = import_file(engine, path, options, lambda _count: None)
    assert (result.rows - result.rejected - result.skipped, result.new) == (1, 0)
    assert rows(engine, "SELECT name FROM place WHERE class = 'street'") == [("Láng",)]
