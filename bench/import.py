"""How fast files go in, beside bare SQL: first load, once more, into a live register, free text.

    python -m bench.import DATABASE_URL [--rows 200000] [--beside N]

DATABASE_URL names an empty scratch database of a superuser on this machine: it is prepared, and
filled. Load real boundaries first (`units load --boundaries`) for the cost of looking points up.
Rows are made up by `registry.ops.demo.load` and delivered as real ones. The first load has N rows
(as many as the others unless told otherwise), and the live import comes beside them.

Beside the clock stand seconds of processors, of this program (with what it starts) and of the
server, which other work on the machine disturbs less. The bare INSERT … SELECT copies rows that lie
ready in a table of their own, as staged rows do, in the order of the import.
"""

import argparse
import csv
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from bench.clock import Clock, Spent
from registry.core.database import driver_connection, make_engine, session_scope
from registry.intake.engine import Workbench
from registry.intake.result import ImportOptions
from registry.intake.run import import_file
from registry.ops.demo.households import DemoHousehold
from registry.ops.demo.load import COLUMNS, DemoPlan, plan_demo
from registry.ops.prepare import prepare_database
from registry.units.gazetteer_loading import load_gazetteer

SHOWN_S = 0.05
"""Phases that take less are left out."""
TEXT_SHARE = 10
"""One row of so many is also delivered as free text: of the first communes all, or of all some."""

# The tables that an import fills, as they are now, with the same keys and indexes. References name
# their record and imports by foreign keys here, where the register asks once for each statement
# (decision 0003); `free_ref` is without, for what the rest takes.
EQUAL_TABLES = """
    CREATE TABLE bare_household (LIKE household INCLUDING ALL);
    CREATE TABLE bare_ref (LIKE household_ref INCLUDING ALL,
        FOREIGN KEY (code) REFERENCES bare_household (code),
        FOREIGN KEY (import_id) REFERENCES import (id),
        FOREIGN KEY (vanished_import_id) REFERENCES import (id));
    CREATE TABLE free_ref (LIKE household_ref INCLUDING ALL);
"""
# What an import has written, as rows that lie ready.
READY = """
    DROP TABLE IF EXISTS ready_household, ready_ref;
    CREATE UNLOGGED TABLE ready_household AS SELECT h.* FROM household h WHERE h.event_id = (
        SELECT published_event_id FROM import WHERE source = '{source}' ORDER BY id LIMIT 1);
    CREATE UNLOGGED TABLE ready_ref AS
        SELECT * FROM household_ref WHERE source = '{source}' AND NOT linked;
    ANALYZE ready_household, ready_ref;
    CHECKPOINT;
"""
EQUAL_ROWS = "INSERT INTO bare_household SELECT * FROM ready_household"
EQUAL_REFS = "INSERT INTO bare_ref SELECT * FROM ready_ref"
FREE_REFS = "INSERT INTO free_ref SELECT * FROM ready_ref"


class Phases:
    """Seconds by script of `registry/intake`, and by what is brought over and handed back."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        for name in ("run", "bring", "hand", "copy"):
            setattr(Workbench, name, self._timed(name, getattr(Workbench, name)))

    def _timed(self, name: str, work: Callable[..., int]) -> Callable[..., int]:
        def timed_work(bench: Workbench, what: str, *more: object, **named: object) -> int:
            start = time.perf_counter()
            try:
                return work(bench, what, *more, **named)
            finally:
                self.seconds[f"{name} {what.split(' ')[0]}"] += time.perf_counter() - start

        return timed_work

    def take(self) -> Counter[str]:
        taken, self.seconds = self.seconds, Counter()
        return taken


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def write_columns(path: Path, rows: Iterable[DemoHousehold]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return path


def write_texts(path: Path, rows: Iterable[DemoHousehold], units: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["source_ref", "address", "longitude", "latitude"])
        for row in rows:
            flat = f"Căn {row.unit} {row.building}" if row.unit else ""
            door = f"{row.house_number} {row.street}".strip()
            parts = (flat, door, row.locality, units[row.commune_code])
            writer.writerow(
                [row.source_ref, ", ".join(filter(None, parts)), row.longitude, row.latitude]
            )
    return path


def names_of_communes(engine: Engine) -> dict[str, str]:
    with session_scope(engine) as session:
        rows = session.execute(
            text(
                "SELECT u.code, concat(v.name, ', ', p.name) AS name FROM admin_unit u"
                " JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date"
                " JOIN admin_unit_version p ON p.unit_id = v.province_id"
                " AND p.valid @> current_date WHERE u.level = 'commune'"
            )
        )
        return {row.code: row.name for row in rows}


def made_up(engine: Engine, rows: int, seed: int) -> DemoPlan:
    with session_scope(engine) as session:
        return plan_demo(session, load_gazetteer(session), rows, seed=seed)


def bare_copy(engine: Engine, path: Path) -> float:
    """COPY of the file as it is into a table of texts."""
    columns = ", ".join(f"{name} text" for name in COLUMNS)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE bare_copy ({columns})"))

        def copy_all() -> None:
            with (
                path.open("rb") as stream,
                driver_connection(connection).cursor() as cursor,
                cursor.copy("COPY bare_copy FROM STDIN (FORMAT csv, HEADER)") as copy,
            ):
                while block := stream.read(1 << 16):
                    copy.write(block)

        seconds = timed(copy_all)
        connection.execute(text("DROP TABLE bare_copy"))
    return seconds


def bare_insert(engine: Engine, source: str) -> tuple[Spent, float]:
    """The rows that the source's first import wrote, into the equal tables.

    Beside it the seconds by the clock that it takes without foreign keys.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in READY.format(source=source).split(";"):
            if statement.strip():
                connection.execute(text(statement))
    with engine.begin() as connection:
        clock = Clock(engine)
        rows = timed(lambda: connection.execute(text(EQUAL_ROWS)))
        connection.execute(text(EQUAL_REFS))
        spent = clock.spent()
        return spent, rows + timed(lambda: connection.execute(text(FREE_REFS)))


