"""Taking back the latest import of a source: all of it, or what nothing was built on since."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.actors import demand, is_bound, outside_units
from registry.core.locks import Lock, hold_lock
from registry.errors import ConflictError, NotFoundError
from registry.events import Cause, refuse_brought, write_scope

MAX_KEPT: Final = 1_000
"""Records that a partial rollback names; the rest is counted."""

# What the import wrote, and what it made: those of which it ended no state of another event.
_TOUCHED: Final = """
    CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
    SELECT code, NOT EXISTS (
        SELECT FROM household_version v
        WHERE v.code = t.code AND v.ended_by_event_id = :event AND v.event_id <> :event) AS made
    FROM (
        SELECT code FROM household WHERE event_id = :event
        UNION SELECT code FROM household_version WHERE event_id = :event
    ) t
"""
# Events that are as if they had never been: imports taken back, and the taking back. A chain of
# imports of one source can so be undone one after the other.
_UNDONE: Final = """
    SELECT published_event_id FROM import WHERE state = 'rolled_back'
    UNION SELECT rolled_back_event_id FROM import WHERE state = 'rolled_back'
"""
_LATER: Final = f"""
    SELECT v.code, concat('#', e.id, ' ', e.kind, ' ', to_char(e.occurred_at, 'DD/MM/YYYY'),
        ', đợt nhập ' || (e.scope->>'import')) AS reason
    FROM household_version v
    JOIN touched t ON t.code = v.code
    JOIN event e ON e.id = v.ended_by_event_id
    WHERE v.valid_from >= (
            SELECT min(w.valid_from) FROM household_version w
            WHERE w.code = v.code AND w.event_id = :event)
        AND v.ended_by_event_id <> :event AND v.ended_by_event_id NOT IN ({_UNDONE})
"""
_REFERRED: Final = """
    SELECT t.code, CASE WHEN u.refs THEN 'ref' WHEN u.plates THEN 'plate' ELSE 'other' END AS reason
    FROM touched t
    CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM household_ref r WHERE r.code = t.code
                AND r.import_id IS DISTINCT FROM :id) AS refs,
            EXISTS (SELECT FROM plate p WHERE p.code = t.code) AS plates,
            EXISTS (SELECT FROM external_id x WHERE x.code = t.code)
                OR EXISTS (SELECT FROM certificate c WHERE c.code = t.code)
                OR EXISTS (SELECT FROM field_report f
                    WHERE f.code = t.code AND f.state <> 'open')
                OR EXISTS (SELECT FROM succession_link s
                    WHERE t.code IN (s.old_code, s.new_code)) AS others
    ) u
    WHERE t.made AND (u.refs OR u.plates OR u.others)
"""
# One row for each record that was built on: what changed it says more than who names it.
_KEPT: Final = f"""
    CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
    SELECT code, coalesce(min(reason) FILTER (WHERE later), min(reason)) AS reason,
        bool_or(later) AS later
    FROM (
        SELECT code, reason, true AS later FROM ({_LATER}) l
        UNION ALL
        SELECT code, reason, false FROM ({_REFERRED}) r
    ) built_on
    GROUP BY code
"""
# A building stays as long as a record of it does.
_KEEP_BUILDINGS: Final = """
    INSERT INTO kept (code, reason, later)
    SELECT DISTINCT b.code, 'building', false
    FROM kept k
    JOIN household h ON h.code = k.code
    JOIN touched b ON b.code = h.parent_code AND b.made
    WHERE NOT EXISTS (SELECT FROM kept o WHERE o.code = b.code)
"""
_REMOVE: Final = """
    DELETE FROM household h USING touched t
    WHERE h.kind = '{kind}' AND t.code = h.code AND t.made
        AND NOT EXISTS (SELECT FROM kept k WHERE k.code = h.code)
"""
_REMOVE_REFS: Final = """
    DELETE FROM household_ref r WHERE r.import_id = :id
        AND NOT EXISTS (SELECT FROM kept k WHERE k.code = r.code)
"""
_RESTORE_REFS: Final = """
    UPDATE household_ref r SET linked = b.linked, shares = b.shares, row_hash = b.row_hash,
        vanished_import_id = b.vanished_import_id
    FROM household_ref_before b
    WHERE b.import_id = :id AND r.source = :source AND r.source_ref = b.source_ref
        AND NOT EXISTS (SELECT FROM kept k WHERE k.code = r.code)
"""
_FORGET_REFS: Final = "DELETE FROM household_ref_before WHERE import_id = :id"
_REMOVE_PLACES: Final = "SELECT remove_places(:event)"
_ROLLED_BACK: Final = (
    "UPDATE import SET state = 'rolled_back', rolled_back_event_id = current_event_id()"
    " WHERE id = :id"
)
_ELSEWHERE: Final = """
    SELECT DISTINCT u.code
    FROM touched t JOIN household h ON h.code = t.code JOIN admin_unit u ON u.id = h.unit_id
    WHERE h.unit_id <> ALL ((SELECT writable_units())::integer[]) ORDER BY u.code
"""
_REASONS: Final = {
    "ref": "có trong đợt nhập khác",
    "plate": "đã in biển",
    "other": "đã dùng ở việc khác",
    "building": "toà nhà của mã được giữ",
}


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record of the import that stays as it is, and why."""

    code: str
    reason: str
    """Event, date and import that changed it, or who names it; for people."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback undid."""

    import_id: int
    source: str
    removed: int
    restored: int
    kept: int = 0
    """Records that later events touched, and that stay as they are."""
    kept_records: tuple[KeptRecord, ...] = field(default=(), repr=False)
    """The first `MAX_KEPT` of them."""


