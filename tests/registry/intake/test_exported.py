"""A register's export, imported unchanged."""

import io
from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.intake.columns.reader import open_file
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.row_reports import REJECTED, Handback, write_problems
from registry.intake.run import import_file
from registry.publish.export.formats import FORMATS
from registry.publish.export.run import ExportOptions, export_file
from tests.support.intake import LAT, LON, Deliver, checksum, door, rows

PLACED = {"longitude": LON, "latitude": LAT, "position_accuracy_m": "3"}
DOORS = """
    SELECT h.kind, h.house_number, s.name, l.name, h.building_name, h.floor, h.unit_number, b.kind,
        h.unit_id, h.former_unit_id, h.households_count, h.uses::text, h.position_accuracy_m,
        ST_AsText(h.point)
    FROM household h LEFT JOIN household b ON b.code = h.parent_code
    LEFT JOIN place s ON s.id = h.street_id LEFT JOIN place l ON l.id = h.locality_id
    ORDER BY 1, 2, 7, 5
"""
READ_BACK = [
    pytest.param(name, marks=[pytest.mark.gate] if name in ("csv", "xlsx") else [])
    for name, each in FORMATS.items()
    if each.format.reader
]
pytestmark = pytest.mark.thorough


@pytest.fixture
def delivered(deliver: Deliver) -> ImportResult:
    made = deliver(
        door("12", "a", **PLACED),
        door("14", "b", households_count="3", former_commune="Phường Quán Thánh"),
        door("16", "c", uses="cửa hàng", use_name="Quán Phở Thìn"),
        door("18", "d", building="CT1", unit="1205", **PLACED),
        door("18", "e", building="CT1", floor="G", unit="6", **PLACED),
        door("21", "f", unit="3"),
        door("21", "g", unit="4"),
        door("", "h", street="", locality="Tổ 5, Khu phố 2", **PLACED),
    )
    assert (made.new, made.buildings) == (8, 2)
    return made


def exported(engine: Engine, folder: Path, form: str) -> Path:
    path = folder / f"export{FORMATS[form].suffixes[0]}"
    export_file(engine, path, ExportOptions(form, external=True))
    return path


def imported(engine: Engine, path: Path, mapping: dict[str, str] | None = None) -> ImportResult:
    return import_file(engine, path, ImportOptions("export", mapping=mapping), lambda _rows: None)


@pytest.mark.parametrize("form", READ_BACK)
def test_export_imported_again_changes_nothing(
    engine: Engine, delivered: ImportResult, tmp_path: Path, form: str
) -> None:
    before = checksum(engine)
    again = imported(engine, exported(engine, tmp_path, form))
    assert (again.rows, again.unchanged, again.skipped) == (10, 8, 2)
    assert again.problems == {"row_of_building": 2, "no_house_number": 1}
    assert (again.columns_unknown, again.file_notes) == ((), ())
    assert checksum(engine) | {"household_ref": ""} == before | {"household_ref": ""}


@pytest.mark.gate
def test_export_of_another_register_creates_the_same_doors_without_its_codes(
    engine: Engine, delivered: ImportResult, tmp_path: Path
) -> None:
    path, before = exported(engine, tmp_path, "xlsx"), rows(engine, DOORS)
    roll_back(engine, delivered.import_id)
    refused = imported(engine, path)
    assert (refused.new, refused.problems["reference_code_unknown"]) == (0, 8)
    made = imported(engine, path, {"Mã địa chỉ số": ""})
    assert (made.new, made.buildings, made.skipped, made.rejected) == (8, 2, 2, 0)
    assert rows(engine, DOORS) == before


def test_report_of_an_export_is_still_recognised_as_one(
    engine: Engine, delivered: ImportResult, tmp_path: Path
) -> None:
    path = exported(engine, tmp_path, "csv")
    path.write_text(path.read_text(encoding="utf-8").replace('"14"', '"14 15"'), encoding="utf-8")
    problems, report = io.BytesIO(), tmp_path / "report.csv"
    options = ImportOptions("export")
    result = import_file(engine, path, options, lambda _rows: None, Handback(problems=problems))
    assert (result.rejected, result.unchanged) == (1, 7)
    write_problems(open_file(path), problems, report, REJECTED, result.numbering)
    report.write_bytes(report.read_bytes().replace(b"14 15", b"14A"))
    again = imported(engine, report)
    assert (again.rows, again.changed, again.columns_unknown) == (1, 1, ())


@pytest.mark.gate
def test_identifiers_edited_in_an_export_are_stored(
    engine: Engine, deliver: Deliver, tmp_path: Path
) -> None:
    deliver(door("12", **{"Địa chỉ số": "1112000012"}), door("14"))
    path, known = exported(engine, tmp_path, "csv"), "dia_chi_so:1112000012"
    more = f"{known}; real_estate_id:BDS-7; evn: PA01;BDS-9; postcode:11120"
    path.write_text(path.read_text(encoding="utf-8").replace(known, more), encoding="utf-8")

    result = imported(engine, path)

    assert result.problems == {"value_unreadable": 1, "scheme_of_units": 1}
    assert rows(engine, "SELECT scheme, value FROM external_id ORDER BY 1") == [
        ("dia_chi_so", "1112000012"),
        ("evn", "PA01"),
        ("real_estate_id", "BDS-7"),
    ]