def run(
    engine: Engine,
    owner: Engine,
    phases: Phases,
    title: str,
    path: Path,
    source: str,
    *,
    dry_run: bool = False,
) -> Spent:
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    phases.take()
    clock = Clock(owner)
    reached: dict[str, float] = {}

    def entering(phase: str) -> None:
        reached[phase] = time.perf_counter()

    result = import_file(
        engine,
        path,
        ImportOptions(source, dry_run=dry_run),
        lambda _count: None,
        entering=entering,
    )
    spent, end = clock.spent(), time.perf_counter()
    print(f"{title}: {result.rows:,} rows, {result.rows / spent.wall:,.0f} rows/s, {spent}")
    print(
        f"   new {result.new:,}, changed {result.changed:,}, unchanged {result.unchanged:,},"
        f" linked {result.linked:,}, rejected {result.rejected:,}; load {os.getloadavg()[0]:.1f}"
    )
    staged = end - reached.get("judging", end)
    told = {"reading": spent.wall - staged, **dict(phases.take().most_common())}
    for name, each in told.items():
        if each > SHOWN_S:
            print(f"   {name:<45}{each:8.2f} s {result.rows / each:14,.0f} rows/s")
    return replace(spent, staged=staged)


def measure(url: str, rows: int, beside: int, folder: Path) -> None:
    engine = make_engine(url)
    owner = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    plans = [made_up(engine, count, seed) for count, seed in ((beside, 1), (rows, 2))]
    first, second = (
        write_columns(folder / f"{number}.csv", plan.households())
        for number, plan in enumerate(plans)
    )
    phases = Phases()

    def once(title: str, path: Path, source: str, *, dry_run: bool = False) -> Spent:
        return run(engine, owner, phases, title, path, source, dry_run=dry_run)

    copied = bare_copy(owner, first)
    print(f"bare COPY: {beside / copied:,.0f} rows/s")
    loaded = once("first load", first, "first")
    print(f"   bare COPY of the same file {copied:.2f} s, ratio {loaded.wall / copied:.2f}")
    once("the same file again", first, "first")
    with first.open("a", encoding="utf-8") as stream:
        stream.write("\n")
    once("the same rows, read again", first, "first")
    tried = once("dry run beside them", second, "second", dry_run=True)
    with owner.begin() as connection:
        connection.execute(text(EQUAL_TABLES))
    bare, free = bare_insert(owner, "first")
    print(
        f"   bare INSERT … SELECT of the first load into equal tables: {bare}; of it the first load"
        f" is {loaded.wall / bare.wall:.2f} by the clock, without foreign keys"
        f" {loaded.wall / free:.2f}"
    )
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE bare_household, bare_ref, free_ref"))
    spent = once("into a live register", second, "second")
    bare, free = bare_insert(owner, "second")
    print(f"   bare INSERT … SELECT into equal empty tables: {bare}; load {os.getloadavg()[0]:.1f}")
    print(
        f"   beside equal tables without foreign keys, {free:.2f} s: the whole import"
        f" {spent.wall / free:.2f}, from the staged rows on {spent.staged / free:.2f} by the clock;"
        f" the dry run {tried.wall / free:.2f}, or {tried.wall / bare.wall:.2f} with them"
    )
    print(
        f"   ratio of the whole import {spent.wall / bare.wall:.2f} by the clock,"
        f" {(spent.program + spent.server) / (bare.program + bare.server):.2f} by processors;"
        f" from the staged rows on {spent.staged / bare.wall:.2f} by the clock"
    )
    some, units = rows // TEXT_SHARE, names_of_communes(engine)
    for title, texts in (
        ("free texts of whole communes", islice(plans[1].households(), some)),
        ("free texts of every commune", islice(plans[1].households(), 0, None, TEXT_SHARE)),
    ):
        path = write_texts(folder / "texts.csv", texts, units)
        once(title, path, title.replace(" ", "-"))
    own, started = (
        resource.getrusage(who).ru_maxrss / 1024
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        f"memory at its highest: this process {own:,.0f} MB, the largest it started {started:,.0f}"
    )
    owner.dispose()
    engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--beside", type=int)
    arguments = parser.parse_args()
    prepare_database(arguments.url, print)
    with tempfile.TemporaryDirectory(prefix="diachiso-bench-") as folder:
        rows = arguments.rows
        measure(arguments.url, rows, arguments.beside or rows, Path(folder))


if __name__ == "__main__":
    main()
