"""`diachiso export` and `follow`: a copy over HTTP, stopped anywhere, refused or delayed."""

import gzip
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Request

from api.core.access import ANONYMOUS, Caller
from registry.core.database import session_scope
from registry.core.settings import ROOT
from registry.publish.changes.snapshot import export_snapshot
from scripts.follow import follow
from scripts.follow_copy import Copy
from tests.support.commands import as_process
from tests.support.copies import Follower, opened
from tests.support.lifecycle import COMMUNE, LANG, Town, town
from tests.support.serving import served
from tests.support.units import open_app
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough

KEY = "khoa-cua-buu-ta"
_numbers = count(1_000)


def by_key(request: Request) -> Caller:
    given = request.headers.get("Authorization")
    return Caller("bưu tá", "carrier") if given == f"Bearer {KEY}" else ANONYMOUS


@dataclass(frozen=True)
class Service:
    """A register that answers over HTTP."""

    place: Town
    url: str

    def differences(self, folder: Path, unit: str | None = None) -> list[str]:
        """Of the copy in a folder; it must have read all there is."""
        copy = Copy(folder)
        try:
            with opened(self.place.url) as register:
                return Follower(register, copy, unit=unit).differences()
        finally:
            copy.close()


@contextmanager
def serving(place: Town) -> Iterator[Service]:
    with open_app(place.url, by_key) as app, served(app) as url:
        yield Service(place, url)


@pytest.fixture(scope="module")
def service(admin_url: str, worker_id: str) -> Iterator[Service]:
    with town(admin_url, f"follow_{worker_id}") as place, serving(place) as made:
        for at in range(1, 30):
            place.house(str(at), **LANG)
        codes = [row[0] for row in place.rows("SELECT code FROM household ORDER BY code LIMIT 4")]
        place.do("merge", codes=codes[:2], into=codes[2], reason="tests")
        place.retire(codes[3])
        yield made


def number() -> str:
    """A house number that no other test has."""
    return str(next(_numbers))


def run(*arguments: object) -> Any:
    return CliRunner().invoke(follow, [str(argument) for argument in arguments])


@pytest.mark.gate
def test_copy_equals_the_register_and_resumes_at_its_position(
    service: Service, tmp_path: Path
) -> None:
    for _ in range(2):
        result = run(service.url, tmp_path, "--once", "--key", KEY)
        assert result.exit_code == 0, result.output
        assert service.differences(tmp_path) == []
        service.place.house(number())
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    result = run(service.url, tmp_path, "--once", "--key", f"@{tmp_path / 'key'}")
    assert result.stderr == "1 entries\n"
    assert service.differences(tmp_path) == []


def test_follower_can_be_limited_to_a_unit(service: Service, tmp_path: Path) -> None:
    result = run(service.url, tmp_path, "--once", "--key", KEY, "--unit", COMMUNE)
    assert result.exit_code == 0, result.output
    assert service.differences(tmp_path, unit=COMMUNE) == []


def test_copy_can_start_from_a_snapshot(service: Service, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    made = export_snapshot(service.place.engine, snapshot)
    written = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))
    assert written["counts"] == made.counts
    assert {file.name for file in snapshot.iterdir()} == {
        "manifest.json",
        *(file["name"] for file in written["files"]),
    }
    for file in written["files"]:
        with gzip.open(snapshot / file["name"], "rt", encoding="utf-8") as lines:
            assert sum(1 for _ in lines) == file["entries"]
    service.place.house(number())
    arguments = (service.url, tmp_path / "copy", "--once", "--key", KEY, "--snapshot", snapshot)
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "1 entries\n")
    assert service.differences(tmp_path / "copy") == []
    assert run(*arguments).exit_code == 0  # it is not started again
    kept = service.place.rows("SELECT count FROM audit_entry WHERE endpoint = 'export' ORDER BY id")
    assert kept[-1] == (sum(made.counts.values()) - made.counts["unit"],)


