"""The real reforms replayed: made-up households on the map of 2024, carried to that of today.

    DATABASE_URL=… python -m bench.reforms --boundaries FILE [--households N]

The database is an empty register of its own, reached as its superuser; its map is turned back. The
file has the real polygons of today's communes. Households are put into today's polygons, and into
one of the communes of 2024 that led there: where a commune was split, its polygon settles them.
"""

import argparse
import datetime
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, create_engine, make_url, text

from registry.boundaries import load_boundaries
from registry.codes import issue_codes
from registry.database import make_engine, session_scope
from registry.events import Cause, write_scope
from registry.gazetteer import load_gazetteer
from registry.prepare import prepare_database
from registry.reform.from_seeds import resolution_of_day
from registry.reform.reading import read_resolution
from registry.reform.run import Options, reform

DAYS: Final = ("2025-01-01", "2025-07-01", "2026-04-30", "2026-08-04", "2026-08-24")
_STREETS: Final = 6

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
    SELECT t.code AS today, b.id AS old FROM back b JOIN admin_unit t ON t.id = b.today
    JOIN admin_unit u ON u.id = b.id WHERE u.lifetime @> date '2024-12-31'
    """,
    "DELETE FROM boundary_part",
    "DELETE FROM boundary",
    "DELETE FROM target",
    "DELETE FROM admin_unit_succession WHERE effective_on >= '2025-01-01'",
    "DELETE FROM admin_unit_version WHERE lower(valid) >= '2025-01-01'",
    "DELETE FROM admin_unit_alias WHERE unit_id IN"
    " (SELECT id FROM admin_unit WHERE lower(lifetime) >= '2025-01-01')",
    "DELETE FROM admin_unit WHERE lower(lifetime) >= '2025-01-01'",
    "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), NULL)"
    " WHERE upper(lifetime) >= '2025-01-01'",
    "UPDATE admin_unit_version SET valid = daterange(lower(valid), NULL)"
    " WHERE upper(valid) >= '2025-01-01'",
)
_POINTS: Final = """
    CREATE TABLE bench_door AS
    WITH line AS (
        SELECT today, old, row_number() OVER (PARTITION BY today ORDER BY old) - 1 AS n,
            count(*) OVER (PARTITION BY today) AS of
        FROM bench_line
    ), point AS (
        SELECT p.code, (g.d).geom AS point, (g.d).path[1] AS n
        FROM bench_polygon p
        CROSS JOIN LATERAL (SELECT ST_Dump(ST_GeneratePoints(p.geom, :each, 7)) AS d) g
    )
    SELECT row_number() OVER (ORDER BY l.old, p.n) AS number, l.old, p.code AS today, p.point, p.n
    FROM point p JOIN line l ON l.today = p.code AND l.n = p.n % l.of
"""
_STREETS_OF: Final = """
    INSERT INTO thoroughfare (unit_id, key, name, kind)
    SELECT old, 'so ' || n, 'số ' || n, 'đường'
    FROM (SELECT DISTINCT old FROM bench_door) o, generate_series(1, :streets) n
"""
_HOUSEHOLDS: Final = """
    INSERT INTO household (code, kind, unit_id, thoroughfare_id, house_number, house_number_key,
        point, position_method, status)
    SELECT c.code, 'household', d.old, t.id, d.n, d.n, d.point, 'gps', 'active'
    FROM bench_door d JOIN bench_code c USING (number)
    JOIN thoroughfare t ON t.unit_id = d.old AND t.key = 'so ' || (d.n % :streets + 1)
"""
_CHECKS: Final = {
    "codes that are lost": "SELECT count(*) FROM bench_code c"
    " WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = c.code)",
    "households in no commune of today": "SELECT count(*) FROM household h"
    " JOIN admin_unit u ON u.id = h.unit_id WHERE NOT u.lifetime @> current_date",
    "households in another commune than their polygon": "SELECT count(*) FROM bench_door d"
    " JOIN bench_code c USING (number) JOIN household h ON h.code = c.code"
    " JOIN admin_unit u ON u.id = h.unit_id WHERE u.code <> d.today",
    "communes of today": "SELECT count(*) FROM admin_unit"
    " WHERE level = 'commune' AND lifetime @> current_date",
    "provinces of today": "SELECT count(*) FROM admin_unit"
    " WHERE level = 'province' AND lifetime @> current_date",
    "districts of today": "SELECT count(*) FROM admin_unit"
    " WHERE level = 'district' AND lifetime @> current_date",
}


def make_register(engine: Engine, admin: Engine, boundaries: Path, n: int) -> None:
    """Turn the map back to 2024, and put households there."""
    load_boundaries(engine, str(boundaries), actor="bench")
    with admin.begin() as connection:
        for statement in _TURN_BACK:
            connection.execute(text(statement))
        communes = connection.scalar(text("SELECT count(*) FROM bench_polygon")) or 1
        connection.execute(text(_POINTS), {"each": max(1, n // communes)})
        count = connection.scalar(text("SELECT count(*) FROM bench_door")) or 0
        connection.execute(text("CREATE TABLE bench_code (number bigint, code text)"))
        connection.execute(text("GRANT ALL ON bench_code, bench_door TO diachiso_app"))
    with write_scope(engine, Cause("bench", "bench")) as session:
        codes = issue_codes(session, count)
        session.execute(
            text(
                "INSERT INTO bench_code SELECT * FROM unnest(CAST(:numbers AS bigint[]),"
                " CAST(:codes AS text[]))"
            ),
            {"numbers": list(range(1, count + 1)), "codes": codes},
        )
        session.execute(text(_STREETS_OF), {"streets": _STREETS})
        session.execute(text(_HOUSEHOLDS), {"streets": _STREETS})
    with session_scope(engine) as session:
        session.execute(text("SELECT analyse_register()"))
    print(f"{count:,} households on the map of 2024", flush=True)


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


def main() -> None:
    """Replay the reforms and print what became of the households."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boundaries", type=Path, required=True)
    parser.add_argument("--households", type=int, default=1_000_000)
    given = parser.parse_args()
    url = os.environ["DATABASE_URL"]
    prepare_database(url, print)
    engine = make_engine(url)
    admin = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    folder = Path(tempfile.mkdtemp(prefix="reforms-"))
    files = {}
    for day in DAYS:
        named = "communes.geojson" if day == "2025-07-01" else None
        files[day] = folder / f"{day}.yaml"
        said = resolution_of_day(known, datetime.date.fromisoformat(day), named)
        files[day].write_text(said, encoding="utf-8")
    make_register(engine, admin, given.boundaries, given.households)
    write_polygons(admin, folder / "communes.geojson")
    for day, path in files.items():
        began = time.monotonic()
        report = reform(engine, read_resolution(path), Options("bench", nearest=True))
        settled = sum(report.settled_by.values())
        print(
            f"{day}: {settled:,} households, {report.undecided:,} undecided,"
            f" {report.settled_by}, {time.monotonic() - began:.1f} s",
            flush=True,
        )
    with admin.connect() as connection:
        for what, statement in _CHECKS.items():
            print(f"{what}: {connection.scalar(text(statement)):,}")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
