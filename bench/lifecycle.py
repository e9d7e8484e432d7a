"""What operations cost: one record, a whole street, and the past against the present.

    python -m bench.lifecycle 'postgresql://postgres@/postgres?host=SOCKET_FOLDER' --rows 1000000

Needs a superuser's URL. Works in a database of its own, dropped at the end. Beside the time by the
clock stands that of the processor, this program's and its server processes', which other work on
the machine hardly changes; the latter only where the server runs on this machine.
"""

import argparse
import datetime
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, make_url, text

from bench.versions import clone
from geo.code import PAYLOAD_FIRST
from geo.code_bulk import codes_from_serials
from registry.core.database import driver_connection, make_engine
from registry.core.reads import Reads
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done
from registry.ops.prepare import prepare_database
from registry.records.history import record_at
from registry.records.lookup import by_code
from registry.units.gazetteer import VIET_NAM

COMMUNE = "00199"
LOAD = """
INSERT INTO household (code, kind, status, unit_id, street_id, house_number,
    house_number_key, point, position_method)
SELECT c.code, 'household', 'active', t.unit_id, t.id, c.n::text, c.n::text,
    ST_SetSRID(ST_MakePoint(105.8 + c.n * 1e-8, 21.02), 4326), 'gps'
FROM code c, place t WHERE t.class = 'street' AND t.key = :key AND c.n BETWEEN :first AND :last
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
        connection.exec_driver_sql("CREATE TEMPORARY TABLE code (n int, code text)")
        copied = driver_connection(connection).cursor().copy("COPY code FROM STDIN")
        with copied as copy:
            for number, code in enumerate(codes):
                copy.write_row((number, code))
        connection.exec_driver_sql("SELECT open_event('bench', 'bench')")
        single = min(5_000, rows // 2)
        for key, first, last in (("le", 0, single - 1), ("lang", single, rows - 1)):
            connection.execute(text(LOAD), {"key": key, "first": first, "last": last})
        connection.exec_driver_sql("DROP TABLE code")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE household")
    return codes[:single]


@dataclass(frozen=True)
class Clock:
    """Processor seconds of this program and of the server processes that work for it."""

    server_pids: tuple[int, ...]

    def seconds(self) -> float:
        """So far."""
        ticks = sum(_ticks(pid) for pid in self.server_pids)
        return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def clock_of(url: str) -> Clock:
    """The clock of all server processes that are connected to the database of `url` now."""
    engine = make_engine(url, pool_size=1)
    with engine.connect() as connection:
        query = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        pids = tuple(connection.scalars(query))
    engine.dispose()
    return Clock(pids)


@dataclass(frozen=True)
class Cost:
    """Of one call, in the middle: by the clock on the wall, and of processors."""

    wall_ms: float
    cpu_ms: float


def cost_of(work: Callable[[str], object], codes: list[str], clock: Clock) -> Cost:
    """Median by the wall, mean of the processor, of calling `work` with each code."""
    taken = []
    before = clock.seconds()
    for code in codes:
        started = time.perf_counter()
        work(code)
        taken.append((time.perf_counter() - started) * 1000)
    cpu_ms = (clock.seconds() - before) * 1000 / len(codes)
    return Cost(statistics.median(taken), cpu_ms)


def present_and_past(url: str, codes: list[str]) -> None:
    """Turn by turn: a record now, the same by its past, and as it was before its last change."""
    reads = Reads(url, pool_size=1, statement_timeout_ms=10_000)
    before = datetime.datetime.now(VIET_NAM)
    engine = make_engine(url)
    for code in codes:
        do(engine, "verify", code=code)
    engine.dispose()
    after = datetime.datetime.now(VIET_NAM)
    by_code(reads, codes[0])  # connects
    clock = clock_of(url)
    found: dict[str, list[Cost]] = {"current": [], "as of now": [], "as of before": []}
    for _ in range(9):
        found["current"].append(cost_of(lambda code: by_code(reads, code), codes, clock))
        for name, moment in (("as of now", after), ("as of before", before)):
            past = cost_of(lambda code, at=moment: record_at(reads, code, at), codes, clock)  # type: ignore[misc]
            found[name].append(past)
    reads.close()
    current = found["current"]
    for name, costs in found.items():
        cpu = statistics.median(a.cpu_ms / b.cpu_ms for a, b in zip(costs, current, strict=True))
        wall = statistics.median(a.wall_ms / b.wall_ms for a, b in zip(costs, current, strict=True))
        print(
            f"{name:13} p50 {statistics.median(c.wall_ms for c in costs):.3f} ms, processor"
            f" {statistics.median(c.cpu_ms for c in costs):.3f} ms; to the current one"
            f" {wall:.2f}, processor {cpu:.2f}",
            flush=True,
        )


def single_writes(engine: Engine, url: str, codes: list[str]) -> None:
    """One record at a time."""
    do(engine, "verify", code=codes[0])  # connects
    clock = clock_of(url)
    for name, fields in (
        ("verify", {}),
        ("correct", {"delivery_hint": "gần chợ"}),
        ("move", {"lon": 105.81, "lat": 21.02}),
    ):
        cost = cost_of(lambda code: do(engine, name, code=code, **fields), codes, clock)  # noqa: B023
        print(f"{name:13} p50 {cost.wall_ms:.2f} ms, processor {cost.cpu_ms:.2f} ms", flush=True)


def whole_streets(engine: Engine, url: str, numbers: list[str]) -> None:
    """The large street renamed, a tenth of it renumbered, and all of it merged into another."""
    clock = clock_of(url)
    table = [{"old": number, "new": f"{number}A"} for number in numbers]
    for name, fields in (
        ("rename-street", {"street": "Láng", "new_name": "Phố Láng Mới"}),
        ("renumber-street", {"street": "Láng Mới", "numbers": table}),
        ("merge-street", {"street": "Láng Mới", "into": "Khác", "reason": "bench"}),
        ("rename-street", {"street": "Khác", "new_name": "Phố Cuối"}),
    ):
        started, before = time.perf_counter(), clock.seconds()
        done = do(engine, name, commune=COMMUNE, **fields)
        wall_s, cpu_s = time.perf_counter() - started, clock.seconds() - before
        print(
            f"{name}: {wall_s:.2f} s, processor {cpu_s:.2f} s, {done.rewritten:,} records written",
            flush=True,
        )


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
        single_writes(engine, url, codes[:500])
        present_and_past(url, codes[:300])
        first = len(codes)
        numbers = [str(number) for number in range(first, first + given.rows // 10)]
        whole_streets(engine, url, numbers[: given.rows - first])
        engine.dispose()


if __name__ == "__main__":
    main()
