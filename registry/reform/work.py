"""The job of reforms delivered over HTTP: dry runs, carries out, undoes, withdraws, cleans up.

It first reads what is left to do, so that a killed job can simply run again. It acts as the key
that requested it.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text

from registry.core.actors import demand
from registry.core.database import session_scope
from registry.core.errors import DatabaseUnavailableError, NotFoundError, RegistryError
from registry.core.messages import N_, Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept as files
from registry.jobs.asked import INTERRUPTED, acting_for, kept_problem
from registry.jobs.submission import REFORMS
from registry.reform.asking import BOUNDARIES, DECIDED, UNDECIDED, forget
from registry.reform.due import withdraw
from registry.reform.reading import Document, kept, read_resolution
from registry.reform.report import Report, gazetteer_of
from registry.reform.run import Options, reform
from registry.reform.undo import undo
from registry.reform.views import ReformView, any_reform, check_may_change
from registry.reform.work_file import read_decided
from registry.units.gazetteer import today

SQL: Final = Statements(__file__, "queries.sql")


def work(engine: Engine, settings: Settings, *, reform_id: int) -> None:
    """Perform the latest request, and store the outcome."""
    with session_scope(engine) as session:
        view = any_reform(session, reform_id)
    if view.phase is None:
        return
    state, do = _TASKS[str(view.task)]
    problem = None
    if view.state in state:
        try:
            with acting_for(engine, settings, view) as actor:
                demand("admin", N_("carry a reform"))
                with session_scope(engine) as session:
                    check_may_change(gazetteer_of(session, today()), view)
                do(engine, settings, view, actor)
        except DatabaseUnavailableError:
            raise
        except RegistryError as error:
            problem = kept_problem(error)
    _settle(engine, reform_id, problem)


def given_up(engine: Engine, _settings: Settings, *, reform_id: int) -> None:
    """Store that the job failed."""
    _settle(engine, reform_id, INTERRUPTED)


def clear_away(engine: Engine, settings: Settings) -> None:
    """Delete old reforms, and settle those whose job is lost."""
    for reform_id, _state in REFORMS.clear_away(engine, settings, forget):
        _settle(engine, reform_id, INTERRUPTED)


def _try(engine: Engine, settings: Settings, view: ReformView, actor: str) -> None:
    """Dry-run the reform, with the decisions so far."""
    folder = REFORMS.folder(settings, view.id)
    document = _document(folder)
    decided = _decided(engine, view.id)
    if view.task == "decide" and (path := files.report(folder, DECIDED)):
        decided |= read_decided(path)
    work_files = files.new_report(folder, UNDECIDED, "")
    options = Options(actor, dry_run=True, decided=decided, folder=work_files, reform_id=view.id)
    report = _reform(engine, view, document, options)
    head = document.resolution.resolution
    values = {
        "id": view.id,
        "number": head.number,
        "title": head.title,
        "day": head.effective,
        "resolution": json.dumps(kept(document, {})),
        "decided": json.dumps(decided),
        "affected": list(report.affected),
    }
    with session_scope(engine) as session:
        if session.execute(SQL.text("keep_report"), values).one_or_none() is not None:
            session.execute(
                SQL.text("add_verdict"), {"id": view.id, "report": _json(report), "verdicts": 1}
            )
            return
    files.remove(folder)  # discarded meanwhile


def _carry(engine: Engine, settings: Settings, view: ReformView, actor: str) -> None:
    options = Options(
        actor,
        nearest=bool(view.options.get("nearest")),
        decided=_decided(engine, view.id),
        reform_id=view.id,
    )
    report = _reform(engine, view, _document(REFORMS.folder(settings, view.id)), options)
    with session_scope(engine) as session:
        session.execute(
            SQL.text("add_verdict"), {"id": view.id, "report": _json(report), "verdicts": 0}
        )


def _undo(engine: Engine, _settings: Settings, view: ReformView, actor: str) -> None:
    undo(engine, str(view.number), actor=actor, reason=view.options.get("reason"))


def _withdraw(engine: Engine, _settings: Settings, view: ReformView, actor: str) -> None:
    withdraw(engine, str(view.number), actor=actor)


_TASKS: Final[
    dict[str, tuple[tuple[str, ...], Callable[[Engine, Settings, ReformView, str], None]]]
] = {
    "try": (("staged",), _try),
    "decide": (("reported",), _try),
    "carry": (("reported",), _carry),
    "undo": (("carried",), _undo),
    "withdraw": (("prepared",), _withdraw),
}
"""Task → the states in which it has work to do, and its function."""


def _document(folder: Path) -> Document:
    path = files.delivered(folder)
    if path is None:
        raise NotFoundError(Message("delivered_file_missing_here"))
    # Files named by an uploaded file are never looked up elsewhere on this machine.
    boundaries = files.report(folder, BOUNDARIES) or folder / BOUNDARIES / "?"
    return replace(read_resolution(path), delivered_boundaries=boundaries)


def _reform(engine: Engine, view: ReformView, document: Document, options: Options) -> Report:
    def entering(phase: str, done: int) -> None:
        REFORMS.note_progress(engine, view.id, phase=phase, done=done)

    return reform(engine, document, replace(options, waits=True), entering)


def _decided(engine: Engine, reform_id: int) -> dict[str, str]:
    with session_scope(engine) as session:
        decided: dict[str, str] = session.execute(_DECIDED, {"id": reform_id}).scalar_one()
    return decided


def _settle(engine: Engine, reform_id: int, problem: dict[str, Any] | None) -> None:
    """Mark the job as finished; a reform that could not be read or tried has failed."""
    with session_scope(engine) as session:
        REFORMS.end_work(session, reform_id, problem)
        session.execute(_FAILED, {"id": reform_id})


def _json(report: Report) -> str:
    return json.dumps(report.to_dict(), ensure_ascii=False)


_DECIDED: Final = text("SELECT decided FROM reform WHERE id = :id")
_FAILED: Final = text("UPDATE reform SET state = 'failed' WHERE id = :id AND state = 'staged'")
