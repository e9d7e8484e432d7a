"""bin/release builds the same wheel twice; what it builds is complete, signed, and runs."""

import json
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from registry.core.release import release
from registry.core.settings import ROOT
from tests.support.folders import open_folder
from tests.support.running import clean_environment
from tests.support.waiting import eventually

PACKAGES = ("geo", "registry", "api", "scripts")
SHARED = ("docs", "migrations")
MOST_DOWNLOADED = 30_000_000
ADDRESS = "12 ngõ 5 Láng, Đống Đa"
SHARE = f"diachiso-{release()}.data/data/share/diachiso/"
WHEEL = f"diachiso-{release()}-py3-none-any.whl"
# Packages of the environment of tests, beside those of the wheel.
PTH = "import sysconfig; print(sysconfig.get_path('purelib'))"

pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="needs the checkout's .git, of which a release is made"
)


def outside() -> dict[str, str]:
    """An environment without any path to the checkout."""
    return {k: v for k, v in clean_environment().items() if not k.startswith("PYTHON")}


def run(*command: object, cwd: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=cwd,
        env={**outside(), **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Built:
    """Two releases of one commit, and the key that signed them."""

    first: Path
    second: Path
    key: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("release")
    key = folder / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "maintainers", "-f", key)
    made = Built(folder / "first", folder / "second", key)
    for out, mask in ((made.first, 0o022), (made.second, 0o077)):
        (folder / f"tmp{mask}").mkdir()
        subprocess.run(
            [ROOT / "bin" / "release", "--dry-run", "--packages", "--out", out],
            check=True,
            env={**clean_environment(), "RELEASE_KEY": str(key), "TMPDIR": f"{folder}/tmp{mask}"},
            umask=mask,
            stdout=subprocess.DEVNULL,
        )
    return made


@pytest.fixture(scope="module")
def wheel(built: Built) -> Path:
    return built.first / WHEEL


def test_equal_commits_give_equal_artefacts(built: Built) -> None:
    sums = [(each / "SHA256SUMS").read_text().splitlines() for each in (built.first, built.second)]
    assert sums[0] == sums[1]
    names = {line.split()[1] for line in sums[0]}
    assert names >= {
        WHEEL,
        f"diachiso-{release()}.tar.gz",
        f"diachiso-{release()}.cdx.json",
        f"diachiso_client-{release()}-py3-none-any.whl",
    }
    run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=built.first)


