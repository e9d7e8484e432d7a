"""Exported files, read back by other programs: the same records, the same points."""

import csv
import datetime
import gzip
import io
import json
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import geoparquet_validator
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from sqlalchemy import Engine, text

from geo.code import from_serial
from registry.access import audit
from registry.core.database import make_engine, session_scope
from registry.core.errors import InvalidInputError, NotFoundError, UnreadableFileError
from registry.core.events import write_scope
from registry.files.fields import find_columns
from registry.files.formats.any_file import read_file
from registry.publish.drawing.refresh import refresh
from registry.publish.export.columns import ADDRESS_ON, COLUMNS, EXTERNAL_IDS, HEADINGS
from registry.publish.export.formats import FORMATS, OF_BOUNDARIES, STREAMED
from registry.publish.export.run import (
    Exported,
    ExportOptions,
    export_file,
    export_stream,
)
from registry.publish.export.writers import even_batches
from registry.units.gazetteer import VIET_NAM
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.factories import (
    TEST,
    make_building,
    make_household,
    make_locality,
    make_street,
    next_code,
)
from tests.support.postgis import clone
from tests.support.thorough import gate_takes_first
from tests.support.units import read_gazetteer, unit_named

STREET = 'Quán "Thánh", số 2\nKhu B'
BEFORE = datetime.timedelta(seconds=1)
ENDS = {"geoparquet": "parquet", "flatgeobuf": "fgb"}
"""What files are called whose format has another name."""
PLACED = ("flatgeobuf", "pmtiles")
"""Formats that hold no record without a point."""


class World:
    """A register with a door of every sort, made once for all these tests."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        known = read_gazetteer(engine)
        ba_dinh = unit_named(known, "Phường Ba Đình", "00004").id
        ngoc_ha = unit_named(known, "Phường Ngọc Hà", "00008").id
        point = {"position_method": "gps", "position_accuracy_m": 5}
        with write_scope(engine, TEST) as session:
            street = make_street(session, unit_id=ba_dinh, name=STREET, kind="phố")
            quarter = make_locality(session, unit_id=ba_dinh, name="1", kind="khu phố")
            group = make_locality(
                session, unit_id=ba_dinh, name="3", kind="tổ", parent_id=quarter, key="to 3"
            )
            self.plain = make_household(
                session,
                unit_id=ba_dinh,
                street_id=street,
                locality_id=group,
                house_number="=3/2",
                house_number_key="3/2",
                point="SRID=4326;POINT(105.8403 21.0412)",
                **point,
            )
            hidden = make_building(session, unit_id=ngoc_ha, restricted=True)
            self.flat = make_household(
                session,
                unit_id=ngoc_ha,
                parent_code=hidden,
                building_name="CT1",
                building_key="ct1",
                floor="12",
                unit_number="1205",
                verified_on=datetime.date(2026, 2, 28),
                households_count=2,
            )
            self.south = make_household(
                session,
                unit_id=unit_named(known, "Phường Sài Gòn", "26740").id,
                point="SRID=4326;POINT(106.7 10.7769)",
                **point,
            )
            self.restricted = make_household(session, unit_id=ba_dinh, restricted=True)
            self.proposed = make_household(session, unit_id=ba_dinh, status="proposed")
            self.demo = make_household(session, unit_id=ba_dinh, code=from_serial(77))
            make_household(session, status="reserved", code=next_code())
        self.shown = {self.plain, self.flat, self.south}

    def export(self, path: Path, **options: Any) -> Exported:
        return export_file(self.engine, path, ExportOptions(**options))


@pytest.fixture(scope="module")
def world(admin_url: str, worker_id: str) -> Iterator[World]:
    with clone(admin_url, f"export_{worker_id}") as url:
        engine = make_engine(url)
        yield World(engine)
        engine.dispose()


@pytest.fixture(scope="module")
def files(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each format."""
    folder = tmp_path_factory.mktemp("export")
    made = {}
    for form in FORMATS:
        made[form] = folder / f"ho.{ENDS.get(form, form)}"
        assert world.export(made[form], format=form).records == (2 if form in PLACED else 3)
    return made


