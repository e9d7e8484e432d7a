"""The change feed: pages of entries, each with the cursor of the next page.

Without a cursor all records come first, in the order of their codes, then the changes since that
walk began, in the order of (position, code). An entry carries the record as it is when the page is
read, and is left out if a later event wrote the record: the later entry follows. So a follower
never sees a state that has become restricted since, and has the register's own state when it has
read everything (docs/decisions/0012-feed-carries-states.md).
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple

from sqlalchemy.exc import OperationalError

from registry.core.database import session_scope
from registry.core.errors import DatabaseUnavailableError
from registry.core.events import move_pending_events
from registry.core.reads import Reads, Row
from registry.core.sql import Statements
from registry.publish.changes.cursor import Cursor, Read, UnitProgress, Walk, beyond_the_end
from registry.publish.changes.entries import (
    EVENT_OF_RECORD,
    RECORD_COLUMNS,
    Entry,
    Following,
    locality_entry,
    record_entry,
    removal,
    street_entry,
    unit_entries,
)
from registry.publish.changes.unit_serials import CHANGED, SERIAL, FeedUnits, note_units
from registry.register import Register
from registry.units.gazetteer import Gazetteer, today

MAX_ENTRIES: Final = 10_000
_BUDGET: Final = 50_000
"""Rows that one page may examine: few of them may be followed."""
_CHUNK: Final = 1_000
_EVENTS: Final = 500
_FEW: Final = 20
"""Rows of one event that are read with other events; larger events are read alone, by _CHUNK."""
SQL: Final = Statements(
    __file__,
    "queries.sql",
    serial=SERIAL,
    columns=RECORD_COLUMNS,
    chunk=str(_CHUNK),
    events=str(_EVENTS),
    most_of_few=str(_FEW),
)
IDENTITY: Final = SQL.driver("identity")
_STREETS: Final = "SELECT id, unit_id, kind, name FROM place WHERE id = ANY (%(ids)s)"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the feed."""

    register: str
    entries: list[Entry]
    cursor: str
    """The cursor of the next page."""
    more: bool
    """Whether there is more to read now."""


@dataclass(frozen=True, slots=True)
class _Event:
    position: int
    event_id: int
    kind: str
    request: str | None


class _Touch(NamedTuple):
    """A record or place of an event that may need an entry."""

    event: _Event
    key: str
    gone: bool = False
    """Whether it was visible before and is not now."""


def read_page(register: Register, wanted: Following, after: str | None, limit: int) -> Page:
    """Return at most `limit` entries after the cursor `after`, or from the beginning without one.

    A page may be empty without being the last: few of the examined rows may be followed. Raises
    InvalidInputError for a malformed cursor, CursorRefusedError for one of another register, past
    the end of this one, or of another `Following`; also as Reads.rows does.
    """
    known, reads = register.gazetteer.get(), register.reads
    cursor = None if after is None else Cursor.parse(after)
    identity, last, fed = _state(reads)
    if not fed.is_of(known):
        note_units(register.engine, known)
        identity, last, fed = _state(reads)
    if cursor is None:
        first = min(wanted.communes, default=0) if wanted.communes is not None else 0
        cursor = Cursor(identity, wanted.digest, None, None, Walk(last, first))
    cursor.check(identity, wanted.digest)
    if cursor.position > last:
        _check_not_lost(register, cursor.position)
        return Page(identity, [], str(cursor), more=False)  # the replica is behind
    if fed.is_newer(known):
        return Page(identity, [], str(cursor), more=True)  # this process is behind, for a second
    pager = _Pager(reads, known, fed.serial, wanted, cursor, limit)
    more = pager.fill()
    if not more and _move_pending(register):
        more = pager.fill()
    return Page(identity, pager.entries, str(pager.cursor), more)


def _state(reads: Reads) -> tuple[str, int, FeedUnits]:
    """Return the register's id, the last position of its feed, and the units already fed."""
    identity, last, *fed = reads.rows(IDENTITY, {})[0]
    return identity, last, FeedUnits(*fed)


