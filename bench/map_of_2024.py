"""A register on the map of 2024, for `bench.reforms`: the map, its keys and targets, and a file.

Households of the file are put into the real polygons of today's communes, each into that of the
communes of 2024 that led there whose seat is nearest: so a commune that was to be split has its
streets on both sides of the line, and some of them across it.
"""

import csv
import json
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from bench.made_register import GIVEN, SURNAMES
from registry.access.keys import NewKey, create_key
from registry.core.database import session_scope
from registry.coverage.target_reading import Defaults
from registry.coverage.targets import import_targets
from registry.units.boundaries import load_boundaries
from registry.units.boundaries.cells import draw_cells
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer

COLUMNS: Final = (
    *("source_ref", "house_number", "street", "locality", "building", "unit", "commune"),
    *("district", "province", "longitude", "latitude", "position_accuracy_m"),
)
_RUN: Final = 40
"""Doors of a street, and of two hamlets."""
KEYS_OF_COMMUNES: Final = 500

# As the superuser: nobody else removes units.
_TURN_BACK: Final = (
    "CREATE TABLE bench_polygon AS SELECT u.code, b.geom FROM boundary b"
    " JOIN admin_unit u ON u.id = b.unit_id WHERE u.level = 'commune' AND NOT b.approximate"
    " AND upper_inf(u.lifetime)",
    # Of each commune of today those of 2024 that led to it.
    """
    CREATE TABLE bench_line AS
    WITH RECURSIVE back AS (
        SELECT id AS today, id FROM admin_unit WHERE level = 'commune' AND upper_inf(lifetime)
        UNION
        SELECT b.today, s.predecessor_id FROM back b JOIN admin_unit_succession s
            ON s.successor_id = b.id JOIN admin_unit p ON p.id = s.predecessor_id
        WHERE p.level = 'commune'
    )
    SELECT t.code AS today, b.id AS old, coalesce(u.seat, t.seat) AS seat
    FROM back b JOIN admin_unit t ON t.id = b.today
    JOIN admin_unit u ON u.id = b.id WHERE u.lifetime @> date '2024-12-31'
    """,
    "CREATE INDEX ON bench_line (today)",
    "CREATE INDEX ON bench_line (old)",
    "ANALYZE bench_line",
    # Polygons are those of today: only of communes that nothing was added to they are the old ones.
    "DELETE FROM boundary_part",
    """
    DELETE FROM boundary WHERE unit_id NOT IN (
        SELECT min(old) FROM bench_line GROUP BY today HAVING count(*) = 1
        INTERSECT SELECT id FROM admin_unit WHERE lifetime = '(,)')
    """,
    "INSERT INTO boundary_part (unit_id, geom) SELECT unit_id, ST_Subdivide(geom, 128)"
    " FROM boundary",
    "DELETE FROM target",
    "DELETE FROM admin_unit_succession WHERE effective_on >= '2025-01-01'",
    "DELETE FROM admin_unit_version WHERE lower(valid) >= '2025-01-01'",
    "DELETE FROM admin_unit_alias WHERE unit_id IN"
    " (SELECT id FROM admin_unit WHERE lower(lifetime) >= '2025-01-01')",
    "DELETE FROM admin_unit WHERE lower(lifetime) >= '2025-01-01'",
    # Of one commune no source says what it became: it has ended already.
    """
    UPDATE admin_unit SET lifetime = daterange(lower(lifetime), NULL)
    WHERE upper(lifetime) >= '2025-01-01'
        AND (level <> 'commune' OR id IN (SELECT old FROM bench_line))
    """,
    """
    UPDATE admin_unit_version v SET valid = daterange(lower(valid), NULL)
    WHERE upper(valid) >= '2025-01-01'
        AND unit_id IN (SELECT id FROM admin_unit WHERE upper_inf(lifetime))
    """,
)
_DOORS: Final = (
    """
    CREATE TABLE bench_door AS
    WITH point AS (
        SELECT p.code AS today, (ST_Dump(ST_GeneratePoints(p.geom, :each, 7))).geom AS point
        FROM bench_polygon p
    ), put AS (
        SELECT l.old, p.today, p.point FROM point p CROSS JOIN LATERAL (
            SELECT old FROM bench_line l WHERE l.today = p.today
            ORDER BY l.seat <-> p.point, old LIMIT 1
        ) l
    )
    SELECT old, today, point,
        row_number() OVER (PARTITION BY old ORDER BY ST_GeoHash(point, 8), ST_X(point)) - 1 AS n
    FROM put
    """,
    # Six flats in sixty doors of a ward are one building.
    """
    CREATE TABLE bench_named AS
    SELECT CAST(d.old AS text) || '-' || d.n AS ref, d.old, d.n, CAST(d.n / :run AS int) AS run,
        v.kind <> 'xa' AND d.n % 60 < 6 AS flat, v.kind,
        concat_ws(' ', k.word, v.name) AS commune, concat_ws(' ', dk.word, dv.name) AS district,
        concat_ws(' ', pk.word, pv.name) AS province,
        CASE WHEN v.kind <> 'xa' AND d.n % 60 < 6
            THEN first_value(d.point) OVER (PARTITION BY d.old, d.n / 60 ORDER BY d.n)
            WHEN d.n % 33 <> 7 THEN d.point END AS point,
        CASE WHEN v.kind <> 'xa' AND d.n % 60 < 6
            THEN first_value(d.today) OVER (PARTITION BY d.old, d.n / 60 ORDER BY d.n)
            ELSE d.today END AS today
    FROM bench_door d
    JOIN admin_unit_version v ON v.unit_id = d.old AND upper_inf(v.valid)
    JOIN bench_word k ON k.kind = v.kind
    LEFT JOIN admin_unit_version dv ON dv.unit_id = v.district_id AND upper_inf(dv.valid)
    LEFT JOIN bench_word dk ON dk.kind = dv.kind
    JOIN admin_unit_version pv ON pv.unit_id = v.province_id AND upper_inf(pv.valid)
    JOIN bench_word pk ON pk.kind = pv.kind
    """,
)
_WORDS: Final = {
    "tinh": "Tỉnh",
    "thanh_pho": "Thành phố",
    "quan": "Quận",
    "huyen": "Huyện",
    "thi_xa": "Thị xã",
    "xa": "Xã",
    "phuong": "Phường",
    "thi_tran": "Thị trấn",
}
_ROWS: Final = """
    SELECT ref, old, n, run, flat, kind, commune, district, province, ST_X(point), ST_Y(point)
    FROM bench_named ORDER BY old, n
"""
_TARGETS: Final = """
    SELECT u.code, CAST(1 + count(d.ref) * 1.25 AS int)
    FROM admin_unit u LEFT JOIN bench_named d ON d.old = u.id
    WHERE u.level = 'commune' AND upper_inf(u.lifetime) GROUP BY 1 ORDER BY 1
"""
# Provinces, and communes of which those that are to be split come first.
_BOUND: Final = """
    (SELECT code FROM admin_unit WHERE level = 'province' AND upper_inf(lifetime))
    UNION ALL
    (SELECT u.code FROM bench_line l JOIN admin_unit u ON u.id = l.old
        GROUP BY u.code ORDER BY count(*) DESC, u.code LIMIT :communes)
"""


