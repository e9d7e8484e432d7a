"""Boundaries: files into the register, cells around seats, communes at a point."""

import datetime
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from registry.core.database import make_engine
from registry.core.errors import InvalidInputError, RegistryError, UnreadableFileError
from registry.core.events import move_pending_events
from registry.core.sources import Limits
from registry.units.boundaries import PART_VERTICES, communes_at, load_boundaries
from registry.units.boundaries.cells import draw_cells
from registry.units.boundaries.reach import DEGREE_KM
from registry.units.boundaries.reach import SQL as REACH
from registry.units.boundaries.report import BoundaryReport

BA_DINH, CUA_NAM = "00004", "00082"
PHUC_XA_ENDED = "00001"
COMMUNES = (BA_DINH, "00008", "00070", CUA_NAM, "00091")
REPAIRED = "00958 01075 03352 03356 03460 12452 21892 21925 21943 21985 25807 25843 31249 31261"

Json = dict[str, Any]


def square(lon: float, lat: float, half: float = 0.02) -> list[list[list[float]]]:
    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def bow_tie(lon: float, lat: float, half: float = 0.02) -> list[list[list[float]]]:
    """Invalid: the ring crosses itself, and is two triangles after repair."""
    west, south, east, north = lon - half, lat - half, lon + half, lat + half
    return [[[west, south], [east, north], [east, south], [west, north], [west, south]]]


def polygon(rings: object) -> Json:
    return {"type": "Polygon", "coordinates": rings}


def feature(code: object, geometry: object) -> Json:
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def collection(*features: object, **members: object) -> Json:
    return {"type": "FeatureCollection", **members, "features": list(features)}


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., str]:
    """Writes a file (JSON values as JSON) and gives its path."""

    def write(content: object, name: str = "file.geojson") -> str:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            raw = content if isinstance(content, str) else json.dumps(content)
            path.write_text(raw, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def fresh_engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    made = make_engine(fresh_database())
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def seats(engine: Engine) -> dict[str, tuple[float, float]]:
    """lon, lat of the seat of each living commune."""
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT code, ST_X(seat), ST_Y(seat) FROM admin_unit"
                " WHERE level = 'commune' AND lifetime @> current_date"
            )
        )
        return {code: (lon, lat) for code, lon, lat in rows}


def squares(seats: dict[str, tuple[float, float]], *codes: str, half: float = 0.004) -> Json:
    return collection(*(feature(code, polygon(square(*seats[code], half))) for code in codes))


def load(engine: Engine, source: str, **options: Any) -> BoundaryReport:
    return load_boundaries(engine, source, actor="tests", **options)


def unit_id(connection: Connection, code: str) -> int:
    return connection.execute(
        text("SELECT id FROM admin_unit WHERE code = :code AND lifetime @> current_date"),
        {"code": code},
    ).scalar_one()


def scalar(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(statement))


# --- loading ----------------------------------------------------------------------------------


def test_load_writes_polygons_and_parts(fresh_engine, put, seats):
    report = load(fresh_engine, put(squares(seats, *COMMUNES)))
    assert (report.communes, report.provinces, report.added) == (5, 0, 5)
    assert report.loaded == 5
    assert not report.has_problems
    assert report.missing_communes == 3321 - 5
    assert report.source == "file.geojson"
    assert scalar(fresh_engine, "SELECT count(*) FROM boundary WHERE NOT approximate") == 5
    assert scalar(fresh_engine, "SELECT count(DISTINCT unit_id) FROM boundary_part") == 5


def test_loaded_boundaries_are_analyzed(fresh_engine, put, seats):
    """Or the next import looks through all parts for each row, half a minute of millions."""
    load(fresh_engine, put(squares(seats, *COMMUNES)))

    with fresh_engine.connect() as connection:
        known = connection.execute(
            text(
                "SELECT DISTINCT tablename FROM pg_stats"
                " WHERE tablename IN ('boundary', 'boundary_part') ORDER BY 1"
            )
        ).scalars()
        assert list(known) == ["boundary", "boundary_part"]
        real = text("SELECT most_common_freqs[1] < 1 FROM pg_stats WHERE attname = 'approximate'")
        assert connection.scalar(real), "as it was before"


