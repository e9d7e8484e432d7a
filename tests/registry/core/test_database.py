"""Connections: a server that lets callers wait in vain, and one that is lost at a bad moment."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, make_url

from registry.core.actors import Actor
from registry.core.database import make_engine, session_scope
from registry.core.errors import DatabaseUnavailableError, OutcomeUnknownError
from registry.core.settings import Settings, from_environment
from registry.files.kept import delivered, incoming
from registry.jobs.submission import IMPORTS
from registry.ops.backup import take_backup
from registry.ops.doctor import State, run_probes
from registry.register import Register
from registry.submissions.receiving import Delivery, receive
from tests.support.intake import deliveries, door, rows
from tests.support.relay import Relay
from tests.support.waiting import eventually


def test_no_caller_waits_for_a_server_that_just_timed_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts calls, never responds
        silent.setblocking(False)
        engine = make_engine(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing")
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError), session_scope(engine) as session:
                session.connection()
        engine.dispose()
        silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


def test_no_caller_waits_for_a_pooler_that_just_timed_out() -> None:
    """PgBouncer accepts connections and answers queries with `query_wait_timeout`."""
    welcome = b"R" + (8).to_bytes(4) + bytes(4) + b"Z" + (5).to_bytes(4) + b"I"
    fields = b"SFATAL\0VFATAL\0C08P01\0Mquery_wait_timeout\0\0"
    refusal = b"E" + (len(fields) + 4).to_bytes(4) + fields
    let_in = []

    def answer(listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            let_in.append(1)
            with caller:
                for each in (welcome, refusal):
                    caller.recv(65_536)
                    caller.sendall(each)

    with socket.create_server(("127.0.0.1", 0)) as pooler:
        answering = threading.Thread(target=answer, args=(pooler,))
        answering.start()
        where = f"postgresql://nobody@127.0.0.1:{pooler.getsockname()[1]}/nothing"
        engine = make_engine(f"{where}?sslmode=disable&gssencmode=disable")
        for _ in range(3):
            with pytest.raises(DatabaseUnavailableError), session_scope(engine) as session:
                session.connection()
        engine.dispose()
        pooler.shutdown(socket.SHUT_RDWR)
        answering.join()
    assert let_in == [1]


@pytest.mark.thorough
def test_first_of_several_servers_may_be_down(
    fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    there = make_url(fresh_database())
    where = f"{quote('/nowhere', safe='')}:1,{quote(str(there.query['host']), safe='')}"
    written = f"postgresql://postgres@{where}:{there.query['port']}/{there.database}"
    settings = from_environment({"DATABASE_URL": written, "DATABASE_READ_URL": written})
    register = Register.open(settings, settings.database_url or "")
    try:
        assert register.readiness.check(writing=True).writing
        assert register.reads.rows("SELECT 1", {}) == [(1,)]
    finally:
        register.close()
    found = {result.name: result for result in run_probes(settings)}
    assert found["server_answers"].state == State.OK
    saved = tmp_path / "saved"
    take_backup(settings.database_url or "", saved, as_folder=False, report=lambda _line: None)


@pytest.fixture
def relay(fresh_database: Callable[[], str]) -> Iterator[Relay]:
    with (
        TemporaryDirectory(dir="/tmp") as folder,
        Relay(fresh_database(), Path(folder)) as made,
    ):
        yield made


@pytest.fixture
def behind(relay: Relay) -> Iterator[Engine]:
    """Connections that the relay may cut."""
    engine = make_engine(relay.url)
    yield engine
    engine.dispose()


def test_file_is_kept_when_the_outcome_of_its_delivery_is_unknown(
    relay: Relay, behind: Engine, tmp_path: Path
) -> None:
    settings = Settings(var=tmp_path / "var")
    received = incoming(settings)
    received.write_bytes(b"house_number\n1\n")
    delivery = Delivery(received, "1.csv", "phuong", "partial", None)
    relay.cut(b"COMMIT", heard=True)
    with pytest.raises(OutcomeUnknownError):
        receive(behind, settings, delivery, Actor("tests", "admin"))
    found = eventually(lambda: rows(behind, "SELECT id FROM import"), "it is delivered")
    path = delivered(IMPORTS.folder(settings, int(str(found[0][0]))))
    assert path is not None
    assert path.read_bytes() == b"house_number\n1\n"


def test_import_succeeds_when_its_lock_connection_is_lost(
    relay: Relay, behind: Engine, tmp_path: Path
) -> None:
    relay.cut(b"pg_advisory_unlock", heard=False)
    result = deliveries(behind, tmp_path)(door("12"))
    assert relay.is_cut
    assert result.state == "published"
    assert rows(behind, "SELECT state FROM import") == [("published",)]
