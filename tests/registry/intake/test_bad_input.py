"""Any delivered file ends in a report: no traceback, no partial load, no personal data stored.

Every file contains the same person, in columns, headers or addresses, and one good row
where its kind allows one. No personal data may be found in any table afterwards.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shapely
import xlsxwriter
from sqlalchemy import Engine

from registry.core.database import make_engine
from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.row_reports import REJECTED, Handback, write_problems
from registry.intake.run import import_file
from tests.registry.intake.test_formats import write_layer
from tests.support import postgis
from tests.support.intake import checksum, tables_that_hold
from tests.support.thorough import gate_takes

HEAD = "mã hồ sơ,số nhà,đường,mã xã,kinh độ,vĩ độ"
GOOD = "g1,12,Phố Quán Thánh,00004,105.8380,21.0386"
PERSON = ("Zuyên", "Bảy", "0912345678", "0912 345 678", "0912.345.678")
WHOSE = "nhà ông Bảy, 0912345678"


@pytest.fixture(scope="module")
def engine(admin_url: str, worker_id: str) -> Iterator[Engine]:
    with postgis.clone(admin_url, f"bad_{worker_id}") as url:
        made = make_engine(url)
        yield made
        made.dispose()


def text(*lines: str, encoding: str = "utf-8") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "a.csv").write_bytes("\n".join(lines).encode(encoding))
        return folder / "a.csv"

    return make


def content(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def book(*table: list[object]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with xlsxwriter.Workbook(str(folder / "a.xlsx")) as made:
            sheet = made.add_worksheet()
            for at, row in enumerate(table):
                for column, cell in enumerate(row):
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(
                            at, column, cell, value="#REF!" if "REF" in cell else ""
                        )
                    else:
                        sheet.write(at, column, cell)
        return folder / "a.xlsx"

    return make


def archive(**members: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in members.items():
                made.writestr(name, data)
        return folder / "a.zip"

    return make


def layer(*shapes: object, kind: str = "Unknown") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write_layer(folder / "a.gpkg", "GPKG", list(shapes), geometry_type=kind)
        return folder / "a.gpkg"

    return make


GOOD_FILE = f"{HEAD}\n{GOOD}\n".encode()
SQUARE = shapely.box(105.83, 21.03, 105.84, 21.04)
REFUSED = None

# Delivered file → number of published rows; None if the whole file is refused.
CORPUS: dict[str, tuple[Callable[[Path], Path], int | None]] = {
    "a file cut in the middle of a letter": (content("a.csv", GOOD_FILE + b"x,\xe1\xba"), REFUSED),
    "half a workbook": (content("a.xlsx", b"PK\x03\x04" + bytes(500)), REFUSED),
    "half an archive": (content("a.csv.gz", gzip.compress(GOOD_FILE * 50)[:-40]), REFUSED),
    "a workbook that is called a CSV": (content("a.csv", b"PK\x03\x04\0\0"), REFUSED),
    "a table that is called a workbook": (content("a.xlsx", GOOD_FILE), 1),
    "a picture": (content("a.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9), REFUSED),
    "zeros": (content("a.csv", GOOD_FILE + bytes(300)), REFUSED),
    "nothing": (content("a.csv", b" \n"), REFUSED),
    "headers and nothing else": (text(HEAD), REFUSED),
    "two files behind each other, each with its mark": (
        content("a.csv", b"\xef\xbb\xbf" + GOOD_FILE + b"\xef\xbb\xbf" + GOOD_FILE), 1
    ),
    "two encodings": (
        content("a.csv", GOOD_FILE * 30 + "g2,14,Phạm Đình,00004,,\n".encode("utf-16-le")), REFUSED
    ),
    "a line of ten megabytes": (text(HEAD, GOOD, "g2," + "x" * (10 << 20)), REFUSED),
    "a cell of ten megabytes in quotation marks": (
        text(HEAD, GOOD, f'g2,"{"1 " * (5 << 20)}",Láng,00199,,'), REFUSED
    ),
    "a quotation mark that is never closed": (
        text(HEAD, GOOD, 'g2,"14,Láng,00199,,', GOOD), REFUSED
    ),
    "the same header twice": (text("số nhà,số nhà,đường,mã xã", "12,14,Láng,00199"), REFUSED),
    "a header of a person in place of one": (text("Nguyễn Thị Zuyên,0912345678,12 Láng"), REFUSED),
    "more cells than headers": (text(HEAD, GOOD, f"g2,14,Láng,00199,105.8,21.0,{WHOSE}"), 1),
    "cells that moved by one": (text(HEAD, GOOD, f'g2,14,Láng,00199,"{WHOSE}",0912345678'), 1),
    "formulas": (
        book(
            ["Số nhà", "Đường", "Mã xã", "Họ tên"],
            ["12", "Phố Quán Thánh", "00004", "Trần Thị Zuyên"],
            ["=1+1", "Láng", "00199", '=HYPERLINK("http://x","Zuyên")'],
            ["=REF!A1", "Láng", "00199", ""],
        ),
        1,
    ),
    "formulas as text": (text(HEAD, GOOD, "=cmd|' /C calc'!A0,=1+1,@SUM(1),00199,,"), 1),
    "a bomb": (archive(**{"a.csv": bytes(70 << 20)}), REFUSED),
    "a bomb in a workbook": (archive(**{"xl/workbook.xml": b" " * (70 << 20)}), REFUSED),
    "paths in an archive": (archive(**{"../../../etc/a.csv": GOOD_FILE}), 1),
    "an archive in an archive": (archive(**{"b.zip": b"PK\x03\x04"}), REFUSED),
    "polygons and lines for points": (
        layer(SQUARE, shapely.LineString([(105, 21), (106, 22)])), 2
    ),
    "shapes without a place": (layer(shapely.Point(), shapely.Polygon()), 2),
    "shapes with heights": (
        layer(shapely.Point(105.838, 21.038, 9), shapely.Point(105.839, 21.038, 9)), 2
    ),
    "the island of zeros": (text(HEAD, GOOD, "g2,14,Láng,00199,0,0"), 1),
    "invalid coordinates": (text(HEAD, GOOD, "g2,14,Láng,00199,NaN,1e400"), 1),
    "dates of house numbers": (
        text(
            HEAD, GOOD, "a,3-Feb,Láng,00199,,", "b,25-Jun,Láng,00199,,", "c,2026-02-03,Láng,00199,,"
        ),
        1,
    ),
    "powers of house numbers": (
        text(HEAD, GOOD, "a,12000,Láng,00199,,", "b,1.2E+04,Láng,00199,,", "c,1200,Láng,00199,,"), 2
    ),
    "people in columns": (
        text(
            f"{HEAD},Họ tên chủ hộ,SĐT,Ngày sinh,ghi chú",
            f"{GOOD},Trần Thị Zuyên,0912345678,1/1/1970,gọi 0912.345.678",
        ),
        1,
    ),
    "people in addresses": (
        text(
            HEAD,
            GOOD,
            f'a,"14 ({WHOSE})",Phố Quán Thánh,00004,,',
            'b,"16 nhà ông Bảy 0912 345 678",Phố Quán Thánh,00004,,',
            f'c,18,"Phố Quán Thánh, {WHOSE}",00004,,',
            "d,,sau nhà bà Zuyên,00004,,",
            f'e,"{WHOSE}",,00004,105.8381,21.0386',
        ),
        4,
    ),
    "people in one text": (
        text(
            "địa chỉ",
            '"12 Phố Quán Thánh, Phường Ba Đình, Hà Nội"',
            f'"20 Phố Quán Thánh, {WHOSE}, Phường Ba Đình, Hà Nội"',
            f'"{WHOSE}, Phường Ba Đình, Hà Nội"',
            '"Chị Zuyên 0912.345.678, 22 Phố Quán Thánh, Phường Ba Đình, Hà Nội"',
        ),
        3,
    ),
    "GeoJSON without features": (content("a.geojson", b'{"type":"FeatureCollection"}'), REFUSED),
    "GeoJSON of other properties": (
        content(
            "a.geojson",
            json.dumps(
                {
                    "type": "FeatureCollection",
                    "features": [
                        {"type": "Feature", "geometry": None, "properties": {"ten": "Zuyên"}}
                    ],
                }
            ).encode(),
        ),
        REFUSED,
    ),
}  # fmt: skip

IN_GATE = (
    *("a file cut in the middle of a letter", "half a workbook", "the same header twice"),
    *("more cells than headers", "formulas", "a bomb in a workbook", "paths in an archive"),
    *("polygons and lines for points", "invalid coordinates", "dates of house numbers"),
    *("people in columns", "people in addresses", "people in one text"),
)


def load(engine: Engine, path: Path, report: Path) -> ImportResult:
    problems = io.BytesIO()
    options = ImportOptions("phuong")
    result = import_file(engine, path, options, lambda _n: None, Handback(problems=problems))
    write_problems(open_file(path), problems, report, REJECTED)
    return result


@pytest.mark.parametrize("name", gate_takes(CORPUS, *IN_GATE))
def test_every_file_ends_in_a_report(engine: Engine, tmp_path: Path, name: str) -> None:
    make, published = CORPUS[name]
    path = make(tmp_path)
    report = tmp_path / f"report{path.suffix if path.suffix == '.gpkg' else '.csv'}"
    if published is REFUSED:
        before = checksum(engine)
        with pytest.raises(UnreadableFileError) as caught:
            load(engine, path, report)
        assert "\n" not in caught.value.detail
        assert len(caught.value.detail) < 1_000
        assert checksum(engine) == before
    else:
        result = load(engine, path, report)
        found = (result.new, result.changed, result.unchanged, result.linked)
        assert sum(found) == published
        assert sum(found) + result.rejected + result.skipped == result.rows
    assert tables_that_hold(engine, *PERSON) == []


def test_number_in_exponent_notation_keeps_both_readings(engine: Engine, tmp_path: Path) -> None:
    path = text(HEAD, "p,12000,Láng,00199,,")(tmp_path)
    result = import_file(engine, path, ImportOptions("x", dry_run=True), lambda _n: None)
    (problem,) = result.row_problems
    assert (problem.code, problem.proposed_fix) == ("number_mangled", "12E3 hoặc 12000")
