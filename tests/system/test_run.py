"""bin/run as people start it: a real process, its own cluster, real signals."""

import json
import os
import signal
import socket
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from registry.core.database import make_engine, session_scope
from registry.core.settings import ROOT
from registry.ops import cluster
from registry.ops.cluster import KEPT
from registry.ops.cluster.host import processes
from tests.support.folders import open_folder
from tests.support.postgis import lay_prepared
from tests.support.running import (
    Run,
    Starter,
    diachiso,
    environment_of,
    left,
    own_var,
    private,
    starter,
    status,
)
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Service:
    """One that runs, and its var/."""

    run: Run
    url: str
    var: Path


@pytest.fixture(scope="module")
def service(admin_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """For tests that do not change it. Other tests stop their own and check its end."""
    outputs = tmp_path_factory.mktemp("service")
    with own_var(admin_url) as var, starter(var, outputs) as start:
        run = start()
        yield Service(run, run.url(), var)


@pytest.mark.gate
def test_all_processes_end_when_the_terminal_is_closed(start: Starter, var: Path) -> None:
    run = start("--workers", "2")
    url = run.url()
    assert status(f"{url}/healthz") == 200
    assert status(f"{url}/readyz") == 200
    assert "serving this machine only, requests are not limited" in run.text()
    assert left(var)
    assert run.end(signal.SIGHUP) == 0, run.text()
    assert not left(var)


def test_supervisor_keeps_no_memory_of_the_preparation(service: Service) -> None:
    held = Path(f"/proc/{service.run.process.pid}/status").read_text(encoding="utf-8")
    (kilobytes,) = (line.split()[1] for line in held.splitlines() if line.startswith("VmRSS"))
    assert int(kilobytes) < 100_000


def test_only_requests_with_one_host_are_answered(service: Service) -> None:
    url = urlsplit(service.url)
    assert url.hostname

    def answer(*hosts: str) -> str:
        asked = ["GET /healthz HTTP/1.1", *(f"Host: {host}" for host in hosts), "Connection: close"]
        with socket.create_connection((url.hostname, url.port), timeout=30) as connection:
            connection.sendall("\r\n".join([*asked, "", ""]).encode())
            return connection.makefile("rb").read().partition(b"\r\n")[0].decode()

    assert answer("a.vn") == "HTTP/1.1 200 OK"
    for hosts in ((), ("",), ("a.vn", "b.vn"), ("a.vn", "a.vn"), ("a.vn, b.vn",)):
        assert answer(*hosts) == "HTTP/1.1 400 Bad Request", hosts


def test_second_run_is_refused_while_one_serves(start: Starter, service: Service) -> None:
    url, pid = service.url, service.run.process.pid
    second = start(DIACHISO_VAR=str(service.var))
    assert second.process.wait(60) == 1
    assert second.text() == (
        f"đang chạy tại {url} (pid {pid}); muốn chạy thêm một dịch vụ nữa thì đặt DIACHISO_VAR"
        f" riêng cho nó (already running at {url} (pid {pid}); to run another service, set"
        " DIACHISO_VAR for it)\n"
    )
    assert status(f"{url}/healthz") == 200


def test_no_process_is_left_when_the_supervisor_is_killed(start: Starter, var: Path) -> None:
    run = start()
    run.url()
    run.end(signal.SIGKILL)
    # The next one does not have to wait for that.
    next_run = start()
    assert status(f"{next_run.url()}/readyz") == 200
    assert next_run.end() == 0
    eventually(lambda: not left(var), "everything has ended")


def test_run_ends_when_the_server_is_killed(start: Starter, var: Path) -> None:
    run = start()
    run.url()
    for pid, line in processes("-m granian").items():
        if str(var) in environment_of(pid) and "setpriv" not in line:
            os.kill(pid, signal.SIGKILL)
    assert run.process.wait(60) == 1
    assert "the web server stopped by itself" in run.text().splitlines()[-1]
    assert not left(var)


def jobs(url: str) -> str:
    """What `/readyz` reports about background jobs; it answers 200 in any case."""
    with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:
        return str(json.load(answer)["jobs"])


def test_web_keeps_serving_when_the_worker_dies_repeatedly(start: Starter, var: Path) -> None:
    def worker() -> int | None:
        found = processes("scripts.main work").items()
        ours = (p for p, line in found if str(var) in environment_of(p) and "setpriv" not in line)
        return next(ours, None)

    run = start()
    url = run.url()
    for pause in ("1 s", "2 s"):  # and so on: scripts.background.Pauses
        eventually(lambda: jobs(url) == "ok", "a worker says that it lives")
        pid = worker()
        assert pid
        os.kill(pid, signal.SIGKILL)
        text = f"restarting in {pause}"
        eventually(lambda s=text: s in run.text(), text)
        eventually(lambda: jobs(url) == "failing", "the worker is missed")
    assert run.end(signal.SIGINT) == 0  # in the middle of a pause
    assert not left(var)


def test_killed_database_is_restarted(start: Starter, var: Path) -> None:
    run = start()
    url = run.url()
    pid = private(var).running_pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: private(var).running_pid() not in (None, pid), "another server runs")
    eventually(lambda: status(f"{url}/readyz") == 200, "the service is ready again")
    assert "starting again" in run.text()
    assert run.end() == 0
    assert not left(var)


