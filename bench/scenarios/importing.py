"""How fast files go in, beside COPY and INSERT … SELECT of the same rows.

Rows are made up by `registry.ops.demo.load` and delivered as real ones. The bare INSERT … SELECT
copies rows that lie ready in a table of their own, as staged rows do, in the order of the import,
into tables with the register's keys, indexes and foreign keys.
"""

import csv
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

from bench.harness import Bench, Clock, Figure, Scenario, Spent, timed
from bench.registers import autocommit, owner_of
from registry.core.database import driver_connection, make_engine, session_scope
from registry.intake.engine import Workbench
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.ops.demo.households import DemoHousehold
from registry.ops.demo.load import COLUMNS, DemoPlan, plan_demo
from registry.units.gazetteer_loading import load_gazetteer

SHOWN_S: Final = 0.05
"""Phases that take less are left out."""
TEXT_SHARE: Final = 10
"""One row of so many is also delivered as free text."""

EQUAL_TABLES: Final = """
    CREATE TABLE bare_household (LIKE household INCLUDING ALL);
    CREATE TABLE bare_ref (LIKE household_ref INCLUDING ALL,
        FOREIGN KEY (code) REFERENCES bare_household (code),
        FOREIGN KEY (import_id) REFERENCES import (id),
        FOREIGN KEY (vanished_import_id) REFERENCES import (id));
"""
READY: Final = (
    "DROP TABLE IF EXISTS ready_household, ready_ref",
    """
    CREATE UNLOGGED TABLE ready_household AS SELECT h.* FROM household h WHERE h.event_id = (
        SELECT published_event_id FROM import WHERE source = '{source}' ORDER BY id LIMIT 1)
    """,
    """
    CREATE UNLOGGED TABLE ready_ref AS
        SELECT * FROM household_ref WHERE source = '{source}' AND NOT linked
    """,
    "ANALYZE ready_household, ready_ref",
    "TRUNCATE bare_household, bare_ref",
    "CHECKPOINT",
)
EQUAL: Final = (
    "INSERT INTO bare_household SELECT * FROM ready_household;"
    " INSERT INTO bare_ref SELECT * FROM ready_ref"
)
NAMES: Final = """
    SELECT u.code, concat(v.name, ', ', p.name) AS name FROM admin_unit u
    JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
    JOIN admin_unit_version p ON p.unit_id = v.province_id AND p.valid @> current_date
    WHERE u.level = 'commune'
"""


class Phases:
    """Seconds by script of `registry/intake`, and by what is brought over and handed back."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        for name in ("run", "bring", "hand", "copy"):
            setattr(Workbench, name, self._timed(name, getattr(Workbench, name)))

    def _timed(self, name: str, work: Callable[..., int]) -> Callable[..., int]:
        def timed_work(workbench: Workbench, what: str, *more: object, **named: object) -> int:
            start = time.perf_counter()
            try:
                return work(workbench, what, *more, **named)
            finally:
                self.seconds[f"{name} {what.split(' ')[0]}"] += time.perf_counter() - start

        return timed_work

    def show(self) -> None:
        """Print and forget."""
        for name, seconds in self.seconds.most_common():
            if seconds > SHOWN_S:
                print(f"    {name:<50}{seconds:8.2f} s")
        self.seconds.clear()


def plan(engine: Engine, rows: int, seed: int) -> DemoPlan:
    """Households of the whole country; the same for the same seed."""
    with session_scope(engine) as session:
        return plan_demo(session, load_gazetteer(session), rows, seed=seed)


def write_columns(path: Path, rows: Iterable[DemoHousehold]) -> Path:
    """A delivery with a column for each part of the address."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return path


def write_texts(path: Path, rows: Iterable[DemoHousehold], units: dict[str, str]) -> Path:
    """A delivery with the address as one text."""
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


def import_rows(engine: Engine, path: Path, source: str, *, dry_run: bool = False) -> ImportResult:
    """What becomes of a file."""
    options = ImportOptions(source, dry_run=dry_run, demo_as_real=True)
    return import_file(engine, path, options, lambda _count: None)


