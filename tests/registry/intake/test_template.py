"""The template for a commune: what it offers, and that it can be imported when filled in."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from registry.core.database import make_engine, session_scope
from registry.core.errors import InvalidInputError, NotFoundError
from registry.intake.columns.reader import open_file, rows_of
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.intake.template import blank_of, write_blank
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.intake import LAT, LON, deliveries, rows
from tests.support.postgis import clone

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def engine(admin_url: str, worker_id: str) -> Iterator[Engine]:
    """A register that only these tests write into."""
    with clone(admin_url, f"template_{worker_id}") as url:
        made = make_engine(url)
        yield made
        made.dispose()


@pytest.fixture
def blank(engine: Engine, tmp_path: Path) -> Path:
    """The workbook of Ba Đình, with two streets and a hamlet in the register."""
    door = {"house_number": "1", "commune_code": "00004"}
    deliveries(engine, tmp_path)(
        door | {"source_ref": "1", "street": "Phố Láng"},
        door | {"source_ref": "2", "street": "Cầu Giấy"},
        door | {"source_ref": "3", "locality": "Tổ 5"},
    )
    path = tmp_path / "ba-dinh.xlsx"
    with session_scope(engine) as session:
        write_blank(blank_of(session, load_gazetteer(session), "00004", today()), path)
    return path


def fill(path: Path, computed: str = "00004", **cells: str) -> None:
    """Type into a row of the first sheet, as text, and let its formula be worked out."""
    row = next(iter(cells))[1:]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].decode()
    typed = "".join(
        f'<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>' for at, value in cells.items()
    )
    sheet, count = re.subn(
        rf'(<row r="{row}"[^>]*>).*?(<c r="N{row}"[^>]*><f>.*?</f>)<v></v>',
        lambda m: f"{m[1]}{typed}{m[2]}<v>{computed}</v>",
        sheet,
        count=1,
    )
    assert count == 1
    members["xl/worksheets/sheet1.xml"] = sheet.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.gate
def test_every_template_column_is_known_to_an_import(blank: Path) -> None:
    file = open_file(blank)
    assert file.columns.unknown == ()
    assert len(file.columns.positions) == 13
    with rows_of(file) as read:
        assert not list(read)


def test_streets_and_hamlets_of_the_commune_are_offered(blank: Path) -> None:
    book = CalamineWorkbook.from_path(str(blank))
    lists = book.get_sheet_by_name("Danh mục").to_python()
    assert [row[0] for row in lists[1:]] == ["Cầu Giấy", "Phố Láng"]
    assert lists[1][1] == "Tổ 5"
    with zipfile.ZipFile(blank) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "'Danh mục'!$A$2:$A$3" in sheet
    assert "'Danh mục'!$B$2:$B$2" in sheet
    guide = book.get_sheet_by_name("Hướng dẫn").to_python()
    assert any("Phường Ba Đình, Thành phố Hà Nội" in str(row[0]) for row in guide)


def test_filled_in_template_can_be_imported(engine: Engine, blank: Path) -> None:
    fill(blank, A2="7", B2="3/2", C2="Phố Láng", H2=LON, I2=LAT, J2="4,5")
    result = import_file(engine, blank, ImportOptions("phuong"), lambda _count: None)
    assert (result.rows, result.new, result.rejected) == (1, 1, 0)
    found = rows(
        engine,
        "SELECT h.house_number_key, t.name, h.position_accuracy_m FROM household h"
        " JOIN place t ON t.id = h.street_id WHERE h.house_number_key = '3/2'",
    )
    assert found == [("3/2", "Láng", 4.5)]
    assert len(rows(engine, "SELECT 1 FROM place WHERE class = 'street'")) == 2


def test_template_can_be_filled_in_without_computing_formulas(engine: Engine, blank: Path) -> None:
    """`Mã xã` has no value then; the hidden sheet has it."""
    fill(blank, computed="", A2="8", B2="12", C2="Phố Láng")
    result = import_file(engine, blank, ImportOptions("phuong"), lambda _count: None)
    assert (result.rows, result.new, result.problems) == (1, 1, {})


def test_one_old_code_does_not_question_the_others(engine: Engine, blank: Path) -> None:
    """00004 was Trúc Bạch before, and is Ba Đình; in our own blank it is today's."""
    fill(blank, A2="21", B2="21", C2="Phố Láng")
    fill(blank, computed="00001", A3="22", B3="22", C3="Phố Láng")  # from before July 2025
    result = import_file(engine, blank, ImportOptions("phuong", dry_run=True), lambda _count: None)
    assert (result.rows, result.new, result.rejected) == (2, 2, 0)
    assert result.problems["commune_from_former"] == 1


def test_only_communes_have_a_template(engine: Engine) -> None:
    with session_scope(engine) as session:
        gazetteer = load_gazetteer(session)
        with pytest.raises(InvalidInputError):
            blank_of(session, gazetteer, "01", today())
        with pytest.raises(NotFoundError):
            blank_of(session, gazetteer, "99999", today())


def test_template_of_a_commune_without_names_explains_what_to_do(
    engine: Engine, tmp_path: Path
) -> None:
    def rules(code: str) -> str:
        path = tmp_path / f"{code}.xlsx"
        with session_scope(engine) as session:
            write_blank(blank_of(session, load_gazetteer(session), code, today()), path)
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Hướng dẫn")
        return "\n".join(str(cell) for row in sheet.to_python() for cell in row)

    assert "Sổ chưa có tên đường và thôn, tổ nào" in rules("00097")
    assert "VN-2000" in rules("00097")


def test_survey_coordinates_can_be_entered_in_the_template(
    blank: Path, engine: Engine, tmp_path: Path
) -> None:
    fill(blank, A2="s1", B2="77", C2="Phố Láng", H2="587184.6", I2="2326519.2")
    options = ImportOptions("khảo sát", crs="EPSG:5897")
    assert import_file(engine, blank, options, lambda _count: None).new == 1
    query = "SELECT round(ST_X(point)::numeric, 2) FROM household WHERE house_number = '77'"
    assert [str(x) for (x,) in rows(engine, query)] == ["105.84"]
