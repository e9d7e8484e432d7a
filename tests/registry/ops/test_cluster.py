"""The private cluster: located, created, started, stopped, and its failures."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from registry.core.errors import ClusterError
from registry.core.settings import ROOT, Settings
from registry.jobs.submission import BATCHES, IMPORTS, REFORMS
from registry.ops import cluster
from registry.ops.cluster import PrivateCluster
from registry.ops.cluster import host as cluster_host
from tests.support.folders import open_folder
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who can act as other users")


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture
def private(folder: Path) -> Iterator[PrivateCluster]:
    """A private cluster as a checkout has it, not made yet; ended after the test."""
    located = cluster.locate(Settings(var=folder / "var"))
    yield located
    located.stop()
    shutil.rmtree(located.socket_dir, ignore_errors=True)


@pytest.fixture
def start(private: PrivateCluster) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        private.initialise()
        started.append(private.start())
        return started[-1]

    yield start
    private.stop()
    for server in started:
        server.wait()


@pytest.mark.gate
def test_every_folder_of_submissions_is_handed_to_the_account_that_serves() -> None:
    assert {kind.name for kind in (IMPORTS, REFORMS, BATCHES)} <= {*cluster.KEPT}


def show(private: PrivateCluster, name: str) -> str:
    with psycopg.connect(private.admin_url("postgres")) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


@pytest.mark.gate
def test_cluster_serves_on_its_socket_only_when_started(private, start) -> None:
    server = start()
    assert private.running_pid() == server.pid
    private.create_database()
    private.create_database()
    with psycopg.connect(private.url()) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("diachiso",)
    assert show(private, "listen_addresses") == ""
    assert show(private, "fsync") == "on"
    assert show(private, "data_checksums") == "on"
    assert show(private, "server_encoding") == "UTF8"
    assert private.socket_dir.stat().st_mode & 0o007 == 0


def test_start_is_refused_while_running(private, start) -> None:
    start()
    with pytest.raises(ClusterError, match="already running"):
        private.start()


def test_stop_is_idempotent(private, start) -> None:
    server = start()
    private.stop()
    assert server.wait() == 0
    private.stop()
    assert not private.is_running()


@as_root
def test_files_belong_to_the_unprivileged_account_when_root_calls(private) -> None:
    private.initialise()
    assert private.account.uid != 0
    assert private.data_dir.stat().st_uid == private.account.uid


def test_socket_path_fits_when_var_is_deep(folder: Path) -> None:
    deep = cluster.locate(Settings(var=folder / ("d" * 200)))
    assert len(os.fsencode(deep.socket_dir / f".s.PGSQL.{deep.port}")) < 107


def test_interrupted_initialisation_is_not_used_as_a_cluster(private) -> None:
    left = private.data_dir.with_name("cluster.new")
    left.mkdir(parents=True)
    (left / "PG_VERSION").write_text("17\n")
    assert not private.is_initialised()
    private.initialise()
    assert private.is_initialised()
    assert not left.exists()


def test_start_works_after_the_server_was_killed(private, start) -> None:
    server = start()
    server.kill()
    server.wait()
    assert not private.is_running()
    assert start().pid == private.running_pid()


def test_start_works_when_the_pid_of_a_killed_server_was_reused(private, start) -> None:
    server = start()
    server.kill()
    server.wait()
    pid_file = private.data_dir / "postmaster.pid"
    another = subprocess.Popen(private.account.command("sleep", "60"))
    try:
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(another.pid), *lines[1:]]) + "\n")
        assert not private.is_running()
        start()
    finally:
        another.kill()
        another.wait()


def test_server_ends_when_its_parent_is_killed(private) -> None:
    private.initialise()
    program = (
        "import sys; from pathlib import Path; from registry.ops import cluster;"
        "from registry.core.settings import Settings;"
        "server = cluster.locate(Settings(var=Path(sys.argv[1]))).start();"
        "print('ready', flush=True); server.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(private.data_dir.parent)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as starter:
        assert starter.stdout
        assert starter.stdout.readline() == b"ready\n"
        assert private.is_running()
        starter.send_signal(signal.SIGKILL)
    eventually(lambda: not private.is_running(), "the server has ended")


@as_root
def test_socket_folder_of_another_user_is_refused(private) -> None:
    private.initialise()
    private.socket_dir.mkdir(mode=0o700)
    os.chown(private.socket_dir, 65534, 65534)
    with pytest.raises(ClusterError, match=r"belongs to nobody, .* remove it"):
        private.start()


def test_socket_folder_that_is_a_link_is_refused(private, folder: Path) -> None:
    private.initialise()
    private.socket_dir.symlink_to(folder)
    try:
        with pytest.raises(ClusterError, match="remove it"):
            private.start()
    finally:
        private.socket_dir.unlink()


@as_root
def test_data_folder_is_moved_when_the_account_cannot_reach_var(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "FALLBACK", folder / "lib")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    settings = Settings(var=closed / "var")
    located = cluster.locate(settings)
    assert located.data_dir.parent == folder / "lib"
    located.initialise()
    # Where it was made, it stays, though var/ can be reached by now.
    closed.chmod(0o755)
    assert cluster.locate(settings).data_dir == located.data_dir


def test_missing_programs_are_named_with_the_remedy(folder: Path) -> None:
    with pytest.raises(ClusterError, match=r"set DATABASE_URL, or install PostgreSQL 15 or later"):
        cluster.locate(Settings(var=folder / "var"), library=folder, share=folder)


@pytest.mark.parametrize(
    ("installed", "expected"), [(["15", "17", "9.6", "14"], [17, 15]), (["14"], []), ([], [])]
)
def test_installed_majors_are_found(
    folder: Path, installed: list[str], expected: list[int]
) -> None:
    for major in installed:
        (folder / f"share/{major}/extension").mkdir(parents=True)
        (folder / f"share/{major}/extension/postgis.control").touch()
        (folder / f"lib/{major}/bin").mkdir(parents=True)
        (folder / f"lib/{major}/bin/postgres").touch()
    (folder / "share/18/extension").mkdir(parents=True)  # no PostGIS there
    assert cluster_host.installed_majors(folder / "lib", folder / "share") == expected


def test_data_of_another_version_is_refused_with_the_remedy(private) -> None:
    private.initialise()
    (private.data_dir / "PG_VERSION").write_text("13\n")
    with pytest.raises(ClusterError, match="install postgresql-13-postgis-3, or move"):
        cluster.locate(Settings(var=private.data_dir.parent))


@as_root
def test_data_that_belongs_to_root_is_refused_with_the_remedy(private) -> None:
    private.initialise()
    os.chown(private.data_dir, 0, 0)
    with pytest.raises(ClusterError, match="chown -R postgres"):
        cluster.locate(Settings(var=private.data_dir.parent))


@as_root
def test_another_user_is_told_the_owner_of_the_cluster(private, start) -> None:
    readable = cluster_host.Account("nobody", 65534, 65534).run(
        "/usr/bin/test", "-x", sys.executable
    )
    if readable.returncode != 0:
        pytest.skip("this checkout cannot be read by other users")
    start()
    program = (
        "import sys; from pathlib import Path; from registry.ops.cluster import host;"
        "host.account_for(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(private.data_dir)],
        user="nobody",
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"belongs to {private.account.name}; run this as" in done.stderr


def test_unwritable_folder_is_named_with_the_remedy() -> None:
    nowhere = cluster.locate(Settings(var=Path("/sys/diachiso")))
    # As root the data may lie under /var/lib then; what counts here is var/ itself.
    nowhere = replace(nowhere, data_dir=Path("/sys/diachiso/cluster"))
    with pytest.raises(ClusterError, match=r"cannot write /sys/diachiso .* DIACHISO_VAR"):
        nowhere.initialise()


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("initdb: error: could not write: No space left on device", "no_space_for"),
        ("FATAL:  could not create lock file: Read-only file system", "var_folder_not_writable"),
        (
            "FATAL:  could not resize shared memory segment: No space left on device",
            "no_shared_memory",
        ),
        ("LOG:  x\n2026 UTC [7] FATAL:  the reason\nLOG:  y", "postgresql_complains"),
        ("", "postgresql_complains"),
    ],
)
def test_start_errors_are_explained(output: str, code: str) -> None:
    assert cluster_host.explain(output, Path("/v")).code == code


def test_failing_start_shows_the_reason(private) -> None:
    private.initialise()
    # ALTER SYSTEM writes here; it overrides what the program sets.
    auto = private.data_dir / "postgresql.auto.conf"
    auto.write_text("shared_preload_libraries = 'there_is_no_such_library'\n")
    with pytest.raises(ClusterError, match="there_is_no_such_library"):
        private.start()


def test_database_url_names_the_remedy_when_nothing_runs(folder: Path) -> None:
    with pytest.raises(ClusterError, match="run bin/run, or set DATABASE_URL"):
        cluster.database_url(Settings(var=folder / "var"))
    assert cluster.database_url(Settings(database_url="postgresql://x/y")) == "postgresql://x/y"


def test_database_url_is_that_of_the_running_cluster(private, start) -> None:
    start()
    assert cluster.database_url(Settings(var=private.data_dir.parent)) == private.url()
