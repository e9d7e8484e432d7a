"""Creates, shows and deletes large batches. Other API keys than the batch's own get 404."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.titles import without_people
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import ConflictError, NotFoundError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.jobs.queue import abandon
from registry.jobs.submission import BATCHES, Submission
from registry.jobs.table import ANSWER_BATCH
from registry.publish.batch.columns import check_mapping
from registry.publish.webhooks.subscriptions import find_webhook

SQL: Final = Statements(__file__, "queries.sql")

MOST_OF_KEY: Final = 10
"""Batches that a key may have at once: each has a file on disk."""
KEPT: Final = datetime.timedelta(days=1)
"""How long a batch is kept after its end."""
_MAX_ID: Final = 2**63 - 1
RESULT: Final = "result"
"""Kind of the result file."""


@dataclass(frozen=True, slots=True)
class BatchView(Submission):
    """A batch and its state."""

    file_name: str
    files_until: datetime.datetime
    operation: str
    request: dict[str, Any]
    """How the file is read and answered: `format`, `sheet`, `mapping`, `on`, `webhook` where given;
    always `more`, the columns of `flat.extra_columns`, and `pays`, whether codes that the file does
    not name are charged to the budget."""
    rows: int | None
    """Rows of the file; None before they are counted."""
    written_bytes: int
    """Length of the answers written so far."""
    counts: dict[str, Any]
    """`unanswered` rows, `verdicts` by verdict, and headers of `unread` columns."""
    created_at: datetime.datetime


def receive(
    engine: Engine,
    settings: Settings,
    file: tuple[Path, str],
    operation: str,
    request: dict[str, Any],
    actor: Actor,
) -> int:
    """Store a file under its name, enqueue the job that answers it and return the batch's id.

    Raises InvalidInputError, NotFoundError for another key's webhook, ConflictError if the key has
    too many batches.
    """
    if actor.key_id is None:
        raise ConflictError(Message("batch_needs_key"))
    check_mapping(operation, request.get("mapping", {}).items())
    path, given = file
    name = kept.clean_name(given)
    with BATCHES.receiving(settings) as folder, session_scope(engine) as session:
        session.execute(_LOCK_KEY, {"key": actor.key_id})
        if len(list_batches(session, actor)) >= MOST_OF_KEY:
            raise ConflictError(Message("too_many_large_batches", most=MOST_OF_KEY))
        if "webhook" in request:
            find_webhook(session, actor, request["webhook"])
        values = {"key": actor.key_id, "actor": actor.name, "operation": operation}
        values |= {"name": without_people(name), "request": json.dumps(request)}
        number: int = session.execute(SQL.text("insert_batch"), values).scalar_one()
        kept.keep(folder(number), path, name)
        BATCHES.enqueue(session, number, actor, ANSWER_BATCH)
    return number


def list_batches(session: Session, actor: Actor) -> Sequence[BatchView]:
    """Return the batches of the key, the latest first."""
    rows = session.execute(SQL.text("batches"), {"key": actor.key_id, "id": None})
    return [BatchView(*row) for row in rows]


def find_batch(session: Session, batch_id: int, actor: Actor) -> BatchView:
    """Return a batch of the key; raises NotFoundError, also for another key's."""
    given = {"key": actor.key_id, "id": min(batch_id, _MAX_ID)}
    row = session.execute(SQL.text("batches"), given).one_or_none()
    if row is None:
        raise NotFoundError(Message("batch_unknown", batch_id=batch_id))
    return BatchView(*row)


def any_batch(session: Session, batch_id: int) -> BatchView | None:
    """Return a batch of any key."""
    row = session.execute(SQL.text("any_batch"), {"id": batch_id}).one_or_none()
    return None if row is None else BatchView(*row)


def result_of(settings: Settings, view: BatchView) -> Path:
    """Return the file of its answers. Raises BatchStateError before the batch is done."""
    path = kept.report(BATCHES.folder(settings, view.id), RESULT)
    if view.state != "done":
        raise BATCHES.wrong_state(view, Message("result_after_done"))
    if path is None:
        raise NotFoundError(Message("delivered_file_missing_here"))
    return path


def discard(engine: Engine, settings: Settings, batch_id: int, actor: Actor) -> None:
    """Delete a batch with its file and result, and abandon its job. Raises NotFoundError."""
    with session_scope(engine) as session:
        find_batch(session, batch_id, actor)
        forget(session, batch_id)
        abandon(session, batch_id=batch_id)
    kept.remove(BATCHES.folder(settings, batch_id))


def forget(session: Session, batch_id: int) -> None:
    """Delete the row of a batch; the caller removes its files."""
    session.execute(_DELETE, {"id": batch_id})


_LOCK_KEY: Final = text("SELECT id FROM api_key WHERE id = :key FOR NO KEY UPDATE")
_DELETE: Final = text("DELETE FROM batch WHERE id = :id")
