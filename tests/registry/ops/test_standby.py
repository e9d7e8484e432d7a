"""A streaming standby: what the doctor reports, and how it continues when promoted."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Engine, text

from registry.core.database import make_engine, session_scope
from registry.core.errors import ConflictError, DatabaseUnavailableError
from registry.core.events import move_pending_events, open_event, write_scope
from registry.core.settings import Settings
from registry.coverage.count_cache import count_anew, count_for_readers
from registry.coverage.measure import coverage_of_unit
from registry.ops.backup.restore import register_promoted
from registry.ops.cluster import PrivateCluster
from registry.ops.doctor import Result, State, run_probes
from registry.records.codes import issue_codes
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.clusters import empty_cluster, register_cluster, running, standby_of
from tests.support.factories import TEST, make_household, make_unit
from tests.support.intake import deliveries, door
from tests.support.postgis import copy_cluster
from tests.support.units import unit_named
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough

JUMP = 1_000_000


@pytest.fixture
def primary(admin_url: str) -> Iterator[PrivateCluster]:
    """A register in a cluster of its own, with a household and drawn codes."""
    with register_cluster(admin_url) as made:
        write(made.url())
        yield made


@pytest.fixture
def standby(primary: PrivateCluster) -> Iterator[PrivateCluster]:
    with standby_of(primary) as made:
        yield made


def write(url: str) -> None:
    engine = make_engine(url)
    with write_scope(engine, TEST) as session:
        make_household(session, unit_id=make_unit(session))
        session.execute(text("SELECT draw_ordinals(10, false)"))
    engine.dispose()


def examined(url: str, read_url: str | None = None) -> dict[str, Result]:
    settings = Settings(database_url=url, database_read_url=read_url)
    return {result.name: result for result in run_probes(settings)}


def one(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_promoted_standby_continues_as_another_register(
    primary: PrivateCluster, standby: PrivateCluster
) -> None:
    events = one(primary.url(), "SELECT count(*) FROM feed")
    eventually(
        lambda: one(standby.url(), "SELECT count(*) FROM feed") == events, "the standby follows"
    )
    above = examined(primary.url(), standby.url())
    assert (above["replication"].state, above["replication"].english) == (
        State.OK,
        "1 replica connected",
    )
    assert above["read_replica"].state == State.OK
    below = examined(standby.url())
    assert below["replication"].state == State.OK
    assert below["server_answers"].state == State.WARNING
    with pytest.raises(ConflictError, match="still a standby"):
        register_promoted(standby.url(), lambda _line: None)

    uuid = one(primary.url(), "SELECT uuid FROM register_identity")
    ordinal = one(primary.url(), "SELECT last_value FROM code_ordinal")
    assert one(standby.url().replace("/diachiso?", "/postgres?"), "SELECT pg_promote()") is True
    made = register_promoted(standby.url(), lambda _line: None)
    assert made != uuid
    # The standby may have fetched more of the sequence's log than was drawn, never less.
    assert int(str(one(standby.url(), "SELECT last_value FROM code_ordinal"))) >= (
        int(str(ordinal)) + JUMP
    )
    write(standby.url())
    assert examined(standby.url())["server_answers"].state == State.OK
    other = examined(primary.url(), standby.url())["read_replica"]
    assert other.state == State.FAILURE
    assert "another register" in other.english


def reserve(engine: Engine, count: int) -> list[str]:
    with write_scope(engine, TEST) as session:
        return issue_codes(session, count)


def administer(of: PrivateCluster, statement: str) -> object:
    return one(of.admin_url("postgres"), statement)


def identity(url: str) -> UUID:
    found = one(url, "SELECT uuid FROM register_identity")
    assert isinstance(found, UUID)
    return found


def ordinal(url: str) -> int:
    return int(str(one(url, "SELECT last_value FROM code_ordinal")))


def cut_off(standby: PrivateCluster, primary: PrivateCluster) -> None:
    """Let the standby have what there is, and nothing that the primary writes from now on."""
    now = one(primary.url(), "SELECT pg_current_wal_lsn()::text")
    eventually(
        lambda: one(standby.url(), f"SELECT pg_last_wal_replay_lsn() >= '{now}'"), "it follows"
    )
    with psycopg.connect(standby.admin_url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
        connection.execute("SELECT pg_reload_conf()")
    eventually(
        lambda: one(primary.url(), "SELECT count(*) FROM pg_stat_replication") == 0, "it is cut off"
    )


def test_promoted_lagging_standby_reissues_no_code(
    primary: PrivateCluster, standby: PrivateCluster, tmp_path: Path
) -> None:
    above, below = make_engine(primary.url()), make_engine(standby.url(), pool_size=8)
    try:
        cut_off(standby, primary)
        lost = set(reserve(above, 200))
        followed = one(primary.url(), "SELECT max(position) FROM feed")
        uuid, known = identity(standby.url()), ordinal(standby.url())
        with below.connect() as opened_before:
            assert opened_before.scalar(text("SELECT pg_is_in_recovery()"))
            opened_before.rollback()
            assert administer(standby, "SELECT pg_promote()") is True
            # No checkpoint is awaited: the control file may be outdated.
            again = issue_codes(opened_before, 200)
            opened_before.rollback()
        assert lost.isdisjoint(again)
        with ThreadPoolExecutor(8) as pool:  # at once, after a rolled-back transaction
            issued = list(chain.from_iterable(pool.map(lambda _: reserve(below, 50), range(16))))
        assert len({*issued, *again}) == 1_000
        assert lost.isdisjoint(issued)
        deliver = deliveries(below, tmp_path)
        assert deliver(*(door(str(number)) for number in range(1, 201))).new == 200
        assert not any(
            one(standby.url(), f"SELECT EXISTS (SELECT FROM household WHERE code = '{code}')")
            for code in lost
        )
        # Moved on once, and renamed once, although positions are given again meanwhile.
        assert known + JUMP < ordinal(standby.url()) < known + JUMP + 2_000
        renamed = identity(standby.url())
        assert renamed != uuid
        assert one(standby.url(), "SELECT note FROM register_identity") == "promoted"
        assert int(str(one(standby.url(), "SELECT max(position) FROM feed"))) >= int(str(followed))
    finally:
        above.dispose()
        below.dispose()


def test_promoted_standby_gets_a_new_uuid_before_its_feed_continues(
    primary: PrivateCluster, standby: PrivateCluster
) -> None:
    above, below = make_engine(primary.url()), make_engine(standby.url())
    try:
        with session_scope(above) as session:  # committed, and in no feed
            open_event(session, TEST)
        waiting = "SELECT count(*) FROM event_pending"
        eventually(lambda: one(standby.url(), waiting) == 1, "the standby follows")
        cut_off(standby, primary)
        uuid = identity(standby.url())
        assert administer(standby, "SELECT pg_promote()") is True
        assert identity(standby.url()) == uuid
        assert move_pending_events(below) == 1
        assert identity(standby.url()) != uuid
    finally:
        above.dispose()
        below.dispose()


def test_crashed_server_resumes(primary: PrivateCluster) -> None:
    engine = make_engine(primary.url())

    def reserved() -> list[str]:
        try:
            return reserve(engine, 1)
        except DatabaseUnavailableError:
            return []

    try:
        before = reserved()
        uuid, known = identity(primary.url()), ordinal(primary.url())
        one(primary.url(), "SELECT pg_switch_wal()")  # to the disk
        with psycopg.connect(primary.url()) as killed, psycopg.connect(primary.url()) as other:
            os.kill(killed.info.backend_pid, signal.SIGKILL)
            # The server ends all the others too, a moment later.
            with pytest.raises(psycopg.OperationalError):
                other.execute("SELECT pg_sleep(60)")
        after = eventually(reserved, "it has recovered")
        assert before != after
        # A crash burns what the log had fetched ahead.
        assert ordinal(primary.url()) - known < 100
        assert identity(primary.url()) == uuid
    finally:
        engine.dispose()


def test_register_recovered_to_a_point_in_time_reissues_no_code(
    primary: PrivateCluster,
) -> None:
    above = make_engine(primary.url())
    with empty_cluster() as made:
        copy_cluster(primary, made.data_dir, "--wal-method=stream")
        (made.data_dir / "recovery.signal").touch()
        lost = set(reserve(above, 200))
        above.dispose()
        with (made.data_dir / "postgresql.auto.conf").open("a") as settings:
            settings.write("restore_command = 'false'\n")  # the archive ends here
        with running(made):
            eventually(lambda: not one(made.url(), "SELECT pg_is_in_recovery()"), "it recovers")
            below = make_engine(made.url())
            assert lost.isdisjoint(reserve(below, 200))
            below.dispose()
            assert identity(made.url()) != identity(primary.url())


def test_standby_reports_current_coverage(primary: PrivateCluster, standby: PrivateCluster) -> None:
    # The earlier record is noted, and its commune is not counted yet.
    above, below = make_engine(primary.url()), make_engine(standby.url())
    try:
        with session_scope(above) as session:
            known = load_gazetteer(session)
            unit = unit_named(known, "Phường Ba Đình", "00004").id
            make_household(session, unit_id=unit)
        noted = "SELECT count(*) FROM coverage_touched"
        eventually(lambda: one(standby.url(), noted) == 2, "the standby follows")
        for _ in range(2):  # it cannot keep what it counts
            count_for_readers(below)
            with session_scope(below) as session:
                found = coverage_of_unit(session, known, "00004")
            assert (found.counted_at, found.total.counts.dwellings) == (None, 1)
        assert count_anew(above)
        eventually(lambda: one(standby.url(), noted) == 0, "the standby follows")
        with session_scope(below) as session:
            assert coverage_of_unit(session, known, "00004").total.counts.dwellings == 1
    finally:
        above.dispose()
        below.dispose()


def test_unused_replication_slot_is_reported(primary: PrivateCluster) -> None:
    one(primary.url(), "SELECT pg_create_physical_replication_slot('left', true)")
    result = examined(primary.url())["replication"]
    assert result.state == State.WARNING
    assert "slot left retains" in result.english
