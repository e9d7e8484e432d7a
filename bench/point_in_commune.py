"""How long point-in-commune takes over all real polygons, and which size of parts is best.

    python -m bench.point_in_commune DATABASE_URL [BOUNDARIES]

DATABASE_URL names a scratch database, which is prepared and filled, and cut anew for every size;
the URL's role must be a superuser or the owner of the tables. BOUNDARIES is a GeoJSON file of all
communes; without it, the one of the shared folder. The promise is 0.2 ms per query.
"""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.database import OWNER_ROLE, driver_connection, make_engine, session_scope
from registry.ops.prepare import prepare_database
from registry.units.boundaries import PART_VERTICES, SQL, communes_at, load_boundaries

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "commune_boundaries.geojson.gz"
SIZES = (32, 64, 128, 256)
POINTS_PER_COMMUNE = 7
WARM_UP = 2_000

Points = list[tuple[float, float, int]]

# What a caller without an ORM would send: the floor under `communes_at`.
BARE = SQL.driver("communes_at")


def cut(owner: Engine, vertices: int) -> tuple[int, str, float]:
    """Cut all real polygons into parts of that size: how many, their size on disk, seconds."""
    started = time.perf_counter()
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE boundary_part"))
        connection.execute(
            text(
                "CREATE TEMPORARY TABLE boundary_new ON COMMIT DROP AS"
                " SELECT unit_id, geom FROM boundary WHERE NOT approximate"
            )
        )
        connection.execute(SQL.text("insert_parts"), {"vertices": vertices})
    took_s = time.perf_counter() - started
    with owner.begin() as connection:
        connection.execute(text("ANALYZE boundary_part"))
        count, size = connection.execute(
            text(
                "SELECT count(*), pg_size_pretty(pg_total_relation_size('boundary_part'))"
                " FROM boundary_part"
            )
        ).one()
    return count, size, took_s


def random_points(session: Session) -> Points:
    """Points inside real polygons with the commune each was made for, in random order."""
    rows = session.execute(
        text(
            "SELECT ST_X(g.geom), ST_Y(g.geom), b.unit_id"
            " FROM boundary b JOIN admin_unit u ON u.id = b.unit_id,"
            " ST_Dump(ST_GeneratePoints(b.geom, :n, 1)) g"
            " WHERE u.level = 'commune' AND NOT b.approximate"
        ),
        {"n": POINTS_PER_COMMUNE},
    ).all()
    order = np.random.default_rng(1).permutation(len(rows))
    return [tuple(rows[place]) for place in order]


def measure(ask: Callable[[float, float], list[int]], points: Points) -> str:
    """Percentiles of one query after the other, and how many answers name the right commune."""
    for lon, lat, _ in points[:WARM_UP]:
        ask(lon, lat)
    times, right = [], 0
    for lon, lat, unit_id in points:
        started = time.perf_counter()
        found = ask(lon, lat)
        times.append(time.perf_counter() - started)
        right += unit_id in found
    p50, p99 = np.percentile(times, [50, 99]) * 1000
    mean = math.fsum(times) / len(times) * 1000
    return f"p50 {p50:.3f}  p99 {p99:.3f}  mean {mean:.3f} ms   right {right / len(points):.4%}"


def explain(session: Session, point: tuple[float, float, int]) -> str:
    """The plan that a prepared statement settles on, for one point."""
    lon, lat, _ = point
    connection = driver_connection(session.connection())
    typed = BARE.replace("%(lon)s", "$1").replace("%(lat)s", "$2")
    connection.execute(f"PREPARE one_point (float8, float8) AS {typed}")
    call = f"EXECUTE one_point ({lon!r}, {lat!r})"
    for _ in range(6):  # PostgreSQL tries five plans of the point's own before a generic one
        connection.execute(call)
    rows = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS) {call}")
    return "\n".join(str(row[0]) for row in rows)


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    url = sys.argv[1]
    source = sys.argv[2] if len(sys.argv) == 3 else str(SHARED)
    prepare_database(url, print)
    app, owner = make_engine(url, pool_size=1), make_engine(url, role=OWNER_ROLE, pool_size=1)
    load_boundaries(app, source, actor="bench", progress=print)
    for vertices in SIZES:
        count, size, took_s = cut(owner, vertices)
        print(f"\nat most {vertices} vertices: {count:,} parts, {size}, cut in {took_s:.1f} s")
        with session_scope(app) as session:
            points = random_points(session)
            bare = driver_connection(session.connection())

            def ask_bare(lon: float, lat: float, bare: Any = bare) -> list[int]:
                return [
                    row[0] for row in bare.execute(BARE, {"lon": lon, "lat": lat}, prepare=True)
                ]

            def ask(lon: float, lat: float, session: Session = session) -> list[int]:
                return communes_at(session, lon=lon, lat=lat)

            print(f"  {len(points):,} points, communes_at:  {measure(ask, points)}")
            print(f"  {len(points):,} points, psycopg only: {measure(ask_bare, points)}")
    cut(owner, PART_VERTICES)
    with session_scope(app) as session:
        print(f"\n{PART_VERTICES} vertices:\n{explain(session, points[0])}")


if __name__ == "__main__":
    main()
