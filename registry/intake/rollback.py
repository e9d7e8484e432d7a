"""Taking back the latest import of a source, as long as nothing was built on it."""

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.errors import ConflictError, NotFoundError
from registry.events import Cause, write_scope
from registry.models import Household

_LATER = text(
    """
    SELECT count(DISTINCT v.code) FROM household_version v
    WHERE v.event_id = :event AND v.ended_by_event_id <> :event
    """
)
_REFERRED = text(
    """
    SELECT count(*) FROM household h
    WHERE h.event_id = :event AND NOT EXISTS (
            SELECT FROM household_version v WHERE v.code = h.code)
        AND (
            EXISTS (SELECT FROM household_ref r WHERE r.code = h.code
                AND r.import_id IS DISTINCT FROM :id)
            OR EXISTS (SELECT FROM plate p WHERE p.code = h.code)
            OR EXISTS (SELECT FROM external_id x WHERE x.code = h.code)
            OR EXISTS (SELECT FROM field_report f WHERE f.code = h.code)
        )
    """
)
_CREATED = """
    DELETE FROM household h
    WHERE h.event_id = :event AND h.kind = '{kind}' AND NOT EXISTS (
        SELECT FROM household_version v WHERE v.code = h.code AND v.event_id <> :event)
"""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback undid."""

    import_id: int
    source: str
    removed: int
    restored: int


def roll_back(engine: Engine, import_id: int, *, actor: str = "operator") -> RolledBack:
    """Undo a published import: what it made goes, what it changed is as before.

    Raises NotFoundError for an unknown import, ConflictError when it is not published, not the
    latest of its source, or when later events touched its rows.
    """
    cause = Cause("rollback", actor, scope={"import": import_id})
    with write_scope(engine, cause) as session:
        source, event = _published(session, import_id)
        _refuse_if_built_on(session, import_id, event)
        parameters = {"event": event, "id": import_id}
        session.execute(text("DELETE FROM household_ref WHERE import_id = :id"), parameters)
        restored = session.execute(text(_restore_statement()), parameters)
        removed = 0
        for kind in ("household", "building"):
            removed += _rows(session, _CREATED.format(kind=kind), parameters)
        session.execute(
            text(
                "UPDATE household_ref r SET row_hash = NULL WHERE r.source = :source"
                " AND EXISTS (SELECT FROM household h WHERE h.code = r.code"
                " AND h.event_id = current_event_id())"
            ),
            {"source": source},
        )
        session.execute(
            text(
                "UPDATE import SET state = 'rolled_back', rolled_back_event_id = current_event_id()"
                " WHERE id = :id"
            ),
            parameters,
        )
        return RolledBack(import_id, source, removed, getattr(restored, "rowcount", 0))


def _published(session: Session, import_id: int) -> tuple[str, int]:
    row = session.execute(
        text(
            "SELECT source, state, published_event_id, EXISTS ("
            " SELECT FROM import l WHERE l.source = i.source AND l.id > i.id"
            " AND l.state = 'published') AS later FROM import i WHERE id = :id FOR UPDATE"
        ),
        {"id": import_id},
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no import {import_id}")
    if row.state != "published":
        raise ConflictError(f"import {import_id} is {row.state}, so there is nothing to take back")
    if row.later:
        raise ConflictError(
            f"import {import_id} is not the latest of its source; take later ones back first"
        )
    return row.source, row.published_event_id


def _refuse_if_built_on(session: Session, import_id: int, event: int) -> None:
    parameters = {"event": event, "id": import_id}
    later = session.execute(_LATER, parameters).scalar_one()
    if later:
        raise ConflictError(f"{later:,} of its records were changed since; nothing was taken back")
    referred = session.execute(_REFERRED, parameters).scalar_one()
    if referred:
        raise ConflictError(
            f"{referred:,} of its records are named by later imports, plates or reports;"
            " nothing was taken back"
        )


def _restore_statement() -> str:
    stamped = {"code", "event_id", "recorded_at"}
    columns = [c.name for c in Household.__table__.columns if c.name not in stamped]
    target, values = ", ".join(columns), ", ".join(f"v.{name}" for name in columns)
    return f"""
        UPDATE household h SET ({target}) = ROW ({values})
        FROM (
            SELECT DISTINCT ON (code) * FROM household_version
            WHERE ended_by_event_id = :event AND event_id <> :event
            ORDER BY code, valid_from
        ) v
        WHERE h.code = v.code AND h.event_id = :event
    """


def _rows(session: Session, statement: str, parameters: dict[str, int]) -> int:
    result = session.execute(text(statement), parameters)
    return int(getattr(result, "rowcount", 0))
