"""The jobs of imports over HTTP: dry run, publish, roll back, and clean up.

Each first reads what is left to do, so that a killed job can simply run again. It acts as the
holder of the key that requested it, with the key's current rights.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final, TextIO

from sqlalchemy import Engine, text

from registry.core.confinement import processor_deadline
from registry.core.database import driver_connection, session_scope
from registry.core.errors import (
    DatabaseUnavailableError,
    FileTooCostlyError,
    NotFoundError,
    RegistryError,
    UnreadableFileError,
    VerdictChangedError,
)
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.files.formats.sandbox import TOO_COSTLY
from registry.files.formats.table import unreadable
from registry.intake.columns.edited import Edits
from registry.intake.columns.reader import open_file
from registry.intake.publishing.rollback import roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.row_reports import (
    PUBLISHED,
    REJECTED,
    Handback,
    Which,
    report_suffix,
    write_codes,
    write_problems,
    write_rows,
    write_vanished,
)
from registry.intake.run import import_file
from registry.jobs.asked import INTERRUPTED, acting_for, kept_problem
from registry.jobs.queue import enqueue, turn_of_key
from registry.jobs.submission import IMPORTS
from registry.jobs.table import CHECK_IMPORT
from registry.submissions.asking import NO_PROBLEMS, forget
from registry.submissions.editing import edits_of
from registry.submissions.views import ROLLING_BACK, ImportView, any_import

SQL: Final = Statements(__file__, "queries.sql")


def check_import(engine: Engine, settings: Settings, *, import_id: int) -> None:
    """Dry-run the file and store the result."""
    view = _view(engine, import_id)
    if view is None or view.state != "staged":
        return
    try:
        _try(engine, settings, view, within=processor_deadline(*_limit(settings, view)))
    except DatabaseUnavailableError:
        raise
    except RegistryError as error:
        _settle(engine, import_id, "staged", "failed", kept_problem(error))


def _limit(settings: Settings, view: ImportView) -> tuple[int, UnreadableFileError]:
    """Return the CPU limit of the dry run, and the error for exceeding it."""
    path = _path(settings, view)
    seconds = _LEAST_S + _S_A_MB * path.stat().st_size // 1_000_000
    return seconds, unreadable(path, TOO_COSTLY, FileTooCostlyError)


def publish_import(
    engine: Engine, settings: Settings, *, import_id: int, accept_vanished: bool
) -> None:
    """Publish the dry run's result, or repeat the dry run if the register has changed since."""
    view = _view(engine, import_id)
    # A former run may have been killed before it wrote the codes.
    unwritten = view is not None and view.state == "published" and view.phase is not None
    if view is None or not (unwritten or view.state == "publishing"):
        return
    try:
        if unwritten:
            _try(engine, settings, view)
        else:
            _publish(engine, settings, view, accept_vanished=accept_vanished)
    except DatabaseUnavailableError:
        raise
    except VerdictChangedError as error:
        _try(engine, settings, view, kept_problem(error))
    except RegistryError as error:
        was, becomes = (None, None) if unwritten else ("publishing", "reported")
        _settle(engine, import_id, was, becomes, kept_problem(error))


def roll_back_import(
    engine: Engine, settings: Settings, *, import_id: int, keep_later: bool
) -> None:
    """Roll back a published import."""
    view = _view(engine, import_id)
    if view is None or view.phase != ROLLING_BACK:
        return
    problem = None
    if view.state == "published":
        try:
            with acting_for(engine, settings, view) as actor:
                roll_back(engine, import_id, keep_later=keep_later, actor=actor)
        except DatabaseUnavailableError:
            raise
        except RegistryError as error:
            problem = kept_problem(error)
    _settle(engine, import_id, None, None, problem)


def given_up(engine: Engine, _settings: Settings, *, import_id: int, **_options: object) -> None:
    """Store that the request failed."""
    view = _view(engine, import_id)
    if view is not None and view.phase is not None:
        _give_up(engine, import_id, view.state)


