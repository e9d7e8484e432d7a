"""What operations cost: one record, a whole street, and the past against the present.

    python -m bench.lifecycle 'postgresql://postgres@/postgres?host=SOCKET_FOLDER' --rows 1000000

Needs a superuser's URL. Works in a database of its own, dropped at the end.
"""

import argparse
import datetime
import statistics
import time
from collections.abc import Callable

import numpy as np
from sqlalchemy import Engine, make_url, text

from bench.versions import clone
from geo.code import PAYLOAD_FIRST
from geo.code_bulk import codes_from_serials
from registry.database import driver_connection, make_engine
from registry.gazetteer import VIET_NAM
from registry.history import record_at
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done
from registry.lookup import by_code
from registry.prepare import prepare_database
from registry.reads import Reads

COMMUNE = "00199"
LOAD = """
INSERT INTO household (code, kind, status, unit_id, thoroughfare_id, house_number,
    house_number_key, point, position_method)
SELECT c.code, 'household', 'active', t.unit_id, t.id, c.n::text, c.n::text,
    ST_SetSRID(ST_MakePoint(105.8 + c.n * 1e-8, 21.02), 4326), 'gps'
FROM staging.code c, thoroughfare t WHERE t.key = :key AND c.n BETWEEN :first AND :last
ORDER BY c.n
"""


def do(engine: Engine, name: str, **fields: object) -> Done:
    """Perform an operation."""
    made = BY_NAME[name]
    return perform(engine, made, made.request.model_validate(fields), actor="bench")


def fill(engine: Engine, rows: int) -> list[str]:
    """Two streets: a million doors in one, as many as single writes need in the other."""
    for street in ("Phố Láng", "Phố Lẻ", "Phố Khác"):
        do(engine, "name-street", commune=COMMUNE, street=street)
    serials = np.arange(PAYLOAD_FIRST, PAYLOAD_FIRST + rows, dtype=np.int64)
    codes = [code.decode() for code in codes_from_serials(serials).tolist()]
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE UNLOGGED TABLE staging.code (n int, code text)")
        copied = driver_connection(connection).cursor().copy("COPY staging.code FROM STDIN")
        with copied as copy:
            for number, code in enumerate(codes):
                copy.write_row((number, code))
        connection.exec_driver_sql("SELECT open_event('bench', 'bench')")
        single = min(5_000, rows // 2)
        for key, first, last in (("le", 0, single - 1), ("lang", single, rows - 1)):
            connection.execute(text(LOAD), {"key": key, "first": first, "last": last})
        connection.exec_driver_sql("DROP TABLE staging.code")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE household")
    return codes[:single]


def p50_ms(work: Callable[[str], object], codes: list[str]) -> float:
    """Median of calling `work` with each code."""
    taken = []
    for code in codes:
        started = time.perf_counter()
        work(code)
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def seconds(work: Callable[[], Done]) -> tuple[float, int]:
    """Of one call; and how many records it wrote."""
    started = time.perf_counter()
    done = work()
    return time.perf_counter() - started, done.rewritten


def present_and_past(url: str, codes: list[str]) -> None:
    """Turn by turn: a record now, the same by its past, and as it was before its last change."""
    reads = Reads(url, pool_size=1, statement_timeout_ms=10_000)
    before = datetime.datetime.now(VIET_NAM)
    engine = make_engine(url)
    for code in codes:
        do(engine, "verify", code=code)
    engine.dispose()
    after = datetime.datetime.now(VIET_NAM)
    ratios: dict[str, list[float]] = {"now": [], "before": []}
    for _ in range(7):
        current = p50_ms(lambda code: by_code(reads, code), codes)
        for name, moment in (("now", after), ("before", before)):
            past = p50_ms(lambda code, at=moment: record_at(reads, code, at), codes)  # type: ignore[misc]
            ratios[name].append(past / current)
    reads.close()
    for name, found in ratios.items():
        print(f"as of {name} / current: ratio {statistics.median(found):.2f}  ({found[0]:.2f} …)")
    print(f"current p50 {current:.3f} ms")


def main() -> None:
    """Print one line a figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="superuser's URL of the server")
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with clone(given.url, "d_bench_lifecycle", "template0") as admin:
        url = make_url(admin.url).set(drivername="postgresql").render_as_string(hide_password=False)
        prepare_database(url, lambda _line: None)
        engine = make_engine(url)
        codes = fill(engine, given.rows)
        for name, fields in (
            ("verify", {}),
            ("correct", {"delivery_hint": "gần chợ"}),
            ("move", {"lon": 105.81, "lat": 21.02}),
        ):
            taken = p50_ms(lambda code: do(engine, name, code=code, **fields), codes[:500])  # noqa: B023
            print(f"{name:10} p50 {taken:6.2f} ms", flush=True)
        present_and_past(url, codes[:300])
        here = {"commune": COMMUNE}
        for name, fields in (
            ("rename-street", {"street": "Láng", "new_name": "Phố Láng Mới"}),
            ("merge-street", {"street": "Láng Mới", "into": "Khác", "reason": "bench"}),
            ("rename-street", {"street": "Khác", "new_name": "Phố Cuối"}),
        ):
            taken, count = seconds(lambda: do(engine, name, **here, **fields))  # noqa: B023
            print(f"{name}: {taken:.2f} s, {count:,} records written", flush=True)
        engine.dispose()


if __name__ == "__main__":
    main()
