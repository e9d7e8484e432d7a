"""Backups: taken while others write, restored into fresh clusters, refused when not whole."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import psycopg
import pytest
from sqlalchemy import text, update

from registry.access.keys import NewKey, create_key
from registry.core.database import make_engine, session_scope
from registry.core.errors import (
    ClusterError,
    ConflictError,
    DatabaseUnavailableError,
    NotPreparedError,
    RegistryError,
    UnreadableFileError,
)
from registry.core.events import write_scope
from registry.core.reads import Reads
from registry.core.revision import head_revision
from registry.core.settings import ROOT, Settings
from registry.core.tables.records import HOUSEHOLD
from registry.ops.backup import manifest_path, take_backup
from registry.ops.backup import tools as backup_tools
from registry.ops.backup.manifest import Manifest, read_manifest
from registry.ops.backup.restore import (
    check_backup,
    register_promoted,
    restore_backup,
    throwaway_register,
)
from registry.ops.backup.tools import find_tool
from registry.ops.doctor import State, run_probes
from registry.ops.prepare import prepare_database
from registry.records.lookup import lookup
from tests.support.clusters import empty_cluster, running
from tests.support.disk import file_limit
from tests.support.factories import TEST, make_event, make_household, make_street, make_unit
from tests.support.folders import roomy
from tests.support.postgis import database
from tests.support.refusal import refused

pytestmark = pytest.mark.thorough

JUMP = 1_000_000


def quiet(_line: str) -> None:
    """A port that nothing listens on."""


@dataclass(frozen=True)
class Saved:
    """A register, its backup, and its contents."""

    url: str
    file: Path
    manifest: Manifest
    code: str


def fill(url: str) -> str:
    """A household with a past, an event that waits, a webhook, a batch; the household's code."""
    engine = make_engine(url)
    with session_scope(engine) as session:
        create_key(session, NewKey("hãng", "carrier"))
        session.execute(
            text(
                "INSERT INTO webhook (key_id, url, secret, cursor, caught_up)"
                " SELECT id, 'https://example.com/', decode(repeat('00', 32), 'hex'), '0', 0"
                " FROM api_key"
            )
        )
        session.execute(
            text(
                "INSERT INTO batch (key_id, actor, operation, file_name)"
                " SELECT id, name, 'validate', 'a.csv' FROM api_key"
            )
        )
    with write_scope(engine, TEST) as session:
        unit = make_unit(session)
        street = make_street(session, unit_id=unit)
        code = make_household(session, unit_id=unit, street_id=street)
        session.execute(text("SELECT draw_ordinals(10, false)"))
    with session_scope(engine) as session:  # committed, and not moved
        make_event(session)
        session.execute(update(HOUSEHOLD).where(HOUSEHOLD.c.code == code).values(floor="2"))
    engine.dispose()
    return code


@pytest.fixture(scope="module")
def saved(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Saved]:
    """Shared by the tests here, which do not change it."""
    with database(admin_url, f"saved_{worker_id}", "template_diachiso") as url:
        code = fill(url)
        file = tmp_path_factory.mktemp("backup") / "register.dump"
        yield Saved(url, file, take_backup(url, file, as_folder=False, report=quiet), code)


@pytest.fixture
def empty(admin_url: str, worker_id: str) -> Iterator[str]:
    """An empty database of the same cluster."""
    with database(admin_url, f"empty_{worker_id}") as url:
        yield url


@pytest.fixture(scope="module")
def other_cluster() -> Iterator[str]:
    """The superuser's URL of a cluster without our roles and extensions."""
    with empty_cluster() as made:
        made.initialise()
        with running(made):
            yield made.admin_url("postgres")


def ordinal(url: str) -> int:
    return int(rows(url, "SELECT last_value FROM code_ordinal")[0][0])


