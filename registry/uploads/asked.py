"""What jobs share that somebody asked for over HTTP: on whose behalf they act, how they fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine

from registry.access.actors import Actor, acting_as
from registry.access.key_check import KeyCheck
from registry.errors import KeyUnknownError, RegistryError
from registry.gazetteer_cache import GazetteerCache
from registry.jobs.table import Job
from registry.reads import Reads
from registry.settings import Settings

INTERRUPTED: Final = {
    "code": "interrupted",
    "detail": "bị ngắt giữa chừng, chưa ghi gì; hãy thử lại (it was interrupted; try again)",
}


@contextmanager
def acting_for(
    engine: Engine, settings: Settings, asked_by: str, key_id: int | None
) -> Iterator[str]:
    """In the block the holder of the key acts that asked for this; yields its name."""
    if key_id is None:
        raise KeyUnknownError(f"{asked_by}: không có khoá (asked for without a key)")
    reads = Reads(
        engine.url.render_as_string(hide_password=False),
        pool_size=1,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    try:
        actor = KeyCheck(reads, engine, GazetteerCache(engine)).holder(key_id)
    finally:
        reads.close()
    with acting_as(actor):
        yield actor.name


def turn_of(actor: Actor, job: Job) -> str:
    """The lock of jobs that this caller asks for: one at a time in each queue."""
    return f"{job.queue}:{actor.key_id or actor.name}"


def told(error: RegistryError) -> dict[str, Any]:
    """An error as it is kept, for who asked."""
    return {"code": error.code, "detail": error.detail, **error.extra}
