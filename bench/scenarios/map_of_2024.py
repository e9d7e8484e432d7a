"""A register on the map of 2024, for the scenario `reforms`: the map, and a file of households.

Households of the file are put into the real polygons of today's communes, each into that of the
communes of 2024 that led there whose seat is nearest: so a commune that was to be split has its
streets on both sides of the line, and some of them across it.
"""

import csv
import json
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from bench.registers import GIVEN, SURNAMES
from registry.units.boundaries.cells import draw_cells

COLUMNS: Final = (
    *("source_ref", "house_number", "street", "locality", "building", "unit", "commune"),
    *("district", "province", "longitude", "latitude", "position_accuracy_m"),
)
_RUN: Final = 40
"""Doors of a street, and of two hamlets."""

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


def turn_back(admin: Engine) -> None:
    """The map of 2024 on an empty register, with cells where no polygon is known."""
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
            fields = {"each": -(-households // communes), "run": _RUN}
            connection.execute(text(statement), fields)
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
