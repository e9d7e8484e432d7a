"""Files made to break what reads them: refused in one line, or read, and never the end of a job."""

import gzip
import json
import struct
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from registry.core.errors import UnreadableFileError
from registry.files.formats.any_file import read_file
from registry.intake.columns.cells import cells_in_blocks
from registry.intake.columns.reader import open_file
from registry.lifecycle.number_table import read_numbers_file
from registry.publish.batch.pasted import text_of
from tests.support.thorough import gate_takes

pytestmark = pytest.mark.thorough

HEADERS = ("số nhà", "tên đường", "mã xã")
DOOR = ("12", "Phố Láng", "00199")
CSV = "\n".join(map(",".join, (HEADERS, DOOR))).encode()
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def cell(reference: str, words: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{words}</t></is></c>'


def line(number: int, words: tuple[str, ...]) -> str:
    cells = (cell(f"{letter}{number}", word) for letter, word in zip("ABC", words, strict=True))
    return f'<row r="{number}">{"".join(cells)}</row>'


TABLE = line(1, HEADERS) + line(2, DOOR)


def workbook(more: str = "", texts: str = "") -> Callable[[Path], Path]:
    """A workbook of one row, with more behind it, as its XML."""

    def make(folder: Path) -> Path:
        parts = {
            "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r"'
            f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="s"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="s" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>",
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{TABLE}{more}'
            "</sheetData></worksheet>",
            **({"xl/sharedStrings.xml": texts} if texts else {}),
        }
        with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as made:
            for name, part in parts.items():
                made.writestr(name, part)
        return folder / "a.xlsx"

    return make


def elsewhere(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """The same workbook with its sheet in an unexpected place."""

    def moved(folder: Path) -> Path:
        with (
            zipfile.ZipFile(make(folder)) as made,
            zipfile.ZipFile(folder / "b.xlsx", "w", zipfile.ZIP_DEFLATED) as other,
        ):
            for name in made.namelist():
                part = made.read(name).replace(b"worksheets/sheet1", b"Other/s")
                other.writestr(name.replace("worksheets/sheet1", "Other/s"), part)
        return folder / "b.xlsx"

    return moved


def prefixed(cells: str, rows: int) -> str:
    """A row of cells, and blank ones down to another cell, in names that are prefixed."""
    row = f'<x:row xmlns:x="{_MAIN}"'
    one = "<x:c><x:v>1</x:v></x:c>"
    return f"{row}>{cells or one}</x:row>{f'{row}/>' * rows}{row}>{one}</x:row>"


def open_document(more: str) -> Callable[[Path], Path]:
    """The same as an OpenDocument sheet."""
    spaces = ("office", "table", "text")
    urns = " ".join(f'xmlns:{s}="urn:oasis:names:tc:opendocument:xmlns:{s}:1.0"' for s in spaces)
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{word}</text:p>'
            "</table:table-cell>"
            for word in words
        )
        + "</table:table-row>"
        for words in (HEADERS, DOOR)
    )

    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "a.ods", "w") as made:
            made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            made.writestr("META-INF/manifest.xml", "<manifest/>")
            made.writestr(
                "content.xml",
                f"<office:document-content {urns}><office:body><office:spreadsheet>"
                f'<table:table table:name="S">{rows}{more}</table:table></office:spreadsheet>'
                "</office:body></office:document-content>",
            )
        return folder / "a.ods"

    return make


def spanned(over: str) -> str:
    return (
        f'<table:table-row><table:table-cell table:number-rows-spanned="{over}"'
        ' office:value-type="string"><text:p>14</text:p></table:table-cell></table:table-row>'
    )


def parquet(table: pa.Table, geo: str = "") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        with_geo = table.replace_schema_metadata({b"geo": geo.encode()}) if geo else table
        pq.write_table(with_geo, folder / "a.parquet")
        return folder / "a.parquet"

    return make