def test_snapshot_is_written_only_into_an_empty_folder(service: Service, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    ended = as_process("export", "--snapshot", tmp_path, DATABASE_URL=service.place.url)
    assert ended.returncode == 1
    assert b"must be empty" in ended.stderr
    ended = as_process("export", "--snapshot", tmp_path / "new", DATABASE_URL=service.place.url)
    assert (ended.returncode, b"put" in ended.stdout) == (0, True)
    ended = as_process("export", "--snapshot", tmp_path / "mine", DATABASE_URL=service.place.url)
    assert ended.returncode in (1, 2)


@pytest.mark.parametrize("harm", ["manifest", "file", "scope"])
def test_incomplete_snapshot_is_refused(service: Service, tmp_path: Path, harm: str) -> None:
    snapshot = tmp_path / "snapshot"
    export_snapshot(service.place.engine, snapshot, unit=COMMUNE if harm == "scope" else None)
    if harm == "manifest":
        (snapshot / "manifest.json").unlink()
    if harm == "file":
        whole = (snapshot / "records.ndjson.gz").read_bytes()
        (snapshot / "records.ndjson.gz").write_bytes(whole[:-20])
    result = run(service.url, tmp_path / "copy", "--once", "--key", KEY, "--snapshot", snapshot)
    assert result.exit_code in (1, 2)
    copy = Copy(tmp_path / "copy")
    assert copy.cursor() is None
    assert copy.db.execute("SELECT count(*) FROM address").fetchone() == (0,)
    copy.close()


def test_killed_follower_resumes(service: Service, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.main", "follow", service.url, str(tmp_path)]
    command += ["--key", KEY, "--every", "0.1"]
    for at in range(4):
        with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr
            if at % 2:
                running.stderr.readline()  # a page is there, or half of the next
            else:
                eventually((tmp_path / "copy.sqlite").exists, "it has begun")
            service.place.house(number())
            running.send_signal(signal.SIGKILL)
    result = run(service.url, tmp_path, "--once", "--key", KEY)
    assert result.exit_code == 0, result.output
    assert service.differences(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "line"),
    [((), "key_required"), (("--key", KEY, "--unit", "99999"), "not_found")],
)
def test_permanent_error_ends_the_follower_with_one_line(
    service: Service, tmp_path: Path, arguments: tuple[str, ...], line: str
) -> None:
    result = run(service.url, tmp_path, "--once", *arguments)
    assert result.exit_code == 1
    assert line in result.output


def test_cursor_from_before_a_restore_ends_the_follower_with_the_remedy(
    tmp_path: Path, admin_url: str, worker_id: str
) -> None:
    with town(admin_url, f"restored_{worker_id}") as place, serving(place) as restored:
        assert run(restored.url, tmp_path, "--once", "--key", KEY).exit_code == 0
        with session_scope(place.engine) as session:
            session.connection().exec_driver_sql("SET ROLE diachiso_owner")
            session.connection().exec_driver_sql("SELECT register_restored()")
        result = run(restored.url, tmp_path, "--once", "--key", KEY)
    assert result.exit_code == 1
    assert "cursor_refused" in result.output
    assert "copy.sqlite" in result.output


@pytest.mark.parametrize(
    ("url", "folder", "more", "status"),
    [
        ("notaurl", "copy", (), 2),
        ("file:///etc", "copy", (), 2),
        ("http://127.0.0.1:1", "file/copy", (), 1),
        ("http://127.0.0.1:1", "broken", (), 1),
        ("http://127.0.0.1:1", "copy", ("--key", "@/nowhere/key"), 1),
    ],
)
def test_follower_that_cannot_start_ends_with_one_line(
    tmp_path: Path, url: str, folder: str, more: tuple[str, ...], status: int
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "copy.sqlite").write_text("no database at all " * 100)
    result = run(url, tmp_path / folder, "--once", *more)
    assert result.exit_code == status, result.output
    assert isinstance(result.exception, SystemExit)


def test_unknown_entry_types_are_ignored(tmp_path: Path) -> None:
    street = {"type": "street", "id": 1, "name": "Phố Láng"}
    copy = Copy(tmp_path)
    assert copy.apply([{"type": "link", "code": "1"}, {"type": "_init_"}, street], "c1") == 3
    assert copy.cursor() == "c1"
    assert copy.db.execute("SELECT name FROM street").fetchall() == [("Phố Láng",)]
    copy.close()


class Unwilling(BaseHTTPRequestHandler):
    """Returns the given responses one after the other."""

    answers: list[tuple[int, bytes]]
    asked: int

    def do_GET(self) -> None:
        type(self).asked += 1
        status, body = self.answers.pop(0)
        self.send_response(status)
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def test_follower_waits_as_long_as_asked_and_ignores_truncated_pages(tmp_path: Path) -> None:
    last = {"type": "cursor", "register": "0" * 32, "cursor": "c1", "more": False}
    street = {"type": "street", "position": 1, "operation": "test", "id": 5, "name": "Phố Láng"}
    page = f"{json.dumps(street)}\n{json.dumps(last)}\n".encode()
    Unwilling.answers = [(429, b""), (503, b"{}"), (200, page[:40]), (200, b""), (200, page)]
    Unwilling.asked = 0
    server = HTTPServer(("127.0.0.1", 0), Unwilling)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    waits: list[float] = []
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("scripts.follow.time.sleep", waits.append)
            result = run(f"http://127.0.0.1:{server.server_port}", tmp_path, "--once")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert result.exit_code == 0, result.output
    assert Unwilling.asked == 5
    assert waits[:2] == [0, 0]  # as given by Retry-After
    assert waits[2:] == sorted(waits[2:])
    assert 0 < waits[2] < waits[3]
    copy = Copy(tmp_path)
    assert copy.cursor() == "c1"
    assert copy.db.execute("SELECT * FROM street").fetchall() == [(5, "Phố Láng")]
    copy.close()
