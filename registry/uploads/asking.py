"""What people ask for an import: publish it, take it back, discard it. Jobs do the first two."""

from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.actors import Actor
from registry.database import session_scope
from registry.errors import ImportStateError, StaleError, TooManyVanishedError
from registry.intake.matching.vanished import TOO_MANY
from registry.jobs.queue import enqueue
from registry.jobs.table import PUBLISH_IMPORT, ROLL_BACK_IMPORT, Job
from registry.settings import Settings
from registry.uploads import files
from registry.uploads.views import ROLLING_BACK, ImportView, find_import


def ask_publish(
    engine: Engine, import_id: int, actor: Actor, *, verdict: int, accept_vanished: bool
) -> None:
    """Let a job publish what the dry run `verdict` found.

    Raises NotFoundError, ImportStateError, StaleError when there was another dry run since, and
    TooManyVanishedError for a full delivery that lacks nearly everything.
    """
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state != "reported" or view.phase is not None:
            raise _wrong_state(view, "chỉ duyệt được đợt đã chạy thử xong (only after its dry run)")
        if verdict != view.verdict:
            raise StaleError(
                f"lần chạy thử mới nhất là {view.verdict}, không phải {verdict}: hãy xem kết quả"
                " lần ấy rồi gửi lại (that is not the latest dry run)"
            )
        if view.counts.get("vanished_warning") == TOO_MANY and not accept_vanished:
            raise TooManyVanishedError(
                "tệp thiếu hơn 80 % hộ của nguồn; nếu đúng là đã hết, gửi accept_vanished"
                f" (the file lacks most of the source's references) [{TOO_MANY}]",
                vanished=view.counts["vanished"],
                share=view.counts["vanished_share"],
            )
        if view.request.get("strict") and view.counts.get("rejected"):
            raise ImportStateError(
                "tệp giao với strict mà có dòng bị loại: sửa rồi giao lại"
                " (delivered as strict, and rows were rejected)",
                state=view.state,
            )
        session.execute(_PUBLISHING, {"id": import_id})
        _hand_over(session, view, actor, PUBLISH_IMPORT, "waiting", accept_vanished=accept_vanished)


def ask_rollback(engine: Engine, import_id: int, actor: Actor, *, keep_later: bool) -> None:
    """Let a job take a published import back. Raises NotFoundError, ImportStateError."""
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state != "published" or view.phase is not None:
            raise _wrong_state(view, "chỉ huỷ được đợt đã ghi (only what is published)")
        _hand_over(session, view, actor, ROLL_BACK_IMPORT, ROLLING_BACK, keep_later=keep_later)


def discard(engine: Engine, settings: Settings, import_id: int, actor: Actor) -> None:
    """Forget an import that is not published: its file, reports and problems.

    Raises NotFoundError, ImportStateError.
    """
    with session_scope(engine) as session:
        view = _locked(session, import_id, actor)
        if view.state not in ("staged", "reported", "failed"):
            raise _wrong_state(
                view,
                "chỉ bỏ được đợt chưa ghi; đã ghi thì huỷ (rollback) (only what is not published)",
            )
        forget(session, import_id)
    files.remove(settings, import_id)


def forget(session: Session, import_id: int) -> None:
    """Make an import a discarded one, without problems and files."""
    for statement in (_DISCARDED, NO_PROBLEMS, _NO_FILES):
        session.execute(statement, {"id": import_id})


def _locked(session: Session, import_id: int, actor: Actor) -> ImportView:
    """The import, which nobody else changes until the transaction ends."""
    view = find_import(session, import_id, actor)
    # A job that publishes holds it as long as that takes: nobody waits for that.
    if session.execute(_LOCK, {"id": import_id}).one_or_none() is None:
        raise _wrong_state(view, "đang được xử lý (it is being worked on)")
    return find_import(session, import_id, actor)


def _wrong_state(view: ImportView, why: str) -> ImportStateError:
    doing = f", {view.phase}" if view.phase else ""
    return ImportStateError(
        f"đợt nhập {view.id} đang ở trạng thái {view.state}{doing}: {why}", state=view.state
    )


def _hand_over(
    session: Session, view: ImportView, actor: Actor, job: Job, phase: str, **options: object
) -> None:
    session.execute(
        _WORK, {"id": view.id, "actor": actor.name, "key_id": actor.key_id, "phase": phase}
    )
    enqueue(session, job, lock=f"import:{view.source}", import_id=view.id, **options)


_LOCK: Final = text("SELECT id FROM import WHERE id = :id FOR UPDATE SKIP LOCKED")
_PUBLISHING: Final = text("UPDATE import SET state = 'publishing' WHERE id = :id")
_DISCARDED: Final = text("UPDATE import SET state = 'discarded' WHERE id = :id")
NO_PROBLEMS: Final = text("DELETE FROM import_problem WHERE import_id = :id")
_NO_FILES: Final = text(
    """
    UPDATE import_work SET phase = NULL, files_until = NULL, changed_at = clock_timestamp()
    WHERE import_id = :id
    """
)
# An import of the command line gets its row when somebody asks for it over HTTP.
_WORK: Final = text(
    """
    INSERT INTO import_work AS w (import_id, actor, size_bytes, phase, asked_by, asked_key_id)
    VALUES (:id, 'operator', 0, :phase, :actor, :key_id)
    ON CONFLICT (import_id) DO UPDATE SET phase = excluded.phase, asked_by = excluded.asked_by,
        asked_key_id = excluded.asked_key_id, problem = NULL, rows_done = 0,
        changed_at = clock_timestamp()
    """
)
