"""Backups that bring back a moment: by the real pgBackRest, of a cluster of their own."""

import datetime
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from registry.core.errors import (
    ClusterError,
    ConflictError,
    CursorRefusedError,
    InvalidInputError,
    NotFoundError,
    NotPreparedError,
)
from registry.core.settings import Settings
from registry.ops import cluster
from registry.ops.backup.moments import parse_moment, take
from registry.ops.backup.recovery import rehearse, restore_moment
from registry.ops.backup.store import Backup, explain, open_store
from registry.ops.cluster import PrivateCluster
from registry.ops.doctor import Result, State, run_probes
from registry.ops.probes import backups, server
from registry.publish.changes import read_page
from registry.publish.changes.entries import following
from registry.units.gazetteer import VIET_NAM
from tests.registry.ops.test_restore import snapshot
from tests.support.clusters import running
from tests.support.copies import opened
from tests.support.folders import open_folder
from tests.support.lifecycle import Town, town_at
from tests.support.postgis import lay_prepared
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        shutil.which("pgbackrest") is None, reason="needs pgbackrest, which bin/test installs"
    ),
]
CONNECTS = server.server_answers
LOOKED_AT = (CONNECTS, backups.backups_taken, backups.backups_rehearsed, backups.log_archived)
MANY_MORE = "SELECT setval('code_ordinal', last_value + 3000000) FROM code_ordinal"
"""More codes than a register that comes back moves on by."""
WEBHOOK = """
    WITH k AS (
        INSERT INTO api_key (name, hash, role, ending)
        VALUES ('Giao hàng', sha256('k'), 'carrier', 'kkkk') RETURNING id
    ) INSERT INTO webhook (key_id, url, secret, cursor, caught_up)
    SELECT id, 'https://a.vn', sha256('w'), 'c', 0 FROM k
"""


@dataclass(frozen=True)
class Saved:
    """A register whose WAL is archived in a store, and its first backup."""

    settings: Settings
    cluster: PrivateCluster
    town: Town
    backup: Backup
    folder: Path


@pytest.fixture(scope="module")
def saved(admin_url: str) -> Iterator[Saved]:
    with open_folder() as folder:
        settings = Settings(var=folder / "var", backups=folder / "store")
        settings.var.mkdir()
        lay_prepared(admin_url, settings.var / "cluster")
        made = cluster.locate(settings)
        with running(made), town_at(made.url()) as place:
            backup = take(settings, full=False, report=silent)
            place.street("Phố Láng")
            yield Saved(settings, made, place, backup, folder)


def silent(_line: str) -> None:
    """Ignored progress."""


@contextmanager
def served(var: Path) -> Iterator[Town]:
    """What came back, started as its operator would."""
    made = cluster.locate(Settings(var=var))
    with running(made), town_at(made.url()) as place:
        yield place


def examined(settings: Settings) -> dict[str, Result]:
    return {each.name: each for each in run_probes(settings, LOOKED_AT)}


def now_there(place: Town) -> datetime.datetime:
    ((moment,),) = place.rows("SELECT clock_timestamp()")
    assert isinstance(moment, datetime.datetime)
    return moment


def cursor_of(place: Town) -> str:
    """Where a follower of the register is that has read all."""
    with opened(place.url) as register:
        wanted = following(register.gazetteer.get(), None, demo=False)
        cursor = None
        while True:
            page = read_page(register, wanted, cursor, 1_000)
            cursor = page.cursor
            if not page.more:
                return cursor


def follow(place: Town, cursor: str) -> None:
    with opened(place.url) as register:
        read_page(register, following(register.gazetteer.get(), None, demo=False), cursor, 10)


def test_register_is_restored_to_a_moment_as_another_register(saved: Saved) -> None:
    place = saved.town
    before = [place.house(str(number)) for number in range(1, 6)]
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(WEBHOOK)
    eventually(lambda: saved.backup.can_recover(now_there(place)), "it was whole a second ago")
    there = snapshot(place.engine)
    moment = now_there(place)
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(MANY_MORE)
    for code in before:
        place.retire(code)
    after = [place.house(str(number)) for number in range(101, 106)]
    cursor = cursor_of(place)
    here = snapshot(place.engine)

    into = saved.folder / "then"
    found = restore_moment(saved.settings, moment, into, report=silent)
    assert found.is_well, found.results
    with served(into) as then:
        back = snapshot(then.engine)
        assert (back.households, back.versions) == (there.households, there.versions)
        assert (back.events, back.feed, back.key) == (there.events, there.feed, there.key)
        assert back.uuid not in (there.uuid, here.uuid)
        assert then.rows("SELECT state FROM webhook") == [("paused",)]
        assert then.rows("SELECT count(*) FROM jobs.procrastinate_jobs") == [(0,)]
        with pytest.raises(CursorRefusedError) as refused:
            follow(then, cursor)
        assert refused.value.extra == {"reason": "other_register"}
        issued = then.reserve(50)
        assert set(issued).isdisjoint({*before, *after})
        assert back.ordinal >= here.ordinal + 1_000_000
        assert then.record(before[0]).code == before[0]
        # Its WAL is not archived until the operator declares it the replacement.
        assert then.rows("SHOW archive_mode") == [("off",)]
    assert snapshot(place.engine) == here


def test_rehearsal_is_recorded_and_reported_by_the_doctor(saved: Saved) -> None:
    assert examined(saved.settings)["backups_rehearsed"].state == State.WARNING
    before = sorted(saved.folder.iterdir())
    found = rehearse(saved.settings, saved.folder, report=silent)
    assert found.is_well, found.results
    assert sorted(saved.folder.iterdir()) == before
    shown = examined(saved.settings)
    for name in ("backups_taken", "backups_rehearsed", "log_archived"):
        assert shown[name].state == State.OK, shown[name]
    assert shown["backups_taken"].english == "full, 0.0 days ago"


