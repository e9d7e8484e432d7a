"""What a file can make GDAL read: itself, and nothing else."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from registry.core.settings import ROOT
from registry.files.formats.formats import FORMATS, Trait
from registry.files.gdal import READ
from tests.support.thorough import gate_takes_first

ELSEWHERE = (
    "<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>{}</SrcDataSource>"
    "</OGRVRTLayer></OGRVRTDataSource>"
)
FORMS = {
    "as_kml.kml": '<?xml version="1.0"?><!-- <kml> -->' + ELSEWHERE,
    "behind.kml": "<kml></kml>" + ELSEWHERE,
    "as_gpx.gpx": "<!-- <gpx> -->" + ELSEWHERE,
    "in_json.geojson": '{{"type": "FeatureCollection", "x": "' + ELSEWHERE + '", "features": []}}',
    "as_tab.tab": "!table\n" + ELSEWHERE,
    "as_mif.mif": "Version 300\nColumns 1\n" + ELSEWHERE,
}
SHOW = """
import sys
from pathlib import Path
from registry.core.errors import RegistryError
from registry.files.formats.any_file import read_file
try:
    table = read_file(Path(sys.argv[1]), sys.argv[2] or None)
    with table.rows() as rows:
        print(table.headers, list(rows))
except RegistryError as error:
    print(error.detail)
"""


def in_a_process(code: str, *arguments: object) -> str:
    """What it prints; GDAL asks once, when it is loaded, what it may read."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_only_drivers_limited_to_their_own_file_are_registered() -> None:
    # A newer library may bring others.
    listed = in_a_process(
        "from registry.files.gdal import pyogrio; print(*pyogrio.list_drivers(), sep=';')"
    )
    assert set(listed.strip().split(";")) <= READ


@pytest.mark.parametrize("name", gate_takes_first(3, FORMS))
def test_file_that_refers_to_another_file_does_not_read_it(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("số nhà,tên đường,mã xã\nSECRET,Phố Láng,00199\n", encoding="utf-8")
    file = tmp_path / name
    file.write_text(FORMS[name].format(secret), encoding="utf-8")
    assert "SECRET" not in in_a_process(SHOW, file, "")


def test_virtual_table_of_a_database_reads_no_other_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.geojson"
    point = {"type": "Point", "coordinates": [105.8, 21.0]}
    feature = {"type": "Feature", "properties": {"số nhà": "SECRET"}, "geometry": point}
    secret.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    file = tmp_path / "a.gpkg"
    with closing(sqlite3.connect(file)) as made, made:
        made.execute("CREATE TABLE rows (a text)")
        made.execute("PRAGMA writable_schema = ON")
        made.execute(
            "INSERT INTO sqlite_master VALUES ('table', 'other', 'other', 0, ?)",
            [f"CREATE VIRTUAL TABLE other USING VirtualOGR('{secret}')"],
        )
    for sheet in ("", "other"):
        assert "SECRET" not in in_a_process(SHOW, file, sheet)


@pytest.mark.parametrize(
    ("loaded", "by"),
    [
        ("pyogrio", ["registry/files/gdal.py"]),
        ("registry.files.formats.layers", []),
        ("registry.files.formats import layers", []),
    ],
)
def test_no_other_module_imports_the_layer_libraries(loaded: str, by: list[str]) -> None:
    loads = re.compile(rf"^\s*(?:import|from) {re.escape(loaded)}", re.MULTILINE)
    found = [
        str(source.relative_to(ROOT))
        for part in ("api", "geo", "registry", "scripts")
        for source in (ROOT / part).rglob("*.py")
        if loads.search(source.read_text(encoding="utf-8"))
    ]
    assert found == by


def test_layer_libraries_are_loaded_only_in_the_sandbox() -> None:
    trusted = [each.reader for each in FORMATS.values() if Trait.TRUSTED in each.traits]
    assert trusted == ["text:read_plain"]


def test_file_reading_process_loads_no_database_modules() -> None:
    """Each delivered file starts one, and the tables take a tenth of a second."""
    formats = {path.stem for path in (ROOT / "registry/files/formats").glob("[a-z]*.py")}
    loaded = "\n".join(f"import registry.files.formats.{name}" for name in formats - {"writing"})
    code = f"{loaded}\nimport sys; print(sys.modules.keys() & {{'geoalchemy2', 'sqlalchemy.orm'}})"
    assert in_a_process(code) == "set()\n"