def clear_away(engine: Engine, settings: Settings) -> None:
    """Delete old imports, and settle those whose job is lost.

    Also deletes files that a job no longer needs but could not delete.
    """
    for import_id, state in IMPORTS.clear_away(engine, settings, forget):
        _give_up(engine, import_id, state)
    yesterday = time.time() - 86_400
    kept.remove_left_behind(settings, yesterday)
    delivered = kept.with_delivered(settings)
    with session_scope(engine) as session:
        needed = set(session.scalars(SQL.text("imports_needing_file"), {"ids": list(delivered)}))
        known = set(session.scalars(_KNOWN, {"ids": list(delivered)}))
    for import_id in delivered.keys() - needed:
        # A recent one may not be committed yet.
        if import_id in known or delivered[import_id] < yesterday:
            kept.remove_kind(IMPORTS.folder(settings, import_id), kept.DELIVERED)


def _give_up(engine: Engine, import_id: int, state: str) -> None:
    then = {"staged": "failed", "publishing": "reported"}.get(state)
    _settle(engine, import_id, state if then else None, then, INTERRUPTED)


def _publish(
    engine: Engine, settings: Settings, view: ImportView, *, accept_vanished: bool
) -> None:
    path = _path(settings, view)
    with _handback() as back, acting_for(engine, settings, view) as actor:
        edits, _ = _edits(engine, view.id)
        options = _options(
            *(view, actor, edits), expected=view.counts, accept_vanished=accept_vanished
        )
        result = _import(engine, path, view, options, back)
        _write_reports(settings, view, options, path, back, result)
    _finish(engine, settings, view, result)


def _finish(engine: Engine, settings: Settings, view: ImportView, result: ImportResult) -> None:
    """Delete the file of a published import, and the report whose rows it corrects."""
    _settle(engine, view.id, None, None, None)
    for kind in (kept.DELIVERED, kept.ROWS):
        kept.remove_kind(IMPORTS.folder(settings, view.id), kind)
    mended = kept.delivery_of_report(view.file_name)
    if mended is None or mended[1] not in _MENDED:
        return
    before, kind = mended
    earlier = _view(engine, before)
    if (
        earlier is not None
        and earlier.source == view.source
        and result.rows >= earlier.counts.get(_MENDED[kind], 0)
    ):
        kept.remove_kind(IMPORTS.folder(settings, before), kind)


def _try(
    engine: Engine,
    settings: Settings,
    view: ImportView,
    problem: dict[str, Any] | None = None,
    *,
    within: AbstractContextManager[None] | None = None,
) -> None:
    """Dry-run the file `within` a limit; write the report of each row, store the verdict."""
    path = _path(settings, view)
    with _handback(codes=view.state == "published") as back:
        with acting_for(engine, settings, view) as actor:
            edits, edited = _edits(engine, view.id)
            options = _options(view, actor, edits, dry_run=True)
            with within or nullcontext():
                result = _import(engine, path, view, options, back)
        _write_reports(settings, view, options, path, back, result)
        if view.state == "published":
            _finish(engine, settings, view, result)
        elif not _keep_verdict(engine, view, result, back, problem, edited):
            kept.remove(IMPORTS.folder(settings, view.id))


def _options(view: ImportView, actor: str, edits: Edits, **more: Any) -> ImportOptions:
    given = {name: value for name, value in view.request.items() if value}
    if view.state in ("publishing", "published"):
        # The approver may have other communes than the one that the dry run assumed for all rows.
        given.setdefault("commune", view.counts.get("commune"))
    return ImportOptions(
        source=view.source,
        delivery=view.delivery,
        decision_number=view.decision_number,
        actor=actor,
        import_id=view.id,
        edits=edits,
        **given,
        **more,
    )


def _import(
    engine: Engine, path: Path, view: ImportView, options: ImportOptions, back: Handback
) -> ImportResult:
    def entering(phase: str) -> None:
        IMPORTS.note_progress(engine, view.id, phase=phase)

    def read(rows: int) -> None:
        IMPORTS.note_progress(engine, view.id, done=rows)

    return import_file(engine, path, options, read, back, entering=entering)


@contextmanager
def _handback(*, codes: bool = True) -> Iterator[Handback]:
    with ExitStack() as stack:
        streams = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        yield Handback(streams[0] if codes else None, *streams[1:])


