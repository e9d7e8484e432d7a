"""Of a delivered file only these are stored or returned: columns with a known header,
row numbers and the sender's references. Tested with planted names and numbers in every format.
"""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely
import xlsxwriter
import xlwt
from sqlalchemy import Engine

from registry.core.settings import from_environment
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
from tests.support.intake import tables_that_hold

NAME, OTHER, PHONE, IDENTITY = "Canary Tèo", "Trần Thị Canary", "0905 717 273", "001085717273"
PLANTED = ("Canary", "717 273", "5717273", "717.273", "CANARY")
"""Seven digits, as the fraction of a moment has six."""
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


# A cell merged with the one to its left is `<`, with the one above it `^`.
def two_tiers() -> Rows:
    """Persons in cells merged downwards, with the names only in the upper row."""
    return [
        ["STT", "Họ và tên chủ hộ", "Số ĐT", "Số CCCD", "Mã hồ sơ", "Địa chỉ", "<", "<", "Số hộ"],
        ["^", "^", "^", "^", "^", "Số nhà", "Đường", "Mã xã", "^"],
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


def merged_three_tiers() -> Rows:
    """The same with each cell merged over what it stands above or beside."""
    return [
        ["Hộ", "<", "<", "<", "Nơi ở", "<", "<", "<", "<"],
        ["Chủ hộ", "<", "CCCD", "Mã hồ sơ", "Thửa", "<", "<", "<", "Số hộ"],
        ["Họ tên", "Di động", "Số", "^", "Số nhà", "Đường", "Mã xã", "", "^"],
        *body(lambda door, them: [*them, door[0], *door[1:4], "", door[4]]),
    ]


def merged_both_ways() -> Rows:
    """Headings over two columns and two rows; names of no column, over all three or none."""
    return [
        ["DANH SÁCH HỘ", "<", "<", "<", "<", "<", "<", "<", "<", "<"],
        ["Mã hồ sơ", "Người đại diện", "<", "Giấy tờ", "Địa chỉ", "<", "<", "Số hộ", "", "<"],
        ["^", "^", "<", "^", "Nhà", "<", "Mã xã", "^", "^", "<"],
        ["^", "", "Số", "^", "Số nhà", "Đường", "^", "^", "^", "<"],
        *body(lambda door, them: [door[0], *them, *door[1:], them[0], f"gặp {them[0]}"]),
    ]


def merged_below() -> Rows:
    """Rows of a household in one, its people merged over them and over what no header names."""
    header, *below = two_tiers()
    below[3][1:4] = ["^", "^", "^"]
    below[4][0:4] = [f"{NAME}, {PHONE}", "<", "<", "<"]
    return [[*header, "", ""], *([*row, f"{NAME} {PHONE}", "<"] for row in below)]


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
MERGED = (merged_three_tiers, merged_both_ways, merged_below)
Merge = Callable[[int, int, int, int, str], object]
"""Top, left, bottom and right of cells that become one, and its text."""


def unmerged(table: Rows, merge: Merge = lambda *_range: None) -> Rows:
    """The cells, blank if merged with others; `merge` is called with the ranges.

    >>> unmerged([["a", "<"], ["^", "<"]], print)
    0 0 1 1 a
    [['a', ''], ['', '']]
    """
    for top, row in enumerate(table):
        for left, text in enumerate(row):
            right, bottom = left, top
            while row[right + 1 : right + 2] == ["<"]:
                right += 1
            while bottom + 1 < len(table) and table[bottom + 1][left : left + 1] == ["^"]:
                bottom += 1
            if text not in "<^" and (right, bottom) != (left, top):
                merge(top, left, bottom, right, text)
    return [["" if cell in ("<", "^") else cell for cell in row] for row in table]


def as_csv(path: Path, table: Rows) -> None:
    path.write_text("\n".join(";".join(row) for row in unmerged(table)), encoding="utf-8")


def as_xlsx(path: Path, table: Rows) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Hộ")
        for at, row in enumerate(unmerged(table, sheet.merge_range)):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write(at, column, cell)
        book.add_worksheet("Ghi").write_row(0, 0, [OTHER, PHONE])


def as_xls(path: Path, table: Rows) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Hộ", cell_overwrite_ok=True)
    for at, row in enumerate(
        unmerged(table, lambda top, left, bottom, right, _: sheet.merge(top, bottom, left, right))
    ):
        for column, cell in enumerate(row):
            if cell:
                sheet.write(at, column, cell)
    book.save(str(path))


def as_ods(path: Path, table: Rows) -> None:
    spans: dict[tuple[int, int], str] = {}

    def merge(top: int, left: int, bottom: int, right: int, _text: str) -> None:
        spans[top, left] = (
            f' table:number-rows-spanned="{bottom - top + 1}"'
            f' table:number-columns-spanned="{right - left + 1}"'
        )

    def written(at: int, column: int, cell: str) -> str:
        covered = "covered-" if table[at][column] in ("<", "^") else ""
        text = f"<text:p>{escape(cell)}</text:p>" if cell else ""
        kind = ' office:value-type="string"' if cell else ""
        name = f"table:{covered}table-cell"
        return f"<{name}{kind}{spans.get((at, column), '')}>{text}</{name}>"

    rows = "".join(
        f"<table:table-row>{''.join(written(at, column, cell) for column, cell in enumerate(row))}"
        "</table:table-row>"
        for at, row in enumerate(unmerged(table, merge))
    )
    urns = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("META-INF/manifest.xml", "<manifest/>")
        made.writestr(
            "content.xml",
            f"<office:document-content {urns}><office:body><office:spreadsheet>"
            f'<table:table table:name="Hộ">{rows}</table:table></office:spreadsheet>'
            "</office:body></office:document-content>",
        )


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


TABLES = {".csv": as_csv, ".xlsx": as_xlsx, ".xls": as_xls, ".ods": as_ods}
RECORDS = {
    ".ndjson": as_records,
    ".geojson": as_layer,
    ".gpkg": as_layer,
    ".kml": as_layer,
    ".parquet": as_parquet,
}
# Each way to read a file once, and the shapes that are hardest to read.
IN_GATE = {
    ".csv": titled_and_signed,
    ".xlsx": merged_three_tiers,
    ".ods": merged_below,
    ".gpkg": one_tier,
}
CASES = [
    *((suffix, shape) for suffix in TABLES for shape in (*SHAPES, *MERGED)),
    *((suffix, one_tier) for suffix in RECORDS),
]


@pytest.mark.parametrize(
    ("suffix", "shape"),
    [
        pytest.param(
            suffix,
            shape,
            marks=() if IN_GATE.get(suffix) is shape else pytest.mark.thorough,
            id=f"{suffix} {shape.__name__}",
        )
        for suffix, shape in CASES
    ],
)
def test_no_personal_name_or_number_is_stored_or_returned(
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
    written = {each.name: text_of_report(each) for each in out.iterdir()}
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


def text_of_report(path: Path) -> str:
    """All text of a report."""
    if path.suffix in (".csv", ".geojson"):
        return path.read_text(encoding="utf-8")
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    if path.suffix == ".gpkg":
        return path.read_bytes().decode("utf-8", "replace")
    from python_calamine import CalamineWorkbook

    return str(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python())
