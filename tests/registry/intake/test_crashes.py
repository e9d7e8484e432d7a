"""Never half done: the importer killed, PostgreSQL killed, the disk full, at each phase."""

import os
import resource
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from registry.core.database import make_engine
from registry.core.errors import DatabaseUnavailableError
from registry.core.events import move_pending_events
from registry.intake.result import PHASES, ImportOptions, ImportResult
from registry.intake.run import import_file
from registry.ops import cluster
from registry.reform import progress as reform_progress
from registry.reform.reading import read_resolution
from registry.reform.run import Options, reform
from registry.units.gazetteer import today
from tests.registry.intake.held_import import Importer
from tests.registry.reform.conftest import HEAD
from tests.support.background import gone
from tests.support.clusters import empty_cluster
from tests.support.intake import checksum, door, rows, write
from tests.support.postgis import lay_prepared
from tests.support.thorough import gate_takes
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough

MERGED = """\
changes:
  - merge: {units: ["00004", "00025"], into: {code: "00004", name: Ba Đình Mới, kind: phuong}}
"""
BEFORE_COMMIT = PHASES[: PHASES.index("feed")]
SOURCE = "phường"
IMPORTERS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'diachiso'"
    " AND datname = current_database() AND pid <> pg_backend_pid()"
)
BUSY = f"{IMPORTERS} AND xact_start IS NOT NULL"
WAITS_FOR_A_LOCK = f"{IMPORTERS} AND wait_event_type = 'Lock'"


