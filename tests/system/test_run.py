"""bin/run as people start it: a real process, its own cluster, real signals."""

import os
import shutil
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry import cluster
from registry.cluster_host import processes
from registry.settings import ROOT, Settings
from tests.support.folders import open_folder
from tests.support.waiting import eventually


@dataclass
class Run:
    """One bin/run and what it prints."""

    process: subprocess.Popen[bytes]
    output: Path

    def text(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def url(self) -> str:
        """Its address, once it says that it serves."""

        def serving() -> str | None:
            assert self.process.poll() is None, self.text()
            lines = self.text().splitlines()
            return next(
                (x.removeprefix("serving on ") for x in lines if x.startswith("serv")), None
            )

        found = eventually(serving, "bin/run serves", within_s=120)
        assert found
        return found

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


Starter = Callable[..., Run]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """One var/ for all tests here, so that only the first has to make a cluster."""
    with open_folder() as folder:
        yield folder / "var"
        shutil.rmtree(private(folder / "var").socket_dir, ignore_errors=True)


@pytest.fixture
def start(var: Path, tmp_path: Path) -> Iterator[Starter]:
    """Starts bin/run on a free port; whatever still runs after the test is ended."""
    runs: list[Run] = []

    def start(*arguments: str, cwd: Path = ROOT, **environment: str) -> Run:
        output = tmp_path / f"run{len(runs)}.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [ROOT / "bin/run", "--port", "0", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env={**_clean_environment(), "DIACHISO_VAR": str(var), **environment},
                start_new_session=True,
            )
        runs.append(Run(process, output))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.end()
    eventually(lambda: not left(var), "everything has ended")


def _clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "DIACHISO_"))}


def private(var: Path) -> cluster.PrivateCluster:
    return cluster.locate(Settings(var=var))


def left(var: Path) -> list[str]:
    """Command lines of what bin/run has started and is still there."""
    return [
        line
        for marker in (str(private(var).data_dir), f"postgres: {private(var).name}: ", "granian")
        for pid, line in processes(marker).items()
        if marker != "granian" or str(var) in _environment_of(pid)
    ]


def _environment_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_serves_and_ends_as_a_whole_when_signalled(start: Starter, var: Path, how) -> None:
    run = start()
    url = run.url()
    assert status(f"{url}/healthz") == 200
    assert status(f"{url}/readyz") == 200
    assert left(var)
    assert run.end(how) == 0, run.text()
    assert not left(var)


def test_second_run_is_refused_when_one_serves(start: Starter) -> None:
    first = start()
    url = first.url()
    second = start()
    assert second.process.wait(60) == 1
    assert second.text() == f"already runs at {url} (pid {first.process.pid})\n"
    assert status(f"{url}/healthz") == 200


def test_nothing_is_left_when_the_supervisor_is_killed(start: Starter, var: Path) -> None:
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
        if str(var) in _environment_of(pid) and "setpriv" not in line:
            os.kill(pid, signal.SIGKILL)
    assert run.process.wait(60) == 1
    assert "the web server ended by itself" in run.text().splitlines()[-1]
    assert not left(var)


def test_database_is_started_again_when_it_is_killed(start: Starter, var: Path) -> None:
    run = start()
    url = run.url()
    pid = private(var).running_pid()
    assert pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: private(var).running_pid() not in (None, pid), "another server runs")
    eventually(lambda: status(f"{url}/readyz") == 200, "the service is ready again")
    assert "starting again" in run.text()
    assert run.end() == 0


def test_taken_port_is_named_with_the_remedy(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = start("--port", port)
        assert run.process.wait(60) == 1
    assert run.text() == f"port {port} is taken by another program; choose one with --port\n"


def test_own_database_is_used_when_database_url_is_set(
    start: Starter, fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    run = start(DATABASE_URL=fresh_database(), DIACHISO_VAR=str(tmp_path / "var"))
    assert status(f"{run.url()}/readyz") == 200
    assert "cluster" not in run.text()
    assert run.end() == 0
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["run.lock"]


def test_service_recovers_when_its_database_was_stopped(start: Starter, tmp_path: Path) -> None:
    with open_folder() as folder:
        own = cluster.throwaway(folder)
        own.initialise()
        server = own.start()
        try:
            own.create_database()
            run = start(DATABASE_URL=own.url(), DIACHISO_VAR=str(tmp_path / "var"))
            url = run.url()
            own.stop()
            server.wait()
            assert status(f"{url}/readyz") == 503
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


def test_folder_that_cannot_be_written_is_one_line(start: Starter) -> None:
    run = start(DIACHISO_VAR="/sys/diachiso")
    assert run.process.wait(60) == 1
    assert "DIACHISO_VAR" in run.text()
    assert len(run.text().splitlines()) == 1


def test_commands_find_the_running_cluster(start: Starter, var: Path) -> None:
    start().url()
    url = diachiso("database", "url", "--role", "app", DIACHISO_VAR=str(var))
    assert url.returncode == 0
    assert "role" in url.stdout
    again = diachiso("database", "prepare", DIACHISO_VAR=str(var))
    assert (again.returncode, again.stdout) == (0, ""), again.stderr


def test_commands_work_by_link_and_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()  # must not be taken for ours
    (tmp_path / "scripts/__init__.py").write_text("raise SystemExit('the wrong one')\n")
    (tmp_path / "diachiso").symlink_to(ROOT / "bin/diachiso")
    done = diachiso("--help", command=tmp_path / "diachiso", cwd=tmp_path, LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert "mã địa chỉ số" in done.stdout


def test_wrong_usage_is_status_2() -> None:
    assert diachiso("serve", "--port", "none").returncode == 2
    assert diachiso("no-such-command").returncode == 2


def diachiso(
    *arguments: str, command: Path = ROOT / "bin/diachiso", cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env={**_clean_environment(), **environment},
    )
