"""What root starts serves as an account of its own: processes, files and sockets."""

import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from registry.core.settings import ROOT
from registry.ops.cluster import FALLBACK, KEPT
from registry.ops.cluster.host import WEB_ACCOUNT, processes
from tests.support.running import (
    Run,
    Starter,
    clean_environment,
    diachiso,
    environment_of,
    own_var,
    private,
    starter,
    status,
)
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone can act as other users")


def owner(path: Path) -> str:
    return pwd.getpwuid(path.lstat().st_uid).pw_name


def served(var: Path, run: Run) -> dict[str, str]:
    """Command lines and owners of the processes working with the cluster of `var`."""
    marker, found = f"?host={private(var).socket_dir}&", {}
    for pid, line in processes("").items():
        if marker in environment_of(pid) and pid != run.process.pid and "setpriv" not in line:
            with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
                found[line] = owner(Path(f"/proc/{pid}"))
    return found


def serving(var: Path, run: Run) -> dict[str, str]:
    """The same, once web server and worker are there."""

    def both() -> dict[str, str]:
        found = served(var, run)
        parts = ("-m granian", "scripts.main work")
        return found if all(any(part in x for x in found) for part in parts) else {}

    return eventually(both, "web server and worker run")


def may_write(account: str, path: Path) -> bool:
    entry = pwd.getpwnam(account)
    done = subprocess.run(
        ["test", "-w", path], user=entry.pw_uid, group=entry.pw_gid, extra_groups=[], check=False
    )
    return done.returncode == 0


def test_everything_started_by_root_belongs_to_another_account(start: Starter, var: Path) -> None:
    # As a version that served as root has left it.
    (var / "imports/7/delivered").mkdir(parents=True, mode=0o700)
    (var / "imports/7/delivered/ho.csv").touch(mode=0o600)
    (var / "counters").touch(mode=0o600)
    run = start(DIACHISO_LIMITS="on")
    url = run.url()
    running = serving(var, run)
    assert set(running.values()) == {WEB_ACCOUNT}, running
    kept = [var / "counters", var / "imports", *(var / "imports").rglob("*")]
    assert len(kept) > 4
    assert {owner(path) for path in kept} == {WEB_ACCOUNT}
    assert "counters_not_shared" not in run.text()
    assert [name for name in KEPT if not may_write(WEB_ACCOUNT, var / name)] == []
    assert status(f"{url}/v1/packs/keys") == 200
    # It cannot read the cluster's files, and no other account can connect.
    cluster = private(var)
    assert owner(cluster.data_dir) not in ("root", WEB_ACCOUNT)
    assert not may_write(WEB_ACCOUNT, cluster.data_dir / "PG_VERSION")
    socket = cluster.socket_dir / f".s.PGSQL.{cluster.port}"
    assert may_write(WEB_ACCOUNT, socket)
    assert not may_write("nobody", socket)
    # Root's own commands continue.
    assert diachiso("doctor", DIACHISO_VAR=str(var)).returncode == 0
    assert status(f"{url}/readyz") == 200
    assert run.end() == 0


def test_worker_started_by_root_runs_as_another_account(start: Starter, var: Path) -> None:
    run = start("--no-worker")
    run.url()
    command = [ROOT / "bin/diachiso", "work"]
    environment = {**clean_environment(), "DIACHISO_VAR": str(var)}
    with subprocess.Popen(command, env=environment) as worker:
        try:
            # The command itself begins as its caller's, and becomes the account's.
            eventually(
                lambda: set(serving(var, run).values()) == {WEB_ACCOUNT}, "nothing is root's"
            )
        finally:
            worker.terminate()


@pytest.fixture
def closed_checkout(tmp_path: Path) -> Iterator[Path]:
    """A checkout that only root can enter, as below /root."""
    checkout = tmp_path / "checkout"
    for part in ("alembic.ini", "api", "bin", "clients", "docs", "geo"):
        copy(ROOT / part, checkout / part)
    for part in (
        "migrations",
        "node_modules",
        "package-lock.json",
        "registry",
        "requirements.lock",
        "scripts",
        "setup.cfg",
        ".venv",
    ):
        copy(ROOT / part, checkout / part)
    stamp = checkout / ".venv/.complete"
    text = stamp.read_text(encoding="utf-8").replace(str(ROOT), str(checkout))
    stamp.unlink()
    stamp.write_text(text, encoding="utf-8")
    tmp_path.chmod(0o700)
    yield checkout
    name = hashlib.sha256(os.fsencode(checkout)).hexdigest()[:8]
    made = private(checkout / "var")
    left = (checkout, made.data_dir, FALLBACK / f"{made.name}-files", made.socket_dir)
    for path in (*left, FALLBACK / f"program-{name}", FALLBACK / f"venv-{name}"):
        shutil.rmtree(path, ignore_errors=True)


def copy(source: Path, target: Path) -> None:
    """By links where the file system allows it: the environment has a gigabyte."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["cp", "-al", source, target], stderr=subprocess.DEVNULL).returncode != 0:
        subprocess.run(["cp", "-a", "--remove-destination", source, target.parent], check=True)


def test_checkout_unreadable_for_the_account_is_served(
    closed_checkout: Path, tmp_path: Path
) -> None:
    var = closed_checkout / "var"
    with starter(var, tmp_path) as start:
        run = start(checkout=closed_checkout, DIACHISO_VAR="", DIACHISO_LIMITS="on")
        url = run.url()
        running = serving(var, run)
        assert set(running.values()) == {WEB_ACCOUNT}, running
        assert not any(str(closed_checkout) in line for line in running)
        assert status(f"{url}/v1/units/00004") == 200
        assert "counters_not_shared" not in run.text()
        asked = diachiso("database", "url", command=closed_checkout / "bin/diachiso")
        assert asked.returncode == 0, asked.stderr
        assert run.end() == 0, run.text()


def test_var_of_a_user_is_used_as_that_user(admin_url: str, tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    with own_var(admin_url) as var, starter(var, tmp_path) as start:
        for path in (var, *var.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        run = start(DIACHISO_LIMITS="on")
        run.url()
        running = serving(var, run)
        assert set(running.values()) == {"nobody"}, running
        assert owner(var / "counters") == "nobody"
        assert run.end() == 0
