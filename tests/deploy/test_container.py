"""The image and compose.yaml: built of Debian packages, started, used and started again."""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from registry.core.settings import ROOT
from tests.deploy.debian import make_debian, needs
from tests.support.waiting import eventually

pytestmark = [pytest.mark.thorough, needs("buildah", "podman", "podman-compose", "runc")]

IMAGE = "localhost/diachiso"
POSTGIS = ROOT / "tests" / "support" / "postgis_image"
"""Stands in for the published image, which may not be pulled here."""
AUTHORITIES = os.environ.get("PIP_CERT")
"""Those that the registries' certificates are checked by, where they are other than Debian's."""
BUILD_TOOLS = ("cc", "gcc", "git", "make", "node", "npm", "pip", "pip3", "strip")
PORT = 18327
READYZ = f"http://127.0.0.1:{PORT}/readyz"
MOST_BYTES = 450_000_000


@dataclass(frozen=True, slots=True)
class Engine:
    """podman and buildah with storage of their own."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(each) for each in command],
            check=False,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=cwd or self.folder,
        )

    def get(self, *command: object, cwd: Path | None = None) -> str:
        """Its output; AssertionError with what it complains about when it fails."""
        done = self.run(*command, cwd=cwd)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def build(self, *options: object) -> None:
        """The image, by the script that operators call."""
        volumes = []
        if AUTHORITIES:
            for to, text in (
                ("/etc/pip.conf", "[global]\ncert = /run/authorities.crt\n"),
                ("/root/.npmrc", "cafile = /run/authorities.crt\n"),
            ):
                (self.folder / Path(to).name).write_text(text)
                volumes.append(f"--volume={self.folder / Path(to).name}:{to}:ro")
            volumes.append(f"--volume={AUTHORITIES}:/run/authorities.crt:ro")
        base = ("--build-arg", "BASE=localhost/base", "--pull=never")
        self.get(ROOT / "deploy/container/build", *base, *volumes, *options)

    def layers(self) -> list[str]:
        """Digests of what the image consists of."""
        found: list[str] = json.loads(
            self.get("podman", "image", "inspect", "--format", "{{json .RootFS.Layers}}", IMAGE)
        )
        return found


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """With a base of Debian packages, the image, and a PostGIS."""
    folder = tmp_path_factory.mktemp("engine")
    # A machine that may not raise limits offers its own.
    limits = (("nproc", resource.RLIMIT_NPROC), ("nofile", resource.RLIMIT_NOFILE))
    ulimits = [f"{name}={resource.getrlimit(which)[1]}" for name, which in limits]
    (folder / "containers.conf").write_text(
        f'[engine]\nruntime = "runc"\n[containers]\ndefault_ulimits = {json.dumps(ulimits)}\n'
    )
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'
    )
    environment = {
        **os.environ,
        "BUILDAH_ISOLATION": "chroot",
        "CONTAINERS_CONF": f"{folder}/containers.conf",
        "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
        "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
        "SOURCE_DATE_EPOCH": "1764547200",
    }
    made = Engine(folder, environment)
    make_debian(folder / "base.tar")
    made.get("podman", "import", "--quiet", folder / "base.tar", "localhost/base")
    (folder / "base.tar").unlink()
    try:
        made.build()
        made.get("buildah", "build", "--pull=never", "--tag=localhost/postgis", POSTGIS)
        yield made
    finally:
        made.run("podman", "system", "reset", "--force")
        shutil.rmtree(folder, ignore_errors=True)


def test_image_is_small_and_contains_no_build_tools(engine: Engine) -> None:
    engine.get("podman", "push", "--quiet", IMAGE, f"oci:{engine.folder}/pulled")
    pulled = sum(file.stat().st_size for file in (engine.folder / "pulled").rglob("*"))
    shutil.rmtree(engine.folder / "pulled")
    assert pulled < MOST_BYTES
    config = json.loads(engine.get("podman", "image", "inspect", IMAGE))[0]
    assert config["Config"]["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][0] == "CMD"
    look = f"for each in {' '.join(BUILD_TOOLS)}; do command -v $each; done; true"
    run = ("podman", "run", "--rm", "--read-only", "--network=none", "--entrypoint=/bin/sh")
    assert engine.get(*run, IMAGE, "-c", look) == ""


@pytest.mark.parametrize(
    ("url", "missing"),
    [("", "DATABASE_URL"), ("postgresql://x@127.0.0.1:1/x", "127.0.0.1")],
    ids=["not set", "does not answer"],
)
def test_missing_or_unprepared_database_is_reported_in_one_line(
    engine: Engine, url: str, missing: str
) -> None:
    run = ("podman", "run", "--rm", "--read-only", "--network=none", f"--env=DATABASE_URL={url}")
    ended = engine.run(*run, IMAGE)
    assert ended.returncode == 1
    assert missing in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr


def test_layers_are_reproducible(engine: Engine) -> None:
    first = engine.layers()
    engine.build("--no-cache", "--tag=localhost/again")
    assert engine.layers() == first


@pytest.fixture
def project(engine: Engine) -> Iterator[Path]:
    """compose.yaml with secrets, as in docs/container.md; everything it started is stopped."""
    folder = engine.folder / "project"
    (folder / "secrets").mkdir(parents=True)
    shutil.copy(ROOT / "deploy/container/compose.yaml", folder)
    (folder / "secrets/database_password").write_text("geheim")
    (folder / "secrets/database_url").write_text("postgresql://diachiso:geheim@database/diachiso")
    engine.environment.update(POSTGIS_IMAGE="localhost/postgis", DIACHISO_PORT=str(PORT))
    yield folder
    engine.run("podman-compose", "down", "--volumes", cwd=folder)


def up(engine: Engine, project: Path, *services: str) -> None:
    """Starts them in turn.

    Each is asked for its health here: podman lets systemd ask, which not every machine runs.
    """
    for service in services:
        engine.get("podman-compose", "up", "--detach", "--no-deps", service, cwd=project)
        if service == "web":
            eventually(readiness, "the server is ready", within_s=600)
        if service != "worker":
            eventually(partial(is_healthy, engine, service), f"{service} is healthy")


def is_healthy(engine: Engine, service: str) -> bool:
    return engine.run("podman", "healthcheck", "run", f"diachiso_{service}_1").returncode == 0


def readiness() -> dict[str, object]:
    found: dict[str, object] = {}
    with suppress(URLError, ConnectionError), urlopen(READYZ, timeout=5) as answer:
        found = json.load(answer)
    return found


# What of the bundled libraries has been cut down: files of every format, PDF, and a workbook back.
USE = """
set -e
cd /tmp
diachiso demo --households 100 --provinces 01
for form in csv.gz xlsx ndjson gpkg geoparquet flatgeobuf pmtiles
do diachiso export --demo --format $form --out ho.$form; done
diachiso export --demo --format csv --out - >ho.csv
diachiso paper list --codes "$(sed -n '2s/^"\\([^"]*\\)".*/\\1/p' ho.csv)" --out ho.pdf
for form in xlsx gpkg
do diachiso import ho.$form --source thu --demo-as-real --dry-run | grep "dòng  *102"; done
diachiso doctor
"""


def test_register_survives_removal_of_the_compose_containers(engine: Engine, project: Path) -> None:
    up(engine, project, "database", "web", "worker")
    eventually(lambda: readiness().get("jobs") == "ok", "the worker works")
    engine.get("podman", "exec", "diachiso_web_1", "sh", "-c", USE)
    written = engine.run("podman", "exec", "diachiso_web_1", "touch", "/usr/lib/diachiso/new")
    assert "Read-only file system" in written.stderr
    engine.get("podman", "stop", "diachiso_worker_1", "diachiso_web_1")
    state = ("podman", "inspect", "--format", "{{.State.ExitCode}}")
    assert engine.get(*state, "diachiso_web_1", "diachiso_worker_1").split() == ["0", "0"]
    engine.get("podman-compose", "down", cwd=project)

    up(engine, project, "database", "web")
    counted = ("diachiso", "export", "--demo", "--format=csv", "--out=-")
    assert len(engine.get("podman", "exec", "diachiso_web_1", *counted).splitlines()) > 100