@dataclass
class Place:
    """A register that lives already, and a file for it."""

    url: str
    engine: Engine
    file: Path
    before: object

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """What the superuser is answered, on a connection of its own."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload, no-any-return]

    def assert_unchanged(self) -> None:
        """Nothing of the import is there, not even its tables."""
        eventually(lambda: not self.ask(BUSY), "nothing of the importer runs")
        self.engine.dispose()
        assert checksum(self.engine) == self.before
        assert self.ask("SELECT FROM import WHERE state <> 'published'") == []
        assert self.ask("SELECT FROM parked_key") == []

    def succeeds_now(self) -> ImportResult:
        """The next try is as if there had been no other."""
        result = import_file(self.engine, self.file, ImportOptions(SOURCE), lambda _n: None)
        assert (result.new, result.changed, result.rejected) == (30, 1, 1)
        return result


def settled(url: str, folder: Path) -> Place:
    """A register with a few doors of the source, and another file of it."""
    engine = make_engine(url)
    old = write(folder / "old.csv", *(door(str(n), f"R{n}") for n in range(1, 4)))
    import_file(engine, old, ImportOptions(SOURCE), lambda _n: None)
    fresh = [door(str(n), f"R{n}") for n in range(11, 41)]
    changed = [door("1A", "R1"), door("", "R9")]
    file = write(folder / "new.csv", *fresh, *changed)
    return Place(url, engine, file, checksum(engine))


@pytest.fixture
def place(fresh_database: Callable[[], str], tmp_path: Path) -> Iterator[Place]:
    made = settled(fresh_database(), tmp_path)
    yield made
    made.engine.dispose()


@pytest.mark.thorough
def test_importer_may_be_killed_at_any_phase(place: Place) -> None:
    for phase in BEFORE_COMMIT:
        with Importer.start(place.url, place.file, SOURCE) as importer:
            importer.stops_at(phase)
            importer.kill()
        place.assert_unchanged()
    # In the middle of writing, blocked by another session's table lock.
    with psycopg.connect(place.url) as other, Importer.start(place.url, place.file, SOURCE) as one:
        one.stops_at("publishing")
        other.execute("LOCK TABLE household_ref IN SHARE MODE")
        one.go_on()
        eventually(lambda: place.ask(WAITS_FOR_A_LOCK), "it waits for the table")
        one.kill()
    place.assert_unchanged()
    place.succeeds_now()


@pytest.mark.thorough
def test_importer_killed_after_the_commit_has_published(place: Place) -> None:
    with Importer.start(place.url, place.file, SOURCE) as importer:
        importer.stops_at("feed")
        importer.kill()
    assert place.ask("SELECT count(*) FROM event_pending") == [(1,)]
    assert move_pending_events(place.engine) == 1
    again = import_file(place.engine, place.file, ImportOptions(SOURCE), lambda _n: None)
    assert (again.new, again.changed, again.unchanged) == (0, 0, 31)


@dataclass
class Mortal:
    """A cluster that is killed, and started again."""

    made: cluster.PrivateCluster
    server: subprocess.Popen[bytes]

    def die(self) -> None:
        """End at once, as by a failing power supply."""
        self.server.kill()
        self.server.wait()
        self.server = self.made.start()

    def fill_disk_for(self, pid: int) -> None:
        """Let no file of this process grow any more."""
        command = ("prlimit", f"--pid={pid}", "--fsize=0:0")
        done = self.made.account.run(*command)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def second_cluster(admin_url: str) -> Iterator[Mortal]:
    """A cluster to be killed."""
    with empty_cluster() as made:
        lay_prepared(admin_url, made.data_dir)
        mortal = Mortal(made, made.start())
        yield mortal
        made.stop()
        mortal.server.wait()


@pytest.fixture
def mortal(second_cluster: Mortal, tmp_path: Path) -> Iterator[Place]:
    """A register in that cluster, which no test changes."""
    made = settled(second_cluster.made.url(), tmp_path)
    with psycopg.connect(made.url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")  # a cluster of tests commits before the disk has it
    yield made
    made.engine.dispose()


def recovered(place: Place, worked: int) -> None:
    """Wait until the cluster has recovered from the end of its process `worked`.

    PostgreSQL keeps answering until it has reaped a killed process, and then stops.
    """
    eventually(lambda: gone(worked), "PostgreSQL has seen the end")
    eventually(lambda: _answers(place), "the server has recovered", within_s=60)


def _answers(place: Place) -> bool:
    try:
        return place.ask("SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def expected_error(phase: str) -> str:
    """Errors of an importer whose connection is lost; during the commit the outcome is unknown."""
    at_commit = phase == BEFORE_COMMIT[-1]
    return "outcome_unknown\n" if at_commit else "database_unavailable\n"


def backend(place: Place) -> int:
    """The process that works for the importer."""
    ((pid,),) = place.ask(f"{BUSY} AND state = 'idle in transaction'")
    return int(str(pid))


@pytest.mark.gate
@pytest.mark.parametrize("phase", gate_takes(BEFORE_COMMIT, "publishing"))
def test_postgresql_may_be_killed_at_any_phase(
    second_cluster: Mortal, mortal: Place, phase: str
) -> None:
    with Importer.start(mortal.url, mortal.file, SOURCE) as importer:
        importer.stops_at(phase)
        worked = backend(mortal)
        if BEFORE_COMMIT.index(phase) % 2:
            os.kill(worked, signal.SIGKILL)
        else:
            second_cluster.die()
        assert importer.finish() == 1
        assert importer.process.stderr
        assert importer.process.stderr.read() == expected_error(phase)
    recovered(mortal, worked)
    mortal.assert_unchanged()


@pytest.mark.thorough
def test_postgresql_may_be_killed_at_any_phase_of_a_reform(
    second_cluster: Mortal, mortal: Place, tmp_path: Path
) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(HEAD.format(number="1/NQ", day=today(), signed=today()) + MERGED, "utf-8")
    document = read_resolution(path)
    options = Options("tests", waits=True)
    worked = 0
    for number, killed_at in enumerate(reform_progress.PHASES):

        def entering(phase: str, _done: int) -> None:
            nonlocal worked
            if phase != killed_at:  # noqa: B023 - called in this turn
                return
            worked = backend(mortal)
            if number % 2:  # noqa: B023
                os.kill(worked, signal.SIGKILL)
            else:
                second_cluster.die()

        # During the commit the outcome is unknown.
        with pytest.raises(DatabaseUnavailableError):
            reform(mortal.engine, document, options, entering)
        recovered(mortal, worked)
        mortal.assert_unchanged()
        assert mortal.ask("SELECT FROM reform") == []
    assert reform(mortal.engine, document, Options("tests", dry_run=True)).undecided == 0


@pytest.mark.thorough
def test_disk_may_be_full_at_any_phase(second_cluster: Mortal, mortal: Place) -> None:
    """No file may grow beyond nothing: as on a full disk, tables and log cannot be written.

    While it commits all is written already, or in the hands of another process of the server.
    """
    for phase in BEFORE_COMMIT[:-1]:
        with Importer.start(mortal.url, mortal.file, SOURCE) as importer:
            importer.stops_at(phase)
            worked = backend(mortal)
            second_cluster.fill_disk_for(worked)
            assert importer.finish() == 1, (phase, importer.process.communicate())
            assert importer.process.stderr
            assert importer.process.stderr.read() in ("storage_full\n", "database_unavailable\n")
        recovered(mortal, worked)
        mortal.assert_unchanged()


@pytest.mark.thorough
def test_importers_disk_may_be_full(mortal: Place) -> None:
    with Importer.start(mortal.url, mortal.file, SOURCE) as importer:
        importer.stops_at("publishing")
        resource.prlimit(importer.process.pid, resource.RLIMIT_FSIZE, (0, 0))
        assert importer.finish() != 0
    mortal.assert_unchanged()
    mortal.succeeds_now()


def test_imports_of_one_source_queue_while_others_and_readers_continue(place: Place) -> None:
    other = write(place.file.with_name("other.csv"), door("99", "X"))
    read = "SELECT count(*) FROM household WHERE status = 'active'"
    with (
        Importer.start(place.url, place.file, SOURCE) as first,
        Importer.start(place.url, place.file, SOURCE) as second,
    ):
        stopped, waiting = _whichever_is_first(place, first, second)
        # Another source passes by, and is published.
        result = import_file(place.engine, other, ImportOptions("khác"), lambda _n: None)
        assert result.new == 1
        stopped.stops_at("committing")
        assert rows(place.engine, read) == [(4,)]  # no reader waits or sees any of it
        assert stopped.finish() == 0
        assert rows(place.engine, read) == [(34,)]
        waiting.stops_at("publishing")
        assert waiting.finish() == 0
    counts = rows(place.engine, "SELECT counts FROM import WHERE source = 'phường' ORDER BY id")
    new = [dict(c)["new"] for (c,) in counts]  # type: ignore[call-overload]
    assert new == [3, 30, 0]


def _whichever_is_first(place: Place, one: Importer, two: Importer) -> tuple[Importer, Importer]:
    """The importer that has the turn, at its first phase, and the one that waits for it."""
    eventually(lambda: place.ask(WAITS_FOR_A_LOCK), "one waits for the other")
    assert one.process.stdout
    ready, _, _ = select.select([one.process.stdout], [], [], 0)
    return (one, two) if ready else (two, one)
