"""A lost connection causes no 500: reads are retried, writes report their outcome."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from api.core.access import Caller
from registry.ops.cluster import PrivateCluster
from tests.support.clusters import register_cluster
from tests.support.keys import code_of
from tests.support.lifecycle import COMMUNE, Town, town
from tests.support.relay import Relay
from tests.support.units import open_app
from tests.support.waiting import eventually

COVERAGE = f"/v1/coverage/{COMMUNE}"
CONVERT = "/v1/units/convert?code=00199"
ADMIN = Caller("tests", "admin")
COMMIT = b"COMMIT"
NDJSON = "application/x-ndjson"
PUBLISHED = b"publish_event"
"""What the last statement of an operation says, before its COMMIT."""
BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = 'diachiso' AND datname = current_database()
"""


@dataclass(frozen=True)
class Served:
    """The application behind a relay, and its register accessed directly."""

    app: Flask
    relay: Relay
    place: Town

    def get(self, path: str) -> TestResponse:
        return self.app.test_client().get(path)

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.app.test_client().post(path, json=fields)

    def reserve(self) -> TestResponse:
        return self.post("/v1/operations/reserve", count=1)

    def reserved(self) -> int:
        ((count,),) = self.place.rows("SELECT count(*) FROM event WHERE kind = 'reserve'")
        return int(count)


@pytest.fixture
def served(admin_url: str, worker_id: str) -> Iterator[Served]:
    with (
        TemporaryDirectory(dir="/tmp") as folder,
        town(admin_url, f"lost_{worker_id}") as place,
        Relay(place.url, Path(folder)) as relay,
        open_app(relay.url, lambda _: ADMIN) as app,
    ):
        yield Served(app, relay, place)


@pytest.fixture(scope="module")
def own(admin_url: str) -> Iterator[PrivateCluster]:
    """A cluster that may be killed."""
    with register_cluster(admin_url) as made:
        yield made


def test_read_is_retried_when_its_connection_is_lost(served: Served) -> None:
    code = served.place.house("12")
    for path, statement in (
        (f"/v1/addresses/{code}", b"FROM household"),
        (COVERAGE, b"coverage_count"),
        ("/readyz", b"gazetteer_state"),
    ):
        assert served.get(path).status_code == 200
        # A hot statement is prepared by now, and its text is not sent again.
        served.relay.cut(b"reads0" if b"household" in statement else statement, heard=True)

        def is_whole(path: str = path) -> bool:
            assert served.get(path).status_code == 200, path
            return served.relay.is_cut

        eventually(is_whole, path)  # readiness is looked at once a second


def test_batch_is_complete_when_a_connection_is_lost(served: Served) -> None:
    code = served.place.house("12")
    rows = "".join(f'{{"id": "{n}", "q": "{n} Phố Láng, Phường Láng, Hà Nội"}}\n' for n in range(9))
    asked = {"data": rows + f'{{"id": "9", "q": "{code}"}}\n', "content_type": NDJSON}
    whole = served.app.test_client().post("/v1/batch/geocode", **asked).data
    assert b"database_unavailable" not in whole
    served.relay.cut(b"reads", heard=True)  # the name of any hot statement
    assert served.app.test_client().post("/v1/batch/geocode", **asked).data == whole
    assert served.relay.is_cut


def test_units_are_read_again_when_the_connection_is_lost(served: Served) -> None:
    served.relay.cut(b"gazetteer_state", heard=True)
    assert served.post("/v1/geocode", q="Phường Láng, Hà Nội").status_code == 200
    assert served.relay.is_cut


@pytest.mark.parametrize("heard", [False, True])
def test_write_with_an_unknown_commit_outcome_is_reported_and_not_retried(
    served: Served, heard: bool
) -> None:
    served.relay.cut(COMMIT, heard=heard)
    response = served.reserve()
    assert code_of(response) == (503, "outcome_unknown")
    assert response.headers["Retry-After"] == "1"
    assert served.relay.is_cut
    if heard:
        eventually(lambda: served.reserved() == 1, "what was heard is written")
    assert served.reserve().status_code == 200
    assert served.reserved() == (2 if heard else 1)


def test_write_interrupted_before_commit_is_rolled_back_and_reported(served: Served) -> None:
    served.relay.cut(PUBLISHED, heard=True)
    response = served.reserve()
    assert code_of(response) == (503, "database_unavailable")
    assert "nothing was written" in response.get_json()["detail"]
    assert response.headers["Retry-After"] == "1"
    assert served.reserve().status_code == 200
    assert served.reserved() == 1


def test_connections_lost_while_idle_are_replaced_silently(served: Served) -> None:
    code = served.place.house("12")
    paths = [f"/v1/addresses/{code}", COVERAGE, CONVERT] * 4
    with ThreadPoolExecutor(3) as pool:
        assert {r.status_code for r in pool.map(served.get, paths)} == {200}
        with psycopg.connect(served.place.url, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert {r.status_code for r in pool.map(served.get, paths)} == {200}
    assert served.reserve().status_code == 200


def test_killed_backend_causes_no_500(own: PrivateCluster) -> None:
    """PostgreSQL then ends all other connections and accepts none while it recovers."""
    asked: list[Callable[[Flask], TestResponse]] = [
        lambda app: app.test_client().get(CONVERT),
        lambda app: app.test_client().get("/v1/addresses/1H6XXH2V"),
        lambda app: app.test_client().get(COVERAGE),
        lambda app: app.test_client().post("/v1/geocode", json={"q": "12 Phố Láng, Hà Nội"}),
        lambda app: app.test_client().post("/v1/operations/reserve", json={"count": 1}),
    ] * 3
    well = {200, 404}
    with open_app(own.url(), lambda _: ADMIN) as app, ThreadPoolExecutor(3) as pool:

        def ask_all() -> set[int]:
            return {r.status_code for r in pool.map(lambda ask: ask(app), asked)}

        assert ask_all() == well
        with psycopg.connect(own.url(), autocommit=True) as admin:
            (pid,) = admin.execute(BACKENDS).fetchone() or (0,)
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: _is_lost(admin), "PostgreSQL ends every connection")
        assert ask_all() <= well | {503}
        eventually(lambda: ask_all() == well, "everything is answered again")


def _is_lost(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        return True
    return False
