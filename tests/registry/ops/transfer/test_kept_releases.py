"""Registers of releases, kept as a backup and as a transfer file, are read by this program."""

from collections.abc import Callable
from pathlib import Path

import pytest

from registry.core.release import release
from registry.ops.backup import take_backup
from registry.ops.backup.restore import restore_backup
from tests.registry.ops.transfer.conftest import read, write
from tests.support.lifecycle import Town, town_at
from tests.support.postgis import database

pytestmark = pytest.mark.thorough

RELEASES = Path(__file__).parent / "releases"
KEPT = sorted(path.stem for path in RELEASES.glob("*.dump"))


def quiet(_line: object) -> None:
    pass


def test_this_release_is_archived(place: Town) -> None:
    """The first run of a release writes its register, which is then committed."""
    dump, file = (RELEASES / f"{release()}.{suffix}" for suffix in ("dump", "zip"))
    if not dump.exists():
        take_backup(place.url, dump, as_folder=False, report=quiet)
        write(place.url, file)
        pytest.fail(f"{dump} and {file} are new: commit them")
    assert file.exists()


@pytest.mark.parametrize("version", KEPT)
def test_register_of_a_release_is_upgraded(
    version: str, admin_url: str, worker_id: str, fresh_database: Callable[[], str], tmp_path: Path
) -> None:
    with database(admin_url, f"kept_{worker_id}") as restored:
        restore_backup(restored, RELEASES / f"{version}.dump", report=quiet)
        moved = fresh_database()
        kept = read(moved, RELEASES / f"{version}.zip")
        assert write(restored, tmp_path / "restored.zip").content == kept.content
        assert write(moved, tmp_path / "moved.zip").content == kept.content
        for url in (restored, moved):
            with town_at(url) as town:
                town.street("Phố Hậu Phát Hành")
                town.house("1", "Phố Hậu Phát Hành")
