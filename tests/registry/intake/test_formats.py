"""Files of every format that authorities have, made here and read back; and broken ones."""

import datetime
import gzip
import io
import json
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
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
from pyproj import CRS

from registry.core.errors import UnreadableFileError
from registry.files.formats import any_file
from registry.files.formats.declared import declared_system
from registry.intake.columns.cells import cells_in_blocks
from registry.intake.columns.reader import SourceFile, cells_of, open_file, rows_of
from tests.support.thorough import gate_takes_first

HEADER = ["Số nhà", "Tên đường", "Mã xã"]
ROWS = [["12/3", "Đường số 7", "00004"], ["5A", "Nguyễn Trường Tộ", "00004"]]
FIELDS = ("house_number", "street", "commune_code")
SHIFT = "+towgs84=-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.25"
PLACES = ((105.84, 21.03), (105.85, 21.04))


def read(path: Path, fields: tuple[str, ...] = FIELDS, **choice: Any) -> list[list[str]]:
    """The cells as a sample is looked at, which an import's columns have to equal."""
    file = open_file(path, **choice)
    with rows_of(file) as rows:
        cells = cells_of(file, fields)
        looked_at = [list(cells(row)) for row in rows]
    with cells_in_blocks(file, fields) as blocks:
        columns = [[column.to_pylist() for column in block] for block in blocks]
    imported = [list(row) for block in columns for row in zip(*block, strict=True)]
    assert imported == looked_at
    return looked_at


def csv_text(delimiter: str = ",") -> str:
    return "".join(delimiter.join(row) + "\n" for row in [HEADER, *ROWS])


def in_cp1258(text: str) -> bytes:
    """Letters in one, tones behind them, as Windows writes it."""
    out = []
    for sign in text:
        base, *marks = unicodedata.normalize("NFD", sign)
        tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
        rest = "".join(mark for mark in marks if mark not in tones)
        out.append(unicodedata.normalize("NFC", base + rest) + "".join(tones))
    return "".join(out).encode("cp1258")


def in_tcvn3(text: str) -> bytes:
    return subprocess.run(
        ["iconv", "-f", "UTF-8", "-t", "TCVN"], input=text.encode(), capture_output=True, check=True
    ).stdout


VNI = (
    "Soá nhaø,Teân ñöôøng,Maõ xaõ\n12/3,Ñöôøng soá 7,00004\n5A,Nguyeãn Tröôøng Toä,00004\n"
).encode("latin-1")


