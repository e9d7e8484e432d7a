"""Keys of before are written as the rules of this version write them, once after an upgrade.

Under one event, so that history and feed tell it; and no record becomes part of another. A street
or locality whose new key another one of its commune has keeps its own, and is told; so are doors
that are one by their new keys: a search answers both.
"""

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import Final

from sqlalchemy import CursorResult, Engine, text
from sqlalchemy.orm import Session

from geo.code import format as format_code
from geo.label import named
from registry.database import session_scope
from registry.events import Cause, write_scope
from registry.own_keys import APART
from registry.rules import RULES_VERSION
from registry.stored_keys import COLUMNS, DOOR_HASH, KeyColumn, stale_keys

Report = Callable[[str], None]
_BATCH: Final = 5_000
_NAMED: Final = 5
_TOGETHER: Final = """o.class = t.class AND o.unit_id = t.unit_id
            AND o.former_unit_id IS NOT DISTINCT FROM t.former_unit_id
            AND o.parent_id IS NOT DISTINCT FROM t.parent_id"""
"""What two places have in common that may not have one key."""
# Of several that would get one key the first does. A key may become free by the step before.
_PLACES: Final = """
    WITH wanted AS (
        SELECT t.*, s.today, s.today || coalesce('{apart}' || t.marks, '') AS own
        FROM {table} t JOIN stale s ON {same} WHERE t.merged_into_id IS NULL
    ), free AS (
        SELECT t.id, t.today FROM wanted t
        WHERE NOT EXISTS (SELECT FROM {table} o WHERE o.own_key = t.own AND {together})
            AND NOT EXISTS (SELECT FROM wanted o WHERE o.own = t.own AND o.id < t.id AND {together})
    )
    UPDATE {table} t SET key = f.today FROM free f WHERE t.id = f.id
"""
# The trigger kept the old key as a former name: no text is read as it any more.
_KEPT: Final = """
    DELETE FROM place_alias t USING stale s
    WHERE {same} AND t.event_id = current_event_id()
"""
_LEFT: Final = """
    SELECT t.kind, t.name, u.code FROM {table} t JOIN stale s ON {same}
    JOIN admin_unit u ON u.id = t.unit_id WHERE t.merged_into_id IS NULL ORDER BY u.code, t.id
"""
_FORMER_NAMES: Final = """
    UPDATE {table} t SET key = s.today FROM stale s
    WHERE {same} AND NOT EXISTS (
        SELECT FROM {table} o WHERE o.named_id = t.named_id AND o.key = s.today)
"""
# Any number of households may have one key.
_HOUSEHOLDS: Final = "UPDATE {table} t SET {key} = s.today FROM stale s WHERE {same}"
_DOUBLES: Final = f"""
    WITH written AS (
        SELECT code, unit_id, {DOOR_HASH} AS door FROM household
        WHERE event_id = current_event_id() AND status IN ('proposed', 'active')
            AND (house_number_key IS NOT NULL OR unit_number IS NOT NULL)
    ), door AS (
        SELECT code, {DOOR_HASH} AS door FROM household
        WHERE unit_id IN (SELECT unit_id FROM written) AND status IN ('proposed', 'active')
    )
    SELECT DISTINCT w.code FROM written w JOIN door d ON d.door = w.door AND d.code <> w.code
    ORDER BY w.code
"""  # noqa: S608 - no input


def rekey(engine: Engine, report: Report) -> None:
    """Write anew what the rules of this version read otherwise; nothing where they looked through
    all of it before.

    The engine acts as the owner. Says through `report` what was written, and what could not be.
    """
    with session_scope(engine) as session:
        if _noted(session) or not _any_stale(session):
            return
    with write_scope(engine, Cause("rekey", "upgrade", scope={"rules": RULES_VERSION})) as session:
        # Of two starts at once one waits for the other, and finds nothing to do.
        session.execute(text("SELECT FROM gazetteer_state FOR UPDATE"))
        if _noted(session):
            return
        for column in COLUMNS:
            _Rekeying(session, column).run(report)
        doubles = list(session.scalars(text(_DOUBLES)))
        if doubles:
            few = ", ".join(format_code(code) for code in doubles[:_NAMED])
            report(f"keys: {len(doubles):,} records bear the address of another one now: {few}")
        _note(session)


def _noted(session: Session) -> bool:
    """Whether the rules of this version looked through the keys."""
    noted = session.execute(text("SELECT key_rules FROM gazetteer_state")).scalar_one()
    return bool(noted == RULES_VERSION)


def _note(session: Session) -> None:
    session.execute(text("UPDATE gazetteer_state SET key_rules = :v"), {"v": RULES_VERSION})


def _any_stale(session: Session) -> bool:
    """Whether there is any key to write; where there is none, that is noted."""
    connection = session.connection()
    for column in COLUMNS:
        with closing(stale_keys(connection, column)) as found:
            if next(found, None) is not None:
                return True
    _note(session)
    return False


class _Rekeying:
    """One column of keys, written anew in the session's transaction."""

    def __init__(self, session: Session, column: KeyColumn) -> None:
        self.session = session
        self.column = column
        same = " AND ".join(f"t.{name} = s.{name}" for name in column.read_of)
        self.parts = {
            "table": column.table,
            "key": column.key,
            "apart": APART,
            "same": f"{same} AND t.{column.key} = s.stale",
            "together": _TOGETHER,
        }

    def run(self, report: Report) -> None:
        """Write what can be written, and say so."""
        if not self._stage():
            return
        of_places = self.column.table == "place"
        if of_places:
            written = self._places()
        else:
            former = self.column.table == "place_alias"
            written = self._write(_FORMER_NAMES if former else _HOUSEHOLDS)
        report(f"keys: {written:,} of {self.column.name} written anew")
        if of_places and (left := self._left()):
            few = ", ".join(left[:_NAMED])
            report(f"keys: {len(left):,} of {self.column.name} would be another's: {few}")

    def _stage(self) -> int:
        """Put the stale keys into the table `stale`; how many they are."""
        names = (*self.column.read_of, "stale", "today")
        columns = ", ".join(f'{name} text COLLATE "C"' for name in names)
        self.session.execute(text("DROP TABLE IF EXISTS stale"))
        self.session.execute(text(f"CREATE TEMPORARY TABLE stale ({columns}) ON COMMIT DROP"))
        insert = text(f"INSERT INTO stale VALUES ({', '.join(f':{name}' for name in names)})")  # noqa: S608 - names of ours
        found = stale_keys(self.session.connection(), self.column)
        count = 0
        while batch := list(islice(found, _BATCH)):
            rows = [(*one.read_of, one.key, one.today) for one in batch]
            self.session.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])
            count += len(batch)
        # Else the planner takes the few rows for thousands, and compares each with each.
        self.session.execute(text("ANALYZE stale"))
        return count

    def _places(self) -> int:
        """Streets or localities, until no key becomes free any more."""
        written = 0
        while step := self._write(_PLACES):
            written += step
            self._write(_KEPT)
        return written

    def _left(self) -> list[str]:
        rows = self.session.execute(text(_LEFT.format(**self.parts)))
        return [f"{named(row.kind, row.name)} ({row.code})" for row in rows]

    def _write(self, statement: str) -> int:
        result = self.session.execute(text(statement.format(**self.parts)))
        return result.rowcount if isinstance(result, CursorResult) else 0