def rows(url: str, statement: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def sick(url: str) -> set[str]:
    """Checks of the doctor that fail: some do in every register of tests."""
    return {r.name for r in run_probes(Settings(database_url=url)) if r.state == State.FAILURE}


def read(url: str, code: str) -> str | None:
    reads = Reads(url, pool_size=1, statement_timeout_ms=10_000)
    try:
        return lookup(reads, code).floor
    finally:
        reads.close()


# --- there and back ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["file", "folder"])
def test_register_continues_in_a_fresh_cluster(
    saved: Saved, other_cluster: str, worker_id: str, tmp_path: Path, form: str
) -> None:
    source, jobs = saved.file, 1
    if form == "folder":
        source, jobs = tmp_path / "register", 2
        take_backup(saved.url, source, as_folder=True, jobs=jobs, report=quiet)
    with database(other_cluster, f"back_{worker_id}_{form}") as url:
        made = restore_backup(url, source, jobs=jobs, report=quiet)
        assert made.tables == saved.manifest.tables
        assert read(url, saved.code) == "2"
        assert ordinal(url) == ordinal(saved.url) + JUMP
        ((uuid, note),) = rows(url, "SELECT CAST(uuid AS text), note FROM register_identity")
        assert uuid != saved.manifest.register
        assert note == "restored"
        assert rows(url, "SELECT count(*) FROM event_pending") == [(0,)]
        assert rows(url, "SELECT count(*) FROM feed") == [(2,)]
        # A copy does not speak to the receivers of the original.
        assert rows(url, "SELECT state FROM webhook") == [("paused",)]
        assert rows(saved.url, "SELECT state FROM webhook") == [("active",)]
        assert rows(url, "SELECT count(*) FROM batch") == [(0,)]
        assert rows(url, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'spatial_ref_sys'") == [("diachiso_owner",)]  # fmt: skip
        assert sick(url) <= sick(saved.url)


def test_restored_register_accepts_writes_and_keeps_versions(saved: Saved, empty: str) -> None:
    restore_backup(empty, saved.file, report=quiet)
    engine = make_engine(empty)
    with write_scope(engine, TEST) as session:
        session.execute(update(HOUSEHOLD).where(HOUSEHOLD.c.code == saved.code).values(floor="3"))
    with session_scope(engine) as session:
        kept = text("SELECT floor FROM household_version WHERE code = :code ORDER BY valid_from")
        assert session.scalars(kept, {"code": saved.code}).all() == [None, "2"]
        with refused(session, sqlstate="42501"):
            session.execute(text("DELETE FROM household_version"))
    engine.dispose()


def test_backup_is_consistent_despite_concurrent_writes(
    saved: Saved, admin_url: str, worker_id: str, empty: str, tmp_path: Path
) -> None:
    with database(admin_url, f"busy_{worker_id}", "template_diachiso") as url:
        code = fill(url)
        engine = make_engine(url)
        ended = threading.Event()

        def write() -> None:
            floor = 0
            while not ended.is_set():
                floor += 1
                with write_scope(engine, TEST) as session:
                    change = update(HOUSEHOLD).where(HOUSEHOLD.c.code == code)
                    session.execute(change.values(floor=str(floor)))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            take_backup(url, tmp_path / "busy", as_folder=False, report=quiet)
        finally:
            ended.set()
            writer.join()
            engine.dispose()
        restore_backup(empty, tmp_path / "busy", report=quiet)  # compares every table
        ((versions, events),) = rows(
            empty, "SELECT (SELECT count(*) FROM household_version), (SELECT count(*) FROM feed)"
        )
        assert versions == events - 1


def test_backup_is_verified_without_changing_anything(saved: Saved, tmp_path: Path) -> None:
    before = ordinal(saved.url)
    with throwaway_register(saved.file, roomy(), report=quiet) as (url, made):
        assert made.checksum == saved.manifest.checksum
        assert read(url, saved.code) == "2"
        folder = Path(psycopg.conninfo.conninfo_to_dict(url)["host"]).parent
    assert not folder.exists()
    assert ordinal(saved.url) == before


def test_login_without_superuser_rights_backs_up_and_restores(
    saved: Saved, admin_url: str, worker_id: str, tmp_path: Path
) -> None:
    """As an administrator makes it by docs/install.md."""
    login = f"saver_{worker_id}"
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(f"DROP ROLE IF EXISTS {login}")
        admin.execute(f"CREATE ROLE {login} LOGIN IN ROLE diachiso_owner, diachiso_app")
    try:
        mine = saved.url.replace("//postgres@", f"//{login}@")
        take_backup(mine, tmp_path / "own", as_folder=False, report=quiet)
        with database(admin_url, f"own_{worker_id}") as url:
            with psycopg.connect(url, autocommit=True) as admin:
                for name in ("postgis", "pg_trgm", "btree_gist"):
                    admin.execute(f"CREATE EXTENSION {name}")
                admin.execute(f"GRANT CREATE ON DATABASE own_{worker_id} TO diachiso_owner")
                admin.execute("GRANT CREATE ON SCHEMA public TO diachiso_owner")
            mine = url.replace("//postgres@", f"//{login}@")
            restore_backup(mine, tmp_path / "own", report=quiet)
            assert read(url, saved.code) == "2"
    finally:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute(f"DROP ROLE {login}")


NEXT = f"{int(head_revision()) + 1:04}"
NEWER = f"""
    from alembic import op

    revision = "{NEXT}"
    down_revision = "{head_revision()}"


    def upgrade() -> None:
        op.execute("ALTER TABLE target ADD note text")
"""
UPDATES = """
    import sys
    from pathlib import Path
    from registry.ops.backup.restore import restore_backup

    restore_backup(sys.argv[1], Path(sys.argv[2]), report=print)
"""


def test_backup_of_an_older_schema_is_upgraded(saved: Saved, empty: str, tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    for part in ("geo", "migrations", "registry"):
        shutil.copytree(ROOT / part, newer / part)
    for part in ("alembic.ini", "setup.cfg"):
        shutil.copy(ROOT / part, newer)
    (newer / f"migrations/versions/{NEXT}_add_note.py").write_text(dedent(NEWER))

    command = [sys.executable, "-c", dedent(UPDATES), empty, str(saved.file)]
    place = {**os.environ, "PYTHONPATH": str(newer)}
    done = subprocess.run(
        command, cwd=newer, env=place, capture_output=True, text=True, check=False
    )

    assert f"schema: {head_revision()} → {NEXT}" in done.stdout, done.stderr
    assert rows(empty, "SELECT version_num FROM alembic_version") == [(NEXT,)]
    assert rows(empty, "SELECT count(note) FROM target") == [(0,)]
    assert rows(empty, "SELECT code FROM household") == [(saved.code,)]
    prepare_database(empty, quiet)  # by this program, which the newer schema allows
    assert rows(empty, "SELECT version_num FROM alembic_version") == [(NEXT,)]


# --- the file ------------------------------------------------------------------------------------


def test_only_the_owner_may_read_a_backup(saved: Saved, tmp_path: Path) -> None:
    take_backup(saved.url, tmp_path / "folder", as_folder=True, report=quiet)
    paths = [saved.file, manifest_path(saved.file), *(tmp_path / "folder").iterdir()]
    assert len(paths) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


def test_manifest_describes_the_backup(saved: Saved) -> None:
    made = read_manifest(manifest_path(saved.file))
    assert made == saved.manifest
    assert made.revision == head_revision()
    assert made.tables["household"].rows == 1
    assert made.tables["household_version"].rows == 1
    assert made.files[""].bytes == saved.file.stat().st_size
    assert "spatial_ref_sys" not in made.tables
    assert rows(saved.url, "SELECT CAST(uuid AS text) FROM register_identity") == [(made.register,)]


def test_password_is_not_in_any_command_line(saved: Saved, tmp_path: Path, monkeypatch) -> None:
    seen: list[list[str]] = []
    run = subprocess.Popen

    def watched(command, **named):
        seen.append([*map(str, command)])
        service = Path(named["env"]["PGSERVICEFILE"])
        assert "password=geheim" in service.read_text()
        assert stat.S_IMODE(service.stat().st_mode) == 0o600
        assert "geheim" not in "".join(f"{k}={v}" for k, v in named["env"].items())
        return run(command, **named)

    monkeypatch.setattr(backup_tools.subprocess, "Popen", watched)
    url = saved.url.replace("//postgres@", "//postgres:geheim@")
    take_backup(url, tmp_path / "secret", as_folder=False, report=quiet)
    assert len(seen) == 1
    assert "geheim" not in " ".join(seen[0])


def test_target_that_exists_is_not_overwritten(saved: Saved, tmp_path: Path) -> None:
    before = saved.file.read_bytes()
    with pytest.raises(ConflictError, match="choose another name"):
        take_backup(saved.url, saved.file, as_folder=False, report=quiet)
    with pytest.raises(ConflictError, match="choose another name"):
        take_backup(saved.url, tmp_path, as_folder=True, report=quiet)
    assert saved.file.read_bytes() == before


def test_leftovers_of_a_killed_backup_do_not_block_the_next(saved: Saved, tmp_path: Path) -> None:
    target = tmp_path / "again"
    (tmp_path / "again.partial" / "dump").mkdir(parents=True)
    (tmp_path / "again.partial" / "dump" / "toc.dat").write_text("half")
    take_backup(saved.url, target, as_folder=False, report=quiet)
    assert check_backup(target).files
    assert not (tmp_path / "again.partial").exists()


def test_concurrent_backups_with_one_name_do_not_mix(saved: Saved, tmp_path: Path) -> None:
    met: list[str] = []

    def meanwhile(_line: str) -> None:
        if not met:
            with pytest.raises(ConflictError, match="another backup") as raised:
                take_backup(saved.url, tmp_path / "one", as_folder=False, report=quiet)
            met.append(raised.value.detail)

    take_backup(saved.url, tmp_path / "one", as_folder=False, report=meanwhile)
    assert met
    assert check_backup(tmp_path / "one").files


# --- failures ------------------------------------------------------------------------------------


def one_line(error: RegistryError) -> str:
    assert "\n" not in error.detail
    return error.detail


def copy_of(saved: Saved, folder: Path) -> Path:
    copied = folder / "copy.dump"
    copied.write_bytes(saved.file.read_bytes())
    manifest_path(copied).write_bytes(manifest_path(saved.file).read_bytes())
    return copied


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def forget_manifest(path: Path) -> None:
    manifest_path(path).unlink()


def spoil_manifest(path: Path) -> None:
    manifest_path(path).write_text("{")


def change_manifest(path: Path) -> None:
    given = json.loads(manifest_path(path).read_text())
    given["tables"]["household"]["rows"] = 2
    manifest_path(path).write_text(json.dumps(given))


def become_newer(path: Path) -> None:
    given = json.loads(manifest_path(path).read_text())
    manifest_path(path).write_text(json.dumps(given | {"form": 99}))


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (cut, "truncated"),
        (flip, "damaged"),
        (Path.unlink, "no such backup"),
        (forget_manifest, "the manifest belongs next to"),
        (spoil_manifest, "not the manifest of"),
        (change_manifest, "the manifest has been modified"),
        (become_newer, "a newer version"),
    ],
)
def test_incomplete_backup_is_refused(
    saved: Saved, tmp_path: Path, empty: str, spoil: Callable[[Path], None], expected: str
) -> None:
    copied = copy_of(saved, tmp_path)
    spoil(copied)
    with pytest.raises(UnreadableFileError) as raised:
        restore_backup(empty, copied, report=quiet)
    assert expected in one_line(raised.value)
    assert rows(empty, "SELECT count(*) FROM pg_extension") == [(1,)]  # untouched


def with_manifest(saved: Saved, folder: Path, **members: object) -> Path:
    copied = copy_of(saved, folder)
    given = json.loads(manifest_path(copied).read_text())
    manifest_path(copied).write_text(json.dumps(given | members))
    return copied


def test_older_server_is_refused(saved: Saved, tmp_path: Path, empty: str) -> None:
    copied = with_manifest(saved, tmp_path, server_version=990_001)
    with pytest.raises(NotPreparedError, match="PostgreSQL 99") as raised:
        restore_backup(empty, copied, report=quiet)
    one_line(raised.value)


def test_older_program_is_refused(saved: Saved, tmp_path: Path, empty: str) -> None:
    copied = with_manifest(saved, tmp_path, revision="9999")
    with pytest.raises(NotPreparedError, match="this program does not know"):
        restore_backup(empty, copied, report=quiet)


def test_missing_programs_are_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="postgresql-client-17"):
        find_tool("pg_dump", 17, tmp_path)
    older = tmp_path / "16" / "bin" / "pg_dump"
    older.parent.mkdir(parents=True)
    older.write_text("")
    with pytest.raises(ClusterError, match="pg_dump 17"):
        find_tool("pg_dump", 17, tmp_path)
    assert find_tool("pg_dump", 15, tmp_path).major == 16  # the next newer one