def roll_back(
    engine: Engine,
    import_id: int,
    *,
    keep_later: bool = False,
    actor: str = "operator",
    reason: str | None = None,
) -> RolledBack:
    """Undo a published import: what it made goes, what it changed or retired is as before.

    With `keep_later`, records that later events changed or that others name by now stay as they
    are, with their references, and are named. Raises NotFoundError for an unknown import,
    ConflictError when it is not published, not the latest of its source, or, without `keep_later`,
    when later events touched its rows: each says what to do first.
    """
    demand("approver", "rút lại đợt nhập")
    scope: dict[str, int | bool] = {"import": import_id} | ({"keep": True} if keep_later else {})
    with write_scope(engine, Cause("rollback", actor, reason, scope=scope)) as session:
        # What an import that is being published decided by stays so until it is.
        hold_lock(session, Lock.PUBLICATION)
        source, event = _published(session, import_id)
        parameters = {"event": event, "id": import_id, "source": source}
        for statement in (_TOUCHED, _KEPT):
            session.execute(text(statement), parameters)
        session.execute(text("ANALYZE touched"))
        _refuse_outside(session)
        if not keep_later:
            _refuse_if_built_on(session, import_id)
        _rows(session, _KEEP_BUILDINGS)
        for statement in (_REMOVE_REFS, _RESTORE_REFS, _FORGET_REFS):
            session.execute(text(statement), parameters)
        restored = _rows(session, _restore_statement(), parameters)
        # Flats first: a building cannot go before them.
        removed = sum(
            _rows(session, _REMOVE.format(kind=kind), parameters)
            for kind in ("household", "building")
        )
        for statement in (_REMOVE_PLACES, _ROLLED_BACK):
            session.execute(text(statement), parameters)
        return RolledBack(import_id, source, removed, restored, *_kept(session))


def _refuse_outside(session: Session) -> None:
    """Raises OutsideUnitsError when the import wrote in units that are not who acts' own.

    Row-level security would pass over their records, and leave half of the import.
    """
    units = list(session.scalars(text(_ELSEWHERE))) if is_bound() else []
    if units:
        raise outside_units(
            f"đợt nhập có cả nơi ngoài địa bàn của khoá này: {', '.join(units[:5])}",
            "the import wrote in other units too",
            units,
        )


def _published(session: Session, import_id: int) -> tuple[str, int]:
    row = session.execute(
        text(
            "SELECT source, state, published_event_id, ("
            " SELECT l.id FROM import l WHERE l.source = i.source AND l.state = 'published'"
            " AND l.published_event_id > i.published_event_id"
            " ORDER BY l.published_event_id DESC LIMIT 1) AS later"
            " FROM import i WHERE id = :id FOR UPDATE"
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
    refuse_brought(session, row.published_event_id)
    return row.source, row.published_event_id


def _refuse_if_built_on(session: Session, import_id: int) -> None:
    records, events, refs, plates, others, first = session.execute(
        text(
            "SELECT count(*) FILTER (WHERE later),"
            " string_agg(DISTINCT reason, '; ') FILTER (WHERE later),"
            " count(*) FILTER (WHERE reason = 'ref'), count(*) FILTER (WHERE reason = 'plate'),"
            " count(*) FILTER (WHERE reason = 'other'), min(code) FROM kept"
        )
    ).one()
    advice = "--keep-later giữ các mã ấy và huỷ phần còn lại"
    if records:
        raise ConflictError(
            f"chưa huỷ gì: {records:,} mã của đợt nhập {import_id} (như {first}) đã được sửa"
            f" sau đó, bởi {_cut(events)} (changed by later events); đợt nhập sau thì huỷ trước"
            f" được, việc khác thì phải sửa từng mã; {advice}"
        )
    if refs or plates or others:
        raise ConflictError(
            f"chưa huỷ gì: mã do đợt nhập {import_id} cấp (như {first}) đã được dùng:"
            f" {refs:,} ở đợt nhập của nguồn khác, {plates:,} đã in biển, {others:,} ở việc khác"
            f" (its new codes are named by later imports, plates or reports); {advice}"
        )


def _kept(session: Session) -> tuple[int, tuple[KeptRecord, ...]]:
    count: int = session.execute(text("SELECT count(*) FROM kept")).scalar_one()
    found = session.execute(
        text('SELECT code, reason FROM kept ORDER BY code COLLATE "C" LIMIT :n'), {"n": MAX_KEPT}
    )
    return count, tuple(KeptRecord(code, _REASONS.get(reason, reason)) for code, reason in found)


def _cut(events: str, limit: int = 200) -> str:
    return events if len(events) <= limit else f"{events[:limit].rsplit(';', 1)[0]}; …"


def _restore_statement() -> str:
    # Here, because what a table with points needs takes a while, for which no import should wait.
    from registry.core.tables.records import HOUSEHOLD, STAMPED

    columns = [c.name for c in HOUSEHOLD.columns if c.name not in ("code", *STAMPED)]
    target, values = ", ".join(columns), ", ".join(f"v.{name}" for name in columns)
    return f"""
        UPDATE household h SET ({target}) = ROW ({values})
        FROM (
            SELECT DISTINCT ON (code) * FROM household_version
            WHERE ended_by_event_id = :event AND event_id <> :event
                AND NOT EXISTS (SELECT FROM kept k WHERE k.code = household_version.code)
            ORDER BY code, valid_from
        ) v
        WHERE h.code = v.code
    """


def _rows(session: Session, statement: str, parameters: dict[str, object] | None = None) -> int:
    result = session.execute(text(statement), parameters)
    return int(getattr(result, "rowcount", 0))
