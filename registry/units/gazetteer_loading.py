"""Load all units from the database: takes a few tenths of a second; a copy is reused while it is
current, or still in use by a caller.
"""

import datetime
from collections import defaultdict
from typing import Any, Final
from weakref import WeakValueDictionary

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.units.gazetteer import (
    Gazetteer,
    Succession,
    Unit,
    UnitIdentifier,
    UnitVersion,
    copy_of,
    today,
)

SQL: Final = Statements(__file__)

VERSION: Final = "SELECT version FROM gazetteer_state"


def gazetteer_version(session: Session) -> int:
    """Return the number that increases with every change of a unit."""
    version: int = session.execute(text(VERSION)).scalar_one()
    return version


_STAMP = text(
    "SELECT g.version, g.xmin::text, r.uuid FROM gazetteer_state g CROSS JOIN register_identity r"
)
_latest: Gazetteer | None = None
_held: Final[WeakValueDictionary[tuple[Any, ...], Gazetteer]] = WeakValueDictionary()
"""Copies by stamp: the latest, and those still in use."""


def load_gazetteer(session: Session) -> Gazetteer:
    """Return the gazetteer of today as the session sees it.

    The caller must provide one snapshot (REPEATABLE READ). Units without any version have no name
    yet and are left out.
    """
    global _latest
    stamp, day = _stamp(session), today()
    held = _held.get(stamp)
    known = held.of_day(day) if held else _loaded(session, stamp[0], day)
    # Without one snapshot, units may have changed since the stamp was read.
    if held or _stamp(session) == stamp:
        _latest = _held[stamp] = known
    return known


def _stamp(session: Session) -> tuple[Any, ...]:
    """Return a stamp that identifies the state of all units, also across copies of a register: a
    version number may recur in another copy or after a rollback, its transaction cannot.
    """
    return tuple(session.execute(_STAMP).one())


def _loaded(session: Session, version: int, day: datetime.date) -> Gazetteer:
    versions: dict[int, list[UnitVersion]] = defaultdict(list)
    signed: dict[int, list[UnitVersion]] = defaultdict(list)
    # Names, kinds, decrees and days repeat in thousands of rows: each value is kept once.
    once: dict[Any, Any] = {}

    def same(value: Any) -> Any:
        return once.setdefault(value, value)

    # All rows at once, by position: row by row and by name takes twice as long, and every command
    # waits for it.
    for unit_id, *columns, undated in session.execute(SQL.text("versions")).all():
        (signed if undated else versions)[unit_id].append(UnitVersion(*map(same, columns)))
    identifiers: dict[int, list[UnitIdentifier]] = defaultdict(list)
    for unit_id, scheme, value, first, end in session.execute(SQL.text("identifiers")).all():
        called = UnitIdentifier(same(scheme), value, same(first), same(end))
        identifiers[unit_id].append(called)
    units = {
        unit_id: Unit(
            *(unit_id, same(level), code, same(born), same(ended), lon, lat, area_km2),
            tuple(versions[unit_id]),
            _pairs(aliases),
            tuple(signed.get(unit_id, ())),
            tuple(identifiers.get(unit_id, ())),
        )
        for unit_id, level, code, born, ended, lon, lat, area_km2, aliases in session.execute(
            SQL.text("units")
        ).all()
        if unit_id in versions
    }
    steps = tuple(
        Succession(units[old], units[new], extent, effective_on)
        for old, new, extent, effective_on in session.execute(SQL.text("successions")).all()
        if old in units and new in units
    )
    return copy_of(day, version, units, steps)


def _pairs(aliases: list[list[str]] | None) -> tuple[tuple[str, str], ...]:
    return tuple((kind, alias) for kind, alias in aliases) if aliases else ()
