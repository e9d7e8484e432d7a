"""Requests for an import: dry-run with other options, publish, roll back, discard.

Jobs perform all but the last.
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
    """Queue a job that publishes the dry run `verdict`.

    Raises NotFoundError, StaleError if there was another dry run since, and the errors of
    `publish_refusal`, except for a nearly empty full delivery if that is accepted.
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
    """Queue another dry run of an import's file, with these `answers` on how to read it.

    They are merged into earlier ones; one of the same name is replaced, and a mapping is updated:
    omitted columns stay, and None removes an earlier value. Raises
    NotFoundError, ImportStateError.
    """
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state not in ("reported", "failed") or view.phase is not None:
            raise IMPORTS.wrong_state(view, Message("answer_before_written"))
        if view.files_until is None:
            raise IMPORTS.wrong_state(view, _FILE_GONE)
        merged = {**view.request, **answers}
        if "sheet" in answers:  # other rows
            session.execute(_NO_EDITS, {"id": import_id})
        if "names" in answers:
            merged["names"] = view.request.get("names", {}) | answers["names"]
        if "mapping" in answers:
            mapping = view.request.get("mapping", {}) | answers["mapping"]
            merged["mapping"] = {
                name: field for name, field in mapping.items() if field is not None
            }
        session.execute(_ANSWERED, {"id": import_id, "request": json.dumps(merged)})
        stage(session, import_id)
        IMPORTS.hand_over(session, view, actor, CHECK_IMPORT)


def publish_refusal(view: ImportView, actor: Actor) -> RegistryError | None:
    """Return why `actor` may not publish the import in its current state, or None.

    A nearly empty full delivery is checked last, because the caller may accept it.
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
    """Queue a job that rolls back a published import. Raises NotFoundError, ImportStateError."""
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state != "published" or view.phase is not None:
            raise IMPORTS.wrong_state(view, Message("rollback_after_written"))
        IMPORTS.hand_over(
            session, view, actor, ROLL_BACK_IMPORT, ROLLING_BACK, keep_later=keep_later
        )


def discard(engine: Engine, settings: Settings, import_id: int, actor: Actor) -> None:
    """Discard an unpublished import: its file, reports and problems.

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
    """Set an import to staged, for a dry run."""
    session.execute(_STAGED, {"id": import_id})


def forget(session: Session, import_id: int) -> None:
    """Set an import to discarded; delete its problems, edits and files."""
    for statement in (_DISCARDED, NO_PROBLEMS, _NO_EDITS):
        session.execute(statement, {"id": import_id})
    IMPORTS.drop_files(session, import_id)


def _locked(session: Session, import_id: int, actor: Actor) -> ImportView:
    """Lock an import until the transaction ends."""
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
