"""Two transactions at once: run one in a thread and see it wait for the other."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from tests.support.waiting import eventually

T = TypeVar("T")


@contextmanager
def thread() -> Iterator[ThreadPoolExecutor]:
    """One thread beside the test's own."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


def backend_pid(session: Session | Connection) -> int:
    """The server process of a session."""
    return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def start_and_wait(
    pool: ThreadPoolExecutor, observer: Engine, session: Session, work: Callable[[Session], T]
) -> Future[T]:
    """Run `work(session)` in the pool; return when it waits for a lock, or when it is done."""
    pid = backend_pid(session)
    future = pool.submit(work, session)
    eventually(lambda: future.done() or is_waiting(observer, pid), "waits for a lock, or ends")
    return future


def is_waiting(observer: Engine, pid: int) -> bool:
    """Whether the server process waits for a lock."""
    with observer.connect() as connection:
        return bool(
            connection.scalar(text("SELECT cardinality(pg_blocking_pids(:pid)) > 0"), {"pid": pid})
        )