def records(form: str, path: Path) -> list[dict[str, Any]]:
    """The records of a file by its own reader, texts as texts."""
    if form == "csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    if form == "csv.gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
            return list(csv.DictReader(packed))
    if form == "ndjson":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if form == "xlsx":
        table = read_file(path)
        names = {heading: name for name, heading in HEADINGS.items()}
        headers = [names[heading] for heading in table.headers]
        with table.rows() as rows:
            return [dict(zip(headers, row, strict=False)) for row in rows]
    if form == "geoparquet":
        rows = duckdb.sql(f"SELECT * FROM read_parquet('{path}')")
        return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]
    frame = pyogrio.read_arrow(path)[1]
    return frame.to_pylist()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_contains_the_same_records(
    world: World, files: dict[str, Path], form: str
) -> None:
    found = {each["code"]: each for each in records(form, files[form])}
    assert found.keys() == world.shown - ({world.flat} if form in PLACED else set())
    plain = found[world.plain]
    assert plain["code_display"] == f"{world.plain[:4]}-{world.plain[4:]}"
    # In a CSV a spreadsheet would run it.
    assert plain["house_number"] == ("'=3/2" if form.startswith("csv") else "=3/2")
    assert plain["street"] == f"Phố {STREET}"
    assert plain["address"] == (
        f"3/2 Phố {STREET}, Tổ 3, Khu phố 1, Phường Ba Đình, Thành phố Hà Nội"
    )
    assert found[world.south]["province_code"] == "79"
    if form in PLACED:
        return
    flat = found[world.flat]
    assert flat["address"] == ("Căn hộ 1205, Tầng 12, Toà CT1, Phường Ngọc Hà, Thành phố Hà Nội")
    assert not flat["parent_code"]  # the building is restricted
    assert str(flat["households"]) == "2"
    assert str(flat["verified_on"])[:10] == "2026-02-28"
    if form != "geojson":
        assert set(plain) - {"geometry", "geom", "bbox"} == {each.name for each in COLUMNS}


def test_csv_export_round_trips_through_an_import(files: dict[str, Path]) -> None:
    table = read_file(files["csv"])
    at = table.headers.index("house_number")
    with table.rows() as rows:
        assert "=3/2" in [row[at] for row in rows]


def test_workbook_has_readable_headers_known_to_an_import(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files["xlsx"]) as book:
        assert '<sheet name="Hộ"' in book.read("xl/workbook.xml").decode()
    known = find_columns(read_file(files["xlsx"]).headers).positions
    assert known.keys() >= {
        *("house_number", "street", "locality", "building", "floor", "unit", "households_count"),
        *("commune_code", "former_commune_code", "longitude", "latitude", "position_accuracy_m"),
    }
    assert list(HEADINGS) == [column.name for column in (*COLUMNS, ADDRESS_ON, EXTERNAL_IDS)]


@pytest.mark.parametrize("form", ["geojson", "gpkg", "geoparquet", "flatgeobuf"])
def test_exported_points_match_the_register(
    world: World, files: dict[str, Path], form: str
) -> None:
    if form == "geoparquet":
        rows = duckdb.sql(f"SELECT code, geometry FROM read_parquet('{files[form]}')").fetchall()
        points = {code: wkb and shapely.from_wkb(bytes(wkb)) for code, wkb in rows}
    else:
        about, _, geometries, fields = pyogrio.raw.read(files[form], columns=["code"])
        assert about["crs"] == "EPSG:4326"
        points = {
            code: shapely.from_wkb(wkb) for code, wkb in zip(fields[0], geometries, strict=True)
        }
    with session_scope(world.engine) as session:
        kept = dict(session.execute(text("SELECT code, ST_AsBinary(point) FROM household")).all())
    assert points.keys() == world.shown - ({world.flat} if form in PLACED else set())
    for code, point in points.items():
        assert point == (kept[code] and shapely.from_wkb(bytes(kept[code]))), code


