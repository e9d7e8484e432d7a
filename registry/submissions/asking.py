"""What people ask for an import: try it otherwise, publish it, take it back, discard it.

Jobs do all but the last.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import (
    ForbiddenError,
    OwnDeliveryError,
    RegistryError,
    TooManyVanishedError,
)
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.jobs.queue import abandon
from registry.jobs.submission import IMPORTS, check_verdict
from registry.jobs.table import CHECK_IMPORT, PUBLISH_IMPORT, ROLL_BACK_IMPORT
from registry.submissions.views import ROLLING_BACK, ImportView, check_may_change, find_import

SQL: Final = Statements(__file__, "queries.sql")


def ask_publish(
    engine: Engine, import_id: int, actor: Actor, *, verdict: int, accept_vanished: bool
) -> None:
    """Let a job publish what the dry run `verdict` found.

    Raises NotFoundError, StaleError when there was another dry run since, and what
    `publish_refusal` says, but for a full delivery that lacks nearly everything where that is
    accepted.
    """
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        refusal = publish_refusal(view, actor)
        if refusal is not None and not (
            accept_vanished and isinstance(refusal, TooManyVanishedError)
        ):
            raise refusal
        check_verdict(view, verdict)
        session.execute(_PUBLISHING, {"id": import_id})
        IMPORTS.hand_over(session, view, actor, PUBLISH_IMPORT, accept_vanished=accept_vanished)


def answer(engine: Engine, import_id: int, actor: Actor, answers: Mapping[str, Any]) -> None:
    """Let a job try the file of an import again, as `answers` say that it is to be read.

    They go beside those that were given before; one of the same name replaces it, and a mapping is
    completed: what it says nothing of stays, and None takes back what was said. Raises
    NotFoundError, ImportStateError.
    """
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state not in ("reported", "failed") or view.phase is not None:
            raise IMPORTS.wrong_state(view, Message("answer_before_written"))
        if view.files_until is None:
            raise IMPORTS.wrong_state(view, _FILE_GONE)
        said = {**view.request, **answers}
        if "sheet" in answers:  # the rows are others
            session.execute(_NO_EDITS, {"id": import_id})
        if "names" in answers:
            said["names"] = view.request.get("names", {}) | answers["names"]
        if "mapping" in answers:
            mapping = view.request.get("mapping", {}) | answers["mapping"]
            said["mapping"] = {name: field for name, field in mapping.items() if field is not None}
        session.execute(_ANSWERED, {"id": import_id, "request": json.dumps(said)})
        stage(session, import_id)
        IMPORTS.hand_over(session, view, actor, CHECK_IMPORT)


def publish_refusal(view: ImportView, actor: Actor) -> RegistryError | None:
    """Why `actor` may not publish the import as it stands; None where that would be done.

    A full delivery that lacks nearly everything comes last, for it may be accepted.
    """
    if view.state != "reported" or view.phase is not None:
        return IMPORTS.wrong_state(view, Message("approve_after_dry_run"))
    if view.files_until is None:
        return IMPORTS.wrong_state(view, _FILE_GONE)
    if view.counts.get("systems") and not view.request.get("crs"):
        return IMPORTS.wrong_state(
            view,
            Message("system_must_be_confirmed"),
        )
    if view.request.get("strict") and view.counts.get("rejected"):
        return IMPORTS.wrong_state(
            view,
            Message("strict_rows_rejected"),
        )
    if not actor.may("approver"):
        return ForbiddenError(Message("key_cannot_approve", id=view.id))
    if view.delivered_by == actor.name and not actor.approves_own:
        return OwnDeliveryError(Message("own_file_not_approvable", id=view.id))
    if view.counts.get("vanished_warning") == TooManyVanishedError.code:
        return TooManyVanishedError(
            Message("accept_vanished_required", code=TooManyVanishedError.code),
            vanished=view.counts["vanished"],
            share=view.counts["vanished_share"],
        )
    return None


def ask_rollback(engine: Engine, import_id: int, actor: Actor, *, keep_later: bool) -> None:
    """Let a job take a published import back. Raises NotFoundError, ImportStateError."""
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state != "published" or view.phase is not None:
            raise IMPORTS.wrong_state(view, Message("rollback_after_written"))
        IMPORTS.hand_over(
            session, view, actor, ROLL_BACK_IMPORT, ROLLING_BACK, keep_later=keep_later
        )


def discard(engine: Engine, settings: Settings, import_id: int, actor: Actor) -> None:
    """Forget an import that is not published: its file, reports and problems.

    Raises NotFoundError, ImportStateError.
    """
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state not in ("staged", "reported", "failed"):
            raise IMPORTS.wrong_state(
                view,
                Message("discard_before_written"),
            )
        forget(session, import_id)
        abandon(session, import_id=import_id)
    kept.remove(IMPORTS.folder(settings, import_id))


def stage(session: Session, import_id: int) -> None:
    """Make an import one whose file is to be tried."""
    session.execute(_STAGED, {"id": import_id})


def forget(session: Session, import_id: int) -> None:
    """Make an import a discarded one, without problems, edits and files."""
    for statement in (_DISCARDED, NO_PROBLEMS, _NO_EDITS):
        session.execute(statement, {"id": import_id})
    IMPORTS.drop_files(session, import_id)


def _locked(session: Session, import_id: int, actor: Actor) -> ImportView:
    """The import, which nobody else changes until the transaction ends."""
    view = find_import(session, import_id, actor)
    check_may_change(session, import_id, actor)
    IMPORTS.hold(session, view)
    return find_import(session, import_id, actor)


_FILE_GONE: Final = Message("delivered_file_gone")
_PUBLISHING: Final = text("UPDATE import SET state = 'publishing' WHERE id = :id")
_STAGED: Final = text("UPDATE import SET state = 'staged' WHERE id = :id")
_ANSWERED: Final = text(
    "UPDATE import_work SET request = CAST(:request AS jsonb) WHERE import_id = :id"
)
_DISCARDED: Final = text("UPDATE import SET state = 'discarded' WHERE id = :id")
_NO_EDITS: Final = text("DELETE FROM import_edit WHERE import_id = :id")
NO_PROBLEMS: Final = text("DELETE FROM import_problem WHERE import_id = :id")