def bare_copy(owner: Engine, path: Path) -> float:
    """Seconds of a COPY of the file as it is into a table of texts."""
    with owner.begin() as connection:
        columns = ", ".join(f"{name} text" for name in COLUMNS)
        connection.execute(text(f"CREATE TEMPORARY TABLE bare_copy ({columns}) ON COMMIT DROP"))

        def copy_all() -> None:
            with (
                path.open("rb") as stream,
                driver_connection(connection).cursor() as cursor,
                cursor.copy("COPY bare_copy FROM STDIN (FORMAT csv, HEADER)") as copy,
            ):
                while block := stream.read(1 << 16):
                    copy.write(block)

        return timed(copy_all).wall


def bare_insert(owner: Engine, source: str) -> float:
    """Seconds of the rows that the source's first import wrote, into the equal tables."""
    with autocommit(owner) as connection:
        for statement in READY:
            connection.execute(text(statement.format(source=source)))
    with owner.begin() as connection:
        return timed(lambda: connection.exec_driver_sql(EQUAL)).wall


def measure(bench: Bench) -> Iterator[Figure]:
    empty = bench.registers.empty(bench.shared)
    with (
        tempfile.TemporaryDirectory(prefix="diachiso-bench-") as folder,
        bench.registers.copy(empty) as url,
        owner_of(url) as owner,
    ):
        engine = make_engine(url)
        yield from _imports(engine, owner, url, bench.households, Path(folder))
        engine.dispose()
    for name, who in (("", resource.RUSAGE_SELF), (", what it starts", resource.RUSAGE_CHILDREN)):
        most = resource.getrusage(who).ru_maxrss / 1024
        yield Figure(f"memory of the program at most{name}", most, "MB")


def _imports(engine: Engine, owner: Engine, url: str, rows: int, folder: Path) -> Iterator[Figure]:
    phases, plans = Phases(), [plan(engine, rows, seed) for seed in (1, 2)]
    first, second = (
        write_columns(folder / f"{at}.csv", each.households()) for at, each in enumerate(plans)
    )

    def once(path: Path, source: str, *, dry_run: bool = False) -> Spent:
        with autocommit(owner) as connection:
            connection.execute(text("CHECKPOINT"))
        clock = Clock(url)
        import_rows(engine, path, source, dry_run=dry_run)
        spent = clock.spent()
        phases.show()
        return spent

    def rate(name: str, spent: Spent, count: int = rows) -> Figure:
        return Figure(name, count / spent.wall, "rows/s")

    def beside(name: str, spent: Spent, baseline: str, seconds: float) -> Figure:
        return Figure(name, spent.wall, "s", baseline=baseline, baseline_value=seconds)

    with owner.begin() as connection:
        connection.execute(text(EQUAL_TABLES))
    copied, loaded = bare_copy(owner, first), once(first, "first")
    yield rate("first load", loaded)
    yield beside("first load", loaded, "bare COPY of the file", copied)
    equal = "bare INSERT … SELECT into equal tables"
    yield beside("first load", loaded, equal, bare_insert(owner, "first"))
    yield rate("the same file again", once(first, "first"))
    with first.open("a", encoding="utf-8") as stream:
        stream.write("\n")
    yield rate("the same rows in another file", once(first, "first"))
    tried, spent = once(second, "second", dry_run=True), once(second, "second")
    bare = bare_insert(owner, "second")
    yield beside("dry run beside as many", tried, equal, bare)
    yield beside("into a register of as many", spent, equal, bare)
    with engine.connect() as connection:
        units = {row.code: row.name for row in connection.execute(text(NAMES))}
    some = rows // TEXT_SHARE
    for name, texts in (
        ("free texts of whole communes", islice(plans[1].households(), some)),
        ("free texts of every commune", islice(plans[1].households(), 0, None, TEXT_SHARE)),
    ):
        path = write_texts(folder / "texts.csv", texts, units)
        yield rate(name, once(path, name.replace(" ", "-")), some)


SCENARIOS = (
    Scenario("import", "files: first load, again, into a live register, free texts", measure),
)