def test_geoparquet_has_geometry_metadata(files: dict[str, Path]) -> None:
    geo = json.loads(pq.read_metadata(files["geoparquet"]).metadata[b"geo"])
    assert geo == {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {
            "geometry": {
                "encoding": "WKB",
                "geometry_types": ["Point"],
                "covering": {
                    "bbox": {side: ["bbox", side] for side in ("xmin", "ymin", "xmax", "ymax")}
                },
                "bbox": [105.8403, 10.7769, 106.7, 21.0412],
            }
        },
    }


def is_conformant(path: Path) -> bool:
    report = geoparquet_validator.check(str(path))
    return all(geoparquet_validator.conformant(report, part) for part in ("core", "covering"))


def test_geoparquet_is_conformant_and_ordered_along_a_curve(
    world: World, files: dict[str, Path]
) -> None:
    assert is_conformant(files["geoparquet"])
    along = "SELECT code FROM household WHERE code = ANY (:codes) ORDER BY point"
    with session_scope(world.engine) as session:
        expected = session.scalars(text(along), {"codes": sorted(world.shown)}).all()
    assert pq.read_table(files["geoparquet"])["code"].to_pylist() == expected


@pytest.mark.parametrize(
    ("came", "gone"),
    [
        ([3], [3]),
        ([4, 9, 2], [5, 5, 5]),
        ([40], [5] * 8),
        ([5, 1], [6]),
        ([5, 3], [4, 4]),
        ([1] * 23, [5, 5, 5, 4, 4]),
        ([], []),
    ],
)
def test_row_groups_are_even_and_complete(came: list[int], gone: list[int]) -> None:
    numbers = iter(range(100))
    batches = [pa.record_batch({"n": [next(numbers) for _ in range(rows)]}) for rows in came]
    made = list(even_batches(iter(batches), 5))
    assert [batch.num_rows for batch in made] == gone
    assert [n for batch in made for n in batch["n"].to_pylist()] == list(range(sum(came)))


@pytest.mark.parametrize("form", STREAMED)
def test_stream_equals_the_file(world: World, files: dict[str, Path], form: str) -> None:
    streamed = b"".join(export_stream(world.engine, ExportOptions(form)))
    if form == "geoparquet":
        assert pq.read_table(io.BytesIO(streamed)) == pq.read_table(files[form])
    else:
        assert sorted(streamed.splitlines()) == sorted(files[form].read_bytes().splitlines())


@pytest.mark.thorough
@pytest.mark.parametrize("form", OF_BOUNDARIES)
def test_boundaries_are_exported_with_their_names(world: World, tmp_path: Path, form: str) -> None:
    refresh(world.engine)
    for layer, count, code, name in (
        ("communes", 3321, "00004", "Phường Ba Đình"),
        ("provinces", 34, "01", "Thành phố Hà Nội"),
    ):
        path = tmp_path / f"{layer}.{ENDS.get(form, form)}"
        assert world.export(path, format=form, layer=layer).records == count
        if form == "geoparquet":
            assert is_conformant(path)
            rows = pq.read_table(path).to_pylist()
        else:
            rows = pyogrio.read_arrow(path)[1].to_pylist()
        (found,) = [row for row in rows if row["code"] == code]
        assert (len(rows), found["full_name"]) == (count, name)
        shape = found.get("geometry") or found.get("geom") or found.get("wkb_geometry")
        assert shapely.from_wkb(bytes(shape)).contains(
            shapely.Point(found["seat_lon"], found["seat_lat"])
        )
        beside = path.with_name(f"{path.name}.columns.csv").read_text(encoding="utf-8")
        assert "approximate" in beside


def test_dictionary_and_licence_are_written_and_no_other_file_left(
    world: World, tmp_path: Path
) -> None:
    world.export(tmp_path / "ho.csv", format="csv", unit="01")
    assert {path.name for path in tmp_path.iterdir()} == {
        "ho.csv",
        "ho.csv.columns.csv",
        "ho.csv.licence.txt",
    }
    with (tmp_path / "ho.csv.columns.csv").open(encoding="utf-8") as stream:
        assert [row["column"] for row in csv.DictReader(stream)] == [c.name for c in COLUMNS]
    found = (tmp_path / "ho.csv.licence.txt").read_text(encoding="utf-8")
    assert "Giấy phép" in found
    assert "Thành phố Hà Nội (01)" in found
    with session_scope(world.engine) as session:
        noted = next(iter(audit.read(session, load_gazetteer(session), audit.Wanted(), 1)))
    assert (noted.endpoint, noted.units, noted.count) == ("export", ("01",), 2)