def test_signature_is_that_of_the_operator(built: Built, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text(f"maintainers {built.key.with_suffix('.pub').read_text()}")
    verify = (
        *("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "maintainers"),
        *("-n", "diachiso-release", "-s", built.first / "SHA256SUMS.sig"),
    )
    sums = (built.first / "SHA256SUMS").read_bytes()
    assert subprocess.run(verify, input=sums, check=False).returncode == 0
    assert subprocess.run(verify, input=sums + b" ", check=False).returncode != 0


def test_every_artefact_lists_its_components(built: Built) -> None:
    listed = {}
    for path in sorted(built.first.glob("diachiso*")):
        if path.suffix == ".whl":
            with ZipFile(path) as packed:
                inside = {n: packed.read(n) for n in packed.namelist() if n.endswith(".cdx.json")}
        elif path.suffix in (".gz", ".tgz"):
            with tarfile.open(path) as archive:
                members = [m for m in archive.getmembers() if m.name.endswith(".cdx.json")]
                inside = {m.name: archive.extractfile(m).read() for m in members}  # type: ignore[union-attr]
        else:
            continue
        (document,) = inside.values()
        listed[path.name] = json.loads(document)
        version = SchemaVersion.from_version(listed[path.name]["specVersion"])
        assert JsonStrictValidator(version).validate_str(document.decode()) is None, path.name
    assert len(listed) >= 3
    names = {each["name"].lower() for each in listed[WHEEL]["components"]}
    assert {"click", "psycopg", "maplibre-gl"} <= names
    assert "pytest" not in names


def test_wheel_contains_what_git_lists(wheel: Path) -> None:
    listing = run("git", "ls-tree", "-rz", "--name-only", "HEAD", *PACKAGES, *SHARED, cwd=ROOT)
    paths = [path for path in listing.split("\0") if path and not path.endswith(".po")]
    wanted = {
        f"{SHARE}{path}" if path.startswith(SHARED) else path: run_bytes("git", "show", path)
        for path in paths
    }
    with ZipFile(wheel) as packed:
        names = packed.namelist()
        inside = {name: packed.read(name) for name in names if name in wanted}
    assert sorted(wanted.keys() - inside.keys()) == []
    assert [name for name in wanted if inside[name] != wanted[name]] == []
    more = {n for n in names if n not in wanted and ".dist-info/" not in n}
    assert {n for n in more if not n.startswith(f"{SHARE}node_modules/")} == {
        "registry/words/km/LC_MESSAGES/diachiso.mo",
        "registry/words/vi/LC_MESSAGES/diachiso.mo",
        f"{SHARE}alembic.ini",
        f"{SHARE}clients/web/dia-chi-input.js",
        f"{SHARE}package-lock.json",
        f"{SHARE}sbom.cdx.json",
    }


def run_bytes(*command: str) -> bytes:
    """A file of HEAD."""
    *program, path = command
    return subprocess.check_output([*program, f"HEAD:{path}"], cwd=ROOT)


def test_uvx_reads_an_address_with_few_downloads(wheel: Path, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"),
        *("--dest", downloads, wheel),
    )
    sizes = {path.name: path.stat().st_size for path in downloads.iterdir()}
    assert sum(sizes.values()) <= MOST_DOWNLOADED, sizes
    command = (
        *(Path(sys.executable).with_name("uvx"), "--offline", "--no-index", "--find-links"),
        *(downloads, "--python", sys.executable, "--from", wheel, "diachiso", "--lang", "vi"),
    )
    fresh = {"UV_CACHE_DIR": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    lines = run(*command, "parse", ADDRESS, cwd=tmp_path, **fresh).splitlines()
    assert lines[:2] == ["Số nhà: 5/12", "Đường: Láng"]
    assert run(*command, "--version", cwd=tmp_path, **fresh).strip() == release()
    listed = run(*command, "--help", cwd=tmp_path, **fresh)
    assert "Cần các phần của máy chủ: cài diachiso[server]" in listed
    refused = subprocess.run(
        list(map(str, (*command, "doctor"))),
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=tmp_path,
        env={**outside(), **fresh},
    )
    assert refused.returncode == 1
    assert "cài diachiso[server]" in refused.stderr


@pytest.fixture
def environment(wheel: Path) -> Iterator[Path]:
    """The wheel alone in an environment, which takes the packages of the extra from this one's."""
    with open_folder() as folder:
        here = folder / "environment"
        run(sys.executable, "-m", "venv", "--without-pip", here)
        site = run(here / "bin" / "python", "-c", PTH).strip()
        run("uv", "pip", "install", "--no-deps", "--python", here / "bin" / "python", wheel)
        Path(site, "others.pth").write_text(run(sys.executable, "-c", PTH))
        yield here


def test_wheel_serves(environment: Path, fresh_database: Callable[[], str]) -> None:
    var = environment.parent / "var"
    output = environment.parent / "output.txt"
    with output.open("wb") as file:
        served = subprocess.Popen(
            [environment / "bin" / "diachiso", *("serve", "--port", "0", "--workers", "1")],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=environment.parent,
            env={**outside(), "DATABASE_URL": fresh_database(), "DIACHISO_VAR": str(var)},
            start_new_session=True,
        )
    try:

        def address() -> str | None:
            text = output.read_text(encoding="utf-8")
            assert served.poll() is None, text
            found = (x for x in text.splitlines() if x.startswith("serving on "))
            return next(found, "").removeprefix("serving on ") or None

        url = eventually(address, "the wheel serves", within_s=120)
        for path in ("/readyz", "/docs/packages", "/docs/img/" + first_image(), "/openapi.json"):
            with urlopen(f"{url}{path}") as answer:
                assert answer.status == 200, path
        with urlopen(f"{url}/static/dia-chi-input.js") as answer:
            assert b"dia-chi-input" in answer.read()
        with urlopen(f"{url}/v1/units/convert?code=00016") as answer:
            assert json.load(answer)["matches"]
    finally:
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0


def first_image() -> str:
    return min(path.name for path in (ROOT / "docs" / "img").iterdir())


def test_release_needs_a_tag_and_a_key(tmp_path: Path) -> None:
    done = subprocess.run(
        [ROOT / "bin" / "release", "--out", tmp_path],
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=clean_environment() | {"RELEASE_KEY": ""},
    )
    assert done.returncode == 1
    assert "tag" in done.stderr or "RELEASE_KEY" in done.stderr
    assert list(tmp_path.iterdir()) == []
    wrong = subprocess.run([ROOT / "bin" / "release", "--nope"], capture_output=True, check=False)
    assert wrong.returncode == 2
