"""Survey coordinates: the zone is proposed by the points, and applied when it is confirmed."""

import csv
from pathlib import Path

import numpy as np
import pyproj
import pytest
from pyproj.transformer import TransformerGroup
from sqlalchemy import Engine

from geo.coordinates import central_meridian_and_scale, to_wgs84
from registry.core.errors import UnreadableFileError
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.intake.staged.positions import SYSTEMS
from tests.support.intake import rows
from tests.support.thorough import gate_takes_first

HA_NOI, DA_NANG, CA_MAU = "01", "48", "96"


def seats(engine: Engine, province: str) -> list[tuple[str, float, float]]:
    """Code and seat of the communes of a current province."""
    found = rows(
        engine,
        "SELECT u.code, ST_X(u.seat), ST_Y(u.seat) FROM admin_unit u"
        " JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date"
        " JOIN admin_unit p ON p.id = v.province_id"
        " WHERE u.level = 'commune' AND u.lifetime @> current_date AND v.kind <> 'dac_khu'"
        f" AND p.code = '{province}' ORDER BY u.code LIMIT 40",
    )
    return [(str(code), float(str(lon)), float(str(lat))) for code, lon, lat in found]


def survey(
    path: Path, places: list[tuple[str, float, float]], crs: str, *, north_is_x: bool = True
) -> Path:
    """A file of doors near the seats, in metres, as surveyors write it."""
    to_metres = next(
        each
        for each in TransformerGroup("EPSG:4326", crs, always_xy=True).transformers
        if "VN-2000 to WGS 84 (2)" in each.description
    )
    with path.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["Số nhà", "Đường", "Mã xã", "X", "Y"])
        for at, (code, lon, lat) in enumerate(places):
            east, north = to_metres.transform(lon, lat)
            x, y = (north, east) if north_is_x else (east, north)
            writer.writerow([at + 1, "Láng", code, f"{x:.2f}", f"{y:.2f}".replace(".", ",")])
    return path


def load(
    engine: Engine, path: Path, *, dry_run: bool = False, crs: str | None = None
) -> ImportResult:
    options = ImportOptions("so do dac", dry_run=dry_run, crs=crs)
    return import_file(engine, path, options, lambda _count: None)


def metres_off(engine: Engine, places: list[tuple[str, float, float]]) -> float:
    """The largest distance of any door from its true position."""
    values = ", ".join(f"('{code}', {lon}, {lat})" for code, lon, lat in places)
    ((off,),) = rows(
        engine,
        "SELECT max(ST_Distance(h.point::geography, ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326)"
        f"::geography)) FROM (VALUES {values}) p (code, lon, lat)"
        " JOIN admin_unit u ON u.code = p.code AND u.lifetime @> current_date"
        " AND u.level = 'commune' JOIN household h ON h.unit_id = u.id",
    )
    return float(str(off))


@pytest.mark.parametrize(
    ("province", "crs", "north_is_x"),
    gate_takes_first(
        2,
        [
            (HA_NOI, "EPSG:5897", True),
            (DA_NANG, "EPSG:5899", False),
            (CA_MAU, "EPSG:9208", True),
            (HA_NOI, "EPSG:9210", False),
        ],
    ),
)
def test_zone_is_proposed_and_applied_when_confirmed(
    engine: Engine, tmp_path: Path, province: str, crs: str, *, north_is_x: bool
) -> None:
    places = seats(engine, province)
    path = survey(tmp_path / "a.csv", places, crs, north_is_x=north_is_x)
    with pytest.raises(UnreadableFileError, match="VN-2000"):
        load(engine, path)
    assert not rows(engine, "SELECT 1 FROM household")
    assert load(engine, path, crs=crs).new == len(places)
    assert metres_off(engine, places) < 1
    assert not rows(engine, "SELECT 1 FROM import_problem WHERE field = 'longitude'")


def test_dry_run_continues_in_the_zone_suggested_by_the_points(
    engine: Engine, tmp_path: Path
) -> None:
    places = seats(engine, DA_NANG)
    path = survey(tmp_path / "a.csv", places, "EPSG:5899")
    result = load(engine, path, dry_run=True)
    assert (result.new, result.problems) == (len(places), {})
    note, of_accuracy = result.file_notes
    # Coverage does not count points without an accuracy.
    assert "Độ chính xác (m)" in str(of_accuracy)
    assert "107°45′" in str(note)
    assert "--crs EPSG:5899" in str(note)
    with pytest.raises(UnreadableFileError, match="--crs EPSG:5899"):
        load(engine, path)


def test_communes_alone_do_not_distinguish_zones_of_one_meridian(
    engine: Engine, tmp_path: Path
) -> None:
    # 3° and 6° about 105°: 700 m, too little for a commune's seat to decide.
    path = survey(tmp_path / "a.csv", seats(engine, HA_NOI), "EPSG:3405")
    with pytest.raises(UnreadableFileError, match=r"chưa xác định.*--crs"):
        load(engine, path)
    # Addresses can be reviewed before the zone is known.
    note, *_ = load(engine, path, dry_run=True).file_notes
    assert "chạy thử tạm" in str(note)
    assert "--crs EPSG:5897 hoặc thêm --crs EPSG:3405" in str(note) or (
        "--crs EPSG:3405 hoặc thêm --crs EPSG:5897" in str(note)
    )


