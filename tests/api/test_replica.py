"""A primary and its streaming replica: which requests are served while one of them is down."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import ANY

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from api.core.access import Caller
from registry.access import key_check
from registry.access.keys import KeyMade, NewKey, create_key, make_secret, revoke_key
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.core.roles import Role
from registry.core.settings import Settings
from registry.ops.cluster import PrivateCluster
from tests.support.clusters import register_cluster, standby_of
from tests.support.keys import bearer, code_of
from tests.support.lifecycle import COMMUNE
from tests.support.relay import Relay
from tests.support.units import open_app
from tests.support.waiting import eventually

FEED = "/v1/changes?limit=1"
names = (f"khoá {number}" for number in count())


@dataclass(frozen=True)
class Pair:
    """A primary behind a relay, and its replica."""

    engine: Engine
    relay: Relay
    replica: PrivateCluster

    @contextmanager
    def served(self, **bounds: int) -> Iterator[Callable[..., TestResponse]]:
        """The application as it starts: nothing in memory. Asks as the holder of a key."""
        settings = Settings(database_read_url=self.replica.url(), **bounds)  # type: ignore[arg-type]
        with open_app(self.relay.url, None, settings) as app:

            def ask(path: str, key: KeyMade | None = None, **fields: object) -> TestResponse:
                return _ask(app, path, key, **fields)

            yield ask

    def key(self, role: Role = "carrier") -> KeyMade:
        with session_scope(self.engine) as session:
            return create_key(session, NewKey(next(names), role))

    def revoke(self, key: KeyMade) -> None:
        with session_scope(self.engine) as session:
            assert revoke_key(session, key.name)

    def on_replica(self, statement: str, *parameters: object) -> object:
        with psycopg.connect(self.replica.url(), autocommit=True) as connection:
            row = connection.execute(statement, parameters).fetchone()
        return row and row[0]

    def follow(self) -> None:
        """Return when the replica has all keys."""
        with session_scope(self.engine) as session:
            all_keys = session.connection().exec_driver_sql("SELECT max(id) FROM api_key").scalar()
        eventually(lambda: self.on_replica("SELECT max(id) FROM api_key") == all_keys, "it follows")

    @contextmanager
    def late(self) -> Iterator[None]:
        """The replica replays nothing meanwhile."""
        self.on_replica("SELECT pg_wal_replay_pause()::text")
        eventually(
            lambda: self.on_replica("SELECT pg_get_wal_replay_pause_state()") == "paused",
            "it waits",
        )
        try:
            yield
        finally:
            self.on_replica("SELECT pg_wal_replay_resume()::text")


def _ask(app: Flask, path: str, key: KeyMade | None = None, **fields: object) -> TestResponse:
    client = app.test_client()
    if fields:
        return client.post(path, json=fields, headers=bearer(key))
    return client.get(path, headers=bearer(key))


@pytest.fixture(scope="module")
def clusters(admin_url: str) -> Iterator[tuple[PrivateCluster, PrivateCluster]]:
    with register_cluster(admin_url) as primary, standby_of(primary) as replica:
        yield primary, replica


@pytest.fixture
def pair(clusters: tuple[PrivateCluster, PrivateCluster]) -> Iterator[Pair]:
    primary, replica = clusters
    engine = make_engine(primary.url())
    with TemporaryDirectory(dir="/tmp") as folder, Relay(primary.url(), Path(folder)) as relay:
        yield Pair(engine, relay, replica)
    engine.dispose()


@pytest.mark.thorough
def test_keys_are_accepted_for_reading_while_the_primary_is_down(pair: Pair) -> None:
    carrier, admin = pair.key(), pair.key("admin")
    pair.follow()
    with pair.served() as ask:
        pair.relay.shut()
        assert ask("/v1/whoami", carrier).get_json()["role"] == "carrier"
        assert ask(FEED, carrier).status_code == 200
        assert ask("/v1/geocode", carrier, q="Phường Láng, Hà Nội").status_code == 200
        assert code_of(ask(FEED)) == (401, "key_required")
        assert code_of(ask(FEED, KeyMade("", make_secret(), None))) == (401, "key_unknown")
        for holder in (carrier, None):
            # The budget is on the primary; no caller waits for it.
            assert code_of(ask("/v1/addresses/1H6XXH2V", holder)) == (404, "not_found")
        refused = ask("/v1/operations/reserve", admin, count=1)
        assert code_of(refused) == (503, "database_unavailable")
        assert refused.headers["Retry-After"] == "1"
        pair.relay.open()
        assert ask("/v1/operations/reserve", admin, count=1).status_code == 200


def test_failed_primary_reads_do_not_disable_the_replica(pair: Pair) -> None:
    carrier, admin = pair.key(), pair.key("admin")
    pair.follow()
    with pair.served() as ask:
        pair.relay.shut()
        for _ in range(2):
            assert code_of(ask("/v1/imports/1", admin)) == (503, "database_unavailable")
        assert ask("/v1/geocode", carrier, q="Phường Láng, Hà Nội").status_code == 200


def test_readiness_of_reading_and_writing_is_separate(pair: Pair) -> None:
    with pair.served() as ask:
        assert ask("/readyz").get_json()["writing"] == "ok"
        pair.relay.shut()
        writing = "/readyz?need=writing"
        eventually(lambda: ask(writing).status_code == 503, "the primary is missed")
        assert code_of(ask(writing)) == (503, "database_unavailable")
        assert ask("/readyz").get_json() == {
            "seconds_ago": ANY,
            "status": "ready",
            "reading": "ok",
            "writing": "unavailable",
            "jobs": "failing",
        }
        assert code_of(ask("/readyz?need=both")) == (422, "invalid_input")
        pair.relay.open()
        assert ask(writing).status_code == 200


def test_replica_is_not_trusted_beyond_the_maximum_age(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_check, "_FRESH_S", 0.0)  # its newest commit is always older
    key = pair.key()
    pair.follow()
    with pair.served(key_age_s=0) as ask:
        pair.relay.shut()
        assert code_of(ask(FEED, key)) == (503, "database_unavailable")
        pair.relay.open()
        assert ask(FEED, key).status_code == 200


@pytest.mark.thorough
def test_revoked_key_is_refused_in_time_despite_a_lagging_replica(pair: Pair) -> None:
    key, admin = pair.key(), pair.key("admin")
    pair.follow()
    with pair.served() as ask, pair.late():
        assert ask(FEED, key).status_code == 200
        assert ask(FEED, admin).status_code == 200
        pair.revoke(key)
        pair.revoke(admin)
        # The replica's answer is cached, but not used for a write.
        wrote = ask("/v1/operations/reserve", admin, count=1)
        assert code_of(wrote) == (401, "key_revoked")
        eventually(lambda: ask(FEED, key).status_code == 401, "the revocation is seen")


def test_new_key_is_accepted_before_it_is_replicated(pair: Pair) -> None:
    with pair.served() as ask, pair.late():
        assert ask(FEED, pair.key()).status_code == 200


def test_writer_reads_its_write_at_once_and_others_after_the_lag(pair: Pair) -> None:
    admin, carrier = pair.key("admin"), pair.key()
    pair.follow()
    where = {"commune": COMMUNE, "street": f"Phố {next(names)}"}
    with pair.served(replica_age_s=2) as ask, pair.late():
        assert ask("/v1/operations/name-street", admin, **where).status_code == 200
        made = ask("/v1/operations/propose", admin, **where, house_number="7").get_json()
        code = made["records"][0]["code"]
        assert ask("/v1/operations/activate", pair.key("admin"), code=code).status_code == 200
        path = f"/v1/addresses/{code}"
        assert ask(path, admin).status_code == 200
        for holder in (carrier, None):
            eventually(lambda h=holder: ask(path, h).status_code == 200, "the primary is asked")


@pytest.mark.thorough
def test_primary_serves_all_reads_while_the_replica_is_down(pair: Pair) -> None:
    key = pair.key("admin")
    nowhere = Settings(limits=False, database_read_url="postgresql://nobody@127.0.0.1:1/none")
    with open_app(pair.relay.url, None, nowhere) as app:
        assert _ask(app, "/v1/imports/1", key).status_code == 404
        for path in (FEED, "/v1/geocode?q=Phường Láng, Hà Nội", "/v1/coverage", "/readyz"):
            assert _ask(app, path, key).status_code == 200, path
        assert _ask(app, "/v1/units/00199").status_code == 200


def test_standby_alone_serves_reads_and_refuses_writes(pair: Pair) -> None:
    with open_app(pair.replica.url(), lambda _: Caller("tests", "admin")) as app:
        assert _ask(app, "/readyz").get_json()["writing"] == "unavailable"
        assert code_of(_ask(app, "/readyz?need=writing")) == (503, "database_unavailable")
        response = _ask(app, "/v1/operations/reserve", count=1)
        assert code_of(response) == (503, "database_unavailable")
        assert "read-only" in response.get_json()["detail"]


def test_query_cancelled_by_replay_is_retried(pair: Pair) -> None:
    held = "SELECT pg_advisory_lock(7044)::text, pg_advisory_unlock(7044), count(*) FROM api_key"
    waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    conflicts = "SELECT confl_lock FROM pg_stat_database_conflicts WHERE datname = 'diachiso'"
    reads = Reads(pair.replica.url(), pool_size=2, statement_timeout_ms=60_000)
    with (
        psycopg.connect(pair.replica.url(), autocommit=True) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        other.execute("ALTER SYSTEM SET max_standby_streaming_delay = 0")
        other.execute("SELECT pg_reload_conf()")
        other.execute("SELECT pg_advisory_lock(7044)")
        before = pair.on_replica(conflicts)
        waiting = pool.submit(reads.rows, held, {})
        eventually(lambda: pair.on_replica(waits) == 1, "the question waits")
        with psycopg.connect(pair.relay.url) as owner:
            owner.execute("LOCK TABLE api_key IN ACCESS EXCLUSIVE MODE")
        eventually(lambda: pair.on_replica(conflicts) != before, "replay went first")
        eventually(lambda: pair.on_replica(waits) == 1, "the question waits again")
        other.execute("SELECT pg_advisory_unlock(7044)")
        assert len(waiting.result()) == 1
    reads.close()


@pytest.mark.thorough
def test_frozen_replica_delays_no_caller_for_long(pair: Pair) -> None:
    paths = (FEED, "/v1/geocode?q=Phường Láng, Hà Nội", "/v1/coverage")
    with pair.served() as ask, ThreadPoolExecutor() as threads:
        key = pair.key()
        pair.follow()
        for path in paths:
            assert ask(path, key).status_code == 200, path
        with frozen(pair.replica):
            for _ in range(2):
                asked = [threads.submit(ask, path, key) for path in paths]
                assert [each.result(timeout=60).status_code for each in asked] == [200, 200, 200]
            assert ask("/readyz").get_json()["writing"] == "ok"


@contextmanager
def frozen(cluster: PrivateCluster) -> Iterator[None]:
    """Connections stay open without a response."""
    server = int((cluster.data_dir / "postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    processes = [server, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
