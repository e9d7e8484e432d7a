"""Nothing of a delivered file is kept or given back but columns whose header the register knows,
the row's number and the sender's reference: planted names and numbers, in every format and shape.
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely
import xlsxwriter
import xlwt
from sqlalchemy import Engine

from registry.intake.columns.reader import open_file
from registry.intake.result import ImportOptions
from registry.intake.row_reports import (
    PUBLISHED,
    REJECTED,
    Handback,
    report_suffix,
    write_codes,
    write_problems,
)
from registry.intake.run import import_file
from registry.settings import from_environment
from tests.support.intake import tables_that_hold

NAME, OTHER, PHONE, IDENTITY = "Canary Tèo", "Trần Thị Canary", "0905 717 273", "001085717273"
PLANTED = ("Canary", "717 273", "717273", "717.273", "CANARY")
PHONES = (PHONE, "0905.717.273", "(+84) 905-717-273", "84905717273", "0905–717–273")
Rows = list[list[str]]

NUMBERS = ("11", "13", "15", "17", "19", "21")
FLAT_HEADER = ["Mã hồ sơ", "Số nhà", "Đường", "Mã xã", "Số hộ"]


def people(at: int) -> list[str]:
    """The cells of a row that are about people."""
    return [(NAME, OTHER)[at % 2], PHONES[at % len(PHONES)], f"00108571727{at}" if at else IDENTITY]


def body(order: Callable[[list[str], list[str]], list[str]]) -> Rows:
    """Rows with their doors and people, in cells of their own and in those of the address."""
    made = []
    for at, number in enumerate(NUMBERS):
        street = f"Láng (nhà ông {NAME}, {PHONES[at % len(PHONES)]})" if at % 2 else "Láng"
        number = PHONES[at] if at == 4 else number
        households = f"1 {NAME}" if at == 1 else "0"
        made.append(order([f"HS-{at}", number, street, "00199", households], people(at)))
    return made


def one_tier() -> Rows:
    header = [*FLAT_HEADER, "Họ và tên chủ hộ", "Số ĐT", "Số CCCD", "Ghi chú"]
    return [header, *body(lambda door, them: [*door, *them, f"gặp {NAME}"])]


def blank_headers() -> Rows:
    return [[*FLAT_HEADER, "", "", ""], *body(lambda door, them: [*door, *them])]


def two_tiers() -> Rows:
    """People in cells merged downwards, whose names stand in the upper row alone."""
    return [
        ["STT", "Họ và tên chủ hộ", "Số ĐT", "Số CCCD", "Mã hồ sơ", "Địa chỉ", "", "", "Số hộ"],
        ["", "", "", "", "", "Số nhà", "Đường", "Mã xã", ""],
        *body(lambda door, them: ["1", *them, *door]),
    ]


def three_tiers() -> Rows:
    """`Số` below `CCCD` numbers no house."""
    return [
        ["Hộ", "", "", "", "Nơi ở", "", "", "", ""],
        ["Chủ hộ", "", "CCCD", "Mã hồ sơ", "Thửa", "", "", "", "Số hộ"],
        ["Họ tên", "Di động", "Số", "", "Số nhà", "Đường", "Mã xã", "", ""],
        *body(lambda door, them: [*them, door[0], *door[1:4], "", door[4]]),
    ]


def titled_and_signed() -> Rows:
    """Titles above, the header again in the middle, cells beyond it, signatures below."""
    first, *others = one_tier()
    return [
        ["DANH SÁCH HỘ DÂN", f"Người lập: {OTHER}"],
        [f"Tổ trưởng: {NAME}, {PHONE}"],
        first,
        *others[:3],
        first,
        *others[3:],
        [*others[0][:1], "", *others[0][2:], "", f"{NAME} {PHONE}"],
        ["", "Người lập biểu", "", "TM. UBND PHƯỜNG"],
        ["", "(Ký, ghi rõ họ tên)", "", ""],
        ["", "", "", ""],
        ["", OTHER, "Nguyễn Văn Canary", ""],
        ["", f"Cán bộ: {OTHER}", "", ""],
        ["", "", "Lê Văn Canary", ""],
    ]


SHAPES = (one_tier, blank_headers, two_tiers, three_tiers, titled_and_signed)


def as_csv(path: Path, table: Rows) -> None:
    path.write_text("\n".join(";".join(row) for row in table), encoding="utf-8")


def as_xlsx(path: Path, table: Rows) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Hộ")
        for at, row in enumerate(table):
            sheet.write_row(at, 0, row)
        _merge(table, lambda *cells: sheet.merge_range(*cells))
        book.add_worksheet("Ghi").write_row(0, 0, [OTHER, PHONE])


def as_xls(path: Path, table: Rows) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Hộ", cell_overwrite_ok=True)
    for at, row in enumerate(table):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    _merge(
        table, lambda top, left, down, right, text: sheet.write_merge(top, down, left, right, text)
    )
    book.save(str(path))


def _merge(table: Rows, merge: Callable[..., Any]) -> None:
    """Cells of the upper of two rows of a header: downwards where the lower one is blank."""
    if "Địa chỉ" not in table[0]:
        return
    for column, cell in enumerate(table[0]):
        if cell and not table[1][column]:
            merge(0, column, 1, column, cell)
    across = table[0].index("Địa chỉ")
    merge(0, across, 0, across + 2, "Địa chỉ")


def as_records(path: Path, table: Rows) -> None:
    header, *below = table
    path.write_text(
        "\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in below), "utf-8"
    )


def as_layer(path: Path, table: Rows) -> None:
    header, *below = table
    driver = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".kml": "KML"}[path.suffix]
    points = np.array(shapely.to_wkb([shapely.Point(105.8, 21.01)] * len(below)), dtype=object)
    columns = [np.array(cells, dtype=object) for cells in zip(*below, strict=True)]
    options = {"crs": "EPSG:4326", "geometry_type": "Point"}
    pyogrio.raw.write(path, points, columns, header, driver=driver, **options)


def as_parquet(path: Path, table: Rows) -> None:
    header, *below = table
    pq.write_table(
        pa.table({n: list(c) for n, c in zip(header, zip(*below, strict=True), strict=True)}), path
    )


TABLES = {".csv": as_csv, ".xlsx": as_xlsx, ".xls": as_xls}
RECORDS = {
    ".ndjson": as_records,
    ".geojson": as_layer,
    ".gpkg": as_layer,
    ".kml": as_layer,
    ".parquet": as_parquet,
}
CASES = [
    *((suffix, shape) for suffix in TABLES for shape in SHAPES),
    *((suffix, one_tier) for suffix in RECORDS),
]


@pytest.mark.parametrize(
    ("suffix", "shape"), CASES, ids=lambda each: getattr(each, "__name__", each)
)
def test_no_planted_name_or_number_is_kept_or_given_back(
    engine: Engine, tmp_path: Path, suffix: str, shape: Callable[[], Rows]
) -> None:
    path = tmp_path / f"ho{suffix}"
    ({**TABLES, **RECORDS}[suffix])(path, shape())
    answers, problems = io.BytesIO(), io.BytesIO()
    result = import_file(
        engine, path, ImportOptions("phuong"), lambda _n: None, Handback(answers, problems)
    )
    assert (result.new, result.rejected >= 2) == (4, True)

    file, out = open_file(path), tmp_path / "out"
    out.mkdir()
    for which in (REJECTED, PUBLISHED):
        form = report_suffix(file, suffix)
        write_problems(file, problems, out / f"{which}{form}", which, result.numbering)
        write_problems(file, problems, out / f"{which}.csv", which, result.numbering)
    with (out / "codes.csv").open("w", encoding="utf-8") as codes:
        write_codes(file, answers, codes, result.numbering)

    assert "HS-4" in (out / "rejected.csv").read_text(encoding="utf-8")
    written = {each.name: said_in(each) for each in out.iterdir()}
    shown = {"result": f"{result!r} {result.problems} {result.examples} {result.row_problems}"}
    for name, text in (written | shown).items():
        assert not [word for word in PLANTED if word in text], name
    assert tables_that_hold(engine, *PLANTED) == []
    kept = from_environment().var
    assert not any(
        word.encode() in each.read_bytes()
        for word in PLANTED
        for each in kept.rglob("*")
        if each.is_file()
    )


def said_in(path: Path) -> str:
    """All text of a report."""
    if path.suffix in (".csv", ".geojson"):
        return path.read_text(encoding="utf-8")
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    if path.suffix == ".gpkg":
        return path.read_bytes().decode("utf-8", "replace")
    from python_calamine import CalamineWorkbook

    return str(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python())