def test_web_keeps_serving_while_the_database_cannot_start(start: Starter, var: Path) -> None:
    run = start()
    url = run.url()
    log = private(var).data_dir / "pg_wal"  # as a full disk: nothing can be written to it
    pid = private(var).running_pid()
    assert pid
    log.rename(log.with_name("away"))
    os.kill(pid, signal.SIGKILL)
    for pause in ("1 s", "2 s", "4 s"):
        eventually(lambda s=f"starting again in {pause}": s in run.text(), pause)
    assert (status(f"{url}/healthz"), status(f"{url}/readyz")) == (200, 503)
    log.with_name("away").rename(log)
    eventually(lambda: status(f"{url}/readyz") == 200, "the service is ready again")
    assert run.end() == 0
    assert not left(var)


def test_taken_port_is_named_with_the_remedy(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = start("--port", port)
        assert run.process.wait(60) == 1
    assert run.text() == (
        f"cổng {port} đã có chương trình khác dùng; hãy chọn cổng khác bằng --port"
        f" (port {port} is used by another program; choose another port with --port)\n"
    )


def test_own_database_is_used_when_database_url_is_set(
    start: Starter, fresh_database: Callable[[], str], new_var: Path
) -> None:
    # As people start it: no option at all.
    run = start(DATABASE_URL=fresh_database(), DIACHISO_VAR=str(new_var), demo=True)
    assert status(f"{run.url()}/readyz") == 200
    assert "cluster" not in run.text()
    assert "demo" not in run.text()
    assert "no limits" not in run.text()
    assert run.end() == 0
    # A user's folders come when something is kept in them, but for that of figures.
    made = {path.name for path in new_var.iterdir()}
    assert made - set(KEPT) == {"run.lock", "counters"}
    assert "metrics" in made


def test_service_recovers_when_its_database_was_stopped(start: Starter, admin_url: str) -> None:
    with open_folder() as folder:
        own = cluster.throwaway(folder)
        lay_prepared(admin_url, own.data_dir)
        server = own.start()
        try:
            run = start(DATABASE_URL=own.url(), DIACHISO_VAR=str(folder / "var"))
            url = run.url()
            own.stop()
            server.wait()
            eventually(lambda: status(f"{url}/readyz") == 503, "the database is missed")
            assert status(f"{url}/healthz") == 200
            server = own.start()
            eventually(lambda: status(f"{url}/readyz") == 200, "the service is ready again")
            assert run.end() == 0
        finally:
            own.stop()
            server.wait()


def test_unreachable_database_is_one_line(start: Starter) -> None:
    run = start(DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert run.process.wait(60) == 1
    assert len(run.text().splitlines()) == 1


def test_unwritable_folder_is_one_line(start: Starter) -> None:
    run = start(DIACHISO_VAR="/sys/diachiso")
    assert run.process.wait(60) == 1
    assert "DIACHISO_VAR" in run.text()
    assert len(run.text().splitlines()) == 1


def test_commands_find_the_running_cluster(service: Service) -> None:
    url = diachiso("database", "url", "--role", "app", DIACHISO_VAR=str(service.var))
    assert url.returncode == 0
    assert "role" in url.stdout
    again = diachiso("database", "prepare", DIACHISO_VAR=str(service.var))
    assert (again.returncode, again.stdout) == (0, ""), again.stderr


def test_commands_work_through_a_symlink_and_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()  # must not be mistaken for ours
    (tmp_path / "scripts/__init__.py").write_text("raise SystemExit('the wrong one')\n")
    (tmp_path / "diachiso").symlink_to(ROOT / "bin/diachiso")
    done = diachiso("--help", command=tmp_path / "diachiso", cwd=tmp_path, LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert "mã địa chỉ số" in done.stdout


def test_wrong_usage_is_status_2() -> None:
    assert diachiso("serve", "--port", "none").returncode == 2
    assert diachiso("no-such-command").returncode == 2


# The demonstration of a first start; tests/system/test_readme.py has one from an empty folder.


def importing(database_url: str) -> bool:
    """Whether a transaction that others do not see yet has written down its import."""
    engine = make_engine(database_url, pool_size=1)
    try:
        with session_scope(engine) as session:
            return bool(
                session.scalar(
                    text(
                        "SELECT count(*) FROM pg_locks WHERE relation = 'import'::regclass"
                        " AND mode = 'RowExclusiveLock'"
                    )
                )
            )
    finally:
        engine.dispose()


def imports(database_url: str) -> list[str]:
    """The state of each import that the register knows."""
    engine = make_engine(database_url, pool_size=1)
    try:
        with session_scope(engine) as session:
            return list(session.scalars(text("SELECT state FROM import ORDER BY id")))
    finally:
        engine.dispose()


def test_signal_while_loading_the_demo_leaves_nothing(
    start: Starter, var: Path, fresh_database: Callable[[], str]
) -> None:
    url = fresh_database()
    for importing_now in (True, False):  # the other finds it empty
        run = start("--demo", "--workers", "1", DATABASE_URL=url, demo=True)
        run.url()
        eventually(
            lambda r=run: "demo: the register is empty" in r.text(), "it loads", within_s=120
        )
        if importing_now:
            eventually(lambda: importing(url), "an import is under way", within_s=60)
        else:
            assert imports(url) == []
        assert run.end(signal.SIGINT) == 0
        assert "\nstopping\n" in run.text()
        assert "Traceback" not in run.text()
        assert not left(var)
