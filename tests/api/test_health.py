"""Liveness and readiness, also while the database is down and after it returns."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from registry import readiness
from registry.core import watch
from registry.core.errors import NotPreparedError
from registry.core.settings import Settings
from registry.ops.doctor import State, run_probes
from registry.ops.prepare import prepare_database
from registry.readiness import MOST_AGE_S
from tests.support.units import open_app
from tests.support.waiting import eventually


def test_probes_report_alive_ready_and_missing_worker(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = {"status": "ready", "reading": "ok", "writing": "ok", "jobs": "failing"}
    for path in ("/readyz", "/readyz?need=writing"):
        answer = client.get(path).get_json()
        assert 0 <= answer.pop("seconds_ago") <= MOST_AGE_S
        assert answer == ready, path


def allow_connections(admin_url: str, url: str, *, allow: bool) -> None:
    name = make_url(url).database or ""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                sql.Identifier(name), sql.Literal(allow)
            )
        )
        admin.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s",
            [name],
        )


def test_stopped_database_is_503_and_recovers_without_a_restart(
    admin_url: str, fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database()
    seconds = count(step=10)
    # Every look at the clock is ten seconds later, so every request checks the database.
    monkeypatch.setattr(watch.time, "monotonic", lambda: float(next(seconds)))
    with open_app(url) as app:
        client = app.test_client()
        assert client.get("/v1/units/00004").status_code == 200
        allow_connections(admin_url, url, allow=False)
        for path in ("/v1/units/00004", "/v1/units/convert?code=00004", "/readyz"):
            response = client.get(path)
            assert response.status_code == 503, path
            assert response.get_json()["code"] == "database_unavailable"
            assert response.headers["Retry-After"] == "1"
            assert "Cache-Control" not in response.headers
        assert client.get("/healthz").status_code == 200
        allow_connections(admin_url, url, allow=True)
        for path in ("/v1/units/00004", "/v1/units/convert?code=00004", "/readyz"):
            assert client.get(path).status_code == 200, path


@pytest.mark.thorough
def test_hanging_database_counts_as_unavailable(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    with open_app(url) as app, psycopg.connect(url) as other:
        client = app.test_client()
        for table, path in (
            (sql.Identifier("jobs", "procrastinate_workers"), "/readyz?need=writing"),
            (sql.Identifier("gazetteer_state"), "/readyz"),
        ):
            assert client.get(path).status_code == 200, path
            other.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
            eventually(lambda p=path: client.get(p).status_code == 503, path)
            assert client.get(path).get_json()["code"] == "database_unavailable"
            # What hangs at the primary alone lets questions be answered.
            assert (client.get("/readyz").status_code == 200) == (path != "/readyz")
            other.rollback()
            eventually(lambda p=path: client.get(p).status_code == 200, path)


@pytest.mark.parametrize(
    ("damage", "remedy"),
    [
        ("UPDATE alembic_version SET version_num = '0000'", "the schema is at 0000"),
        ("DROP TABLE alembic_version", "the schema is at nothing"),
        ("UPDATE gazetteer_state SET seed_sha256 = NULL", "administrative units are not loaded"),
    ],
)
def test_unprepared_database_is_503_with_the_remedy(
    fresh_database: Callable[[], str], damage: str, remedy: str
) -> None:
    url = fresh_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(damage)
    with open_app(url) as app:
        response = app.test_client().get("/readyz")
    assert response.status_code == 503
    body = response.get_json()
    assert body["code"] == "not_prepared"
    assert remedy in body["detail"]
    assert "bin/diachiso database prepare" in body["detail"]


def test_later_schema_is_served_if_it_allows_this_release(
    fresh_database: Callable[[], str],
) -> None:
    url = fresh_database()
    with psycopg.connect(url, autocommit=True) as connection, open_app(url) as app:
        client = app.test_client()
        connection.execute("UPDATE alembic_version SET version_num = '0900'")
        assert client.get("/readyz").status_code == 200
        prepare_database(url, lambda _line: None)  # as a node that is started again
        found = {result.name: result for result in run_probes(Settings(database_url=url))}
        assert found["revision"].state == State.WARNING
        words = "The schema works with programs from migration 0900 on"
        connection.execute(f"COMMENT ON TABLE alembic_version IS '{words}'")
        answer = eventually(lambda: client.get("/readyz").get_json().get("code"), "it is seen")
        assert answer == "not_prepared"
        with pytest.raises(NotPreparedError, match="upgrade the program"):
            prepare_database(url, lambda _line: None)


def test_leaving_server_is_not_ready_but_still_serves(database_url: str, tmp_path: Path) -> None:
    settings = Settings(limits=False, var=tmp_path)
    with open_app(database_url, settings=settings) as app:
        settings.leaving.touch()
        refused = app.test_client().get("/readyz")
        assert (refused.status_code, refused.get_json()["code"]) == (503, "leaving")
        assert app.test_client().get("/v1/units/00004").status_code == 200


def test_application_starts_without_a_database() -> None:
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        client = app.test_client()
        assert client.get("/healthz").status_code == 200
        assert client.get("/openapi.json").status_code == 200
        assert client.get("/v1/units").get_json()["code"] == "database_unavailable"


def test_writes_are_refused_while_the_disk_is_full(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = count(step=10)
    monkeypatch.setattr(watch.time, "monotonic", lambda: float(next(seconds)))
    with open_app(database_url) as app:
        client = app.test_client()
        with monkeypatch.context() as full:
            refuse = text("DO $$ BEGIN RAISE SQLSTATE '53100'; END $$")
            full.setattr(readiness.SQL, "text", lambda _name: refuse)
            answer = client.get("/readyz").get_json()
            assert (answer["reading"], answer["writing"]) == ("ok", "unavailable")
            refused = client.get("/readyz?need=writing")
            assert (refused.status_code, refused.get_json()["code"]) == (503, "storage_full")
        assert client.get("/readyz?need=writing").get_json()["writing"] == "ok"


def test_readiness_check_writes_to_disk(session: Session) -> None:
    session.execute(readiness._IN_A_SMALL_MEMORY)
    fill = readiness.SQL.text("fill")
    plan = session.scalars(text(f"EXPLAIN (ANALYZE, TIMING OFF) {fill}")).all()
    assert any("external merge  Disk: 1" in line for line in plan), plan
