"""Sends a webhook message when a large batch has ended, signed like messages of the feed."""

import datetime

from sqlalchemy import Engine

from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.jobs.queue import enqueue_at
from registry.jobs.table import TELL_BATCH
from registry.publish.batch.large.store import KEPT, any_batch
from registry.publish.webhooks.delivering import pause_s, send_once
from registry.publish.webhooks.messages import batch_message

_TRIES = 6
"""Within a day, after which the batch is deleted."""


def notify(engine: Engine, settings: Settings, *, batch_id: int, attempt: int = 1) -> None:
    """Send the message, and enqueue another attempt if it is not accepted."""
    with session_scope(engine) as session:
        view = any_batch(session, batch_id)
    if view is None:
        return
    webhook, path = view.request["webhook"], f"/v1/batches/{view.id}"
    content = {"webhook": webhook, "batch": view.id, "state": view.state, "path": path}
    message = batch_message(content, view.files_until - KEPT)
    sent = send_once(engine, settings, webhook, "batch", message, attempt=attempt)
    if sent is not None and sent.outcome not in ("delivered", "gone") and attempt < _TRIES:
        due = datetime.timedelta(seconds=pause_s(attempt, sent))
        with session_scope(engine) as session:
            at = datetime.datetime.now(datetime.UTC) + due
            enqueue_at(session, TELL_BATCH, at, batch_id=batch_id, attempt=attempt + 1)
