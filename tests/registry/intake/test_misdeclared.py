"""Files with misdeclared coordinates: correct rows are not moved.

Doors are placed at random inside real communes, so each point has a known origin. Each file is
imported as a clerk would: dry run, then the proposed options. Published rows are at their door
or not published at all.
"""

import csv
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio.raw
import pytest
import shapely
from pyproj.transformer import TransformerGroup
from sqlalchemy import Engine

from registry.core.database import make_engine
from registry.core.errors import UnreadableFileError
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.units.boundaries import load_boundaries
from tests.support import postgis
from tests.support.intake import rows

pytestmark = pytest.mark.thorough

HCMC, GIA_LAI, AN_GIANG, HA_NOI = "79", "52", "91", "01"
"""Merged of provinces on several meridians, but for the last."""
ROWS = 600


@dataclass(frozen=True)
class Doors:
    """Doors of a province, each in a commune that holds its point."""

    codes: list[str]
    lon: np.ndarray[Any, Any]
    lat: np.ndarray[Any, Any]

    def metres(self, crs: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Eastings and northings in a system, as surveyors measured them."""
        return transformed(crs, self.lon, self.lat)


def transformed(crs: str, lon: Any, lat: Any) -> tuple[Any, Any]:
    found = TransformerGroup("EPSG:4326", crs, always_xy=True).transformers
    pinned = [each for each in found if "VN-2000 to WGS 84 (2)" in each.description]
    east, north = (pinned or found)[0].transform(lon, lat)
    return np.asarray(east), np.asarray(north)


@pytest.fixture(scope="module")
def engine(
    admin_url: str, worker_id: str, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A register with the real polygons of four provinces."""
    with postgis.clone(admin_url, f"misdeclared_{worker_id}") as url:
        made = make_engine(url)
        provinces = ", ".join(f"'{code}'" for code in (HCMC, GIA_LAI, AN_GIANG, HA_NOI))
        wanted = {
            str(code)
            for (code,) in rows(
                made,
                "SELECT u.code FROM admin_unit u JOIN admin_unit_version v ON v.unit_id = u.id"
                " JOIN admin_unit p ON p.id = v.province_id WHERE v.valid @> current_date"
                f" AND u.level = 'commune' AND p.code IN ({provinces})",
            )
        }
        with gzip.open(shared_data / "commune_boundaries.geojson.gz") as packed:
            drawn = json.load(packed)
        drawn["features"] = [f for f in drawn["features"] if f["properties"]["code"] in wanted]
        path = tmp_path_factory.mktemp("drawn") / "communes.geojson"
        path.write_text(json.dumps(drawn))
        load_boundaries(made, str(path), actor="tests")
        yield made
        made.dispose()


def doors(engine: Engine, province: str, *, count: int = ROWS) -> Doors:
    """Doors evenly over the communes of a province; the same ones every time."""
    found = rows(
        engine,
        "SELECT u.code, ST_AsBinary(b.geom) FROM admin_unit u"
        " JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date"
        " JOIN admin_unit p ON p.id = v.province_id AND p.lifetime @> current_date"
        " JOIN boundary b ON b.unit_id = u.id AND NOT b.approximate"
        f" WHERE u.level = 'commune' AND u.lifetime @> current_date AND p.code = '{province}'"
        " AND v.kind <> 'dac_khu' ORDER BY u.code",
    )
    chance, codes, points = random.Random(7), [], []
    while len(codes) < count:
        code, shape = found[len(codes) % len(found)]
        polygon = shapely.from_wkb(bytes(shape))  # type: ignore[call-overload]
        left, low, right, high = polygon.bounds
        point = shapely.Point(chance.uniform(left, right), chance.uniform(low, high))
        if polygon.contains(point):
            codes.append(str(code))
            points.append(point)
    return Doors(codes, np.array([p.x for p in points]), np.array([p.y for p in points]))


def table(path: Path, doors: Doors, x: Any, y: Any, **options: Any) -> Path:
    """A CSV with the coordinates as given."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["mã hồ sơ", "số nhà", "đường", "mã xã", "X", "Y"])
        for at, code in enumerate(doors.codes):
            writer.writerow([at, at + 1, "Phố Thử", code, text(x[at]), text(y[at])])
    return path


def text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.7f}"


def layer(path: Path, doors: Doors, x: Any, y: Any, crs: str) -> Path:
    """A map layer that states `crs`."""
    count = len(doors.codes)
    columns = {
        "ma_ho_so": [str(at) for at in range(count)],
        "so_nha": [str(at + 1) for at in range(count)],
        "duong": ["Phố Thử"] * count,
        "ma_xa": doors.codes,
    }
    pyogrio.raw.write(
        path,
        np.array(shapely.to_wkb(shapely.points(x, y)), dtype=object),
        [np.array(column, dtype=object) for column in columns.values()],
        list(columns),
        driver="GPKG",
        crs=crs,
        geometry_type="Point",
    )
    return path


@dataclass(frozen=True)
class Case:
    """A file that declares its coordinates wrongly or not at all."""

    province: str
    make: Callable[[Path, Doors], Path]
    crs: str | None = None
    """What the deliverer states on top."""
    right: Callable[[int], bool] = field(default=lambda _at: True)
    """Whether the row's coordinates are right as they stand, read as what they are."""


def _half(first: Any, second: Any) -> np.ndarray[Any, Any]:
    middle = len(first) // 2
    return np.concatenate([first[:middle], second[middle:]])


def wrong_scale(folder: Path, d: Doors) -> Path:
    """Kilometres in every second row, and degrees that lost their point in the others."""
    east, north = d.metres("EPSG:5897")
    x = [f"{e / 1000:.3f}" for e in east[::2]] + [f"{v * 1e5:.0f}" for v in d.lon[1::2]]
    y = [f"{n / 1000:.3f}" for n in north[::2]] + [f"{v * 1e5:.0f}" for v in d.lat[1::2]]
    return table(folder / "a.csv", d, x, y)


def two_zones(folder: Path, d: Doors) -> Path:
    """The halves of a merged province, each in the zone of its old one."""
    (east, north), (other_east, other_north) = d.metres("EPSG:9217"), d.metres("EPSG:5899")
    return table(folder / "a.csv", d, _half(north, other_north), _half(east, other_east))


CASES = {
    "degrees of WGS 84 said to be VN-2000": Case(
        HCMC, lambda f, d: table(f / "a.csv", d, d.lon, d.lat), crs="EPSG:4756"
    ),
    "a layer in WGS 84 that states VN-2000 in degrees": Case(
        HCMC, lambda f, d: layer(f / "a.gpkg", d, d.lon, d.lat, "EPSG:4756")
    ),
    "degrees of VN-2000 taken for WGS 84": Case(
        HCMC, lambda f, d: table(f / "a.csv", d, *transformed("EPSG:4756", d.lon, d.lat))
    ),
    "degrees of VN-2000 in a layer that states WGS 84": Case(
        HCMC,
        lambda f, d: layer(f / "a.gpkg", d, *transformed("EPSG:4756", d.lon, d.lat), "EPSG:4326"),
    ),
    "half of the rows swapped": Case(
        HA_NOI,
        lambda f, d: table(f / "a.csv", d, _half(d.lon, d.lat), _half(d.lat, d.lon)),
        right=lambda at: at < ROWS // 2,
    ),
    "the zone of the other old province, by the layer": Case(
        GIA_LAI, lambda f, d: layer(f / "a.gpkg", d, *d.metres("EPSG:5899"), "EPSG:9217")
    ),
    "the zone of the other old province, by the deliverer": Case(
        AN_GIANG, lambda f, d: table(f / "a.csv", d, *d.metres("EPSG:9209")), crs="EPSG:9208"
    ),
    "a zone of 3° said to be one of 6°": Case(
        HA_NOI, lambda f, d: table(f / "a.csv", d, *d.metres("EPSG:5897")), crs="EPSG:3405"
    ),
    "UTM of VN-2000 in a layer that states UTM of WGS 84": Case(
        HCMC, lambda f, d: layer(f / "a.gpkg", d, *d.metres("EPSG:3405"), "EPSG:32648")
    ),
    "metres in a layer that states degrees": Case(
        HA_NOI, lambda f, d: layer(f / "a.gpkg", d, *d.metres("EPSG:5897"), "EPSG:4326")
    ),
    "degrees in a layer that states metres": Case(
        HA_NOI, lambda f, d: layer(f / "a.gpkg", d, d.lon, d.lat, "EPSG:5897")
    ),
    "two zones in one file": Case(GIA_LAI, two_zones, right=lambda _at: False),
    "kilometres, or degrees without their point": Case(
        HA_NOI, wrong_scale, right=lambda _at: False
    ),
}


def load(engine: Engine, path: Path, crs: str | None, *, dry_run: bool = False) -> ImportResult:
    options = ImportOptions("so do dac", dry_run=dry_run, crs=crs)
    return import_file(engine, path, options, lambda _count: None)


def as_a_clerk(engine: Engine, path: Path, crs: str | None) -> ImportResult | None:
    """Deliver it, and again with the proposed options; None if it stays refused."""
    for _ in range(2):
        try:
            return load(engine, path, crs)
        except UnreadableFileError as refusal:
            proposed = re.search(r"thêm --crs (EPSG:\d+)", refusal.detail)
            if proposed is None:
                return None
            crs = proposed[1]
    return None


@pytest.mark.parametrize("name", CASES)
def test_correct_rows_are_not_moved(engine: Engine, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    d = doors(engine, case.province)
    path = case.make(tmp_path, d)

    # Its declaration is wrong: nothing is imported without a question.
    if name != "half of the rows swapped" and all(map(case.right, range(ROWS))):
        with pytest.raises(UnreadableFileError):
            load(engine, path, case.crs)
    result = as_a_clerk(engine, path, case.crs)

    found = rows(
        engine,
        "SELECT r.source_ref, ST_X(h.point), ST_Y(h.point) FROM household h"
        " JOIN household_ref r USING (code) WHERE h.point IS NOT NULL",
    )
    if result is not None:
        roll_back(engine, result.import_id or 0)
    for ref, lon, lat in found:
        at = int(str(ref))
        off_m = 111_000 * np.hypot(float(str(lon)) - d.lon[at], float(str(lat)) - d.lat[at])
        assert off_m < 2, f"row {at} lies {off_m:.0f} m beside its door"
    if case.right(0) and result is not None:
        assert len(found) == sum(map(case.right, range(ROWS)))


@pytest.mark.parametrize(
    ("province", "crs"),
    [(HA_NOI, "EPSG:5897"), (GIA_LAI, "EPSG:5899"), (HCMC, "EPSG:32648"), (HCMC, "EPSG:3857")],
)
def test_correctly_declared_crs_of_a_layer_is_used(
    engine: Engine, tmp_path: Path, province: str, crs: str
) -> None:
    d = doors(engine, province)
    path = layer(tmp_path / "a.gpkg", d, *d.metres(crs), crs)

    result = load(engine, path, None)

    assert result.new == ROWS
    assert any(crs in str(note) and "theo lớp bản đồ" in str(note) for note in result.file_notes)
    ((off_m,),) = rows(
        engine,
        "SELECT max(ST_Distance(h.point::geography, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)"
        "::geography)) FROM (VALUES "
        + ", ".join(f"('{at}', {d.lon[at]}, {d.lat[at]})" for at in range(ROWS))
        + ") p (ref, lon, lat) JOIN household_ref r ON r.source_ref = p.ref"
        " JOIN household h USING (code)",
    )
    roll_back(engine, result.import_id or 0)
    assert float(str(off_m)) < 1