@pytest.mark.parametrize(
    "content",
    [
        csv_text().encode(),
        csv_text().encode("utf-8-sig"),
        csv_text("\t").encode("utf-16"),
        b"\xfe\xff" + csv_text("\t").encode("utf-16-be"),
        csv_text(";").encode("utf-16-le"),
        csv_text("\t").encode("utf-16-be"),
        in_cp1258(csv_text()),
        in_tcvn3(csv_text(";").lower().replace("5a", "5A")),
        VNI,
        gzip.compress(csv_text().encode()),
    ],
    ids=["utf8", "bom", "utf16", "utf16be", "le", "be", "cp1258", "tcvn3", "vni", "gzip"],
)
def test_text_is_read_in_each_encoding(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hộ.csv"
    path.write_bytes(content)
    read_rows = read(path)
    assert [[cell.lower() for cell in row] for row in read_rows] == [
        [cell.lower() for cell in row] for row in ROWS
    ]


def test_detected_encoding_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "ho.csv"
    path.write_bytes(VNI)
    assert any("VNI" in str(note) for note in open_file(path).notes)


FORM: list[list[Any]] = [
    ["UBND PHƯỜNG BA ĐÌNH", "", "", "", ""],
    ["DANH SÁCH HỘ GIA ĐÌNH", "", "", "", ""],
    [],
    ["STT", "Địa chỉ", "", "Mã xã", "Họ tên chủ hộ"],
    ["", "Số nhà", "Đường", "", ""],
    ["(1)", "(2)", "(3)", "(4)", "(5)"],
    [1, 12.0, "Láng", "00004", "Nguyễn Văn A"],
    [2, datetime.datetime(2026, 2, 3), "Láng", "00004", "Trần B"],  # noqa: DTZ001
]
FORM_READ = [["12", "Láng", "00004"], ["2026-02-03", "Láng", "00004"]]


def write_xlsx(path: Path, sheets: dict[str, list[list[Any]]], hidden: str | None = None) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        date = book.add_format({"num_format": "d/m"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, datetime.datetime):
                        sheet.write_datetime(at, column, cell, date)
                    else:
                        sheet.write(at, column, cell)
            if rows is FORM:
                sheet.merge_range(3, 1, 3, 2, "Địa chỉ")
            if name == hidden:
                sheet.hide()


def write_xls(path: Path, rows: list[list[Any]]) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Hộ")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            style = xlwt.easyxf(num_format_str="D/M")
            plain = not isinstance(cell, datetime.datetime)
            sheet.write(at, column, cell, *(() if plain else (style,)))
    book.save(str(path))


def test_spreadsheet_with_titles_and_a_header_of_two_rows_is_read(tmp_path: Path) -> None:
    new, old = tmp_path / "ho.xlsx", tmp_path / "ho.xls"
    write_xlsx(new, {"Hướng dẫn": [["Cách điền"]], "Hộ": FORM, "Cũ": FORM}, hidden="Cũ")
    write_xls(old, FORM)
    for path in (new, old):
        assert read(path) == FORM_READ
        assert open_file(path).columns.personal == ("Họ tên chủ hộ",)
    assert any("'Hộ'" in str(note) for note in open_file(new).notes)


def test_sheet_is_chosen_by_name_where_several_fit(tmp_path: Path) -> None:
    path = tmp_path / "ho.xlsx"
    write_xlsx(path, {"Tổ 1": [HEADER, ROWS[0]], "Tổ 2": [HEADER, ROWS[1]]})
    with pytest.raises(UnreadableFileError, match=r"Tổ 1, Tổ 2.*--sheet"):
        open_file(path)
    assert read(path, sheet="Tổ 2") == [ROWS[1]]
    with pytest.raises(UnreadableFileError, match=r"Tổ 3.*Tổ 1, Tổ 2"):
        open_file(path, sheet="Tổ 3")


def test_cells_in_an_old_font_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ho.xls"
    rows = [HEADER, ["12", "§­êng L¸ng H¹", "00004"], ["14", "NguyÔn Tr­êng Té", "00004"]]
    write_xls(path, rows)
    assert [street for _, street, _ in read(path)] == ["Đường Láng Hạ", "Nguyễn Trường Tộ"]


@pytest.mark.parametrize("title", ["danh s¸ch hé d©n", "DANH S¸CH Hé D¢N"])
def test_header_in_an_old_font_is_found_below_a_title(tmp_path: Path, title: str) -> None:
    path = tmp_path / "ho.xls"
    header = ["Sè nhµ", "Tªn ®­êng", "M· x·"]
    write_xls(path, [[title], [], header, ["12", "§­êng L¸ng H¹", "00004"]])
    assert read(path) == [["12", "Đường Láng Hạ", "00004"]]


def open_document(path: Path, at: int) -> Path:
    """The table of the next test; blank rows and columns stand in it once, and are counted."""

    def cell(text: str, rows: int = 1) -> str:
        spans = f' office:value-type="string" table:number-rows-spanned="{rows}"'
        return f"<table:table-cell{spans}><text:p>{text}</text:p></table:table-cell>"

    def row(*cells: str) -> str:
        return f"<table:table-row>{left if at else ''}{''.join(cells)}</table:table-row>"

    left = f'<table:table-cell table:number-columns-repeated="{at}"/>'
    above = f'<table:table-row table:number-rows-repeated="{at}">{left}</table:table-row>'
    under = "<table:covered-table-cell/>"
    streets = [cell("Láng", 2), under, "<table:table-cell/>", cell("Quán Thánh", 5)]
    rows = [
        row(*(cell(name, 2) for name in HEADER)),
        row(under, under, under),
        *(row(cell(str(n)), street, cell("00004")) for n, street in enumerate(streets, 1)),
    ]
    office = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<office:document-content xmlns:office="{office}office:1.0"'
        f' xmlns:table="{office}table:1.0" xmlns:text="{office}text:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="Hộ">'
        f"{above if at else ''}{''.join(rows)}"
        '</table:table><table:table table:name="Khác"><table:table-row>'
        f"{cell('x', 3)}</table:table-row></table:table></office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    manifest = f'<m:manifest xmlns:m="{office}manifest:1.0"/>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return path


@pytest.mark.parametrize("at", gate_takes_first(1, [2, 0]))
def test_cells_merged_over_several_rows_are_repeated(tmp_path: Path, at: int) -> None:
    """A street over its houses, under a header that is merged over two rows; not beyond its cells.

    `at`: whether the table begins further down and to the right.
    """
    path = tmp_path / "ho.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Hộ")
        for column, name in enumerate(HEADER):
            sheet.merge_range(at, at + column, at + 1, at + column, name)
        for row, number in enumerate(["1", "2", "3", "4"], at + 2):
            sheet.write(row, at, number)
            sheet.write(row, at + 2, "00004")
        sheet.merge_range(at + 2, at + 1, at + 3, at + 1, "Láng")
        sheet.merge_range(at + 5, at + 1, at + 9, at + 1, "Quán Thánh")
    old = tmp_path / "ho.xls"
    book = xlwt.Workbook()
    sheet = book.add_sheet("Hộ")
    for column, name in enumerate(HEADER):
        sheet.write_merge(at, at + 1, at + column, at + column, name)
    for row, number in enumerate(["1", "2", "3", "4"], at + 2):
        sheet.write(row, at, number)
        sheet.write(row, at + 2, "00004")
    sheet.write_merge(at + 2, at + 3, at + 1, at + 1, "Láng")
    sheet.write_merge(at + 5, at + 9, at + 1, at + 1, "Quán Thánh")
    book.save(str(old))
    for each in (path, old, open_document(tmp_path / "ho.ods", at)):
        streets = [street for _, street, _ in read(each)]
        assert streets == ["Láng", "Láng", "", "Quán Thánh"], each.suffix


MIXED = [
    *[[f"{n}", "Nguyễn Trãi", "Phường Ba Đình"] for n in range(1, 40)],
    ["12½", "Lê Lai", "Phường Ba Đình"],
    ["5 ngõ 12", "Lê Lai", "Phường Ba Đình"],
    ["6 ngõ 12", "Lê Lai", "Phường Ba Đình"],
    ["5 ngâ 7", "§­êng L¸ng H¹", "Ph­êng Ba §×nh"],
    ["8", "Phó Léc", "Ph­êng Ba §×nh"],
    ["9", "Nguyeãn Traõi", "Phöôøng Ba Ñình"],
]
MIXED_READ = [
    *MIXED[:-3],
    ["5 ngõ 7", "Đường Láng Hạ", "Phường Ba Đình"],
    ["8", "Phú Lộc", "Phường Ba Đình"],
    ["9", "Nguyễn Trãi", "Phường Ba Đình"],
]


def write_csv(path: Path, rows: list[list[str]]) -> Path:
    path.write_text("".join(";".join(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.thorough
def test_rows_in_an_old_font_among_others_are_read_individually(tmp_path: Path) -> None:
    rows = [["Số nhà", "Tên đường", "Tên phường"], *MIXED]
    csv, xlsx, xls = (tmp_path / f"ho.{kind}" for kind in ("csv", "xlsx", "xls"))
    write_csv(csv, rows)
    write_xlsx(xlsx, {"Hộ": rows})
    write_xls(xls, rows)
    names = ["so_nha", "duong", "xa"]
    columns = [np.array(column, dtype=object) for column in zip(*MIXED, strict=True)]
    shapes = np.array(shapely.to_wkb([shapely.Point(*PLACES[0])] * len(MIXED)), dtype=object)
    layer = {"driver": "ESRI Shapefile", "geometry_type": "Point", "encoding": "UTF-8"}
    pyogrio.raw.write(tmp_path / "a.shp", shapes, columns, names, crs="EPSG:4326", **layer)
    dbf = packed(tmp_path / "a.zip", *tmp_path.glob("a.*"))

    for path in (csv, xlsx, xls, dbf):
        assert read(path, ("house_number", "street", "commune")) == MIXED_READ, path.suffix
        file = open_file(path)
        with rows_of(file) as all_rows:
            assert len(list(all_rows)) == len(MIXED)
        assert [note for note in file.notes if "TCVN3" in str(note)]


def test_rows_in_an_old_font_far_down_a_file_are_read_and_reported(tmp_path: Path) -> None:
    many = MIXED[:1] * 60_000
    path = write_csv(tmp_path / "ho.csv", [["Số nhà", "Tên đường", "Tên phường"], *many, MIXED[-3]])
    file = open_file(path)
    assert not file.notes
    assert read(path, ("house_number", "street", "commune"))[-1] == MIXED_READ[-3]
    with cells_in_blocks(file, FIELDS) as blocks:
        assert sum(len(block[0]) for block in blocks) == len(many) + 1
    assert [note for note in file.notes if "TCVN3" in str(note)]


def test_words_valid_in_two_fonts_use_the_font_of_their_column(tmp_path: Path) -> None:
    """`Phó` is `Phú` in a column of TCVN3, and itself in one of Unicode."""
    old = [["1", "Phó", "00004"], *[[f"{n}", "NguyÔn Tr·i", "00004"] for n in range(2, 9)]]
    new = [["1", "Phó", "00004"], *[[f"{n}", "Nguyễn Trãi", "00004"] for n in range(2, 9)]]
    for rows, first in ((old, "Phú"), (new, "Phó")):
        path = write_csv(tmp_path / "ho.csv", [HEADER, *rows])
        assert [street for _, street, _ in read(path)] == [first, *["Nguyễn Trãi"] * 7]


def test_mapping_gives_the_fields_of_unknown_headers(tmp_path: Path) -> None:
    path = tmp_path / "ho.csv"
    path.write_text("Cột A,Cột B,Cột C\n12,Láng,00004\n")
    mapping = {"cột a": "house_number", "Cột B": "street", "Cột C": "commune_code"}
    assert read(path, mapping=mapping) == [["12", "Láng", "00004"]]
    with pytest.raises(UnreadableFileError, match=r"no such field.*nhà.*house_number"):
        open_file(path, mapping={"Cột A": "nhà"})


def test_header_with_several_words_for_one_field_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "ho.csv"
    path.write_text('"Thôn, xóm, tiểu khu",Mã xã,Toạ độ X,Toạ độ Y\nTiểu khu 3,00004,105.8,21\n')
    fields = ("locality", "commune_code", "longitude", "latitude")
    assert read(path, fields) == [["Tiểu khu 3", "00004", "105.8", "21"]]


NAMES = ("so_nha", "duong", "ma_xa")


def write_layer(
    path: Path, driver: str, shapes: list[Any], names: Sequence[str] = NAMES, **options: Any
) -> None:
    columns = [np.array(column, dtype=object) for column in zip(*ROWS, strict=True)]
    options = {"crs": "EPSG:4326", "geometry_type": "Point"} | options
    geometry = np.array(shapely.to_wkb(shapes), dtype=object)
    pyogrio.raw.write(path, geometry, columns, list(names), driver=driver, **options)


def packed(path: Path, *members: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.write(member, f"du lieu/{member.name}")
    return path


def points() -> list[Any]:
    return [shapely.Point(*place) for place in PLACES]


def a_geojson(folder: Path) -> Path:
    write_layer(folder / "a.geojson", "GeoJSON", points())
    return folder / "a.geojson"


def a_geopackage(folder: Path) -> Path:
    write_layer(folder / "a.gpkg", "GPKG", points())
    return folder / "a.gpkg"


def a_shapefile(folder: Path) -> Path:
    write_layer(folder / "a.shp", "ESRI Shapefile", points(), encoding="UTF-8")
    return packed(folder / "a.zip", *folder.glob("a.*"))


def a_kml(folder: Path) -> Path:
    write_layer(folder / "a.kml", "KML", points())
    return folder / "a.kml"


def a_kmz(folder: Path) -> Path:
    return packed(folder / "a.kmz", a_kml(folder))


def a_tab(folder: Path) -> Path:
    write_layer(folder / "a.tab", "MapInfo File", points(), encoding="UTF-8")
    return packed(folder / "a.zip", *folder.glob("a.*"))


def a_geoparquet(folder: Path) -> Path:
    names = ["so_nha", "duong", "ma_xa"]
    table = pa.table(
        dict(zip(names, map(list, zip(*ROWS, strict=True)), strict=True))
        | {"geometry": pa.array(list(shapely.to_wkb(points())), pa.binary())}
        | {"ghi_luc": pa.array([1] * len(ROWS), pa.timestamp("ns", "UTC"))}
    )
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}},
    }
    table = table.replace_schema_metadata({b"geo": json.dumps(geo).encode()})
    pq.write_table(table, folder / "a.parquet")
    return folder / "a.parquet"


def a_shapefile_without_encoding(folder: Path) -> Path:
    """As written by many old programs: no .cpg, and a table with language 0."""
    a_shapefile(folder)
    (folder / "a.cpg").unlink()
    table = bytearray((folder / "a.dbf").read_bytes())
    table[29] = 0
    (folder / "a.dbf").write_bytes(table)
    return packed(folder / "b.zip", *(folder / f"a.{part}" for part in ("shp", "shx", "dbf")))


def a_kml_of_data(folder: Path) -> Path:
    """Columns as phones and My Maps write them: data of each place, with Vietnamese names."""
    names = ("Số nhà", "Đường", "Mã xã")
    places = "".join(
        "<Placemark><ExtendedData>"
        + "".join(
            f"<Data name='{name}'><value>{cell}</value></Data>"
            for name, cell in zip(names, row, strict=True)
        )
        + f"</ExtendedData><Point><coordinates>{lon},{lat},0</coordinates></Point></Placemark>"
        for row, (lon, lat) in zip(ROWS, PLACES, strict=True)
    )
    path = folder / "b.kml"
    path.write_text(
        "<?xml version='1.0' encoding='UTF-8'?><kml xmlns='http://www.opengis.net/kml/2.2'>"
        f"<Document>{places}</Document></kml>"
    )
    return path


def a_mif(folder: Path) -> Path:
    write_layer(folder / "a.mif", "MapInfo File", points(), FORMAT="MIF")
    return packed(folder / "a.zip", folder / "a.mif", folder / "a.mid")


def a_shapefile_of_cut_names(folder: Path) -> Path:
    names = ["SoNha", "TenDuongPh", "MaXaPhuong"]
    write_layer(folder / "a.shp", "ESRI Shapefile", points(), encoding="UTF-8", names=names)
    return packed(folder / "a.zip", *folder.glob("a.*"))


LAYERS: list[Callable[[Path], Path]] = [
    *(a_geopackage, a_kmz, a_shapefile_without_encoding, a_mif, a_geoparquet),
    *(a_geojson, a_shapefile, a_kml, a_tab, a_kml_of_data, a_shapefile_of_cut_names),
]


@pytest.mark.parametrize("make", gate_takes_first(4, LAYERS))
def test_map_layer_is_read_with_its_points(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    rows = read(make(tmp_path), (*FIELDS, "longitude", "latitude"))
    assert [row[:3] for row in rows] == ROWS
    for row, place in zip(rows, PLACES, strict=True):
        assert (float(row[3]), float(row[4])) == pytest.approx(place)


def test_gps_waypoints_are_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.gpx"
    path.write_text(
        '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
        '<wpt lat="21.02" lon="105.8"><name>12 Láng, Phường Láng, Hà Nội</name></wpt></gpx>'
    )
    file = open_file(path, mapping={"name": "address"})
    with rows_of(file) as below:
        cells = cells_of(file, ("address", "longitude", "latitude"))
        assert [*map(cells, below)] == [("12 Láng, Phường Láng, Hà Nội", "105.800000", "21.020000")]


def test_polygon_gives_a_point_inside_it_and_a_line_gives_none(tmp_path: Path) -> None:
    shapes = [shapely.box(105, 21, 105.01, 21.01), shapely.LineString([(105, 21), (106, 21)])]
    write_layer(tmp_path / "a.gpkg", "GPKG", shapes, geometry_type="Unknown")
    inside, none = read(tmp_path / "a.gpkg", ("longitude", "latitude"))
    assert 105 < float(inside[0]) < 105.01
    assert none == ["", ""]


@pytest.mark.thorough
def test_unambiguous_crs_of_a_layer_is_recognised(tmp_path: Path) -> None:
    metres = [shapely.Point(587_000, 2_325_000), shapely.Point(587_100, 2_325_100)]
    for crs in ("EPSG:9210", "EPSG:3405", "EPSG:32648"):
        for driver, name in (("GPKG", "a.gpkg"), ("ESRI Shapefile", "a.shp")):
            write_layer(tmp_path / name, driver, metres, crs=crs)
            assert open_file(tmp_path / name).table.crs == crs
    # MapInfo writes WGS 84 for VN-2000: its statement about metres is meaningless.
    write_layer(tmp_path / "a.tab", "MapInfo File", metres, crs="EPSG:3405")
    assert open_file(tmp_path / "a.tab").table.crs is None


@pytest.mark.parametrize("crs", gate_takes_first(1, ["EPSG:3148", "EPSG:2045", "EPSG:27700"]))
def test_layer_in_a_foreign_or_obsolete_crs_is_refused(tmp_path: Path, crs: str) -> None:
    write_layer(tmp_path / "a.gpkg", "GPKG", points(), crs=crs)
    with pytest.raises(UnreadableFileError, match=r"không phải WGS 84 hay VN-2000"):
        open_file(tmp_path / "a.gpkg")


@pytest.mark.parametrize(
    ("written", "known"),
    [
        (CRS("EPSG:9210").to_wkt("WKT1_ESRI"), "EPSG:9210"),
        (CRS("EPSG:4756").to_wkt("WKT1_ESRI"), "EPSG:4756"),
        (CRS("EPSG:4326").to_wkt("WKT1_ESRI"), "EPSG:4326"),
        (f"+proj=tmerc +lon_0=105.75 +k=0.9999 +x_0=500000 +ellps=WGS84 {SHIFT}", "EPSG:9210"),
        # The same projection on an unnamed datum: a zone of an unknown system.
        ("+proj=tmerc +lon_0=105.75 +k=0.9999 +x_0=500000 +ellps=WGS84", None),
        (None, None),
    ],
)
def test_crs_without_a_number_is_recognised_by_its_parameters(
    written: str | None, known: str | None
) -> None:
    assert declared_system(written) == known


def truncated(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
    def cut(folder: Path) -> Path:
        path = make(folder)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    return cut


def a_book(folder: Path) -> Path:
    write_xlsx(folder / "a.xlsx", {"Hộ": [HEADER, *ROWS]})
    return folder / "a.xlsx"


def an_old_book(folder: Path) -> Path:
    write_xls(folder / "a.xls", [HEADER, *ROWS * 300])
    return folder / "a.xls"


def a_gzip(folder: Path) -> Path:
    (folder / "a.csv.gz").write_bytes(gzip.compress(csv_text().encode() * 20))
    return folder / "a.csv.gz"


@pytest.mark.parametrize(
    "make", gate_takes_first(3, [a_book, a_gzip, a_shapefile, an_old_book, a_kmz, a_geoparquet])
)
def test_truncated_file_is_reported_in_one_line(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = truncated(make)(tmp_path)
    with pytest.raises(UnreadableFileError) as caught:
        read(path)
    assert caught.value.detail.startswith(path.name)
    assert "\n" not in caught.value.detail


def an_archive(folder: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return folder / "a.zip"


def test_archive_with_one_table_is_read_whatever_its_names(tmp_path: Path) -> None:
    outside = "../../outside.csv"
    path = an_archive(tmp_path, **{outside: csv_text().encode(), "__MACOSX/._a.csv": b"x"})
    assert read(path) == ROWS
    assert not (tmp_path.parent.parent / "outside.csv").exists()


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"a.exe": b"MZ"}, "không có bảng"),
        ({"a.csv": csv_text().encode(), "b.csv": b""}, "nhiều tệp.*a.csv, b.csv"),
        ({"a.csv": b"\0" * (70 << 20)}, "quá lớn"),
        ({"xl/workbook.xml": b" " * (70 << 20)}, "quá lớn"),
        ({"xl/workbook.xml": b"<a"}, "bảng tính hỏng"),
    ],
)
def test_unsupported_archive_is_named(
    tmp_path: Path, members: dict[str, bytes], expected: str
) -> None:
    with pytest.raises(UnreadableFileError, match=expected):
        read(an_archive(tmp_path, **members))


@pytest.mark.parametrize(
    "content",
    gate_takes_first(
        5,
        [
            b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8,
            b"{" * 100_000,
            b'{"type": "FeatureCollection", "features": [' + b"{}," * 50,
            b"<kml" + b"<a>" * 1000,
            b"SQLite format 3\0" + b"\xff" * 5000,
            b"PAR1" + b"\xff" * 500 + b"PAR1",
            b"!table\n!version 900\n",
            (csv_text() * 50).encode() + "Phường Bến Nghé\n".encode("cp1258", "replace") * 3,
            b"a" * (10 << 20),
            csv_text().replace("\n", "\r").encode(),
            b"\xef\xbb\xbf<html><table><tr><td>STT</td></tr></table></html>",
        ],
    ),
    ids=[
        *("png", "braces", "json", "kml", "sqlite", "parquet", "tab", "mixed", "line"),
        *("returns alone", "web page"),
    ],
)
def test_file_that_is_not_a_table_is_reported_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFileError) as caught:
        read(path)
    assert "\n" not in caught.value.detail
    assert len(caught.value.detail) < 1_000


def test_unpacked_copy_is_kept_as_long_as_the_file_is_open(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(csv_text().encode()))
    file: SourceFile = open_file(path)
    for _ in range(2):
        with rows_of(file) as rows:
            assert len(list(rows)) == len(ROWS)
    assert io.BytesIO(path.read_bytes()).read(2) == b"\x1f\x8b"
    assert path.stat().st_size < any_file.MOST_UNPACKED
