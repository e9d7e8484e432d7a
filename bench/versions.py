"""What the rules of the database cost: versions, checks, the event of a write.

    python -m bench.versions 'postgresql://postgres@/postgres?host=SOCKET_FOLDER' --rows 1000000

Needs a superuser's URL. Every figure is taken in a database of its own, cloned from one loaded
template, so that no run sees the dead rows of another; all of them are dropped at the end.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Engine, create_engine, make_url, text

from registry.core.database import make_engine
from registry.core.events import Cause, write_scope
from registry.ops.prepare import prepare_database

PREFIX = "d_bench"
COMMUNES = 300
HOUSES_PER_STREET = 20
CAUSE = Cause(kind="bench", actor="bench")

# Streets, buildings and rows of one load; every tenth row is a flat.
STAGE = """
CREATE SCHEMA bench;
INSERT INTO admin_unit (level, code, lifetime, source)
SELECT 'commune', 'B' || i, '(,)', 'bench' FROM generate_series(1, {communes}) i;
INSERT INTO place (class, unit_id, key, name, kind)
SELECT 'street', u.id, 'street ' || s, 'Street ' || s, 'street'
FROM admin_unit u, generate_series(1, greatest({rows} / {houses} / {communes}, 1)) s
WHERE u.source = 'bench';
CREATE UNLOGGED TABLE bench.building AS
SELECT n, 'F' || lpad(CAST(n AS text), 7, '0') AS code, unit_id, street_id
FROM (SELECT row_number() OVER (ORDER BY id) - 1 AS n, unit_id, id AS street_id
    FROM place) t;
ANALYZE bench.building, admin_unit, place;
CREATE UNLOGGED TABLE bench.load AS
SELECT lpad(CAST(CAST(i AS bigint) * 48271 % 99999989 AS text), 8, '0') AS code, b.unit_id,
    b.street_id, CASE WHEN i % 10 = 0 THEN b.code END AS parent_code,
    CAST(i % 200 AS text) AS house_number,
    ST_SetSRID(ST_MakePoint(102 + random() * 8, 8 + random() * 15), 4326) AS point
FROM (SELECT i, i / {houses} % (SELECT count(*) FROM bench.building) AS n
    FROM generate_series(1, {rows}) i) i
JOIN bench.building b USING (n)
ORDER BY b.street_id, house_number;
ANALYZE bench.load;
"""
BUILDINGS = """
INSERT INTO household (code, kind, status, unit_id, street_id, households_count)
SELECT code, 'building', 'active', unit_id, street_id, 0 FROM bench.building
"""
INSERT = """
INSERT INTO household (code, kind, status, unit_id, street_id, parent_code, house_number,
    house_number_key, point, position_method, position_accuracy_m)
SELECT code, 'household', 'active', unit_id, street_id, parent_code, house_number,
    house_number, point, 'gps', 5
FROM bench.load
"""
UPDATES = {
    "update, one column": "UPDATE household SET verified_on = '2026-07-01'",
    "update, all to other streets": "UPDATE household h SET street_id = t.id FROM"
    " (SELECT id, unit_id, lead(id, 1, id) OVER (PARTITION BY unit_id ORDER BY id) AS next"
    " FROM place) n, place t WHERE n.id = h.street_id AND t.id = n.next",
}
ALL_TRIGGERS = ("USER",)
CHECK_INSERT = ("household_1_check_insert",)


@contextmanager
def clone(admin_url: str, name: str, template: str) -> Iterator[Engine]:
    """An engine of the superuser on a copy of `template`, dropped at the end."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    url = make_url(admin_url).set(drivername="postgresql+psycopg", database=name)
    engine = create_engine(url, connect_args={"options": "-c jit=off"})
    try:
        yield engine
    finally:
        engine.dispose()
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )


def timed(engine: Engine, statement: str, disabled: tuple[str, ...]) -> float:
    """Seconds of one statement under an event, with some triggers of household disabled."""
    with engine.begin() as connection:
        for trigger in disabled:
            connection.execute(text(f"ALTER TABLE household DISABLE TRIGGER {trigger}"))
        connection.execute(text("SELECT open_event('bench', 'bench')"))
        started = time.perf_counter()
        connection.execute(text(statement))
        return time.perf_counter() - started


def alternately(
    admin_url: str, template: str, statement: str, disabled: tuple[str, ...], repeats: int
) -> tuple[float, float]:
    """Best seconds with every trigger, and with some disabled."""
    best = {(): float("inf"), disabled: float("inf")}
    for _ in range(repeats):
        for without in best:
            with clone(admin_url, f"{PREFIX}_run", template) as engine:
                best[without] = min(best[without], timed(engine, statement, without))
    return best[()], best[disabled]


def latency_ms(work: Callable[[int], None], times: int) -> tuple[float, float]:
    """Median and 95th percentile of calling `work(0)`, `work(1)`, …"""
    taken = []
    for number in range(times):
        started = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def single_writes(admin_url: str, template: str, times: int) -> None:
    """One row under an event, moved into the feed, against one bare UPDATE without triggers."""
    one = text("UPDATE household SET floor = :floor WHERE code = :code")
    with clone(admin_url, f"{PREFIX}_run", template) as admin:
        url = admin.url.set(drivername="postgresql").render_as_string(hide_password=False)
        engine = make_engine(url)
        with admin.connect() as connection:
            codes = connection.scalars(
                text("SELECT code FROM household ORDER BY random() LIMIT :n"), {"n": times}
            ).all()

        def ruled(number: int) -> None:
            with write_scope(engine, CAUSE) as session:
                session.execute(one, {"floor": str(number), "code": codes[number]})

        def bare(number: int) -> None:
            with admin.begin() as connection:
                connection.execute(one, {"floor": str(number), "code": codes[number]})

        median, p95 = latency_ms(ruled, times)
        print(f"one row, event, commit, move    p50 {median:6.2f} ms   p95 {p95:6.2f} ms")
        with admin.begin() as connection:
            connection.execute(text("ALTER TABLE household DISABLE TRIGGER USER"))
        median, p95 = latency_ms(bare, times)
        print(f"one row, bare UPDATE, commit    p50 {median:6.2f} ms   p95 {p95:6.2f} ms")
        engine.dispose()


def report(name: str, rows: int, seconds: tuple[float, float]) -> None:
    with_all, without = seconds
    print(
        f"{name:30} {with_all:7.2f} s with, {without:7.2f} s without triggers: "
        f"{with_all / without:4.2f} times, {(with_all - without) / rows * 1e6:5.2f} µs a row",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="superuser's URL of the server")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    staged, loaded = f"{PREFIX}_staged", f"{PREFIX}_loaded"
    with clone(given.url, staged, "template0") as engine:
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        prepare_database(url, lambda _line: None)
        with engine.begin() as connection:
            connection.execute(
                text(STAGE.format(rows=given.rows, communes=COMMUNES, houses=HOUSES_PER_STREET))
            )
            connection.execute(text("SELECT open_event('bench', 'bench')"))
            connection.execute(text(BUILDINGS))
        engine.dispose()
        report(
            "insert",
            given.rows,
            alternately(given.url, staged, INSERT, CHECK_INSERT, given.repeats),
        )
        with clone(given.url, loaded, staged) as full:
            timed(full, INSERT, ())
            with full.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
            full.dispose()
            for name, statement in UPDATES.items():
                report(
                    name,
                    given.rows,
                    alternately(given.url, loaded, statement, ALL_TRIGGERS, given.repeats),
                )
            single_writes(given.url, loaded, times=1000)


if __name__ == "__main__":
    main()