def test_second_backup_is_incremental(saved: Saved) -> None:
    saved.town.reserve(5)
    made = take(saved.settings, full=False, report=silent)
    assert (made.kind, made.ordinal > saved.backup.ordinal) == ("diff", True)
    # After an upgrade of PostgreSQL a whole one; here the version is the same.
    whole = take(saved.settings, full=False, upgraded=True, report=silent)
    assert whole.kind == "full"
    kept = [each.label for each in open_store(saved.settings).backups()]
    assert kept == [saved.backup.label, made.label, whole.label]


def test_register_keeps_running_while_its_backup_store_is_unreachable(saved: Saved) -> None:
    closed = saved.folder / "store" / "archive"
    closed.chmod(0o500)
    for folder in closed.rglob("*"):
        if folder.is_dir():
            folder.chmod(0o500)
    try:
        saved.town.house("201")
        with psycopg.connect(saved.cluster.admin_url(), autocommit=True) as connection:
            connection.execute("SELECT pg_switch_wal()")
        eventually(
            lambda: examined(saved.settings)["log_archived"].state == State.WARNING, "it is told"
        )
        assert saved.town.house("202")
    finally:
        for folder in (closed, *closed.rglob("*")):
            if folder.is_dir():
                folder.chmod(0o750)
    # A backup holds what was not sent: nothing is left to do.
    take(saved.settings, full=False, report=silent)
    assert examined(saved.settings)["log_archived"].state == State.OK


LONG_AGO = datetime.datetime(2026, 1, 1, tzinfo=VIET_NAM)


def test_failure_is_one_line_with_the_remedy(saved: Saved, tmp_path: Path) -> None:
    settings, into = saved.settings, saved.folder / "nowhere"
    full = saved.folder / "full"
    full.mkdir()
    (full / "kept").touch()
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("[other]\npg1-path=/nowhere\n")
    other = tmp_path / "other.conf"
    other.write_text("[diachiso]\npg1-path=/nowhere\n")

    def restored(settings: Settings, moment: datetime.datetime | None, into: Path) -> None:
        restore_moment(settings, moment, into, report=silent)

    for kind, expected, wanted in (
        (NotFoundError, "the first backup finished at", (settings, LONG_AGO, into)),
        (ConflictError, "not empty", (settings, None, full)),
        (NotPreparedError, "set DIACHISO_BACKUPS", (replace(settings, backups=None), None, into)),
        (
            ClusterError,
            r"section \[diachiso\]",
            (replace(settings, backups=wrong), None, into),
        ),
        (ClusterError, "not this cluster", (replace(settings, backups=other), None, into)),
        (
            ClusterError,
            "cannot read",
            (replace(settings, backups=tmp_path / "no.conf"), None, into),
        ),
    ):
        with pytest.raises(kind, match=expected):
            restored(*wanted)
    assert not into.exists()
    assert [each.name for each in full.iterdir()] == ["kept"]


def test_missing_backup_store_is_not_recreated_automatically(saved: Saved) -> None:
    store, away = saved.folder / "store", saved.folder / "away"
    store.rename(away)
    try:
        with pytest.raises(ConflictError, match="mount the disk of the store again"):
            take(saved.settings, full=False, report=silent)
        with pytest.raises(ConflictError, match="not made by this register"):
            take(saved.settings, full=True, upgraded=True, report=silent)
    finally:
        shutil.rmtree(store)
        away.rename(store)


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        (
            "ERROR: [064]: unable to write '/b/x': [28] No space left on device",
            "store_full",
        ),
        (
            "ERROR: [047]: unable to create path '/b': [13] Permission denied",
            "store_not_writable",
        ),
        ("ERROR: [055]: unable to load info file '/b/a' or '/b/a.copy':", "store_missing"),
        (
            "ERROR: [028]: backup and archive info files exist but do not match the database",
            "store_of_other_register",
        ),
        ("ERROR: [050]: unable to acquire lock on file", "backup_already_running"),
        ("ERROR: [056]: unable to find primary cluster - cannot proceed", "primary_not_here"),
        ("ERROR: [087]: archive_mode must be enabled", "server_keeps_no_log"),
        (
            "FormatError: key/value found outside of section at line 1: Salted__",
            "store_passphrase_wrong",
        ),
        (
            "ERROR: [000]: [ProtocolError] HTTP request failed with 404 (NOT FOUND):",
            "bucket_refused",
        ),
        ("P00  ERROR: [032]: key 'repo1-s3-key' must have a value", "pgbackrest_failed"),
        ("WARN: x\nERROR: [049]: unable to connect to 's3.vn:443'", "store_missing"),
        ("", "pgbackrest_failed"),
    ],
)
def test_pgbackrest_error_is_one_line(expected: str, code: str) -> None:
    problem = explain(expected, "backup", 9)
    assert problem.code == code
    assert "\n" not in problem.words("en")


@pytest.mark.parametrize("written", ["25:00", "10", "2026-11-28", "hôm qua", "30/02/2026 10:31"])
def test_invalid_moment_is_refused(written: str) -> None:
    with pytest.raises(InvalidInputError, match="không phải thời điểm"):
        parse_moment(written, LONG_AGO)


def test_future_moment_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="has not come"):
        parse_moment("2026-01-01T00:00:01+07:00", LONG_AGO)