def test_only_requested_records_are_written(world: World, tmp_path: Path) -> None:
    def codes(**options: Any) -> set[str]:
        path = tmp_path / "ho.ndjson"
        world.export(path, format="ndjson", **options)
        return {each["code"] for each in records("ndjson", path)}

    assert codes(unit="00004") == {world.plain}
    assert codes(unit="00004", statuses=("proposed", "active")) == {world.plain, world.proposed}
    assert codes(unit="00004", demo=True) == {world.plain, world.demo}


def test_as_of_exports_the_past_state_without_now_restricted_records(
    world: World, tmp_path: Path
) -> None:
    before = datetime.datetime.now(VIET_NAM)
    with write_scope(world.engine, TEST) as session:
        moved = make_household(session, unit_id=unit_of(world, "00008"))
    between = datetime.datetime.now(VIET_NAM)
    with write_scope(world.engine, TEST) as session:
        change = "UPDATE household SET status = 'retired' WHERE code = :code"
        session.execute(text(change), {"code": moved})
    path = tmp_path / "ho.ndjson"
    for moment, there in ((before, False), (between, True), (None, False)):
        world.export(path, format="ndjson", unit="00008", as_of=moment)
        assert (moved in path.read_text(encoding="utf-8")) == there
    with write_scope(world.engine, TEST) as session:
        hide = "UPDATE household SET restricted = true WHERE code = :code"
        session.execute(text(hide), {"code": moved})
    world.export(path, format="ndjson", unit="00008", as_of=between)
    assert moved not in path.read_text(encoding="utf-8")


def unit_of(world: World, code: str) -> int:
    known = read_gazetteer(world.engine)
    return known.with_code(code)[0].id


def test_former_unit_is_exported_by_its_successors_and_marked(world: World, tmp_path: Path) -> None:
    done = world.export(tmp_path / "ho.csv", format="csv", unit="00016")
    assert done.former == ("00016", "Phường Ngọc Hà")
    assert [code for code, _ in done.units] == ["00004", "00008"]
    assert done.records == 2


def test_empty_or_invalid_export_leaves_no_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "ho.gpkg"
    with pytest.raises(NotFoundError, match="không có bản ghi nào"):
        world.export(path, format="gpkg", unit="00025")
    tomorrow = datetime.datetime.now(VIET_NAM) + datetime.timedelta(days=1)
    for wrong in (
        {"format": "shp"},
        {"layer": "rivers"},
        {"format": "pmtiles", "layer": "communes"},
        {"statuses": ("reserved",)},
        {"as_of": tomorrow},
    ):
        with pytest.raises(InvalidInputError):
            world.export(path, **({"format": "gpkg"} | wrong))
    with pytest.raises(NotFoundError):
        world.export(path, format="gpkg", unit="99999")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", gate_takes_first(3, [form for form in FORMATS if form != "xlsx"]))
def test_full_disk_is_reported_and_leaves_no_file(
    world: World, files: dict[str, Path], tmp_path: Path, form: str
) -> None:
    size, (soft, hard) = files[form].stat().st_size, resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in (1, size // 2, size - 1):  # as full as a disk may be, and where: at the very end
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        try:
            with pytest.raises(UnreadableFileError, match="không ghi được"):
                world.export(tmp_path / "ho", format=form)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(tmp_path.iterdir()) == []


def test_layer_may_have_any_file_name(world: World, tmp_path: Path) -> None:
    for form in ("gpkg", "flatgeobuf", "pmtiles"):
        world.export(tmp_path / "ho.mbtiles", format=form)
        assert (tmp_path / "ho.mbtiles").is_file()
        assert len(list(tmp_path.iterdir())) == 3  # with its dictionary and licence