def turn_back(engine: Engine, admin: Engine, boundaries: Path) -> None:
    """The map of 2024, with cells where no polygon is known, on an empty register."""
    load_boundaries(engine, str(boundaries), actor="bench")
    with admin.begin() as connection:
        for statement in _TURN_BACK:
            connection.execute(text(statement))
        connection.execute(text("SET LOCAL ROLE diachiso_app"))
        draw_cells(connection)


def write_households(admin: Engine, path: Path, households: int) -> int:
    """An import file in the wording of 2024; how many rows."""
    people = [f"{surname} {given}" for given in GIVEN for surname in SURNAMES]
    with admin.begin() as connection, path.open("w", encoding="utf-8", newline="") as stream:
        communes = connection.scalar(text("SELECT count(*) FROM bench_polygon")) or 1
        connection.execute(text("CREATE TABLE bench_word (kind text, word text)"))
        words = [{"kind": kind, "word": word} for kind, word in _WORDS.items()]
        connection.execute(text("INSERT INTO bench_word VALUES (:kind, :word)"), words)
        for statement in _DOORS:
            said = {"each": -(-households // communes), "run": _RUN}
            connection.execute(text(statement), said)
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        rows = connection.execution_options(yield_per=20_000).execute(text(_ROWS))
        count = 0
        for count, row in enumerate(rows, 1):  # noqa: B007
            writer.writerow(_line(row, people))
        return count


def _line(row: Any, people: list[str]) -> list[object]:
    ref, old, n, run, flat, kind, commune, district, province, lon, lat = row
    rural = kind == "xa"
    person = people[(old * 31 + run * 17) % len(people)]
    at = n % _RUN
    number = f"{at // 4 + 1}/{n % 17 + 1}" if n % 4 == 0 else str(at + 1)
    street = f"Đường {person}" if not rural or run % 3 == 0 else ""
    # Each half of a street is a hamlet of its own.
    place = f"{'Thôn' if rural else 'Tổ'} {n * 2 // _RUN + 1}"
    units = [commune, district, province, lon, lat, None if lon is None else 5]
    if flat:
        number, street = str(n // 60 * 60 % _RUN + 1), f"Đường {person}"
        return [ref, number, street, place, f"Chung cư {person}", str(n % 60 + 101), *units]
    return [ref, number, street, place, "", "", *units]


def write_texts(real: Path, path: Path) -> int:
    """The real addresses as an import file, in their wording from before July 2025."""
    with (
        real.open(encoding="utf-8", newline="") as lines,
        path.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream)
        writer.writerow(["source_ref", "address", "longitude", "latitude", "position_accuracy_m"])
        rows = list(csv.DictReader(lines))
        for row in rows:
            point = (row["longitude"], row["latitude"])
            writer.writerow([row["ref"], row["address_before_2025"], *point, 10])
    return len(rows)


def write_polygons(admin: Engine, path: Path) -> None:
    """Today's polygons under today's codes; lists differ in two of them."""
    with admin.connect() as connection, path.open("w", encoding="utf-8") as file:
        features = (
            json.dumps({"type": "Feature", "properties": {"code": code}, "geometry": shape})
            for code, shape in connection.execute(
                text("SELECT code, CAST(ST_AsGeoJSON(geom, 7) AS json) FROM bench_polygon")
            )
        )
        file.write(f'{{"type": "FeatureCollection", "features": [{",".join(features)}]}}')


def write_targets(engine: Engine, admin: Engine, path: Path) -> None:
    """A declared target of every commune."""
    with admin.connect() as connection, path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["commune_code", "households"])
        writer.writerows(connection.execute(text(_TARGETS)))
    with session_scope(engine) as session:
        defaults = Defaults(source="bench", reference_date=today())
        import_targets(session, load_gazetteer(session), path, defaults)


def make_keys(engine: Engine, admin: Engine) -> str:
    """Keys of every province and of communes; the secret of a carrier's besides."""
    with admin.connect() as connection:
        codes = connection.scalars(text(_BOUND), {"communes": KEYS_OF_COMMUNES}).all()
    with session_scope(engine) as session:
        for code in codes:
            create_key(session, NewKey(f"bench {code}", "editor", units=[code]))
        return create_key(session, NewKey("bench", "carrier", rate_per_minute=1_000_000)).secret
