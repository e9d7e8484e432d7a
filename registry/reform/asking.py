"""Requests for reforms over HTTP: deliver, decide, carry out, undo, withdraw, discard.

Jobs perform all but the last (`work`).
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.titles import without_people
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.jobs.queue import abandon
from registry.jobs.submission import REFORMS, check_verdict
from registry.jobs.table import WORK_ON_REFORM
from registry.reform.views import ReformView, any_reform, check_may_change, find_reform
from registry.units.gazetteer import Gazetteer

SQL: Final = Statements(__file__, "queries.sql")

BOUNDARIES: Final = "boundaries"
"""Kind of the file of polygons delivered with a resolution."""
DECIDED: Final = "decided"
"""Kind of the filled-in work file."""
UNDECIDED: Final = "undecided"
"""Kind of the work files of the last dry run."""
_TAKES: Final = {
    "decide": (("reported",), Message("decide_after_dry_run")),
    "carry": (("reported",), Message("carry_out_after_dry_run")),
    "undo": (("carried",), Message("undo_only_carried_out")),
    "withdraw": (("prepared",), Message("withdraw_only_pending")),
    "discard": (
        ("staged", "reported", "failed"),
        Message("discard_not_carried_out"),
    ),
}
"""Task → the states in which it is accepted, and its label."""


def receive(
    engine: Engine, settings: Settings, parts: Mapping[str, tuple[Path, str]], actor: Actor
) -> int:
    """Store the resolution and its polygons, and queue the dry run; return the id of the reform."""
    name = without_people(kept.clean_name(parts["file"][1]))
    with REFORMS.receiving(settings) as folder, session_scope(engine) as session:
        reform_id: int = session.execute(_REFORM, {"actor": actor.name}).scalar_one()
        for part, (path, given) in parts.items():
            kind = kept.DELIVERED if part == "file" else part
            kept.keep(folder(reform_id), path, kept.clean_name(given), kind)
        session.execute(
            SQL.text("insert_work"),
            {
                "id": reform_id,
                "name": name,
                "asked_by": actor.name,
                "key_id": actor.key_id,
                "days": settings.import_days,
            },
        )
        REFORMS.enqueue(session, reform_id, actor, WORK_ON_REFORM)
    return reform_id


def ask(
    engine: Engine,
    gazetteer: Gazetteer,
    reform_id: int,
    actor: Actor,
    task: str,
    *,
    verdict: int | None = None,
    **options: Any,
) -> None:
    """Queue a job that carries out, undoes or withdraws a reform.

    Raises NotFoundError; OutsideUnitsError; ReformStateError; StaleError when `verdict` is not
    the latest dry run.
    """
    with session_scope(engine) as session:
        view = _locked(session, gazetteer, reform_id, task)
        check_verdict(view, verdict)
        _hand_over(session, view, actor, task, options)


def decide(
    engine: Engine,
    settings: Settings,
    gazetteer: Gazetteer,
    reform_id: int,
    actor: Actor,
    file: tuple[Path, str],
) -> None:
    """Store the filled-in work file of the undecided, and queue another dry run.

    Raises NotFoundError, OutsideUnitsError, ReformStateError.
    """
    path, name = file
    with session_scope(engine) as session:
        view = _locked(session, gazetteer, reform_id, "decide")
        kept.keep(REFORMS.folder(settings, reform_id), path, kept.clean_name(name), DECIDED)
        _hand_over(session, view, actor, "decide", {})


def discard(engine: Engine, settings: Settings, gazetteer: Gazetteer, reform_id: int) -> None:
    """Discard a reform that is neither carried out nor prepared.

    Raises NotFoundError, OutsideUnitsError, ReformStateError.
    """
    with session_scope(engine) as session:
        _locked(session, gazetteer, reform_id, "discard")
        forget(session, reform_id)
        abandon(session, reform_id=reform_id)
    kept.remove(REFORMS.folder(settings, reform_id))


def forget(session: Session, reform_id: int) -> None:
    """Set a reform to discarded; delete its report and files."""
    session.execute(SQL.text("discard"), {"id": reform_id})
    REFORMS.drop_files(session, reform_id)


def _locked(session: Session, gazetteer: Gazetteer, reform_id: int, task: str) -> ReformView:
    """Lock a reform until the transaction ends."""
    view = find_reform(session, gazetteer, reform_id)
    check_may_change(gazetteer, view)
    REFORMS.hold(session, view)
    view = any_reform(session, reform_id)
    states, why = _TAKES[task]
    is_busy = view.phase is not None and not (task == "discard" and view.state == "staged")
    if view.state not in states or is_busy:
        raise REFORMS.wrong_state(view, why)
    return view


def _hand_over(
    session: Session, view: ReformView, actor: Actor, task: str, options: Mapping[str, Any]
) -> None:
    REFORMS.hand_over(session, view, actor, WORK_ON_REFORM)
    session.execute(_ASKED, {"id": view.id, "task": task, "options": json.dumps(options)})


_ASKED: Final = text(
    "UPDATE reform_work SET task = :task, options = CAST(:options AS jsonb) WHERE reform_id = :id"
)
_REFORM: Final = text("INSERT INTO reform (state, actor) VALUES ('staged', :actor) RETURNING id")
