"""The jobs of large batches: answer a file, and delete expired batches.

Answers are written as they are found and progress is saved each second: a killed job resumes from
there. The job acts as the holder of the key that created the batch, and pays from its budget.
"""

import datetime
import json
import os
import time
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.core.errors import (
    DatabaseUnavailableError,
    FileTooCostlyError,
    NotFoundError,
    RegistryError,
    TooManyRowsError,
)
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.files.formats.sandbox import TOO_COSTLY
from registry.files.formats.table import unreadable
from registry.jobs.asked import INTERRUPTED, acting_for, kept_problem, storable
from registry.jobs.queue import enqueue
from registry.jobs.submission import BATCHES
from registry.jobs.table import TELL_BATCH
from registry.publish.batch.flat import flat_columns
from registry.publish.batch.large.reading import WORKBOOK, opened, reading
from registry.publish.batch.large.store import KEPT, RESULT, BatchView, any_batch, forget
from registry.publish.batch.rows import Layout, Table
from registry.publish.batch.work import Work, answer_rows
from registry.publish.batch.workbooks import write_workbook

SQL: Final = Statements(__file__, "queries.sql")

_ANSWERS: Final = "answers"
"""Kind of the file of unfinished answers."""
_NOTED_S: Final = 1.0
_SHARE: Final = 4
"""One in so many processors answers a batch: two batches run at once beside other requests."""
_LEFT_BEHIND_S: Final = 3_600.0


def answer(engine: Engine, settings: Settings, *, batch_id: int) -> None:
    """Answer every row of the file."""
    with session_scope(engine) as session:
        view = any_batch(session, batch_id)
    if view is None or view.phase is None:
        return
    problem = None
    try:
        with kept.refusals(), acting_for(engine, settings, view):
            _answer(engine, settings, view)
    except DatabaseUnavailableError:
        raise
    except RegistryError as error:
        problem = kept_problem(error)
    except MemoryError:
        problem = kept_problem(unreadable(Path(view.file_name), TOO_COSTLY, FileTooCostlyError))
    _settle(engine, settings, batch_id, problem)


def given_up(engine: Engine, settings: Settings, *, batch_id: int) -> None:
    """Mark the batch as failed after the last attempt of its job."""
    with session_scope(engine) as session:
        view = any_batch(session, batch_id)
    if view is not None and view.phase is not None:
        _settle(engine, settings, batch_id, INTERRUPTED)


def clear_away(engine: Engine, settings: Settings) -> None:
    """Delete expired batches, and mark those whose job is lost as failed.

    Also deletes files of batches that were deleted while a job worked on them.
    """
    for batch_id, _state in BATCHES.clear_away(engine, settings, forget):
        _settle(engine, settings, batch_id, INTERRUPTED)
    here = set(kept.numbers_kept(settings, BATCHES.name))
    with session_scope(engine) as session:
        here -= set(session.scalars(_KNOWN, {"ids": list(here)}))
    for folder in (BATCHES.folder(settings, number) for number in here):
        with suppress(FileNotFoundError):  # another worker was faster
            # The batch of a new folder may not be committed yet.
            if folder.stat().st_mtime < time.time() - _LEFT_BEHIND_S:
                kept.remove(folder)


def _answer(engine: Engine, settings: Settings, view: BatchView) -> None:
    folder, asked = BATCHES.folder(settings, view.id), view.request
    path = kept.delivered(folder)
    if path is None:
        raise NotFoundError(Message("delivered_file_missing_here"))
    BATCHES.note_progress(engine, view.id, phase="reading")
    stated = tuple(asked.get("mapping", {}).items())
    with reading(path, view.operation, asked.get("sheet"), stated) as (form, rows, table):
        if rows > settings.large_batch_rows:
            too_many = Message("file_has_too_many_rows", rows=rows, most=settings.large_batch_rows)
            raise unreadable(path, too_many, TooManyRowsError)
        form = asked.get("format", form)
        on = datetime.date.fromisoformat(asked["on"]) if "on" in asked else None
        more = tuple(asked["more"])
        columns = (*flat_columns(view.operation, on), *more)
        layout = Layout.of("csv" if form == WORKBOOK else form, table, columns)
        url, key_id = engine.url.render_as_string(hide_password=False), view.asked_key_id
        work = Work(
            *(settings, url, view.operation, layout, on),
            key_id=key_id,
            pays=asked["pays"],
            more=more,
        )
        answers = kept.report(folder, _ANSWERS) or kept.new_report(folder, _ANSWERS, "rows")
        head = "" if form == WORKBOOK else layout.head()
        _write(engine, view, rows, table, head, answers, work)
    name = f"{path.stem}-ket-qua.{form}"
    if form != WORKBOOK:
        kept.keep(folder, answers, name, RESULT)
        return
    BATCHES.note_progress(engine, view.id, phase="writing")
    with kept.replaced_report(folder, RESULT, name) as part, opened(answers) as lines:
        write_workbook(part, layout, lines)


def _write(
    engine: Engine,
    view: BatchView,
    rows: int,
    table: Table,
    head: str,
    answers: Path,
    work: Work,
) -> None:
    """Write the answers of all rows, resuming where an earlier job was killed."""
    with answers.open("ab") as out:
        is_complete = out.tell() >= view.written_bytes  # false after a machine went down
        done, written = (view.done, view.written_bytes) if is_complete else (0, 0)
        counts = view.counts if done else {}
        unanswered, verdicts = counts.get("unanswered", 0), Counter(counts.get("verdicts", {}))
        out.truncate(written)
        if not written:
            out.write(_bytes(head))
        unread = storable(table.unread)

        def note() -> None:
            out.flush()
            os.fsync(out.fileno())
            counts = {"unanswered": unanswered, "verdicts": verdicts, "unread": unread}
            given = {"id": view.id, "rows": rows, "done": done, "written": out.tell()}
            with session_scope(engine) as session:
                session.execute(SQL.text("note_rows"), {**given, "counts": json.dumps(counts)})

        note()
        noted_at = time.monotonic()
        processes = max(1, (os.cpu_count() or 1) // _SHARE)
        for part in answer_rows(work, islice(table.rows, done, None), processes=processes):
            out.write(_bytes(part.text))
            done += part.rows
            unanswered += part.unanswered
            verdicts.update(part.verdicts)
            if time.monotonic() - noted_at >= _NOTED_S:
                note()
                noted_at = time.monotonic()
        note()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _settle(
    engine: Engine, settings: Settings, batch_id: int, problem: dict[str, Any] | None
) -> None:
    """End the batch: of its files keep only the result, for a day."""
    with session_scope(engine) as session:
        BATCHES.end_work(session, batch_id, problem)
        state = "failed" if problem else "done"
        given = {"id": batch_id, "state": state, "kept": KEPT}
        view = session.execute(SQL.text("settle"), given).one_or_none()
        if view is not None and "webhook" in view.request:
            enqueue(session, TELL_BATCH, batch_id=batch_id)
    folder = BATCHES.folder(settings, batch_id)
    if problem or view is None:  # deleted meanwhile
        kept.remove(folder)
        return
    for kind in (kept.DELIVERED, _ANSWERS):
        kept.remove_kind(folder, kind)


_KNOWN: Final = text("SELECT id FROM batch WHERE id = ANY (:ids)")
