"""The job that delivers changes to webhooks: it sends what is due, and listens to the feed.

A running process takes a tenth of a second from a commit to its message, but seconds to start. So
the job stays while there are active webhooks, and the feed wakes it instead of enqueuing another
job (`wake_webhooks`). A claim moves a webhook's due time, so that no two processes work on one, and
the work of a killed process is resumed.
"""

import datetime
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, Row, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from registry.core.database import driver_connection, session_scope
from registry.core.errors import CursorRefusedError, KeyRequiredError
from registry.core.locks import Lock
from registry.core.sessions import Channel
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.jobs.queue import enqueue_at
from registry.jobs.table import DELIVER_WEBHOOKS
from registry.publish.changes.unit_serials import note_units
from registry.publish.webhooks.messages import Message, Subscription, next_message, test_message
from registry.publish.webhooks.sending import Sent, post
from registry.publish.webhooks.subscriptions import followed_communes, visible_communes
from registry.register import Register
from registry.units.gazetteer_cache import RECHECK_S

SQL: Final = Statements(__file__, "queries.sql")

PAUSES_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Pauses after failures, as the Standard Webhooks specification suggests: three and a half days."""
_JITTER: Final = 0.1
_AT_ONCE: Final = 16
_CONNECTIONS: Final = 4
_CLAIMED_S: Final = 60
"""Longer than reading and sending one message takes."""
_IDLE_S: Final = 60.0
"""How often an idle job checks whether to stay."""
_LISTENING_S: Final = 1.0
"""Longest time to stop listening."""
_KEPT_DAYS: Final = 30

Wakeups = SimpleQueue[Future[None] | None]
"""A finished delivery, or None for news in the feed."""


def deliver(engine: Engine, settings: Settings) -> None:
    """Send what is due and what comes, while there are active webhooks; one process at a time."""
    if not _has_active(engine):
        return
    wakeups = Wakeups()
    with opened(settings) as register:
        with _listening(engine, wakeups) as listener:
            if listener is None:
                _wake_other(engine)
                return
            note_units(engine, register.gazetteer.get())
            send_due(register, wakeups, lambda: listener.is_alive() and _has_active(engine))
        send_due(register)


def _has_active(engine: Engine) -> bool:
    with session_scope(engine) as session:
        return bool(session.execute(_ANY).scalar_one())


def _wake_other(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(text(f"NOTIFY {Channel.WEBHOOKS}"))


@contextmanager
def opened(settings: Settings) -> Iterator[Register]:
    """Open the register on the primary: a replica may lack the event that wakes the job."""
    own = replace(settings, database_read_url=None, pool_size=_CONNECTIONS)
    register = Register.open(own, own.database_url or "")
    try:
        yield register
    finally:
        register.close()


@contextmanager
def _listening(engine: Engine, wakeups: Wakeups) -> Iterator[threading.Thread | None]:
    """Put news of the feed into `wakeups` while the yielded thread is alive.

    Yields None if another process listens. After the block the feed enqueues jobs again; events
    that are entering the feed are awaited.
    """
    over = threading.Event()
    alone = engine.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        try:
            connection.execute(SQL.text("lock_listening"), {"lock": int(Lock.WEBHOOKS)})
        except OperationalError:  # locked for longer than any event takes to enter the feed
            yield None
            return
        connection.execute(text(f"LISTEN {Channel.WEBHOOKS}"))
        below = driver_connection(connection)

        def listen() -> None:
            # A lost connection releases the lock: the feed wakes another job then.
            with suppress(psycopg.Error):
                while not over.is_set():
                    for _ in below.notifies(timeout=_LISTENING_S):
                        wakeups.put(None)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield thread
        finally:
            over.set()
            thread.join()
            with suppress(DBAPIError):
                connection.execute(_LISTENER_UNLOCK)
                connection.execute(_FEED_AT_REST)


def send_due(
    register: Register,
    wakeups: Wakeups | None = None,
    stays: Callable[[], bool] = lambda: False,
) -> None:
    """Send what is due, to several webhooks at once; then what comes, while `stays` is true."""
    wakeups = wakeups or Wakeups()
    busy: dict[Future[None], int] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while True:
            for row in _claim(register.engine, _AT_ONCE - len(busy), busy.values()):
                future = pool.submit(_deliver, register, row)
                busy[future] = row.id
                future.add_done_callback(wakeups.put)
            if not busy and not stays():
                return
            with suppress(Empty):
                done = wakeups.get(timeout=None if busy else _IDLE_S)
                if done is not None:
                    del busy[done]
                    done.result()


def test(engine: Engine, settings: Settings, *, webhook_id: int) -> None:
    """Send an empty test message, once."""
    send_once(engine, settings, webhook_id, "test", test_message(webhook_id))


def send_once(
    engine: Engine,
    settings: Settings,
    webhook_id: int,
    kind: str,
    message: tuple[str, str],
    *,
    attempt: int = 1,
) -> Sent | None:
    """Send a message outside of the feed, by its name and body, whatever the webhook's state.

    Returns None if the webhook no longer exists.
    """
    with session_scope(engine) as session:
        row = session.execute(SQL.text("webhook"), {"id": webhook_id}).one_or_none()
    if row is None:
        return None
    name, body = message
    sent = post(row.url, name, body, _secrets(row), settings.webhook_hosts)
    with session_scope(engine) as session:
        _note(session, row, kind, name, 0, sent, attempt=attempt, given_up=False)
    return sent


def clear_away(engine: Engine, _settings: Settings) -> None:
    """Delete deliveries older than a month; dead letters are kept."""
    with session_scope(engine) as session:
        session.execute(SQL.text("forget_deliveries"), {"days": _KEPT_DAYS})


def _claim(engine: Engine, most: int, besides: Iterable[int]) -> list[Row[Any]]:
    """Claim webhooks that are due and have news after their cursor."""
    if most == 0:
        return []
    given = {"most": most, "besides": list(besides), "claimed": _CLAIMED_S}
    with session_scope(engine) as session:
        return list(session.execute(SQL.text("claim_due"), given))


def _deliver(register: Register, row: Row[Any]) -> None:
    """Send what is after the cursor of a webhook, until nothing is left or a message fails."""
    cursor, caught_up = row.cursor, row.caught_up
    while True:
        try:
            message = next_message(register, _subscription(register, row, cursor, caught_up))
        except (CursorRefusedError, KeyRequiredError) as error:
            with session_scope(register.engine) as session:
                session.execute(SQL.text("give_up"), {"id": row.id, "why": error.code})
            return
        sent = None
        if message.entries:
            hosts = register.settings.webhook_hosts
            sent = post(row.url, message.id, message.body, _secrets(row), hosts)
        if not _settle(register.engine, row, cursor, message, sent) or not message.more:
            return
        if message.cursor == cursor:
            time.sleep(RECHECK_S)  # units have changed, and are reloaded by then
        cursor, caught_up = message.cursor, message.caught_up


def _subscription(register: Register, row: Row[Any], cursor: str, caught_up: int) -> Subscription:
    """Return the current selection; raises KeyRequiredError if its key is no longer valid."""
    known = register.gazetteer.get()
    visible = visible_communes(register.keys.holder(row.key_id))
    communes = followed_communes(known, row.units)
    if visible is not None:
        # Ended units stay: their records may have moved elsewhere.
        allowed = visible.union(i for i in row.units if known.units[i].ended is not None)
        communes = visible if communes is None else communes & allowed
    return Subscription(
        row.id,
        cursor,
        caught_up,
        row.round,
        communes,
        row.codes is not None,
        frozenset(row.kinds),
        row.demo,
    )


def _secrets(row: Row[Any]) -> list[bytes]:
    return [bytes(secret) for secret in (row.secret, row.previous) if secret is not None]


def _settle(
    engine: Engine, row: Row[Any], cursor: str, message: Message, sent: Sent | None
) -> bool:
    """Record the outcome of a message; return whether the next one may be sent now."""
    with session_scope(engine) as session:
        current = session.execute(_LOCK, {"id": row.id}).one_or_none()
        if current is None or current.round != row.round:
            return False  # deleted, or replayed from elsewhere, which is due by itself
        if sent is not None and sent.outcome != "delivered":
            _note_failure(session, row, cursor, message, sent, current.attempts + 1)
            return False
        if sent is not None:
            _note(
                session,
                row,
                "changes",
                message.id,
                message.entries,
                sent,
                attempt=current.attempts + 1,
                given_up=False,
                behind=cursor,
            )
        session.execute(
            SQL.text("move_cursor"),
            {
                "id": row.id,
                "cursor": message.cursor,
                "caught_up": message.caught_up,
                "outcome": sent.outcome if sent else None,
                "claimed": _CLAIMED_S if message.more else 0,
            },
        )
        return bool(current.state == "active")


def pause_s(attempts: int, sent: Sent) -> float:
    """Return the pause after `attempts` failures, at least what the receiver asks for."""
    longer = 1 + random.random() * _JITTER  # noqa: S311 - no secret
    return max(PAUSES_S[attempts - 1] * longer, sent.retry_after_s)


def _note_failure(
    session: Session, row: Row[Any], cursor: str, message: Message, sent: Sent, attempts: int
) -> None:
    """Schedule another attempt, or give up: the webhook is then dead until resumed."""
    is_over = attempts > len(PAUSES_S) or sent.outcome == "gone"
    _note(
        session,
        row,
        "changes",
        message.id,
        message.entries,
        sent,
        attempt=attempts,
        given_up=is_over,
        behind=cursor,
    )
    pause = datetime.timedelta(seconds=0.0 if is_over else pause_s(attempts, sent))
    due_at = session.execute(
        SQL.text("note_failure"),
        {
            "id": row.id,
            "attempts": attempts,
            "outcome": sent.outcome,
            "over": is_over,
            "pause": pause,
        },
    ).scalar_one()
    if not is_over:
        enqueue_at(session, DELIVER_WEBHOOKS, due_at)


def _note(
    session: Session,
    row: Row[Any],
    kind: str,
    message: str,
    entries: int,
    sent: Sent,
    *,
    attempt: int,
    given_up: bool,
    behind: str | None = None,
) -> None:
    session.execute(
        SQL.text("insert_delivery"),
        {
            "id": row.id,
            "kind": kind,
            "message": message,
            "behind": behind or row.cursor,
            "entries": entries,
            "attempt": attempt,
            "took": sent.took_ms,
            "status": sent.status,
            "outcome": sent.outcome,
            "given_up": given_up,
        },
    )


_ANY: Final = text("SELECT EXISTS (SELECT FROM webhook WHERE state = 'active')")
_LISTENER_UNLOCK: Final = text("SELECT pg_advisory_unlock(:lock)").bindparams(
    lock=int(Lock.WEBHOOKS)
)
# A writer that moves events into the feed keeps this lock until its commit.
_FEED_AT_REST: Final = text("SELECT pg_advisory_lock(:lock), pg_advisory_unlock(:lock)").bindparams(
    lock=int(Lock.FEED)
)
_LOCK: Final = text("SELECT round, attempts, state FROM webhook WHERE id = :id FOR UPDATE")
