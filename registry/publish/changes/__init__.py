"""The change feed as followers read it: pages of entries, and where the next one begins.

Without a cursor the records themselves come first, in the order of their codes, and then whatever
changed since that walk began. Changes come in the order of (position, code). An entry tells the
record as it is when the page is read, and is left out where a later event wrote it: that one's
entry comes too. So a follower never learns of a state that has become restricted since, and has
the register's own when it has read all there is (docs/decisions/0012-feed-carries-states.md).
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
from registry.publish.changes.cursor import Cursor, Read, Telling, Walk, beyond_the_end
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
from registry.publish.changes.told_units import CHANGED, SERIAL, UnitsTold, note_units
from registry.register import Register
from registry.units.gazetteer import Gazetteer, today

MAX_ENTRIES: Final = 10_000
_BUDGET: Final = 50_000
"""Rows that one page may look at: what is followed may be few among many."""
_CHUNK: Final = 1_000
_EVENTS: Final = 500
_FEW: Final = 20
"""Rows of one event that are read together with other events; of larger ones _CHUNK, alone."""
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
    """What a follower is told at once."""

    register: str
    entries: list[Entry]
    cursor: str
    """What asks for the next page."""
    more: bool
    """Whether that may be asked for at once; otherwise nothing more has happened yet."""


@dataclass(frozen=True, slots=True)
class _Event:
    position: int
    event_id: int
    kind: str
    request: str | None


class _Touch(NamedTuple):
    """Something of an event that a follower may have to be told of."""

    event: _Event
    key: str
    gone: bool = False
    """It was to be seen before, and is not now."""


def read_page(register: Register, wanted: Following, after: str | None, limit: int) -> Page:
    """At most `limit` entries behind the cursor `after`, or from the beginning without one.

    A page may be empty and yet not the last: what is followed may be few among many.
    Raises InvalidInputError for what is no cursor, CursorRefusedError for one of another register,
    of one that lost its end, or of another `Following`; what Reads.rows raises.
    """
    known, reads = register.gazetteer.get(), register.reads
    cursor = None if after is None else Cursor.parse(after)
    identity, last, told = _state(reads)
    if not told.is_of(known):
        note_units(register.engine, known)
        identity, last, told = _state(reads)
    if cursor is None:
        first = min(wanted.communes, default=0) if wanted.communes is not None else 0
        cursor = Cursor(identity, wanted.digest, None, None, Walk(last, first))
    cursor.check(identity, wanted.digest)
    if cursor.position > last:
        _check_not_lost(register, cursor.position)
        return Page(identity, [], str(cursor), more=False)  # the replica is behind
    if told.is_newer(known):
        return Page(identity, [], str(cursor), more=True)  # for a second, this process is
    pager = _Pager(reads, known, told.serial, wanted, cursor, limit)
    more = pager.fill()
    if not more and _move_pending(register):
        more = pager.fill()
    return Page(identity, pager.entries, str(pager.cursor), more)


def _state(reads: Reads) -> tuple[str, int, UnitsTold]:
    """Which register it is, the last position of its feed, and of which units followers know."""
    identity, last, *told = reads.rows(IDENTITY, {})[0]
    return identity, last, UnitsTold(*told)


def _move_pending(register: Register) -> bool:
    """Bring along committed events whose writer did not; whether there were any.

    Where only the replica answers they wait for the next writer.
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
    """Where only the replica answers, nobody can tell: it may have been behind at the end."""
    with suppress(DatabaseUnavailableError):
        with session_scope(register.engine) as session:
            last = session.connection().exec_driver_sql("SELECT max(position) FROM feed").scalar()
        if position > (last or 0):
            raise beyond_the_end()


class _Pager:
    """Fills one page, step by step, and knows where the next one begins."""

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
        """Read until the page is full, or nothing is left; whether there may be more."""
        while self._room() and not self._knows_units():
            self._tell_units()
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
        told = cursor.units is not None and cursor.units >= self._serial
        return told and cursor.telling is None

    def _tell_units(self) -> None:
        """All units at first, then those that read otherwise: without them no address is a line.

        What changes meanwhile is told when these are.
        """
        cursor, room = self.cursor, self._room()
        telling = cursor.telling or Telling(self._serial, 0)
        if cursor.units is None:
            changed = (i for i in self._known.units if i > telling.unit_id)
        else:
            given = {"serial": cursor.units, "behind": telling.unit_id}
            changed = (row[0] for row in self._reads.rows(CHANGED, given))
        found = list(islice(unit_entries(self._known, today(), changed), room + 1))
        self.entries += found[:room]
        if len(found) > room:
            telling = replace(telling, unit_id=found[room - 1]["id"])
            self.cursor = replace(cursor, telling=telling)
        else:
            self.cursor = replace(cursor, units=telling.until, telling=None)

    # The records themselves

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

    # What changed

    def _read(self, mark: Read) -> bool:
        """Read on in the feed; whether there was anything."""
        events = self._next_events(mark)
        if not events:
            return False
        touched, end = self._touched(events, mark.key or "")
        now = touched[: self._room()]
        self.entries += self._told(now)
        if len(now) < len(touched):
            end = Read(now[-1].event.position, now[-1].key)
        self._mark(end)
        return True

    def _next_events(self, mark: Read) -> list[_Event]:
        """The event that is half read, alone, or those that come next."""
        first = mark.position + (mark.key is None)
        events = [
            _Event(*row) for row in self._reads.rows(SQL.driver("next_events"), {"first": first})
        ]
        return events[:1] if mark.key is not None else events

    def _touched(self, events: list[_Event], after: str) -> tuple[list[_Touch], Read]:
        """What the events touched, in order, and what is read when all of that is told.

        It ends within the first event of which there are more rows than were asked for.
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
        """Those that are gone last: they count, whoever wrote the record that is not to be seen."""
        shows = self._wanted.shows
        for row in rows:
            if row[2] and self._wanted.names(row[1]):
                yield _Touch(event, row[1])
        for row in rows:
            if not row[2] and shows(row[1], *row[3:6]) and not shows(row[1], *row[6:]):
                yield _Touch(event, row[1], gone=True)

    def _told(self, touched: list[_Touch]) -> Iterator[Entry]:
        """Entries of those of which the follower has to know, and no later one tells."""
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
        """By key; of the communes that are followed."""
        key_of = {int(key[2:]): key for key in keys}
        rows = self._reads.rows(statement, {"ids": list(key_of)}) if key_of else []
        communes = self._wanted.communes
        return {key_of[row[0]]: row for row in rows if communes is None or row[1] in communes}


def _horizon(rows: list[Row], limit: int) -> str | None:
    """Up to which key the rows are all there are; None where nothing was cut off."""
    ends = []
    for written in (True, False):
        codes = [row[1] for row in rows if row[2] is written]
        if len(codes) == limit:
            ends.append(max(codes))
    return min(ends, default=None)
