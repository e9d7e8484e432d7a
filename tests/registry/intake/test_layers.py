"""Map layers of which files are missing or cut, geodatabases, and tables of dBase by themselves."""

import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyogrio.raw import write

from registry.core.errors import UnreadableFileError
from registry.intake.columns.reader import cells_of, open_file, rows_of

pytestmark = pytest.mark.thorough

FIELDS = ("house_number", "street", "commune_code", "longitude", "latitude")
NAMES = ["SoNha", "TenDuong", "MaXa"]
COUNT = 1_000


def read(path: Path) -> list[tuple[str, ...]]:
    file = open_file(path)
    with rows_of(file) as found:
        return list(map(cells_of(file, FIELDS), found))


def layer(path: Path, driver: str, count: int = COUNT) -> Path:
    """A layer of houses, one beside the other."""
    lon = 105.8060 + np.arange(count) / 1e5
    values = [[str(at + 1) for at in range(count)], ["Láng"] * count, ["00199"] * count]
    encoding = {} if driver == "OpenFileGDB" else {"encoding": "UTF-8"}
    write(
        str(path),
        shapely.to_wkb(shapely.points(lon, np.full(count, 21.0211))),
        [np.array(column, object) for column in values],
        NAMES,
        geometry_type="Point",
        crs="EPSG:4326",
        driver=driver,
        **encoding,
    )
    return path


def packed(path: Path, files: Iterable[Path], within: str = "", **cut: float) -> Path:
    """A .zip of the files, of which some are cut to a share."""
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            content = file.read_bytes()
            share = cut.get(file.suffix[1:], 1)
            archive.writestr(f"{within}{file.name}", content[: int(len(content) * share)])
    return path


@pytest.mark.gate
@pytest.mark.parametrize(
    ("driver", "suffix", "cut"),
    [
        ("ESRI Shapefile", "shp", "shp"),
        pytest.param("ESRI Shapefile", "shp", "dbf", marks=pytest.mark.thorough),
        pytest.param("MapInfo File", "tab", "dat", marks=pytest.mark.thorough),
        pytest.param("MapInfo File", "tab", "map", marks=pytest.mark.thorough),
        pytest.param("MapInfo File", "tab", "id", marks=pytest.mark.thorough),
    ],
)
def test_truncated_layer_is_refused_and_not_partly_read(
    tmp_path: Path, driver: str, suffix: str, cut: str
) -> None:
    folder = tmp_path / "layer"
    folder.mkdir()
    layer(folder / f"a.{suffix}", driver)
    files = sorted(folder.iterdir())
    assert len(read(packed(tmp_path / "nha.zip", files))) == COUNT
    for share in (0.5, 0.95):
        with pytest.raises(UnreadableFileError, match=r"^(nha|cut)\..*cắt ngắn"):
            read(packed(tmp_path / "cut.zip", files, **{cut: share}))


@pytest.mark.parametrize(
    ("driver", "suffix", "missing"),
    [
        ("ESRI Shapefile", "shp", "shp"),
        ("ESRI Shapefile", "shp", "dbf"),
        ("MapInfo File", "tab", "map"),
    ],
)
def test_layer_without_its_geometry_or_table_file_is_refused(
    tmp_path: Path, driver: str, suffix: str, missing: str
) -> None:
    folder = tmp_path / "layer"
    folder.mkdir()
    layer(folder / f"a.{suffix}", driver, 3)
    files = [file for file in folder.iterdir() if file.suffix != f".{missing}"]
    with pytest.raises(UnreadableFileError, match=rf"thiếu tệp \.{missing}"):
        read(packed(tmp_path / "nha.zip", files))


def test_geodatabase_in_an_archive_is_read(tmp_path: Path) -> None:
    base = layer(tmp_path / "nha.gdb", "OpenFileGDB", 3)
    path = packed(tmp_path / "nha.zip", base.iterdir(), within="giao/HoDan.gdb/")
    assert read(path)[0] == ("1", "Láng", "00199", "105.806000", "21.021100")
    assert len(read(path)) == 3
    packed(tmp_path / "cut.zip", base.iterdir(), within="HoDan.gdb/", gdbtable=0.5)
    with pytest.raises(UnreadableFileError, match="không đọc được lớp bản đồ"):
        read(tmp_path / "cut.zip")


def test_paths_in_a_geodatabase_cannot_leave_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../x.gdb/../../outside.csv", "Số nhà,Mã xã\n1,00199\n")
        archive.writestr("../../x.gdb/a00000001.gdbtable", "x")
    with pytest.raises(UnreadableFileError):
        read(tmp_path / "a.zip")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.zip"]


def dbf(rows: list[tuple[str, ...]], names: list[str], encoding: str) -> bytes:
    """A dBase III table that does not declare its encoding."""
    width = 20
    header = 32 + 32 * len(names) + 1
    head = struct.pack("<BBBBIHH20x", 3, 124, 1, 1, len(rows), header, 1 + width * len(names))
    fields = b"".join(
        name.encode().ljust(11, b"\0") + b"C" + bytes(4) + bytes([width]) + bytes(15)
        for name in names
    )
    cells = (b" " + b"".join(c.encode(encoding).ljust(width) for c in row) for row in rows)
    return head + fields + b"\r" + b"".join(cells) + b"\x1a"


def test_csv_that_begins_like_dbase_is_a_csv(tmp_path: Path) -> None:
    """`c` is a version of dBase."""
    path = tmp_path / "ho.csv"
    header = "code,source_ref,house_number,street,commune_code,locality,building,households_count"
    path.write_text("\r\n".join((header, ",a,12,Đường Láng,00199,,,1", "")), "utf-8", newline="")
    assert [row[:3] for row in read(path)] == [("12", "Đường Láng", "00199")]


@pytest.mark.parametrize("name", ["HO.DBF", "ho.dbf", "ho.csv"])
def test_single_dbase_table_is_read_as_a_table(tmp_path: Path, name: str) -> None:
    doors = [("12", "Đường Láng", "00199"), ("14", "Láng Hạ", "00199")]
    path = tmp_path / name
    path.write_bytes(dbf(doors, NAMES, "utf-8"))
    assert [row[:3] for row in read(path)] == doors
    assert [row[:3] for row in read(packed(tmp_path / "a.zip", [path]))] == doors
    path.write_bytes(dbf(doors, NAMES, "utf-8")[:-40])
    with pytest.raises(UnreadableFileError, match="cắt ngắn"):
        read(path)
