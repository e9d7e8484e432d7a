"""A streaming standby: what the doctor says of it, and how it goes on when it is promoted."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import text

from registry.backup.restore import register_promoted
from registry.cluster import PrivateCluster
from registry.coverage.kept import count_anew, count_for_readers
from registry.coverage.measure import coverage_of_unit
from registry.database import make_engine, session_scope
from registry.doctor import Result, State, run_checks
from registry.errors import ConflictError
from registry.events import write_scope
from registry.gazetteer import load_gazetteer
from registry.settings import Settings
from tests.support.clusters import register_cluster, standby_of
from tests.support.factories import TEST, make_household, make_unit
from tests.support.units import unit_named
from tests.support.waiting import eventually

JUMP = 1_000_000


@pytest.fixture
def primary() -> Iterator[PrivateCluster]:
    """A register in a cluster of its own, with a household and drawn codes."""
    with register_cluster() as made:
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
        session.execute(text("SELECT nextval('code_ordinal') FROM generate_series(1, 10)"))
    engine.dispose()


def examined(url: str, read_url: str | None = None) -> dict[str, Result]:
    settings = Settings(database_url=url, database_read_url=read_url)
    return {result.name: result for result in run_checks(settings)}


def one(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_standby_follows_and_goes_on_as_another_register_when_promoted(
    primary: PrivateCluster, standby: PrivateCluster
) -> None:
    events = one(primary.url(), "SELECT count(*) FROM feed")
    eventually(
        lambda: one(standby.url(), "SELECT count(*) FROM feed") == events, "the standby follows"
    )
    above = examined(primary.url(), standby.url())
    assert (above["replication"].state, above["replication"].detail) == (State.OK, "1 connected")
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
    assert "another register" in other.detail


def test_a_standby_tells_coverage_of_now(primary: PrivateCluster, standby: PrivateCluster) -> None:
    # The record of before is noted, and nobody has counted its commune yet.
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


def test_slot_that_nobody_uses_is_told(primary: PrivateCluster) -> None:
    one(primary.url(), "SELECT pg_create_physical_replication_slot('left', true)")
    result = examined(primary.url())["replication"]
    assert result.state == State.WARNING
    assert "slot left holds" in result.detail
