"""Taking back the latest import of a source, as long as nothing was built on it."""

from dataclasses import dataclass

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.actors import demand
from registry.errors import ConflictError, NotFoundError
from registry.events import Cause, write_scope

# What the import wrote, and the events that are as if they had never been: imports taken back, and
# the taking back. A chain of imports of one source can so be undone one after the other.
_TOUCHED = """
    SELECT code FROM household WHERE event_id = :event
    UNION SELECT code FROM household_version WHERE event_id = :event
"""
_UNDONE = """
    SELECT published_event_id FROM import WHERE state = 'rolled_back'
    UNION SELECT rolled_back_event_id FROM import WHERE state = 'rolled_back'
"""
_LATER = text(
    f"""
    SELECT count(DISTINCT v.code) AS records,
        string_agg(DISTINCT concat('#', e.id, ' ', e.kind, ' ',
            to_char(e.occurred_at, 'DD/MM/YYYY'), ', đợt nhập ' || (e.scope->>'import')), '; ')
        AS events
    FROM household_version v JOIN event e ON e.id = v.ended_by_event_id
    WHERE v.code IN ({_TOUCHED})
        AND v.valid_from >= (
            SELECT min(w.valid_from) FROM household_version w
            WHERE w.code = v.code AND w.event_id = :event)
        AND v.ended_by_event_id <> :event AND v.ended_by_event_id NOT IN ({_UNDONE})
    """
)
# Created by the import: it ended no state of another event.
_MADE = f"""
    h.code IN ({_TOUCHED}) AND NOT EXISTS (
        SELECT FROM household_version v
        WHERE v.code = h.code AND v.ended_by_event_id = :event AND v.event_id <> :event)
"""
_REFERRED = text(
    f"""
    SELECT count(*) FILTER (WHERE ref) AS refs, count(*) FILTER (WHERE plate) AS plates,
        count(*) FILTER (WHERE other) AS others
    FROM (
        SELECT EXISTS (SELECT FROM household_ref r WHERE r.code = h.code
                AND r.import_id IS DISTINCT FROM :id) AS ref,
            EXISTS (SELECT FROM plate p WHERE p.code = h.code) AS plate,
            EXISTS (SELECT FROM external_id x WHERE x.code = h.code)
                OR EXISTS (SELECT FROM field_report f
                    WHERE f.code = h.code AND f.state <> 'open')
                OR EXISTS (SELECT FROM succession_link s
                    WHERE h.code IN (s.old_code, s.new_code)) AS other
        FROM household h WHERE {_MADE}
    ) made
    """
)
_REMOVE = "DELETE FROM household h WHERE h.kind = '{kind}' AND " + _MADE
_REMOVE_REFS = text("DELETE FROM household_ref WHERE import_id = :id")
_RESTORE_REFS = text(
    """
    UPDATE household_ref r SET linked = b.linked, row_hash = b.row_hash,
        vanished_import_id = b.vanished_import_id
    FROM household_ref_before b
    WHERE b.import_id = :id AND r.source = :source AND r.source_ref = b.source_ref
    """
)
_FORGET_REFS = text("DELETE FROM household_ref_before WHERE import_id = :id")
_ROLLED_BACK = text(
    "UPDATE import SET state = 'rolled_back', rolled_back_event_id = current_event_id()"
    " WHERE id = :id"
)


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback undid."""

    import_id: int
    source: str
    removed: int
    restored: int


def roll_back(engine: Engine, import_id: int, *, actor: str = "operator") -> RolledBack:
    """Undo a published import: what it made goes, what it changed or retired is as before.

    Raises NotFoundError for an unknown import, ConflictError when it is not published, not the
    latest of its source, or when later events touched its rows: each says what to do first.
    """
    demand("approver", "rút lại đợt nhập")
    cause = Cause("rollback", actor, scope={"import": import_id})
    with write_scope(engine, cause) as session:
        source, event = _published(session, import_id)
        _refuse_if_built_on(session, import_id, event)
        parameters = {"event": event, "id": import_id, "source": source}
        session.execute(_REMOVE_REFS, parameters)
        session.execute(_RESTORE_REFS, parameters)
        session.execute(_FORGET_REFS, parameters)
        restored = _rows(session, _restore_statement(), parameters)
        # Flats first: a building cannot go before them.
        removed = sum(
            _rows(session, _REMOVE.format(kind=kind), parameters)
            for kind in ("household", "building")
        )
        session.execute(_ROLLED_BACK, parameters)
        return RolledBack(import_id, source, removed, restored)


def _published(session: Session, import_id: int) -> tuple[str, int]:
    row = session.execute(
        text(
            "SELECT source, state, published_event_id, ("
            " SELECT max(l.id) FROM import l WHERE l.source = i.source AND l.id > i.id"
            " AND l.state = 'published') AS later FROM import i WHERE id = :id FOR UPDATE"
        ),
        {"id": import_id},
    ).one_or_none()
    if row is None:
        raise NotFoundError(f"không có đợt nhập {import_id} (there is no import {import_id})")
    if row.state != "published":
        raise ConflictError(
            f"đợt nhập {import_id} đang ở trạng thái {row.state}, không có gì để huỷ"
            f" (import {import_id} is {row.state})"
        )
    if row.later:
        raise ConflictError(
            f"đợt nhập {import_id} không phải đợt cuối của nguồn '{row.source}': huỷ đợt"
            f" {row.later} trước (not the latest import of its source)"
        )
    return row.source, row.published_event_id


def _refuse_if_built_on(session: Session, import_id: int, event: int) -> None:
    parameters = {"event": event, "id": import_id}
    later = session.execute(_LATER, parameters).one()
    if later.records:
        raise ConflictError(
            f"chưa huỷ gì: {later.records:,} mã của đợt nhập {import_id} đã được sửa sau đó, bởi"
            f" {_cut(later.events)} (changed by later events); đợt nhập sau thì huỷ trước được,"
            " việc khác thì phải sửa từng mã"
        )
    referred = session.execute(_REFERRED, parameters).one()
    if any(referred):
        raise ConflictError(
            f"chưa huỷ gì: mã do đợt nhập {import_id} cấp đã được dùng: {referred.refs:,} ở đợt"
            f" nhập của nguồn khác, {referred.plates:,} đã in biển, {referred.others:,} ở việc khác"
            " (its new codes are named by later imports, plates or reports)"
        )


def _cut(events: str, limit: int = 200) -> str:
    return events if len(events) <= limit else f"{events[:limit].rsplit(';', 1)[0]}; …"


def _restore_statement() -> str:
    stamped = {"code", "event_id", "recorded_at"}
    # Here, because the models take a quarter of a second, which no import should wait for.
    from registry.models import Household

    columns = [c.name for c in Household.__table__.columns if c.name not in stamped]
    target, values = ", ".join(columns), ", ".join(f"v.{name}" for name in columns)
    return f"""
        UPDATE household h SET ({target}) = ROW ({values})
        FROM (
            SELECT DISTINCT ON (code) * FROM household_version
            WHERE ended_by_event_id = :event AND event_id <> :event
            ORDER BY code, valid_from
        ) v
        WHERE h.code = v.code
    """


def _rows(session: Session, statement: str, parameters: dict[str, object]) -> int:
    result = session.execute(text(statement), parameters)
    return int(getattr(result, "rowcount", 0))