def _move_pending(register: Register) -> bool:
    """Move committed events that their writer left pending into the feed; whether there were any.

    If only the replica answers they wait for the next writer.
    """
    with suppress(DatabaseUnavailableError, OperationalError):
        with session_scope(register.engine) as session:
            waiting = session.connection().exec_driver_sql(
                "SELECT EXISTS (SELECT FROM event_pending)"
            )
            if not waiting.scalar_one():
                return False
        return move_pending_events(register.engine) > 0
    return False


def _check_not_lost(register: Register, position: int) -> None:
    """Raise if the primary does not have the position; a replica alone may just be behind."""
    with suppress(DatabaseUnavailableError):
        with session_scope(register.engine) as session:
            last = session.connection().exec_driver_sql("SELECT max(position) FROM feed").scalar()
        if position > (last or 0):
            raise beyond_the_end()


class _Pager:
    """Fills one page step by step, and keeps the cursor of the next one."""

    def __init__(
        self,
        reads: Reads,
        known: Gazetteer,
        serial: int,
        wanted: Following,
        cursor: Cursor,
        limit: int,
    ) -> None:
        self._reads = reads
        self._known = known
        self._serial = serial
        self._wanted = wanted
        self._limit = limit
        self._looked_at = 0
        self.cursor = cursor
        self.entries: list[Entry] = []

    def fill(self) -> bool:
        """Read until the page is full or nothing is left; return whether there may be more."""
        while self._room() and not self._knows_units():
            self._add_units()
        while len(self.entries) < self._limit and self._looked_at < _BUDGET:
            mark = self.cursor.mark
            if isinstance(mark, Walk):
                self._walk(mark)
            elif not self._read(mark):
                return False
        return True

    def _room(self) -> int:
        return self._limit - len(self.entries)

    def _mark(self, mark: Walk | Read) -> None:
        self.cursor = replace(self.cursor, mark=mark)

    def _knows_units(self) -> bool:
        cursor = self.cursor
        is_current = cursor.units is not None and cursor.units >= self._serial
        return is_current and cursor.unit_progress is None

    def _add_units(self) -> None:
        """Add all units at first, then those whose entry changed: labels need their names.

        Units that change meanwhile are added after these.
        """
        cursor, room = self.cursor, self._room()
        progress = cursor.unit_progress or UnitProgress(self._serial, 0)
        if cursor.units is None:
            changed = (i for i in self._known.units if i > progress.unit_id)
        else:
            given = {"serial": cursor.units, "behind": progress.unit_id}
            changed = (row[0] for row in self._reads.rows(CHANGED, given))
        found = list(islice(unit_entries(self._known, today(), changed), room + 1))
        self.entries += found[:room]
        if len(found) > room:
            progress = replace(progress, unit_id=found[room - 1]["id"])
            self.cursor = replace(cursor, unit_progress=progress)
        else:
            self.cursor = replace(cursor, units=progress.until, unit_progress=None)

    # All records

    def _walk(self, mark: Walk) -> None:
        where = () if self._wanted.communes is None else ("in_commune",)
        rows = self._reads.rows(
            SQL.driver("walk", *where), {"code": mark.code, "commune": mark.commune}
        )
        self._looked_at += len(rows)
        shown = [row for row in rows if self._shows(row)]
        now = shown[: self._room()]
        self.entries += [record_entry(row, None, None) for row in now]
        if len(now) < len(shown):
            self._mark(replace(mark, code=now[-1][0]))
        elif len(rows) == _CHUNK:
            self._mark(replace(mark, code=rows[-1][0]))
        else:
            rest = [c for c in self._wanted.communes or () if c > mark.commune]
            self._mark(Walk(mark.start, min(rest)) if rest else Read(mark.start))

    def _shows(self, row: Row) -> bool:
        code, _, status, restricted, unit_id = row[:5]
        return self._wanted.shows(code, unit_id, status, restricted)

    # Changes

    def _read(self, mark: Read) -> bool:
        """Read on in the feed; return whether there was anything."""
        events = self._next_events(mark)
        if not events:
            return False
        touched, end = self._touched(events, mark.key or "")
        now = touched[: self._room()]
        self.entries += self._entries(now)
        if len(now) < len(touched):
            end = Read(now[-1].event.position, now[-1].key)
        self._mark(end)
        return True

    def _next_events(self, mark: Read) -> list[_Event]:
        """Return the partly read event alone, or the next events."""
        first = mark.position + (mark.key is None)
        events = [
            _Event(*row) for row in self._reads.rows(SQL.driver("next_events"), {"first": first})
        ]
        return events[:1] if mark.key is not None else events

    def _touched(self, events: list[_Event], after: str) -> tuple[list[_Touch], Read]:
        """Return what the events touched, in order, and the mark after all of it.

        Ends within the first event that has more rows than the limit.
        """
        ids = {"events": [event.event_id for event in events]}
        rows_of: dict[int, list[Row]] = defaultdict(list)
        keys_of: dict[int, list[str]] = defaultdict(list)
        if after < "0":  # places come before records
            for event_id, key in self._reads.rows(SQL.driver("places_of_events"), ids):
                keys_of[event_id].append(key)
        limit = _CHUNK if after else _FEW
        statement = SQL.driver("touched", "many" if after else "few")
        for row in self._reads.rows(statement, {**ids, "after": max(after, "0")}):
            rows_of[row[0]].append(row)
        touched: list[_Touch] = []
        for event in events:
            rows, keys = rows_of[event.event_id], keys_of[event.event_id]
            self._looked_at += len(rows) + len(keys) + 1
            horizon = _horizon(rows, limit)
            found = {key: _Touch(event, key) for key in keys if key > after}
            found |= {
                touch.key: touch
                for touch in self._of_records(event, rows)
                if horizon is None or touch.key <= horizon
            }
            touched += (found[key] for key in sorted(found))
            if horizon is not None:
                return touched, Read(event.position, horizon)
        return touched, Read(events[-1].position)

    def _of_records(self, event: _Event, rows: list[Row]) -> Iterator[_Touch]:
        """Yield records, then those no longer visible, whichever event wrote them since."""
        shows = self._wanted.shows
        for row in rows:
            if row[2] and self._wanted.names(row[1]):
                yield _Touch(event, row[1])
        for row in rows:
            if not row[2] and shows(row[1], *row[3:6]) and not shows(row[1], *row[6:]):
                yield _Touch(event, row[1], gone=True)

    def _entries(self, touched: list[_Touch]) -> Iterator[Entry]:
        """Yield the entries that are followed and not superseded by a later event."""
        states = self._states(t.key for t in touched if t.key >= "0" and not t.gone)
        streets = self._places(_STREETS, (t.key for t in touched if t.key.startswith("-s")))
        localities = self._places(
            SQL.driver("localities"), (t.key for t in touched if t.key.startswith("-t"))
        )
        for touch in touched:
            where, kind = touch.event.position, touch.event.kind
            entry: Entry | None = None
            if touch.gone:
                entry = removal(touch.key, where, kind)
            elif row := states.get(touch.key):
                if row[EVENT_OF_RECORD] == touch.event.event_id and self._shows(row):
                    entry = record_entry(row, where, kind)
            elif row := streets.get(touch.key):
                entry = street_entry(row, where, kind)
            elif row := localities.get(touch.key):
                entry = locality_entry(row, where, kind)
            if entry is not None:
                request = touch.event.request
                yield entry | {"request": request} if request else entry

    def _states(self, codes: Iterator[str]) -> dict[str, Row]:
        asked = list(codes)
        rows = self._reads.rows(SQL.driver("records"), {"codes": asked}) if asked else []
        return {row[0]: row for row in rows}

    def _places(self, statement: str, keys: Iterator[str]) -> dict[str, Row]:
        """Return rows by key, only of the communes that are followed."""
        key_of = {int(key[2:]): key for key in keys}
        rows = self._reads.rows(statement, {"ids": list(key_of)}) if key_of else []
        communes = self._wanted.communes
        return {key_of[row[0]]: row for row in rows if communes is None or row[1] in communes}


def _horizon(rows: list[Row], limit: int) -> str | None:
    """Return the key up to which the rows are complete; None if nothing was cut off."""
    ends = []
    for written in (True, False):
        codes = [row[1] for row in rows if row[2] is written]
        if len(codes) == limit:
            ends.append(max(codes))
    return min(ends, default=None)