def test_load_has_one_event_in_the_feed(fresh_engine, put, seats):
    load(fresh_engine, put(squares(seats, *COMMUNES)))
    rows = "SELECT kind, actor, scope ->> 'source' FROM feed JOIN event ON event.id = event_id"
    with fresh_engine.connect() as connection:
        assert connection.execute(text(rows)).all() == [("boundaries", "tests", "file.geojson")]


def test_repeated_load_changes_nothing_and_records_no_event(fresh_engine, put, seats):
    source = put(squares(seats, *COMMUNES))
    load(fresh_engine, source)
    before = scalar(fresh_engine, "SELECT array_agg((b.unit_id, b.loaded_at)) FROM boundary b")
    report = load(fresh_engine, source)
    assert (report.added, report.replaced, report.unchanged, report.parts) == (0, 0, 5, 0)
    assert scalar(fresh_engine, "SELECT array_agg((b.unit_id, b.loaded_at)) FROM boundary b") == (
        before
    )
    assert scalar(fresh_engine, "SELECT count(*) FROM event") == 1


def test_load_replaces_only_what_differs(fresh_engine, put, seats):
    load(fresh_engine, put(squares(seats, *COMMUNES)))
    changed = squares(seats, *COMMUNES[:4])
    changed["features"].append(feature(COMMUNES[4], polygon(square(*seats[COMMUNES[4]], 0.003))))
    report = load(fresh_engine, put(changed))
    assert (report.added, report.replaced, report.unchanged) == (0, 1, 4)
    assert scalar(fresh_engine, "SELECT count(*) FROM event") == 2
    assert scalar(fresh_engine, "SELECT count(*) FROM boundary_part") == 5


def test_load_restores_parts_that_were_lost(fresh_engine, put, seats):
    source = put(squares(seats, *COMMUNES))
    load(fresh_engine, source)
    with fresh_engine.begin() as connection:
        connection.execute(text("DELETE FROM boundary_part"))
    assert load(fresh_engine, source).parts == 5
    assert scalar(fresh_engine, "SELECT count(*) FROM boundary_part") == 5


def test_dry_run_reports_the_same_and_writes_nothing(engine, put, seats):
    report = load(engine, put(squares(seats, *COMMUNES)), dry_run=True)
    assert report.dry_run
    assert (report.added, report.communes) == (5, 5)
    assert scalar(engine, "SELECT count(*) FROM boundary WHERE NOT approximate") == 0
    assert scalar(engine, "SELECT count(*) FROM event") == 0


def test_provinces_are_loaded_separately_from_communes(fresh_engine, put, seats):
    lon, lat = seats[BA_DINH]
    report = load(fresh_engine, put(collection(feature("01", polygon(square(lon, lat, 0.3))))))
    assert (report.communes, report.provinces) == (0, 1)
    assert report.missing_provinces == 33
    with Session(fresh_engine) as session:
        assert communes_at(session, lon=lon, lat=lat) == []


def test_gzip_is_known_by_its_content(engine, put, seats):
    raw = json.dumps(squares(seats, *COMMUNES)).encode()
    for content, name in ((gzip.compress(raw), "zipped.geojson"), (raw, "plain.geojson.gz")):
        assert load(engine, put(content, name), dry_run=True).communes == 5


def test_byte_order_mark_and_other_members_are_accepted(engine, put, seats):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    made = squares(seats, *COMMUNES)
    for members in ({"crs": crs, "name": "x", "bbox": [1, 2, 3, 4]}, {"crs": None}):
        text_ = json.dumps({"name": "before", **made, **members}, indent=1)
        assert load(engine, put(("\ufeff" + text_ + "\n").encode()), dry_run=True).communes == 5