def _write_reports(
    settings: Settings,
    view: ImportView,
    options: ImportOptions,
    path: Path,
    back: Handback,
    result: ImportResult,
) -> None:
    file = open_file(path, options.sheet, options.mapping, result.commune, options.edits)
    numbering = result.numbering
    suffix = report_suffix(file, path.suffix)
    kinds: tuple[tuple[str, Which], ...] = ((kept.REJECTED, REJECTED), (kept.WARNED, PUBLISHED))
    for kind, which in kinds:
        if back.problems is not None:
            with _report(settings, view, kind, suffix) as part:
                write_problems(file, back.problems, part, which, numbering)
    if back.problems is not None:
        with _report(settings, view, kept.ROWS, ".ndjson") as part:
            write_rows(file, back.problems, part, options.edits)
    if back.answers is not None:
        with _report(settings, view, kept.CODES) as part, _csv(part) as out:
            write_codes(file, back.answers, out, numbering)
    if back.vanished is not None and view.delivery == "full":
        with _report(settings, view, kept.VANISHED) as part, _csv(part) as out:
            write_vanished(back.vanished, out)


@contextmanager
def _report(
    settings: Settings, view: ImportView, kind: str, suffix: str = ".csv"
) -> Iterator[Path]:
    """Yield the path for a report, which replaces the former one when complete."""
    name = kept.name_of_report(view.file_name, view.id, kind, suffix)
    with kept.replaced_report(IMPORTS.folder(settings, view.id), kind, name) as part:
        yield part


def _csv(path: Path) -> TextIO:
    # With a BOM: without one spreadsheets assume another encoding.
    return path.open("w", encoding="utf-8-sig", newline="")


def _view(engine: Engine, import_id: int) -> ImportView | None:
    with session_scope(engine) as session:
        return any_import(session, import_id)


def _path(settings: Settings, view: ImportView) -> Path:
    path = kept.delivered(IMPORTS.folder(settings, view.id))
    if path is None:
        raise NotFoundError(Message("delivered_file_missing_here"))
    return path


def _settle(
    engine: Engine,
    import_id: int,
    was: str | None,
    becomes: str | None,
    problem: dict[str, Any] | None,
) -> None:
    """Mark the task as finished; move an import from the state `was` to another one."""
    with session_scope(engine) as session:
        if becomes is not None:
            changed = session.execute(_BECOMES, {"id": import_id, "was": was, "state": becomes})
            if not getattr(changed, "rowcount", 0):
                return
        IMPORTS.end_work(session, import_id, problem)


def _keep_verdict(
    engine: Engine,
    view: ImportView,
    result: ImportResult,
    back: Handback,
    problem: dict[str, Any] | None,
    edited: int,
) -> bool:
    """Store a dry run's result with all problems; return False if the import was discarded since.

    If cells were edited after it read them (`edited` edits by then), another dry run follows.
    """
    with session_scope(engine) as session:
        counts = json.dumps(result.to_dict())
        found = {"id": view.id, "counts": counts, "edits": edited}
        state = session.execute(SQL.text("keep_counts"), found).scalar_one_or_none()
        if state is None:
            IMPORTS.end_work(session, view.id, None)
            return False
        session.execute(NO_PROBLEMS, {"id": view.id})
        session.execute(SQL.text("stage_problems"))
        if back.problems is not None:
            back.problems.seek(0)
            cursor = driver_connection(session.connection()).cursor()
            with cursor, cursor.copy("COPY found FROM STDIN (FORMAT csv)") as copy:
                while block := back.problems.read(1 << 16):
                    copy.write(block)
        session.execute(SQL.text("insert_problems"), {"id": view.id})
        IMPORTS.end_work(session, view.id, problem, verdicts=1)
        if state == "staged":
            asked = session.execute(SQL.text("wait_again"), {"id": view.id}).one()
            lock = turn_of_key(asked.asked_by, asked.asked_key_id, CHECK_IMPORT)
            enqueue(session, CHECK_IMPORT, lock=lock, import_id=view.id)
    return True


def _edits(engine: Engine, import_id: int) -> tuple[Edits, int]:
    with session_scope(engine) as session:
        return edits_of(session, import_id)


_LEAST_S: Final = 300
"""CPU seconds of a file that names doors all over a large register."""
_S_A_MB: Final = 100
"""Ordinary addresses take 5, the oddest texts 15, addresses damaged in three places each 38."""
_MENDED: Final = {kept.REJECTED: "rejected", kept.WARNED: "warned"}
"""Report whose rows are returned corrected → its count among those of its import."""
_KNOWN: Final = text("SELECT id FROM import WHERE id = ANY(CAST(:ids AS bigint[]))")
_BECOMES: Final = text("UPDATE import SET state = :state WHERE id = :id AND state = :was")
