"""Finds units whose feed entry has changed, and gives them serials.

The entry of a unit changes with the unit, with its province, with the calendar, or with a new
version of the program. So it is not recorded where units are written: the first reader of the feed
afterwards compares the entry of each unit with the last one fed, and gives those that differ the
next serial. A follower's cursor has the serial up to which it has read units.
"""

import datetime
import hashlib
from contextlib import suppress
from typing import Final, NamedTuple

from pydantic_core import to_json
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from registry.core.database import session_scope
from registry.core.errors import DatabaseUnavailableError
from registry.core.sql import Statements
from registry.publish.changes.entries import unit_entries
from registry.units.gazetteer import Gazetteer, today
from registry.units.remembered import Remembered

SERIAL: Final = "s.version, s.turned_on, s.digest, s.serial"
"""Columns of `FeedUnits`, from `unit_told_state s`."""
SQL: Final = Statements(__file__, serial=SERIAL)
CHANGED: Final = "SELECT unit_id FROM unit_told WHERE serial > %(serial)s AND unit_id > %(behind)s"
_KNOWN: Final = text("SELECT unit_id, digest FROM unit_told")


class FeedUnits(NamedTuple):
    """The state of the units last fed."""

    version: int
    turned_on: datetime.date | None
    digest: str
    serial: int

    def is_of(self, known: Gazetteer) -> bool:
        """Whether the process's units give the same entries."""
        return self._stamp() == _stamp_of(known) and self.digest == _digest(known)

    def is_newer(self, known: Gazetteer) -> bool:
        """Whether the process's units are older."""
        return self._stamp() > _stamp_of(known)

    def _stamp(self) -> tuple[int, datetime.date]:
        return self.version, self.turned_on or datetime.date.min


def note_units(engine: Engine, known: Gazetteer) -> None:
    """Give units whose entry has changed the next serial.

    Does nothing if the database is unavailable or has newer units: the next reader does it then.
    """
    with suppress(DatabaseUnavailableError, OperationalError), session_scope(engine) as session:
        fed = FeedUnits(*session.execute(SQL.text("lock")).one())
        if fed.is_newer(known) or fed.is_of(known):
            return
        before = {row.unit_id: bytes(row.digest) for row in session.execute(_KNOWN)}
        digests = _digests(known)
        changed = {i: digest for i, digest in digests.items() if before.get(i) != digest}
        serial = fed.serial + bool(changed)
        session.execute(
            SQL.text("write"),
            {"serial": serial, "units": list(changed), "digests": list(changed.values())},
        )
        session.execute(
            SQL.text("note"),
            {
                "version": known.version,
                "turned_on": known.turned_on,
                "digest": _digest(known, digests),
                "serial": serial,
            },
        )


def _stamp_of(known: Gazetteer) -> tuple[int, datetime.date]:
    return known.version, known.turned_on or datetime.date.min


def _digests(known: Gazetteer) -> dict[int, bytes]:
    return {
        entry["id"]: hashlib.sha256(to_json(entry)).digest()[:8]
        for entry in unit_entries(known, today())
    }


_kept: Final = Remembered[None, str](1)


def _digest(known: Gazetteer, digests: dict[int, bytes] | None = None) -> str:
    """Return the digest of all units' entries, from `digests` if given."""
    kept = _kept.of(known)
    found = kept.get(None)
    if found is None:
        total = hashlib.sha256(b"".join((digests or _digests(known)).values()))
        found = _kept.keep(kept, None, total.hexdigest()[:16])
    return found