@pytest.mark.thorough
def test_features_larger_than_the_read_buffer_are_loaded(engine, put, seats):
    """The pieces in which a file is read end anywhere: in numbers, in strings, in escapes."""
    lon, lat = seats[BA_DINH]
    step = 0.008 / 60_000
    edge = [[lon - 0.004 + step * n, lat - 0.004 + n % 2 * 0.001] for n in range(60_000)]
    ring = [*edge, [lon + 0.004, lat + 0.004], [lon - 0.004, lat + 0.004], edge[0]]
    large = feature(BA_DINH, polygon([ring]))
    large["properties"]["name"] = "Ba Đình " * 100_000
    report = load(engine, put(collection(large)), dry_run=True)
    assert report.communes == 1
    assert report.parts > 60_000 / PART_VERTICES


def test_z_is_dropped_and_a_collection_gives_its_polygons(fresh_engine, put, seats):
    lon, lat = seats[BA_DINH]
    with_z = [[[x, y, 12.5] for x, y in ring] for ring in square(lon, lat)]
    mixed = {
        "type": "GeometryCollection",
        "geometries": [
            {"type": "Point", "coordinates": [lon, lat]},
            {"type": "GeometryCollection", "geometries": [polygon(square(*seats[CUA_NAM], 0.01))]},
            {"type": "LineString", "coordinates": [[lon, lat], [lon, lat + 1]]},
        ],
    }
    report = load(
        fresh_engine, put(collection(feature(BA_DINH, polygon(with_z)), feature(CUA_NAM, mixed)))
    )
    assert report.communes == 2
    assert not report.repaired
    assert scalar(fresh_engine, "SELECT max(ST_NDims(geom)) FROM boundary") == 2


def test_invalid_polygon_is_repaired_and_named(fresh_engine, put, seats):
    made = squares(seats, *COMMUNES[1:])
    made["features"].append(feature(BA_DINH, polygon(bow_tie(*seats[BA_DINH]))))
    report = load(fresh_engine, put(made))
    assert [(unit.code, unit.name) for unit in report.repaired] == [(BA_DINH, "Ba Đình")]
    assert not report.has_problems
    assert scalar(fresh_engine, "SELECT bool_and(ST_IsValid(geom)) FROM boundary")


def test_polygon_empty_after_repair_is_reported(engine, put, seats):
    lon, lat = seats[BA_DINH]
    flat = [[[lon, lat], [lon + 0.01, lat], [lon + 0.02, lat], [lon, lat]]]
    made = squares(seats, *COMMUNES[1:])
    made["features"].append(feature(BA_DINH, polygon(flat)))
    report = load(engine, put(made), dry_run=True)
    assert report.without_polygon == (BA_DINH,)
    assert report.communes == 4
    assert report.has_problems


def test_features_of_one_code_are_united_and_reported(fresh_engine, put, seats):
    lon, lat = seats[BA_DINH]
    made = collection(
        feature(BA_DINH, polygon(square(lon, lat, 0.002))),
        feature(BA_DINH, polygon(square(lon + 0.01, lat, 0.002))),
    )
    report = load(fresh_engine, put(made))
    assert (report.features, report.communes) == (2, 1)
    assert [unit.code for unit in report.united] == [BA_DINH]
    count = "SELECT ST_NumGeometries(geom) FROM boundary WHERE NOT approximate"
    assert scalar(fresh_engine, count) == 2


def test_codes_as_numbers_get_their_leading_zeros(engine, put, seats):
    report = load(
        engine,
        put(
            collection(
                feature(4, polygon(square(*seats[BA_DINH]))),
                feature(82.0, polygon(square(*seats[CUA_NAM]))),
                feature(31261, polygon(square(*seats["31261"]))),
            )
        ),
        dry_run=True,
    )
    assert report.communes == 3
    assert report.restored_zeros == (BA_DINH, CUA_NAM)


