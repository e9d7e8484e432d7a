"""Imports over HTTP of map layers and of files made to do harm, done by real workers."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyogrio.raw import read, write

from registry.access.keys import KeyMade
from registry.core.roles import Role
from registry.core.settings import Settings
from registry.files.formats.any_file import read_file
from registry.submissions import work
from tests.registry.intake.test_layers import packed
from tests.support.background import worker
from tests.support.keys import bearer, office
from tests.support.lifecycle import COMMUNE
from tests.support.thorough import gate_takes
from tests.support.uploads import Desk, row, table
from tests.support.waiting import eventually

DOORS = {"SoNha": ["12", ""], "TenDuong": ["Phố Láng"] * 2, "MaXa": [COMMUNE] * 2}
POINTS = shapely.to_wkb(shapely.points([[105.8061, 21.0211], [105.8062, 21.0212]]))


@pytest.fixture(scope="module")
def desk(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"))
    with office(admin_url, f"files_{worker_id}", settings) as made:
        yield Desk(made, settings)


def layer(folder: Path, name: str, driver: str) -> Path:
    """A layer of two houses, of which the second has no number."""
    cells = [np.array(column, object) for column in DOORS.values()]
    path = folder / name
    encoding = {"encoding": "UTF-8"} if driver != "OpenFileGDB" else {}
    options: Any = {"geometry_type": "Point", "crs": "EPSG:4326", "driver": driver, **encoding}
    write(str(path), POINTS, cells, list(DOORS), **options)
    return path


def parquet(folder: Path, name: str) -> Path:
    geometry = {"encoding": "WKB", "geometry_types": ["Point"]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry}}
    doors = pa.table({**DOORS, "geometry": list(POINTS)})
    pq.write_table(doors.replace_schema_metadata({"geo": json.dumps(geo)}), folder / name)
    return folder / name


def zipped(folder: Path, name: str, driver: str) -> Path:
    layer(folder, name, driver)
    return packed(folder / "hộ.zip", list(folder.glob(f"{Path(name).stem}.*")))


LAYERS = {
    "GeoJSON": lambda folder: layer(folder, "ho.geojson", "GeoJSON"),
    "GeoJSON by another name": lambda folder: layer(folder, "ho.geojson", "GeoJSON").rename(
        folder / "ho.json"
    ),
    "GeoPackage": lambda folder: layer(folder, "ho.gpkg", "GPKG"),
    "KML": lambda folder: layer(folder, "ho.kml", "LIBKML"),
    "Shapefile": lambda folder: zipped(folder, "ho.shp", "ESRI Shapefile"),
    "MapInfo": lambda folder: zipped(folder, "ho.tab", "MapInfo File"),
    "geodatabase": lambda folder: geodatabase(folder),
    "GeoParquet": lambda folder: parquet(folder, "ho.parquet"),
}


def geodatabase(folder: Path) -> Path:
    layer(folder, "ho.gdb", "OpenFileGDB")
    return packed(folder / "ho.zip", (folder / "ho.gdb").iterdir(), within="ho.gdb/")


@pytest.mark.thorough
@pytest.mark.parametrize("kind", gate_takes(LAYERS, "GeoPackage"))
def test_rejected_rows_of_a_layer_are_returned_as_a_layer(
    desk: Desk, tmp_path: Path, kind: str
) -> None:
    path = LAYERS[kind](tmp_path)
    editor = desk.office.key(f"nhập {kind}")
    seen = desk.tried(editor, path.read_bytes(), name=path.name, source=kind)
    assert (seen["state"], seen["trouble"]) == ("reported", None)
    assert seen["counts"]["rejected"] == 1
    report = desk.office.get(f"/v1/imports/{seen['id']}/report", editor)
    name = report.headers["Content-Disposition"].rpartition(".")[2].strip('"')
    back = tmp_path / f"back.{name}"
    back.write_bytes(report.get_data())
    report.close()
    with read_file(back).rows() as rows:
        (only,) = rows
    assert "address_names_no_dwelling" in only
    if name != "parquet":
        assert read(str(back))[2] is not None


def endless(folder: Path) -> Path:
    """A GeoPackage whose only layer is a view of which no row ever comes."""
    path = layer(folder, "ho.gpkg", "GPKG")
    with closing(sqlite3.connect(path)) as made, made:
        made.execute(
            "CREATE VIEW v AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r)"
            " SELECT n AS fid, n AS a FROM r WHERE n < 0"
        )
        made.execute("DELETE FROM gpkg_ogr_contents")
        made.execute("DELETE FROM gpkg_geometry_columns")
        made.execute("UPDATE gpkg_contents SET table_name = 'v', data_type = 'attributes'")
    return path


def reading(folder: Path) -> list[str]:
    """Processes that read a file below the folder."""
    return [
        process.name
        for process in Path("/proc").glob("[0-9]*")
        if f"{folder}/".encode() in _command(process)
    ]


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # it has ended


@pytest.mark.thorough
def test_discarding_ends_the_reading_process(desk: Desk, tmp_path: Path) -> None:
    editor = desk.office.key("nhập vô tận")
    file = endless(tmp_path).read_bytes()
    number = desk.send(editor, file, name="ho.gpkg").get_json()["id"]
    folder = desk.settings.var / "imports" / str(number)
    with worker(desk.office.place.url, DIACHISO_VAR=str(desk.settings.var)):
        eventually(lambda: reading(folder), "the file is being read")
        answer = desk.office.client.delete(f"/v1/imports/{number}", headers=bearer(editor))
        assert answer.get_json()["state"] == "discarded"
        eventually(lambda: not reading(folder), "its process ends")
        eventually(lambda: _job_of(desk, number) == "aborted", "its job ends")
    assert not folder.exists()


@pytest.mark.thorough
def test_dry_run_is_stopped_when_it_takes_too_long_for_its_size(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = desk.office.key("nhập lâu")
    monkeypatch.setattr(work, "_LEAST_S", 0)
    monkeypatch.setattr(work, "_S_A_MB", 0)
    long = desk.tried(editor, table(*(row(f"{at}", f"r{at}") for at in range(3_000))))
    assert long["state"] == "failed", long
    assert long["trouble"]["code"] == "file_too_costly"
    monkeypatch.undo()
    assert desk.tried(editor, table(row("94")))["state"] == "reported"


def _job_of(desk: Desk, number: int) -> object:
    """The state of the last job of an import."""
    found = desk.office.place.rows(
        "SELECT status FROM jobs.procrastinate_jobs"
        f" WHERE args @> '{{\"import_id\": {number}}}' ORDER BY id DESC LIMIT 1"
    )
    return found[0][0]


@pytest.mark.thorough
def test_caller_has_one_dry_run_at_a_time_and_can_publish_meanwhile(desk: Desk) -> None:
    one, other = desk.office.key("nhập một"), desk.office.key("duyệt hai", "approver")
    tried = desk.tried(one, table(row("91")), source="một")["id"]
    for key, source in ((one, "hai"), (one, "ba"), (other, "ba")):
        desk.send(key, table(row("92", source)), source=source)
    assert desk.ask(other, tried, "publish").status_code == 202
    queued = desk.office.place.rows(
        "SELECT queue_name, lock FROM jobs.procrastinate_jobs WHERE status = 'todo' ORDER BY id"
    )
    (queue, first), (_, second), (_, third), (own, last) = queued
    assert (queue, own) == ("imports", "publications")
    assert first == second
    assert len({first, third, last}) == 3
    desk.work()


@pytest.mark.parametrize("state", ["reported", "published"])
@pytest.mark.thorough
def test_import_of_a_killed_worker_is_settled_by_the_next_worker(desk: Desk, state: str) -> None:
    roles: tuple[Role, ...] = ("editor", "approver")
    editor, approver = (desk.office.key(f"{role} {state}", role) for role in roles)
    file = table(*(row(f"{at}", f"{state}{at}") for at in range(1_000, 3_000)))
    if state == "published":
        number = desk.tried(editor, file, source=state)["id"]
        desk.ask(approver, number, "publish")
    else:
        number = desk.send(editor, file, source=state).get_json()["id"]
    with worker(desk.office.place.url, DIACHISO_VAR=str(desk.settings.var)) as first:
        eventually(lambda: _phase(desk, editor, number) != "waiting", "it is worked on")
        first.kill()
        first.wait()
    behind = desk.send(editor, table(row("93")), source=state).get_json()["id"]
    with worker(desk.office.place.url, DIACHISO_VAR=str(desk.settings.var)):
        eventually(lambda: desk.seen(editor, number)["state"] == state, "it is done")
        eventually(lambda: desk.seen(editor, behind)["state"] == "reported", "so is the next")
    assert _phase(desk, editor, number) is None


def _phase(desk: Desk, key: KeyMade, number: int) -> object:
    return (desk.seen(key, number)["progress"] or {}).get("phase")
