"""Rejected rows come back in the format and the columns in which they came, and go in again."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pyogrio
import pyogrio.raw
import pytest
import shapely
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import Engine

from registry.core.errors import InvalidInputError
from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.row_reports import PUBLISHED, REJECTED, Handback, report_form, write_problems
from registry.intake.run import import_file
from tests.registry.intake.test_formats import (
    HEADER,
    a_geojson,
    a_geopackage,
    a_geoparquet,
    a_shapefile,
    write_layer,
)
from tests.support.intake import rows

pytestmark = pytest.mark.thorough

OWN = ["problems", "mức độ", "vấn đề", "đề nghị", "dòng"]


def deliver(engine: Engine, path: Path, report: Path | None = None) -> ImportResult:
    problems = io.BytesIO()
    options = ImportOptions("phuong")
    result = import_file(engine, path, options, lambda _n: None, Handback(problems=problems))
    if report is not None:
        write_problems(open_file(path), problems, report, REJECTED)
    return result


def sheets(path: Path) -> list[str]:
    return CalamineWorkbook.from_path(str(path)).sheet_names


def cells(path: Path) -> list[list[str]]:
    book = CalamineWorkbook.from_path(str(path))
    return [[str(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python()]


@pytest.mark.gate
def test_workbook_states_which_rows_it_contains(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "Số nhà,Đường,Mã xã\n12,Láng,00199\n12,Láng,00199\n,Láng,00199\n", encoding="utf-8"
    )
    problems = io.BytesIO()
    options = ImportOptions("phuong")
    back = Handback(problems=problems)
    import_file(engine, tmp_path / "a.csv", options, lambda _n: None, back)
    for which, name in ((REJECTED, "Dòng bị loại"), (PUBLISHED, "Dòng cần xem lại")):
        path = tmp_path / f"{which}.xlsx"
        write_problems(open_file(tmp_path / "a.csv"), problems, path, which)
        assert (sheets(path), len(cells(path))) == ([name], 2)


def test_workbook_is_returned_as_a_workbook_of_text_cells(engine: Engine, tmp_path: Path) -> None:
    header = ["Mã hồ sơ", *HEADER, "Ghi chú"]
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["DANH SÁCH HỘ"])
        sheet.write_row(2, 0, header)
        sheet.write_row(3, 0, ["a", "12/3", "Láng", "00199", "cổng xanh"])
        sheet.write_row(4, 0, ["b", "3/2", "Láng", "99999", "=1+1"])
        sheet.write_row(5, 0, ["c", "", "Láng", "00199", ""])

    result = deliver(engine, tmp_path / "a.xlsx", tmp_path / "loi")

    assert (result.new, result.rejected) == (1, 2)
    first, *back = cells(tmp_path / "loi")
    assert first == [*header[:-1], *OWN]
    assert [row[:4] for row in back] == [["b", "3/2", "Láng", "99999"], ["c", "", "Láng", "00199"]]
    assert back[0][4:6] == ["commune_code_unknown", "lỗi"]

    # Corrected and delivered again unchanged: only these rows.
    with xlsxwriter.Workbook(str(tmp_path / "b.xlsx")) as book:
        sheet = book.add_worksheet()
        back[0][3] = "00199"
        for at, row in enumerate([first, *back]):
            sheet.write_row(at, 0, row)
    again = deliver(engine, tmp_path / "b.xlsx", tmp_path / "again.xlsx")
    assert (again.new, again.rejected, again.columns_unknown) == (1, 1, ())
    assert cells(tmp_path / "again.xlsx")[0] == [*header[:-1], *OWN]
    assert rows(engine, "SELECT count(*) FROM household WHERE house_number = '3/2'") == [(1,)]


@pytest.mark.parametrize("make", [a_geojson, a_geopackage, a_geoparquet, a_shapefile])
def test_layer_is_returned_with_its_geometries(
    engine: Engine, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path)
    # A shapefile holds no column of ours: its rows come back as a GeoPackage.
    report = tmp_path / ("loi.gpkg" if make is a_shapefile else f"loi{path.suffix}")
    file = open_file(path)
    problems = io.BytesIO(b"2,house_number,number_mangled,error,5A,\n")

    write_problems(file, problems, report, REJECTED)

    back = open_file(report)
    assert back.table.form == ("gpkg" if make is a_shapefile else file.table.form)
    with back.table.rows() as found:
        (row,) = list(found)
    assert row[:4] == ["5A", "Nguyễn Trường Tộ", "00004", "number_mangled"]
    assert [float(cell) for cell in row[-2:]] == [105.85, 21.04]
    assert back.columns.own
    assert back.table.crs == file.table.crs
    assert deliver(engine, report).new == 1


def test_layer_keeps_its_crs_and_numbers(engine: Engine, tmp_path: Path) -> None:
    metres = [shapely.Point(587_000, 2_325_000), shapely.Point(587_100, 2_325_100)]
    write_layer(tmp_path / "a.gpkg", "GPKG", metres, crs="EPSG:9210")
    problems = io.BytesIO(b"1,,commune_missing,error,,\n2,,commune_missing,error,,\n")

    write_problems(open_file(tmp_path / "a.gpkg"), problems, tmp_path / "b.gpkg", REJECTED)

    assert pyogrio.read_info(tmp_path / "b.gpkg")["crs"] == "EPSG:9210"
    _, _, shapes, _ = pyogrio.raw.read(tmp_path / "b.gpkg")
    assert shapely.equals(shapely.from_wkb(shapes), metres).all()


def test_suffix_decides_the_report_format(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("số nhà;đường;mã xã\n12;Láng;00199\n;Láng;00199\n")
    file = open_file(tmp_path / "a.csv")
    problems = io.BytesIO(b"2,address,address_names_no_dwelling,error,,\n")

    write_problems(file, problems, tmp_path / "b.xlsx", REJECTED)
    assert cells(tmp_path / "b.xlsx")[1][1:3] == ["Láng", "00199"]
    write_problems(file, problems, tmp_path / "b.txt", REJECTED)
    text = (tmp_path / "b.txt").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(text.decode("utf-8-sig")), delimiter=";")
    assert row["problems"] == "address_names_no_dwelling"
    with pytest.raises(InvalidInputError, match="không phải lớp bản đồ"):
        report_form(file, tmp_path / "b.geojson")


def test_only_unambiguous_problems_are_fixed(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "ref,số nhà,đường,mã xã,kinh độ,vĩ độ,số hộ\n"
        "a,12,Láng,00199,21.0211,105.8060,2 hộ\n"
        "b,14,Láng,00199,105.8061,21.0212,nhiều\n"
        "c,3-Feb,Láng,00199,105.8061,21.0212,3.0\n"
    )
    plain = import_file(engine, path, ImportOptions("x", dry_run=True), lambda _n: None)
    assert (plain.rejected, plain.fixed) == (3, {})
    assert plain.problems["households_count_read"] == 2

    fixed = import_file(engine, path, ImportOptions("x", fix=True), lambda _n: None)

    assert (fixed.new, fixed.rejected) == (1, 2)
    assert fixed.fixed == {"coordinates_swapped_back": 1}
    assert {p.code: p.proposed_fix for p in fixed.row_problems} == {
        "households_count_unreadable": None,
        "number_mangled": "3/2 hoặc 2/3",
    }
    assert rows(engine, "SELECT ST_X(point), ST_Y(point), households_count FROM household") == [
        (105.8060, 21.0211, 2)
    ]
    noted = rows(
        engine,
        "SELECT row_number, value, proposed_fix FROM import_problem"
        " WHERE code = 'coordinates_swapped_back'",
    )
    assert noted == [(1, "21.0211 105.8060", "105.8060 21.0211")]


def test_rows_below_headings_are_returned_with_the_heading_values(
    engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "STT,Số nhà,Căn hộ,Tầng,Mã xã\n"
        ",Tổ dân phố 1,,,\n,Đường Láng,,,\n,Toà A,,,\n1,12,302,,00199\n2,1.234,303,,00199\n",
        encoding="utf-8",
    )
    first = deliver(engine, path, tmp_path / "loi.csv")
    assert (first.new, first.rejected) == (1, 1)

    back = (tmp_path / "loi.csv").read_text(encoding="utf-8-sig")
    (tmp_path / "sua.csv").write_text(back.replace("1.234", "12"), encoding="utf-8")
    again = deliver(engine, tmp_path / "sua.csv")
    assert (again.new, again.rejected) == (1, 0)
    doors = rows(
        engine,
        "SELECT h.house_number_key, t.key, l.key, h.building_key FROM household h"
        " JOIN place t ON t.id = h.street_id JOIN place l ON l.id = h.locality_id"
        " WHERE h.kind = 'household'",
    )
    assert doors == [("12", "lang", "to dan pho 1", "a")] * 2