def test_file_of_small_numbers_is_read_as_provinces(engine, put, seats):
    made = collection(feature(1, polygon(square(*seats[BA_DINH], 0.3))))
    report = load(engine, put(made), dry_run=True)
    assert (report.provinces, report.restored_zeros) == (1, ("01",))


def test_other_code_of_the_same_commune_is_recognised(engine, put, seats):
    report = load(
        engine, put(collection(feature("06978", polygon(square(*seats["06970"]))))), dry_run=True
    )
    assert report.communes == 1
    assert not report.has_problems


# --- problems of single units -----------------------------------------------------------------


def test_unknown_code_is_reported_and_the_rest_loaded(fresh_engine, put, seats):
    made = squares(seats, *COMMUNES)
    made["features"] += [
        feature("99999", polygon(square(106, 21))),
        feature("evil\x00\x1b[2J\ud800", polygon(square(106, 21))),
    ]
    report = load(fresh_engine, put(made))
    assert report.unknown == ("99999", "evil??[2J?")
    assert report.communes == 5
    assert report.has_problems


def test_former_unit_is_reported_with_its_successor(engine, put, seats):
    made = squares(seats, *COMMUNES)
    made["features"].append(feature(PHUC_XA_ENDED, polygon(square(*seats[BA_DINH]))))
    report = load(engine, put(made), dry_run=True)
    (ended,) = report.ended
    assert ended.code == PHUC_XA_ENDED
    assert ended.name == "Phúc Xá"
    assert {unit.code for unit in ended.successors} == {"00097"}
    assert report.unknown == ()
    assert report.has_problems


def test_polygons_of_a_past_day_do_not_replace_current_ones(fresh_engine, put, seats):
    alive = text(
        "SELECT u.id FROM admin_unit u WHERE u.code = :code AND u.lifetime @> CAST(:day AS date)"
    )
    with fresh_engine.connect() as connection:
        unchanged = connection.scalar(
            text(
                "SELECT code FROM admin_unit WHERE level = 'commune' AND lower(lifetime) IS NULL"
                " AND lifetime @> current_date ORDER BY code LIMIT 1"
            )
        )
    load(fresh_engine, put(squares(seats, BA_DINH, unchanged)))
    lon, lat = seats[BA_DINH]
    old = [feature(code, polygon(square(lon, lat, 0.03))) for code in (PHUC_XA_ENDED, unchanged)]
    day = datetime.date(2025, 6, 30)
    report = load(fresh_engine, put(collection(*old)), day=day)
    assert (report.communes, report.added, report.unchanged) == (2, 1, 1)
    assert (report.ended, report.has_problems) == ((), False)
    with fresh_engine.connect() as connection:
        drawn = "SELECT count(*) FROM boundary WHERE NOT approximate AND unit_id = :id"
        for code, of in ((PHUC_XA_ENDED, day), (BA_DINH, datetime.date(2026, 1, 1))):
            unit = connection.scalar(alive, {"code": code, "day": of})
            assert connection.scalar(text(drawn), {"id": unit}) == 1
    with Session(fresh_engine) as session:
        ba_dinh = session.scalar(alive, {"code": BA_DINH, "day": datetime.date(2026, 1, 1)})
        assert communes_at(session, lon=lon, lat=lat) == [ba_dinh]


def test_geometry_that_is_not_a_polygon_is_reported(engine, put, seats):
    point = {"type": "Point", "coordinates": list(seats[BA_DINH])}
    broken = [
        point,
        None,
        polygon([]),
        polygon([[[105.0, 21.0], [105.1, 21.0]]]),
        polygon([[["a", "b"]] * 4]),
        polygon([[[float("nan"), 21.0]] * 4]),
        {"type": "Polygon"},
        "no geometry",
    ]
    for geometry in broken:
        made = squares(seats, *COMMUNES[1:])
        made["features"].append(feature(BA_DINH, geometry))
        assert load(engine, put(made), dry_run=True).without_polygon == (BA_DINH,), geometry