def content(name: str, data: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def packed(times: int) -> bytes:
    data = CSV
    for _ in range(times):
        data = gzip.compress(data, 1)
    return data


def dbase(rows: int, width: int) -> bytes:
    """A dBase table that declares these numbers of rows and bytes, but has two rows."""
    head = struct.pack("<BBBBIHH20x", 3, 26, 1, 1, rows, 65, width)
    field = b"SO_NHA\0\0\0\0\0C" + bytes(4) + b"\x09" + bytes(15)
    return head + field + b"\r" + b" 12       " * 2 + b"\x1a"


DOORS = pa.table({name: [value] for name, value in zip(HEADERS, DOOR, strict=True)})
REFUSED: dict[str, Callable[[Path], Path]] = {
    "a cell at the far end": workbook(cell("XFD1048576", "x")),
    "a cell in the last column of many rows": workbook(
        "".join(f'<row r="{at}">{cell(f"XFD{at}", "x")}</row>' for at in range(3, 7_000))
    ),
    "a cell below the last row": workbook(f'<row r="1048577">{cell("A1048577", "x")}</row>'),
    "a cell below what can be counted": workbook(cell("A99999999999", "x")),
    "a cell beyond the last column": workbook(cell("XFE3", "x")),
    "a cell beyond what can be counted": workbook(cell("ZZZZZZZ3", "x")),
    "a cell far out that is written oddly": workbook("<c r = 'ZZZZZZZ3'><v>1</v></c>"),
    "a cell at the far end of a sheet that lies elsewhere": elsewhere(
        workbook(cell("XFD1048576", "x"))
    ),
    "a cell at the far end, by a prefixed name": workbook(
        prefixed('<x:c r="XFD1048576"><x:v>1</x:v></x:c>', 0)
    ),
    "prefixed cells that do not say where": workbook(
        prefixed("<x:c><x:v>1</x:v></x:c>" * 9_000, 20_000)
    ),
    "a row of cells that do not say where": workbook(f"<row>{'<c><v>1</v></c>' * 20_000}</row>"),
    "more texts than it can hold": workbook(
        '<row r="3"><c r="A3" t="s"><v>0</v></c></row>',
        f'<sst xmlns="{_MAIN}" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>',
    ),
    "a sheet that closes otherwise than it opens": open_document(spanned("3") + "<table:x>"),
    "a table packed many times": lambda folder: content("a.csv.gz", packed(3_000))(folder),
    "more columns than a spreadsheet has": content(
        "a.csv", CSV.replace(b"\n", b",c" * 17_000 + b"\n", 1)
    ),
    "a record of more names than columns": content(
        "a.json", json.dumps([{f"k{at}": 1 for at in range(17_000)}]).encode()
    ),
    "a record with a member twice, behind many others": content(
        "a.json", b"[{%s}]" % b",".join(b'"k%d":1' % min(at, 199_998) for at in range(200_000))
    ),
    "GeoParquet that is a list": parquet(DOORS, "[1]"),
    "GeoParquet whose columns are a list": parquet(
        DOORS, '{"primary_column": "so nha", "columns": []}'
    ),
    "GeoParquet of a column that is not there": parquet(
        DOORS, '{"primary_column": "nowhere", "columns": {}}'
    ),
    "GeoParquet in a list of systems": parquet(
        DOORS.append_column("geometry", [[b""]]),
        '{"primary_column": "geometry", "columns": {"geometry": {"crs": [1]}}}',
    ),
    "a word of many letters in millions of rows": parquet(
        pa.table(
            {"số nhà": pa.DictionaryArray.from_arrays(pa.array([0] * 2_000_000), ["x" * 120_000])}
        )
    ),
    "more rows than a file of its size holds": parquet(
        pa.table({"số nhà": pa.array(["1"] * 200_000).dictionary_encode()})
    ),
    "a long text in every row of a sheet": workbook(
        '<row><c t="s"><v>0</v></c></row>' * 500_000,
        f'<sst xmlns="{_MAIN}" count="1" uniqueCount="1"><si><t>{"x" * 30_000}</t></si></sst>',
    ),
    "JSON of brackets": content("a.json", b'[{"so nha":' + b"[" * 2_000_000),
    "JSON of objects in one another": content("a.json", b'[{"so nha":' + b'{"a":' * 1_000_000),
    "GeoJSON of brackets": content("a.geojson", b'{"type":"Feature","x":' + b"[" * 2_000_000),
    "coordinates without an end": content(
        "a.geojson",
        b'{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[['
        + b"[1,1]," * 500_000,
    ),
    "dBase of four billion rows": content("a.dbf", dbase(rows=4_000_000_000, width=10)),
    "dBase of rows without a width": content("a.dbf", dbase(rows=4_000_000_000, width=0)),
    "a packed file of nothing but one line": lambda folder: content(
        "a.csv.gz", gzip.compress(b"1,a,00199\n" * 8_000_000)
    )(folder),
}


HEAVY = ("a table packed many times", "a long text in every row of a sheet")
"""Those that take seconds to be made."""
LIGHT = [name for name in REFUSED if name not in HEAVY]


@pytest.mark.gate
@pytest.mark.parametrize("name", gate_takes(REFUSED, *LIGHT[::3]))
def test_file_that_would_crash_the_process_is_refused_in_one_line(
    tmp_path: Path, name: str
) -> None:
    path = REFUSED[name](tmp_path)
    with pytest.raises(UnreadableFileError) as caught:
        read(path)
    assert caught.value.detail.startswith(f"{path.name}: ")
    assert "\n" not in caught.value.detail


def read(path: Path) -> list[list[str]]:
    table = read_file(path)  # which holds what was unpacked
    with table.rows() as rows:
        return list(rows)


READ: dict[str, Callable[[Path], Path]] = {
    "a moment that no calendar has": parquet(
        DOORS.append_column("lúc", pa.array([2**62], pa.timestamp("us")))
    ),
    "nothing wrong": workbook(),
    "formats up to the last column": workbook(
        "".join(f'<row r="{at}"><c r="XFD{at}" s="1"/></row>' for at in range(3, 7_000))
    ),
    "errors of formulas in what is no cell": workbook(
        f'<!-- t="e" >{("<row" + "<c " * 10_000) * 30} -->'
    ),
    "tags of tables that are not closed": open_document(
        f'</table:table> <table:table table:name="T"><!-- {"<table:" * 200_000} -->'
    ),
    "a name of a column of many names": content(
        "a.csv", CSV.replace(b"\n", b"," + b"kp " * 300 + b"\n", 1)
    ),
    "cells merged over a word": open_document(spanned("x9")),
    "cells merged over more than there is": open_document(spanned("9" * 5_000)),
    "a table packed twice": content("a.csv.gz", packed(2)),
}


@pytest.mark.parametrize("name", READ)
def test_unusual_but_harmless_file_is_read(tmp_path: Path, name: str) -> None:
    first, *_ = read(READ[name](tmp_path))
    assert first[:3] == list(DOOR)


@pytest.mark.parametrize(
    "name", [name for name in REFUSED if "far end" in name or "prefixed" in name]
)
def test_workbook_in_a_request_cannot_crash_the_server(tmp_path: Path, name: str) -> None:
    path = REFUSED[name](tmp_path)
    with pytest.raises(UnreadableFileError):
        text_of(path.read_bytes(), path.name, 10)
    with pytest.raises(UnreadableFileError):
        read_numbers_file(gzip.compress(path.read_bytes()), path.name)


def test_wide_sheet_is_read_to_its_last_column(tmp_path: Path) -> None:
    cells = "".join(cell(f"{letters}3", letters) for letters in ("A", "Z", "AA", "DZ"))
    (_, row) = read(workbook(f'<row r="3">{cells}</row>')(tmp_path))
    assert (row[0], row[25], row[26], row[-1]) == ("A", "Z", "AA", "DZ")


def test_repeated_parquet_value_is_cut_to_the_length_of_a_cell(tmp_path: Path) -> None:
    words = pa.array(["x" * 1_000_000] * 50 + [None])
    table = pa.table({"số nhà": words, "mã xã": ["00199"] * 51})
    rows = read(parquet(table)(tmp_path))
    assert len(rows) == 51
    assert (len(rows[0][0]), rows[50][0]) == (1 << 17, "")


def test_invalid_json_characters_affect_only_their_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(
        b'[{"so nha":"1\\udc00","duong":"L\\u0000ng","ma xa":"00199"},'
        b'{"so nha":"2","duong":"Lang","ma xa":"00199","\\ud800":"x"}]'
    )
    assert read(path) == [["1\ufffd", "L\ufffdng", "00199", ""], ["2", "Lang", "00199", "x"]]


NAMES = {f"k{at}": "" for at in range(16_000)}
SHORT: dict[str, Callable[[Path], Path]] = {
    "short records of many names": content(
        "a.ndjson", json.dumps(NAMES).encode() + b"\n{}" * 100_000
    ),
    "short rows below many columns": content(
        "a.csv", CSV.replace(b"\n", b"," * 16_000 + b"\n", 1) + b"\n1" * 200_000
    ),
    "cells that begin as marked text and go on": content(
        "a.csv", CSV + (b"\n1,'a" + b" " * 100_000 + b"'b,00199") * 20
    ),
    "lines in quotes": content("a.csv", CSV + b'\n1,"a\nb",00199' * 100_000),
    "a record that is long, again and again": content(
        "a.json", b"[%s]" % b",".join([b'{"so nha":"%s"}' % (b"x" * 9_000_000)] * 3)
    ),
}


@pytest.mark.parametrize("name", SHORT)
def test_reading_time_is_bounded_by_the_size_of_the_text(tmp_path: Path, name: str) -> None:
    path = SHORT[name](tmp_path)
    starts = time.process_time()
    with suppress(UnreadableFileError):
        file = open_file(path, commune="00199")
        with cells_in_blocks(file, ("house_number", "street", "commune_code")) as blocks:
            for _ in blocks:
                pass
    assert time.process_time() - starts < 2 + path.stat().st_size / 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "số nhà;tên đường;mã xã\n12;Láng;00199\n".encode("utf-16"),
        "số nhà\ttên đường\tmã xã\n12\t'Láng'\t00199\n".encode(),
        '[{"số nhà":12,"tên đường":"Láng","mã xã":"00199","tầng":["x"]},{"số nhà":14}]'.encode(),
        "số nhà,12,14,16\ntên đường,Láng,Láng,Láng\nmã xã,00199,00199,00199\n".encode(),
    ],
    ids=("another encoding", "marked cells", "records", "turned"),
)
def test_request_text_is_read_in_a_separate_process_with_the_same_result(
    tmp_path: Path, text: bytes
) -> None:
    path = content("a.txt", text)(tmp_path)
    here, apart = read_file(path), read_file(path, in_request=True)
    with here.rows() as own, apart.rows() as others:
        assert list(own) == list(others)
    for name in ("headers", "delimiter", "notes", "form", "first_row", "remarks"):
        assert getattr(here, name) == getattr(apart, name), name


def test_cell_of_spaces_is_not_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"số nhà,tên đường,mã xã\n12{' ' * 100_000}x,,\n12,Láng,00199\n")
    assert open_file(path).columns.positions.keys() == {"house_number", "street", "commune_code"}