def test_invalid_crs_option_is_refused(engine: Engine, tmp_path: Path) -> None:
    path = survey(tmp_path / "a.csv", seats(engine, DA_NANG), "EPSG:5899")
    for wrong in ("EPSG:9217", "EPSG:3406", "EPSG:4756", "EPSG:4326", "589"):
        with pytest.raises(UnreadableFileError):
            load(engine, path, crs=wrong)
    assert not rows(engine, "SELECT 1 FROM household")


def test_degrees_are_never_read_as_metres(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("số nhà,đường,mã xã,kinh độ,vĩ độ\n1,Láng,00004,105.84,21.03\n")
    for crs in sorted({*SYSTEMS} - {"EPSG:4756", "EPSG:4326"}):
        with pytest.raises(UnreadableFileError, match="độ"):
            load(engine, path, crs=crs)


def test_degrees_of_vn2000_are_shifted_when_stated(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("số nhà,đường,mã xã,kinh độ,vĩ độ\n1,Láng,00004,105.84,21.03\n")
    assert load(engine, path, crs="EPSG:4756").new == 1
    ((metres,),) = rows(
        engine,
        "SELECT ST_Distance(point::geography, ST_SetSRID(ST_MakePoint(105.84, 21.03), 4326)"
        "::geography) FROM household",
    )
    assert 100 < float(str(metres)) < 300


def test_minutes_and_seconds_are_read(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "số nhà,đường,mã xã,kinh độ,vĩ độ\n"
        '1,Láng,00004,"105°50\'24""E","21°01\'48""N"\n'
        "2,Láng,00004,105.84,21.03\n"
        '3,Láng,00004,"105°99\'00""","21°01\'48"""\n'
    )
    result = load(engine, path)
    assert (result.new, result.rejected) == (2, 1)
    assert rows(
        engine,
        "SELECT DISTINCT round(ST_X(point)::numeric, 5)::float8,"
        " round(ST_Y(point)::numeric, 5)::float8 FROM household",
    ) == [(pytest.approx(105.84), pytest.approx(21.03))]


@pytest.mark.parametrize("crs", gate_takes_first(1, ["epsg:5899", "5899", "EPSG:5899"]))
def test_crs_is_recognised_by_its_number(engine: Engine, tmp_path: Path, crs: str) -> None:
    places = seats(engine, DA_NANG)
    assert load(engine, survey(tmp_path / "a.csv", places, "EPSG:5899"), crs=crs).new == len(places)


def test_points_with_accuracy_are_not_reported(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("số nhà,đường,mã xã,kinh độ,vĩ độ,độ chính xác\n1,Láng,00004,105.84,21.03,3\n")
    assert load(engine, path).file_notes == ()
    path.write_text("số nhà,đường,mã xã,kinh độ,vĩ độ\n1,Láng,00004,,\n")
    assert load(engine, path).file_notes == ()


def test_metres_without_a_commune_are_refused(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("địa chỉ,X,Y\n12 Láng,2325123.4,587000.2\n")
    with pytest.raises(UnreadableFileError, match="cần cột xã"):
        load(engine, path, crs="EPSG:5897")


def test_row_without_metres_among_others_is_a_separate_problem(
    engine: Engine, tmp_path: Path
) -> None:
    places = seats(engine, DA_NANG)
    path = survey(tmp_path / "a.csv", places, "EPSG:5899")
    with path.open("a") as out:
        out.write(f"99,Láng,{places[0][0]},hỏng,?\n98,Láng,{places[0][0]},,\n")
    result = load(engine, path, crs="EPSG:5899")
    assert (result.new, result.rejected) == (len(places) + 1, 1)
    assert result.problems == {"coordinates_unreadable": 1}


@pytest.mark.parametrize(
    ("crs", "east", "north", "lon", "lat"),
    [
        ("EPSG:5897", 557975.802, 1142228.861, 105.53115606, 10.32843706),
        ("EPSG:9210", 600997, 1189964, 106.67523783, 10.75909134),
    ],
)
def test_published_reference_points_are_reproduced(
    crs: str, east: float, north: float, lon: float, lat: float
) -> None:
    """Those of the converters vn2000-converter and dart_vn2000, which give the rotations of
    Decision 05/2007/QĐ-BTNMT to PROJ with the sign of the other convention: half a metre."""
    found = to_wgs84(crs, np.array([east]), np.array([north]))
    assert (found[0][0], found[1][0]) == pytest.approx((lon, lat), abs=0.6 / 111_000)
    by_hand = by_decision_05_2007(float(central_meridian_and_scale(crs)[0]), east, north)
    assert (found[0][0], found[1][0]) == pytest.approx(by_hand, abs=0.01 / 111_000)


def by_decision_05_2007(meridian: float, east: float, north: float) -> tuple[float, float]:
    """The seven parameters as the decision prints them, rotations of the coordinate frame."""
    plane = f"+proj=tmerc +lat_0=0 +lon_0={meridian} +k=0.9999 +x_0=500000 +y_0=0 +ellps=WGS84"
    lon, lat = pyproj.Proj(plane)(east, north, inverse=True)
    x, y, z = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True).transform(
        lon, lat, 0
    )
    shift = np.array([-191.90441429, -39.30318279, -111.45032835])
    a, b, c = np.radians(np.array([-0.00928836, 0.01975479, -0.00427372]) / 3600)
    frame = np.array([[1, c, -b], [-c, 1, a], [b, -a, 1]])
    turned = shift + (1 + 0.252906278e-6) * frame @ np.array([x, y, z])
    lon, lat, _ = pyproj.Transformer.from_crs("EPSG:4978", "EPSG:4979", always_xy=True).transform(
        *turned
    )
    return lon, lat
