"""Shared by jobs requested over HTTP: the actor on whose behalf they run, and their errors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine

from registry.access.key_check import KeyCheck
from registry.core.actors import acting_as
from registry.core.errors import KeyUnknownError, RegistryError
from registry.core.messages import Message, read_stored, stored, worded
from registry.core.reads import Reads
from registry.core.remedies import Remedy, remedies_in
from registry.core.settings import Settings
from registry.jobs.submission import Submission
from registry.units.gazetteer_cache import GazetteerCache

INTERRUPTED: Final = {"code": "interrupted", "message": Message("work_interrupted").as_json()}


@contextmanager
def acting_for(engine: Engine, settings: Settings, view: Submission) -> Iterator[str]:
    """Act within the block as the holder of the key that requested this; yield its name."""
    if view.asked_key_id is None:
        raise KeyUnknownError(Message("asked_without_key", asked_by=view.asked_by))
    reads = Reads(
        engine.url.render_as_string(hide_password=False),
        pool_size=1,
        statement_timeout_ms=settings.statement_timeout_ms,
    )
    try:
        actor = KeyCheck(reads, engine, GazetteerCache(engine)).holder(view.asked_key_id)
    finally:
        reads.close()
    with acting_as(actor):
        yield actor.name


def kept_problem(error: RegistryError) -> dict[str, Any]:
    """Return an error for storage, with messages not rendered yet."""
    kept = {"code": error.code, "message": error.message.as_json(), **stored(error.extra)}
    cleaned: dict[str, Any] = storable(kept)
    return cleaned


def storable(value: Any) -> Any:
    r"""Return JSON that PostgreSQL accepts, even if it quotes a file: without invalid text and NUL.

    >>> storable({"columns": ["L\udce1ng", "a\0"]})
    {'columns': ['L?ng', 'a?']}
    """
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", "?")
    if isinstance(value, Mapping):
        return {storable(name): storable(each) for name, each in value.items()}
    return [*map(storable, value)] if isinstance(value, list | tuple) else value


def shown_problem(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Render an error stored by `kept_problem`; those of older versions are rendered already."""
    shown: dict[str, Any] = worded(read_stored(kept))
    return shown | {"detail": shown.get("message") or shown.get("detail")}


def remedies_of(kept: Mapping[str, Any]) -> Iterator[Remedy]:
    """Yield the remedies of the problem."""
    message = read_stored(kept).get("message")
    return remedies_in(message) if isinstance(message, Message) else iter(())
