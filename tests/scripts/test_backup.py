"""`diachiso backup` and `diachiso restore`, on an own database and on the private cluster."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from registry.core.errors import ClusterError, ConflictError, UnreadableFileError
from registry.core.settings import Settings
from registry.ops import cluster
from registry.ops.backup import manifest_path, take_backup
from tests.support.commands import Run, call
from tests.support.lifecycle import Town, town
from tests.support.running import own_var

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def place(admin_url: str, worker_id: str) -> Iterator[Town]:
    with town(admin_url, f"saved_town_{worker_id}") as made:
        made.house("1")
        yield made


@pytest.fixture
def run(place: Town, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", place.url)
    return call


@pytest.fixture
def file(run: Run, tmp_path: Path) -> Path:
    """A backup of the town."""
    made = run("backup", tmp_path / "town.dump")
    assert made.exception is None, made.output
    return tmp_path / "town.dump"


@pytest.mark.gate
def test_backup_prints_its_contents(run: Run, tmp_path: Path) -> None:
    done = run("backup", tmp_path / "town.dump")
    first, checksum = done.stdout.splitlines()
    assert first.startswith("1 mã, ")
    assert checksum.startswith("checksum ")
    assert len(checksum.split()[1]) == 64
    assert "đang đếm" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "town.dump",
        "town.dump.manifest.json",
    ]


def test_name_with_a_slash_is_a_folder(run: Run, tmp_path: Path) -> None:
    assert run("backup", f"{tmp_path}/town/", "--jobs", 2).exception is None
    assert (tmp_path / "town" / "toc.dat").is_file()
    assert manifest_path(tmp_path / "town").is_file()


def test_good_backup_is_verified_and_a_damaged_one_is_refused(run: Run, file: Path) -> None:
    done = run("restore", "--verify", file)
    assert done.return_value == 0
    assert done.stdout.startswith("1 mã, ")
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)
    spoilt = run("restore", "--verify", file)
    assert isinstance(spoilt.exception, UnreadableFileError)


def test_restore_never_overwrites_a_register_in_use(run: Run, file: Path) -> None:
    assert isinstance(run("restore", file).exception, ConflictError)


def test_promoted_register_gets_a_new_uuid_and_is_checked(run: Run, place: Town) -> None:
    done = run("restore", "--promoted")
    ((uuid,),) = place.rows("SELECT CAST(uuid AS text) FROM register_identity")
    assert done.stdout.splitlines()[0] == uuid
    assert "(The key of the codes is there" in done.stdout
    assert done.return_value == 1  # a cluster of tests is not durable


@pytest.mark.parametrize(
    "arguments",
    [
        ("backup",),
        ("backup", "file", "--jobs", "2"),
        ("backup", "folder/", "--jobs", "0"),
        ("restore",),
        ("restore", "file", "--promoted"),
        ("restore", "--promoted", "--verify"),
        ("restore", "file", "--verify", "--scratch", "/nowhere"),
    ],
)
def test_wrong_usage_is_reported(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exception is not None
    assert getattr(done.exception, "exit_code", None) == 2


def test_private_cluster_is_restored_from_a_backup_and_backed_up_again(
    run: Run, place: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that has nothing but the backup; `bin/run` comes after."""
    take_backup(place.url, tmp_path / "town.dump", as_folder=False, report=lambda _line: None)
    monkeypatch.delenv("DATABASE_URL")
    with own_var() as var:
        monkeypatch.setenv("DIACHISO_VAR", str(var))
        none = run("backup", tmp_path / "none")
        assert isinstance(none.exception, ClusterError)
        restored = run("restore", tmp_path / "town.dump")
        assert restored.exception is None
        assert "(The private cluster runs" in restored.stdout
        private = cluster.locate(Settings(var=var))
        assert not private.is_running()
        again = run("backup", tmp_path / "again.dump")
        assert again.stdout.startswith("1 mã, ")
        assert isinstance(run("restore", tmp_path / "again.dump").exception, ConflictError)
        server = private.start()
        try:
            with psycopg.connect(private.url()) as connection:
                found = connection.execute("SELECT note FROM register_identity").fetchone()
            assert found == ("restored",)
        finally:
            private.stop()
            server.wait()
