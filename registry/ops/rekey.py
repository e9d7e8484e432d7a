"""Rewrites search keys by the rules of this version, once after an upgrade.

All under one event, so that history and feed have it; records are never merged. A street or
locality whose new key belongs to another one of its commune keeps its old key and is reported; so
are doors that have equal new keys: a search returns both.
"""

from collections.abc import Callable
from contextlib import closing
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy import CursorResult, Engine, text
from sqlalchemy.orm import Session

from geo.code import format as format_code
from geo.label import named
from registry.core.database import session_scope
from registry.core.events import Cause, write_scope
from registry.core.messages import Message
from registry.core.own_keys import APART
from registry.core.rules import RULES_VERSION
from registry.core.sql import Statements
from registry.core.stored_keys import COLUMNS, KeyColumn, stale_keys

Report = Callable[[Message | str], None]
_BATCH: Final = 5_000
_NAMED: Final = 5
SQL: Final = Statements(__file__, apart=APART)


class _Statements(NamedTuple):
    """Names of the statements that rewrite a column."""

    create: str
    stage: str
    write: str


_STATEMENTS: Final = {
    "place.key": _Statements("create_stale_names", "stage_names", "write_places"),
    "place_alias.key": _Statements("create_stale_names", "stage_names", "write_former_names"),
    "household.building_key": _Statements(
        "create_stale_buildings", "stage_buildings", "write_buildings"
    ),
    "household.floor": _Statements("create_stale_floors", "stage_floors", "write_floors"),
    "household_use.name_key": _Statements("create_stale_uses", "stage_uses", "write_uses"),
}


def rekey(engine: Engine, report: Report) -> None:
    """Rewrite keys that differ by the rules of this version, unless that was done before.

    The engine acts as the owner. Reports what was rewritten, and what could not be.
    """
    with session_scope(engine) as session:
        if _noted(session) or not _any_stale(session):
            return
    with write_scope(engine, Cause("rekey", "upgrade", scope={"rules": RULES_VERSION})) as session:
        # The second of two concurrent starts waits, and finds nothing to do.
        session.execute(text("SELECT FROM gazetteer_state FOR UPDATE"))
        if _noted(session):
            return
        for column in COLUMNS:
            _Rekeying(session, column).run(report)
        doubles = list(session.scalars(SQL.text("doubles")))
        if doubles:
            few = ", ".join(format_code(code) for code in doubles[:_NAMED])
            report(f"keys: {len(doubles):,} records bear the address of another one now: {few}")
        _note(session)


def _noted(session: Session) -> bool:
    """Whether the keys were already checked by the rules of this version."""
    noted = session.execute(text("SELECT key_rules FROM gazetteer_state")).scalar_one()
    return bool(noted == RULES_VERSION)


def _note(session: Session) -> None:
    session.execute(text("UPDATE gazetteer_state SET key_rules = :v"), {"v": RULES_VERSION})


def _any_stale(session: Session) -> bool:
    """Whether any key has to be rewritten; if none, record that."""
    connection = session.connection()
    for column in COLUMNS:
        with closing(stale_keys(connection, column)) as found:
            if next(found, None) is not None:
                return True
    _note(session)
    return False


class _Rekeying:
    """Rewrites one column of keys in the session's transaction."""

    def __init__(self, session: Session, column: KeyColumn) -> None:
        self.session = session
        self.column = column
        self.statements = _STATEMENTS[column.name]

    def run(self, report: Report) -> None:
        """Rewrite what is possible, and report it."""
        if not self._stage():
            return
        of_places = self.column.table == "place"
        written = self._places() if of_places else self._write(self.statements.write)
        report(f"keys: {written:,} of {self.column.name} written anew")
        if of_places and (left := self._left()):
            few = ", ".join(left[:_NAMED])
            report(f"keys: {len(left):,} of {self.column.name} would be another's: {few}")

    def _stage(self) -> int:
        """Put the stale keys into the table `stale` and return their number."""
        names = (*self.column.read_of, "stale", "today")
        self.session.execute(text("DROP TABLE IF EXISTS stale"))
        self.session.execute(SQL.text(self.statements.create))
        insert = SQL.text(self.statements.stage)
        found = stale_keys(self.session.connection(), self.column)
        count = 0
        while batch := list(islice(found, _BATCH)):
            rows = [(*one.read_of, one.key, one.today) for one in batch]
            self.session.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])
            count += len(batch)
        # Otherwise the planner takes the few rows for thousands, and joins each with each.
        self.session.execute(text("ANALYZE stale"))
        return count

    def _places(self) -> int:
        """Rewrite keys of streets or localities until no more become free."""
        written = 0
        while step := self._write(self.statements.write):
            written += step
            self._write("forget_kept")
        return written

    def _left(self) -> list[str]:
        rows = self.session.execute(SQL.text("left"))
        return [f"{named(row.kind, row.name)} ({row.code})" for row in rows]

    def _write(self, statement: str) -> int:
        result = self.session.execute(SQL.text(statement))
        return result.rowcount if isinstance(result, CursorResult) else 0