def test_feature_without_code_is_counted(engine, put, seats):
    made = squares(seats, *COMMUNES)
    made["features"] += [feature(code, polygon(square(106, 21))) for code in (None, True, "", [])]
    made["features"].append({"type": "Feature", "geometry": polygon(square(106, 21))})
    report = load(engine, put(made), dry_run=True)
    assert (report.without_code, report.communes) == (5, 5)
    assert report.has_problems


# --- files that are refused -------------------------------------------------------------------

LONE = polygon(square(106, 21))

UNREADABLE = {
    "empty": (b"", "is empty"),
    "empty_gzip": (gzip.compress(b""), "is empty"),
    "text": (b"hello", "does not begin with {"),
    "array": (b"[1, 2]", "does not begin with {"),
    "blank": (b"  \n ", "is truncated"),
    "feature": (json.dumps(feature("00004", LONE)).encode(), "its type is Feature"),
    "no_type": (b'{"features": []}', "it has no type"),
    "object": (b"{}", "it has no type"),
    "features_object": (b'{"type": "FeatureCollection", "features": {}}', "are no array"),
    "no_feature": (json.dumps(collection(3)).encode(), "element 1 of features is not a Feature"),
    "cut": (json.dumps(collection(feature("00004", LONE))).encode()[:-30], "is truncated"),
    "cut_in_string": (b'{"type": "Feat', "is truncated"),
    "syntax": (
        b'{"type": "FeatureCollection", "features": [}' + b" " * 99,
        "unexpected character at position 44",
    ),
    "no_colon": (
        b'{"type" "FeatureCollection", "features": []}',
        "unexpected character at position 9",
    ),
    "key": (b'{3: 4, "features": [], "type": "FeatureCollection"}', "unexpected character"),
    "twice": (json.dumps(collection(feature("1", LONE))).encode() * 2, "more than one JSON"),
    "latin": ('{"name": "Hà Nội"}'.encode("latin-1", "replace"), "is not UTF-8 text"),
    "utf_16": ('{"type": "FeatureCollection"}'.encode("utf-16"), "is not UTF-8 text"),
    "deep": (b'{"type": "FeatureCollection", "features": [' + b"[" * 200_000, "nested too deeply"),
    "digits": (b'{"n": ' + b"1" * 10_000 + b"}", "is not readable JSON"),
    "zip": (b"PK\x03\x04" + bytes(40), "is a ZIP file"),
    "damaged_gzip": (b"\x1f\x8b" + bytes(40), "is damaged"),
    "truncated_gzip": (
        gzip.compress(json.dumps(collection(*[feature("1", LONE)] * 99)).encode())[:-30],
        "is truncated",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_is_refused(engine, put, name):
    content, found = UNREADABLE[name]
    with pytest.raises(UnreadableFileError) as caught:
        load(engine, put(content))
    assert found in caught.value.detail
    assert "\n" not in caught.value.detail


def test_missing_file_folder_and_invalid_path_are_refused(engine, tmp_path):
    for source, expected in (
        (str(tmp_path / "absent"), "does not exist"),
        (str(tmp_path), "is a folder"),
        ("a\x00b", "is not a path"),
        (f"{tmp_path}/{'x' * 300}", "file name too long"),
    ):
        with pytest.raises(UnreadableFileError, match=expected):
            load(engine, source)


def with_crs(name: str) -> Json:
    crs = {"type": "name", "properties": {"name": name}}
    return collection(feature(BA_DINH, LONE), crs=crs)


def moved(lon: float, lat: float, half: float = 0.01) -> Json:
    return collection(feature(BA_DINH, polygon(square(lon, lat, half))))


INVALID = {
    "no_features": (collection(), "has no features"),
    "no_code": (
        collection({"type": "Feature", "properties": {"ma_xa": "00004"}, "geometry": LONE}),
        "no feature has the property `code`; the first has ma_xa",
    ),
    "points": (
        collection(feature(BA_DINH, {"type": "Point", "coordinates": [105.8, 21.0]})),
        "has no polygons; its geometries are Point",
    ),
    "vn2000_crs": (with_crs("urn:ogc:def:crs:EPSG::3405"), "urn:ogc:def:crs:EPSG::3405"),
    "vn2000_geographic": (with_crs("EPSG:4756"), "another coordinate system (EPSG:4756)"),
    "mercator_crs": (with_crs("EPSG:3857"), "ogr2ogr -t_srs EPSG:4326"),
    "linked_crs": (collection(feature(BA_DINH, LONE), crs={"type": "link"}), "another coordinate"),
    "mercator": (moved(11_780_000, 2_390_000, 900), "Web Mercator (EPSG:3857)"),
    "vn2000": (moved(587_000, 2_325_000, 900), "VN-2000 or of UTM"),
    "northing_first": (moved(2_325_000, 587_000, 900), "northing before easting"),
    "swapped": (moved(21.03, 105.83), "latitude stands before longitude"),
    "paris": (moved(2.35, 48.85), "48.8500 N 2.3500 E is not in or near Viet Nam"),
    "null_island": (moved(0, 0), "not in or near Viet Nam"),
    "nowhere": (moved(1e9, -1e9, 5), "is no longitude and latitude"),
}


@pytest.mark.parametrize("name", INVALID)
def test_wrong_file_is_refused(engine, put, name):
    content, found = INVALID[name]
    with pytest.raises(InvalidInputError) as caught:
        load(engine, put(content))
    assert found in caught.value.detail
    assert "\n" not in caught.value.detail


def test_archipelagos_are_in_viet_nam(engine, put):
    for lon, lat in ((112.3, 16.5), (114.4, 10.4), (111.9, 8.6), (104.9, 8.4)):
        assert load(engine, put(moved(lon, lat)), dry_run=True).communes == 1


def test_another_list_of_units_is_refused(engine, put, seats):
    made = squares(seats, BA_DINH)
    made["features"] += [feature(f"9{n:04}", LONE) for n in range(9)]
    with pytest.raises(InvalidInputError, match="another list of units: 9 of 10 codes") as caught:
        load(engine, put(made))
    assert "earlier map" not in caught.value.detail


def test_list_of_an_earlier_map_is_identified(engine, put):
    with engine.connect() as connection:
        codes = connection.scalars(
            text(
                "SELECT u.code FROM admin_unit u WHERE level = 'commune'"
                " AND upper(lifetime) = '2025-07-01' AND NOT EXISTS (SELECT FROM admin_unit n"
                " WHERE n.code = u.code AND n.lifetime @> current_date) LIMIT 20"
            )
        ).all()
    with pytest.raises(InvalidInputError, match="so it is of an earlier map"):
        load(engine, put(collection(*(feature(code, LONE) for code in codes))))


def test_decompression_bomb_is_refused(engine, put):
    bombs = {
        b" " * 30_000_000: "is larger than",
        b'{"name": "' + b"x" * 30_000_000: "a feature of more than",
        b'{"type":"FeatureCollection","features":['
        + b'{"type":"Feature"},' * 30_000: "more than 20,000 features",
    }
    limits = Limits(text_bytes=20 << 20, feature_characters=1 << 20, features=20_000)
    for content, expected in bombs.items():
        with pytest.raises(UnreadableFileError, match=expected):
            load(engine, put(gzip.compress(content)), limits=limits)


def test_refused_file_leaves_nothing_behind(fresh_engine, put, seats):
    made = squares(seats, *COMMUNES)
    content = json.dumps(made)[:-1] + ', "crs": {"properties": {"name": "EPSG:3857"}}}'
    with pytest.raises(InvalidInputError):
        load(fresh_engine, put(content))
    assert scalar(fresh_engine, "SELECT count(*) FROM boundary_part") == 0
    assert scalar(fresh_engine, "SELECT count(*) FROM event") == 0
    assert move_pending_events(fresh_engine) == 0


# --- URLs -------------------------------------------------------------------------------------


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """A web server that answers every GET like that; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_port}/units.geojson"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def sends(content: bytes, *, length: int | None = None) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(length or len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def test_url_is_fetched_and_recorded_without_credentials(fresh_engine, seats):
    content = gzip.compress(json.dumps(squares(seats, *COMMUNES)).encode())
    with server(sends(content)) as url:
        secret = url.replace("http://", "http://user:password@") + "?token=secret"
        with pytest.raises(UnreadableFileError) as caught:
            load(fresh_engine, secret)  # urllib sends no password that stands in a URL
        assert "password" not in caught.value.detail
        report = load(fresh_engine, url + "?token=secret")
    assert report.source == url
    assert scalar(fresh_engine, "SELECT scope ->> 'source' FROM event") == url


def test_redirects_are_followed_only_to_http(engine, seats):
    content = json.dumps(squares(seats, *COMMUNES)).encode()
    target = ["/there"]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/there":
            sends(content)(handler)
            return
        handler.send_response(302)
        handler.send_header("Location", target[0])
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with server(answer) as url:
        assert load(engine, url, dry_run=True).communes == 5
        for target[0] in ("file:///etc/passwd", "ftp://127.0.0.1/x"):
            with pytest.raises(UnreadableFileError, match=r"302|unknown url type"):
                load(engine, url)


def test_unreachable_url_is_refused(engine):
    def missing(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(404)

    with server(missing) as url, pytest.raises(UnreadableFileError, match="answered 404 Not Found"):
        load(engine, url)
    with pytest.raises(UnreadableFileError, match="connection refused"):
        load(engine, url)  # the server has ended


@pytest.mark.thorough
def test_silent_or_slow_url_times_out(engine):
    def silent(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read()  # until the client gives up

    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):
            while True:
                handler.wfile.write(b" ")
                time.sleep(0.02)

    with server(silent) as url, pytest.raises(UnreadableFileError, match="not answer in time"):
        load(engine, url, limits=Limits(silence_s=0.2))
    with server(dripping) as url, pytest.raises(UnreadableFileError, match="took longer than"):
        load(engine, url, limits=Limits(download_s=0.3))


def test_too_large_or_truncated_download_is_refused(engine):
    with (
        server(sends(b"x" * 5_000)) as url,
        pytest.raises(UnreadableFileError, match="larger than 1,000 bytes"),
    ):
        load(engine, url, limits=Limits(download_bytes=1_000))
    with (
        server(sends(b"{" * 500, length=5_000)) as url,
        pytest.raises(UnreadableFileError, match="was cut off"),
    ):
        load(engine, url)


@pytest.mark.parametrize(
    "url", ["ftp://host/file", "file:///etc/passwd", "http://", "http://[x", "http://h:port/x"]
)
def test_other_urls_are_refused(engine, url):
    with pytest.raises(RegistryError) as caught:
        load(engine, url)
    assert "\n" not in caught.value.detail


# --- cells ------------------------------------------------------------------------------------


def test_every_commune_has_a_cell_containing_its_seat(fresh_engine):
    with fresh_engine.begin() as connection:
        connection.execute(text("DELETE FROM boundary"))
        assert draw_cells(connection).drawn == 3321
    holds = (
        "SELECT count(*) FROM boundary b JOIN admin_unit u ON u.id = b.unit_id"
        " WHERE b.approximate AND ST_Covers(b.geom, u.seat)"
    )
    assert scalar(fresh_engine, holds) == 3321
    assert scalar(fresh_engine, "SELECT count(*) FROM boundary_part") == 0


def test_cells_are_drawn_once(fresh_engine):
    with fresh_engine.begin() as connection:
        draw_cells(connection)
        started = time.monotonic()
        assert draw_cells(connection).drawn == 0
        assert time.monotonic() - started < 2


def test_cells_follow_seats_and_exclude_former_communes(fresh_engine):
    with fresh_engine.begin() as connection:
        draw_cells(connection)
        connection.execute(
            text(
                "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), current_date)"
                " WHERE code = :code AND lifetime @> current_date"
            ),
            {"code": BA_DINH},
        )
        report = draw_cells(connection)
        assert (report.drawn, report.removed) == (3320, 1)


def test_cell_never_overwrites_and_real_polygon_replaces_it(fresh_engine, put, seats):
    with fresh_engine.begin() as connection:
        draw_cells(connection)
    load(fresh_engine, put(squares(seats, BA_DINH)))
    with fresh_engine.begin() as connection:
        ba_dinh = unit_id(connection, BA_DINH)
        row = text("SELECT approximate, source FROM boundary WHERE unit_id = :id")
        assert connection.execute(row, {"id": ba_dinh}).one() == (False, "file.geojson")
        connection.execute(text("UPDATE boundary SET source = 'old' WHERE approximate"))
        assert draw_cells(connection).drawn == 3320
        assert connection.execute(row, {"id": ba_dinh}).one() == (False, "file.geojson")


# --- point in commune -------------------------------------------------------------------------


def test_communes_at_handles_points_inside_outside_and_on_the_border(fresh_engine, put, seats):
    lon, lat = seats[BA_DINH]
    made = collection(
        feature(BA_DINH, polygon(square(lon, lat, 0.01))),
        feature(CUA_NAM, polygon(square(lon + 0.02, lat, 0.01))),
    )
    load(fresh_engine, put(made))
    with Session(fresh_engine) as session:
        one = unit_id(session.connection(), BA_DINH)
        other = unit_id(session.connection(), CUA_NAM)
        assert communes_at(session, lon=lon, lat=lat) == [one]
        assert communes_at(session, lon=lon + 0.01, lat=lat) == sorted([one, other])
        assert communes_at(session, lon=lon + 0.02, lat=lat) == [other]
        assert communes_at(session, lon=lon, lat=lat + 0.02) == []  # in a cell, perhaps
        assert communes_at(session, lon=0.0, lat=0.0) == []


def test_communes_at_returns_only_current_communes(fresh_engine, put, seats):
    load(fresh_engine, put(squares(seats, BA_DINH)))
    lon, lat = seats[BA_DINH]
    with Session(fresh_engine) as session:
        assert communes_at(session, lon=lon, lat=lat)
        session.execute(
            text(
                "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), current_date)"
                " WHERE code = :code AND lifetime @> current_date"
            ),
            {"code": BA_DINH},
        )
        assert communes_at(session, lon=lon, lat=lat) == []


# --- the real file ----------------------------------------------------------------------------


@pytest.mark.thorough
def test_real_communes_are_loaded_with_known_repairs(fresh_engine, shared_data):
    report = load(fresh_engine, str(shared_data / "commune_boundaries.geojson.gz"))
    assert [unit.code for unit in report.repaired] == REPAIRED.split()
    assert (report.communes, report.missing_communes) == (3321, 0)
    assert not report.has_problems
    largest = "SELECT max(ST_NPoints(geom)) FROM boundary_part"
    assert scalar(fresh_engine, largest) <= PART_VERTICES
    # No commune reaches beyond what a point of it may; in degrees of the longest kind, which only
    # exaggerates.
    beyond = (
        f"SELECT count(*) FROM ({REACH.driver('reach')}) r JOIN boundary b USING (unit_id)"
        f" WHERE r.drawn AND ST_MaxDistance(r.seat, b.geom) * {DEGREE_KM} > r.reach_km"
    )
    assert scalar(fresh_engine, beyond) == 0
    report = load(fresh_engine, str(shared_data / "province_boundaries.geojson.gz"))
    assert (report.provinces, report.missing_provinces) == (34, 0)
    with Session(fresh_engine) as session:
        ba_dinh = unit_id(session.connection(), BA_DINH)
        assert communes_at(session, lon=105.8342, lat=21.0368) == [ba_dinh]
