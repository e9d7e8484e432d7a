"""The Debian package: clean to lintian, installed, upgraded, removed and purged in a chroot."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from registry.core.settings import ROOT
from tests.deploy.debian import make_debian, needs
from tests.support.waiting import eventually

pytestmark = [pytest.mark.thorough, needs("dh", "lintian", "strip", "unshare")]

PORT = 18328
READYZ = f"http://127.0.0.1:{PORT}/readyz"
SETTINGS = "etc/diachiso/diachiso.env"
DATA = "var/lib/diachiso"
LATER = "9.0+test"


@dataclass(frozen=True, slots=True)
class Chroot:
    """A Debian in a folder, with /proc, /dev and a network, and no init."""

    folder: Path

    def command(self, *command: object) -> list[str]:
        """What runs it there; mounts and processes end with it."""
        prepare = (
            'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc"'
            ' && mount -t tmpfs tmpfs "$0/tmp" && exec chroot "$0" "$@"'
        )
        within = ("unshare", "--mount", "--pid", "--fork", "--kill-child=TERM", "sh", "-c", prepare)
        return [*within, str(self.folder), *map(str, command)]

    def run(self, *command: object, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*command),
            check=False,
            capture_output=True,
            text=True,
            input=text,
            env={"PATH": os.defpath + ":/usr/sbin:/sbin", "DEBIAN_FRONTEND": "noninteractive"},
        )

    def get(self, *command: object, text: str = "") -> str:
        """Its output; AssertionError with what it complains about when it fails."""
        done = self.run(*command, text=text)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def install(self, package: Path, *options: str) -> None:
        shutil.copy(package, self.folder / "root/diachiso.deb")
        self.get("apt-get", "-q", "-y", *options, "install", "/root/diachiso.deb")

    def state(self) -> str:
        """As dpkg has it: `install ok installed`, or empty where it knows no such package."""
        return self.run("dpkg-query", "-W", "-f", "${Status}", "diachiso").stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    built = subprocess.run(
        [ROOT / "deploy/debian/build", folder], check=False, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    return next(folder.glob("*.deb"))


@pytest.fixture(scope="module")
def chroot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroot]:
    """With the program of systemd that makes accounts; services are not started."""
    folder = tmp_path_factory.mktemp("chroot")
    make_debian(folder, ["ca-certificates", "systemd"])
    policy = folder / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    made = Chroot(folder)
    made.get("apt-get", "-q", "update")
    yield made
    shutil.rmtree(folder)


def later(package: Path, folder: Path) -> Path:
    """The package as a later version with other default settings."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(
        re.sub(r"(?m)^Version: .*", f"Version: {LATER}", control.read_text(encoding="utf-8")),
        encoding="utf-8",
    )
    with (tree / SETTINGS).open("a", encoding="utf-8") as settings:
        settings.write("#DIACHISO_LANG=vi\n")
    subprocess.run(["dpkg-deb", "-Znone", "-b", tree, folder / "later.deb"], check=True)
    shutil.rmtree(tree)
    return folder / "later.deb"


def test_lintian_finds_nothing(package: Path) -> None:
    found = subprocess.run(
        ["lintian", "--fail-on=error,warning", "--allow-root", package],
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout[-5000:]


def is_ready() -> bool:
    with suppress(URLError, ConnectionError), urlopen(READYZ, timeout=5) as answer:
        return bool(json.load(answer)["status"] == "ready")
    return False


def test_package_can_be_installed_upgraded_removed_and_purged(
    package: Path, chroot: Chroot, tmp_path: Path
) -> None:
    chroot.install(package)
    assert chroot.state() == "install ok installed"
    assert (chroot.folder / "usr/lib/postgresql").is_dir(), "Recommends bring PostgreSQL"
    wanted = chroot.folder / "etc/systemd/system"
    assert {each.name for each in wanted.glob("*.target.wants/diachiso*")} == {
        "diachiso.service",
        "diachiso-backup.timer",
    }
    units = [f"/usr/lib/systemd/system/{each.name}" for each in units_of(chroot)]
    assert chroot.get("systemd-analyze", "verify", *units) == ""

    # As the service does: its account, its command, its private cluster.
    service = (chroot.folder / "usr/lib/systemd/system/diachiso.service").read_text()
    (command,) = re.findall(r"(?m)^ExecStart=(.+)$", service)
    as_account = ("runuser", "-u", "diachiso", "--", "env", f"DIACHISO_VAR=/{DATA}")
    with subprocess.Popen(chroot.command(*as_account, *command.split(), "--port", PORT)) as serving:
        try:
            eventually(is_ready, "the service answers", within_s=300)
        finally:
            terminate_child(serving.pid)
    assert (chroot.folder / DATA / "cluster/PG_VERSION").exists()

    settings = chroot.folder / SETTINGS
    assert settings.parent.stat().st_mode & 0o777 == 0o750
    own = settings.read_text(encoding="utf-8") + 'DATABASE_URL="postgresql://x@127.0.0.1:1/x"\n'
    settings.write_text(own, encoding="utf-8")
    found = chroot.run("diachiso", "unit-ids", "list")
    assert "127.0.0.1" in found.stderr, "commands take the settings"

    chroot.install(later(package, tmp_path), "-o", "Dpkg::Options::=--force-confold")
    assert LATER in chroot.get("dpkg-query", "-W", "diachiso")
    assert settings.read_text(encoding="utf-8") == own

    chroot.get("apt-get", "-q", "-y", "remove", "diachiso")
    assert not (chroot.folder / "usr/lib/diachiso").exists()
    assert settings.read_text(encoding="utf-8") == own

    chroot.get("apt-get", "-q", "-y", "purge", "diachiso")
    assert chroot.state() == ""
    assert not settings.parent.exists()
    assert (chroot.folder / DATA / "cluster/PG_VERSION").exists(), "data stays unless asked for"

    chroot.install(package, "--no-install-recommends")
    chroot.get("debconf-set-selections", text="diachiso diachiso/purge-data boolean true\n")
    chroot.get("apt-get", "-q", "-y", "purge", "diachiso")
    assert not list(chroot.folder.glob("var/lib/diachiso*"))


def terminate_child(pid: int) -> None:
    """End what unshare waits for; unshare itself ignores the signal."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(int(child), signal.SIGTERM)


def units_of(chroot: Chroot) -> list[Path]:
    """Units of the package that are not templates."""
    found = sorted((chroot.folder / "usr/lib/systemd/system").glob("diachiso*"))
    return [each for each in found if "@" not in each.name]