def test_nonempty_database_is_refused(saved: Saved, empty: str) -> None:
    with pytest.raises(ConflictError, match="is not empty"):
        restore_backup(saved.url, saved.file, report=quiet)
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE TABLE mine (id int)")
    with pytest.raises(ConflictError, match=r"public\.mine"):
        restore_backup(empty, saved.file, report=quiet)


def test_extensions_alone_do_not_count_as_content(saved: Saved, empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
    restore_backup(empty, saved.file, report=quiet)
    assert read(empty, saved.code) == "2"


def test_archive_refused_by_pg_restore_leaves_an_empty_database(
    saved: Saved, tmp_path: Path, empty: str
) -> None:
    """A manifest that fits, over nonsense."""
    copied = copy_of(saved, tmp_path)
    copied.write_bytes(b"PGDMP nonsense")
    given = json.loads(manifest_path(copied).read_text())
    sums = backup_sums(copied)
    manifest_path(copied).write_text(json.dumps(given | {"files": {"": sums}}))
    with pytest.raises(ClusterError, match="pg_restore: ") as raised:
        restore_backup(empty, copied, report=quiet)
    one_line(raised.value)


def backup_sums(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_full_disk_is_reported_and_leaves_nothing(saved: Saved, tmp_path: Path) -> None:
    with file_limit(100_000), pytest.raises(ClusterError, match="no space left") as raised:
        take_backup(saved.url, tmp_path / "big", as_folder=False, report=quiet)
    one_line(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_is_reported(saved: Saved, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no such file"):
        take_backup(saved.url, tmp_path / "absent" / "x", as_folder=False, report=quiet)


def test_database_without_a_register_is_reported(empty: str, tmp_path: Path) -> None:
    with pytest.raises(NotPreparedError, match="does not contain a register"):
        take_backup(empty, tmp_path / "none", as_folder=False, report=quiet)
    with pytest.raises(NotPreparedError, match="does not contain a register"):
        register_promoted(empty, quiet)
    assert list(tmp_path.iterdir()) == []


def test_unreachable_server_is_reported_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError) as raised:
        take_backup(
            "postgresql://me:geheim@127.0.0.1:1/x", tmp_path / "x", as_folder=False, report=quiet
        )
    assert "geheim" not in one_line(raised.value)
    with pytest.raises(NotPreparedError, match="is not a database URL") as nonsense:
        take_backup("geheim", tmp_path / "x", as_folder=False, report=quiet)
    assert "geheim" not in one_line(nonsense.value)


def test_interrupted_restore_is_not_served(saved: Saved, empty: str, monkeypatch) -> None:
    """Killed before the ordinals jumped: the restored database must not issue codes."""
    monkeypatch.setattr(
        "registry.ops.backup.restore._finish", lambda *_: (_ for _ in ()).throw(KeyError)
    )
    with pytest.raises(KeyError):
        restore_backup(empty, saved.file, report=quiet)
    with pytest.raises(Exception, match="already exists"):
        prepare_database(empty, quiet)
    assert "revision" in sick(empty)


# --- a standby that was promoted -----------------------------------------------------------------


def test_promoted_register_reissues_no_code_of_the_lost_transactions(
    admin_url: str, worker_id: str
) -> None:
    with database(admin_url, f"promoted_{worker_id}", "template_diachiso") as url:
        fill(url)
        before = ordinal(url)
        made = register_promoted(url, quiet)
        assert ordinal(url) == before + JUMP
        assert rows(url, "SELECT CAST(uuid AS text), note FROM register_identity") == [
            (str(made), "restored")
        ]
        assert rows(url, "SELECT count(*) FROM event_pending") == [(0,)]
