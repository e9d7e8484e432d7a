"""Receive a file over HTTP: store it under the import's id, and queue its dry run."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo.titles import without_people
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import InvalidInputError, KeyReusedError, NotFoundError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.jobs.submission import IMPORTS
from registry.jobs.table import CHECK_IMPORT
from registry.records.codes import DEMO_SOURCE
from registry.submissions.asking import forget
from registry.submissions.views import find_import

SQL: Final = Statements(__file__, "queries.sql")

_REMEMBERED: Final = ("crs", "commune", "fix", "names")
"""Answers that also apply to a file of returned rows; a sheet does not."""
_FILLS: Final = ":fill"
"""Suffix of a mapping that fills cells from the row above, which may not be returned."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A received file with its options."""

    path: Path
    file_name: str
    source: str
    delivery: str
    decision_number: str | None
    request: dict[str, Any] = field(default_factory=dict)
    """The other options of an import: sheet, mapping, names, commune, crs, strict, fix."""
    idempotency_key: str | None = None


def check_source(source: str) -> None:
    """Raise InvalidInputError for an invalid name of a source."""
    if source.casefold() == DEMO_SOURCE:
        raise InvalidInputError.of_field("source", "bad_source", Message("source_demo_reserved"))


def receive(engine: Engine, settings: Settings, delivery: Delivery, actor: Actor) -> int:
    """Store the file and queue its dry run; return the id of the import.

    The same file with the same idempotency key is the same import; without one it replaces the same
    caller's unpublished import of it. Raises KeyReusedError for another file with that key.
    """
    with delivery.path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    name = kept.clean_name(delivery.file_name)
    with IMPORTS.receiving(settings) as folder, session_scope(engine) as session:
        before = _delivered_before(session, delivery, actor, sha256)
        if before is not None:
            return before
        answered = _answered(session, delivery, actor, name)
        delivery = replace(delivery, request=answered | delivery.request)
        import_id = _insert(session, settings, delivery, actor, sha256, name)
        kept.keep(folder(import_id), delivery.path, name)
        values = {"id": import_id, "source": delivery.source, "sha256": sha256}
        repeated = session.scalars(
            SQL.text("repeated_deliveries"), values | {"actor": actor.name}
        ).all()
        for earlier in repeated:
            forget(session, earlier)
        IMPORTS.enqueue(session, import_id, actor, CHECK_IMPORT)
    for earlier in repeated:
        kept.remove(IMPORTS.folder(settings, earlier))
    return import_id


def _delivered_before(
    session: Session, delivery: Delivery, actor: Actor, sha256: str
) -> int | None:
    if delivery.idempotency_key is None:
        return None
    key = {"actor": actor.name, "key": delivery.idempotency_key}
    session.execute(SQL.text("hold_idempotency_key"), key)
    found = session.execute(SQL.text("delivered_before"), key).one_or_none()
    if found is None:
        return None
    key_parts = (delivery.source, delivery.delivery, delivery.decision_number, delivery.request)
    if (found.file_sha256, tuple(found[2:])) != (sha256, key_parts):
        raise KeyReusedError(
            Message("idempotency_key_reused", id=found.id),
            import_id=found.id,
        )
    number: int = found.id
    return number


def _answered(session: Session, delivery: Delivery, actor: Actor, name: str) -> dict[str, Any]:
    """Return the answers for the file of the same source whose rejected rows these are."""
    before = kept.delivery_of_report(name)
    if before is None:
        return {}
    try:
        view = find_import(session, before[0], actor)
    except NotFoundError:
        return {}
    if view.source != delivery.source:
        return {}
    earlier = {name: view.request[name] for name in _REMEMBERED if name in view.request}
    mapping = {
        header: meant
        for header, meant in view.request.get("mapping", {}).items()
        if not meant.endswith(_FILLS)
    }
    return earlier | ({"mapping": mapping} if mapping else {})


def _insert(
    session: Session,
    settings: Settings,
    delivery: Delivery,
    actor: Actor,
    sha256: str,
    name: str,
) -> int:
    import_id: int = session.execute(
        SQL.text("insert_import"),
        {
            "source": delivery.source,
            "name": without_people(name),
            "sha256": sha256,
            "delivery": delivery.delivery,
            "decision": delivery.decision_number,
        },
    ).scalar_one()
    session.execute(
        SQL.text("insert_work"),
        {
            "id": import_id,
            "actor": actor.name,
            "key_id": actor.key_id,
            "units": sorted(actor.unit_ids) if actor.unit_ids is not None else None,
            "request": json.dumps(delivery.request),
            "size": delivery.path.stat().st_size,
            "key": delivery.idempotency_key,
            "days": settings.import_days,
        },
    )
    return import_id
