"""How long the files of an import lie on the disk, and that what comes after does without them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.files import kept
from registry.jobs.submission import IMPORTS
from registry.submissions.work import clear_away
from tests.support.intake import tables_that_hold
from tests.support.keys import bearer, office
from tests.support.uploads import Desk, row, rows_of, table

PLANTED = ("Canary", "0905717273", "001085717273")
PEOPLE = {"Họ và tên": "Trần Thị Canary", "SĐT": "0905717273", "": "001085717273"}


@pytest.fixture(scope="module")
def desk(
    admin_url: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    settings = Settings(limits=False, var=tmp_path_factory.mktemp("var"))
    with office(admin_url, f"import_files_{worker_id}", settings) as made:
        yield Desk(made, settings)


@pytest.fixture(autouse=True)
def _forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test sees the keys as they are now, not as five seconds ago."""
    monkeypatch.setattr("registry.access.key_check.CACHED_S", 0.0)


def on_disk(desk: Desk) -> list[Path]:
    """Files of the register that hold what was planted."""
    below = [path for path in desk.settings.var.rglob("*") if path.is_file()]
    words = [word.encode() for word in PLANTED]
    return [path for path in below if any(word in path.read_bytes() for word in words)]


def test_published_file_is_deleted_and_rows_are_kept_without_names(desk: Desk) -> None:
    editor, approver = desk.office.key("giao 1"), desk.office.key("duyệt 1", "approver")
    engine, sent = (
        desk.office.place.engine,
        table(row("1", "R1", **PEOPLE), row("", "R2", **PEOPLE)),
    )
    once = {"headers": {"Idempotency-Key": "once-1"}}
    number = desk.tried(editor, sent, **once)["id"]
    assert len(on_disk(desk)) == 1  # the delivered file itself
    assert desk.done(approver, number, "publish")["state"] == "published"
    assert on_disk(desk) == []
    assert tables_that_hold(engine, *PLANTED) == []
    (code, rejected) = rows_of(desk.office.get(f"/v1/imports/{number}/codes", editor))
    assert (code["source_ref"], rejected["outcome"]) == ("R1", "rejected")
    (back,) = rows_of(desk.office.get(f"/v1/imports/{number}/report", editor))
    assert (back["source_ref"], back["dòng"]) == ("R2", "3")

    # The same delivery again, and taking it back, need no file.
    assert desk.send(editor, sent, **once).get_json()["id"] == number
    assert desk.done(approver, number, "rollback")["state"] == "rolled_back"
    assert on_disk(desk) == []


@pytest.mark.thorough
def test_corrected_rows_are_deleted_when_published(desk: Desk) -> None:
    approver = desk.office.key("duyệt 2", "approver")
    editor = desk.office.key("giao 2")
    number = desk.tried(editor, table(row("3", "S1"), row("", "S2"), row("", "S3")))["id"]
    desk.done(approver, number, "publish")
    folder = IMPORTS.folder(desk.settings, number)
    report = kept.report(folder, kept.REJECTED)
    assert report is not None
    name = report.name

    part = desk.tried(editor, table(row("5", "S2")), name=name)["id"]
    desk.done(approver, part, "publish")
    assert kept.report(folder, kept.REJECTED) is not None  # a row is yet to be mended
    mended = desk.tried(editor, table(row("5", "S2"), row("7", "S3")), name=name)["id"]
    assert desk.done(approver, mended, "publish")["counts"]["rejected"] == 0
    assert kept.report(folder, kept.REJECTED) is None
    assert desk.office.get(f"/v1/imports/{number}/report", editor).status_code == 404
    assert kept.report(folder, kept.CODES) is not None


def test_discarded_delivery_leaves_no_files(desk: Desk) -> None:
    editor = desk.office.key("giao 3")
    number = desk.tried(editor, table(row("9", "T1", **PEOPLE)))["id"]
    assert on_disk(desk) != []
    gone = desk.office.client.delete(f"/v1/imports/{number}", headers=bearer(editor))
    assert gone.status_code == 200
    assert on_disk(desk) == []


@pytest.mark.thorough
def test_job_killed_before_writing_codes_ends_without_the_file(desk: Desk) -> None:
    editor, approver = desk.office.key("giao 4"), desk.office.key("duyệt 4", "approver")
    engine = desk.office.place.engine
    number = desk.tried(editor, table(row("21", "U1", **PEOPLE)))["id"]
    folder = IMPORTS.folder(desk.settings, number)
    aside = desk.settings.var / "aside"
    shutil.copytree(folder, aside)
    desk.done(approver, number, "publish")
    # The state right after the commit of the import.
    shutil.rmtree(folder)
    aside.rename(folder)
    with session_scope(engine) as session:
        session.execute(
            text(f"UPDATE import_work SET phase = 'committing' WHERE import_id = {number}")
        )
        last = "(SELECT max(id) FROM jobs.procrastinate_jobs)"
        session.execute(
            text(f"UPDATE jobs.procrastinate_jobs SET status = 'todo' WHERE id = {last}")
        )
    desk.work()
    assert desk.seen(editor, number)["progress"] is None
    assert len(rows_of(desk.office.get(f"/v1/imports/{number}/codes", editor))) == 1
    assert on_disk(desk) == []


@pytest.mark.thorough
def test_files_of_a_killed_job_are_removed(desk: Desk) -> None:
    editor, approver = desk.office.key("giao 5"), desk.office.key("duyệt 5", "approver")
    number = desk.tried(editor, table(row("23", "V1")))["id"]
    desk.done(approver, number, "publish")
    waiting = desk.tried(editor, table(row("25", "V2")), source="khác")["id"]
    folder = IMPORTS.folder(desk.settings, number)
    (folder / kept.DELIVERED).mkdir()
    (folder / kept.DELIVERED / "a.csv").write_text("Trần Thị Canary")
    clear_away(desk.office.place.engine, desk.settings)
    assert on_disk(desk) == []
    assert kept.delivered(IMPORTS.folder(desk.settings, waiting)) is not None
