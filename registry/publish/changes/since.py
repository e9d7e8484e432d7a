"""What changed for given codes since a day or a position of the feed.

The feed carries states. A caller that keeps codes without a copy of the register wants to know why
an address changed, so the current record is compared with the former one, both as followers see
them: what was never visible is left out, and what is no longer visible is `removed`.
"""

import datetime
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

from registry.core.days import DAY_PATTERN, parse_day
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.publish.changes import IDENTITY
from registry.publish.changes.cursor import PREFIX, Cursor, Read, beyond_the_end
from registry.publish.changes.entries import SHOWN, Following
from registry.publish.changes.unit_serials import CHANGED, FeedUnits, note_units
from registry.records.record import unit_names
from registry.register import Register
from registry.units import FIRST_KNOWN_DAY
from registry.units.gazetteer import VIET_NAM, Gazetteer, Unit, today

Kind = Literal[
    "new", "renamed", "moved", "merged", "split", "replaced", "retired", "removed", "updated"
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order in which several kinds of one record are listed."""
_ENDED: Final[dict[str | None, Kind]] = {
    "merge": "merged",
    "split": "split",
    "replace": "replaced",
    None: "retired",
}
_POSITION: Final = re.compile(r"[0-9]{1,18}", re.ASCII)

# Columns compared between states: visibility, location, and the parts of the label.
_COMPARED: Final = (
    *("status", "restricted", "unit_id", "point", "street_id", "locality_id"),
    *("house_number_key", "house_number", "building_name", "floor", "unit_number"),
)
SQL: Final = Statements(
    __file__,
    "queries.sql",
    compared_now=", ".join(f"h.{name}" for name in _COMPARED),
    compared_before=", ".join(f"b.{name}" for name in _COMPARED),
)


@dataclass(frozen=True, slots=True)
class Since:
    """A position of the feed, and the places whose names changed after it."""

    position: int
    streets: list[int]
    localities: list[int]
    units: list[int]
    """Communes."""
    now: str
    """Cursor of this moment, for the next request."""


class _State(NamedTuple):
    """The compared columns, in the order of _COMPARED."""

    status: str
    restricted: bool
    unit_id: int | None
    point: bytes | None
    street_id: int | None
    locality_id: int | None
    number_key: str | None
    number: str | None
    building: str | None
    floor: str | None
    unit_number: str | None

    @property
    def is_shown(self) -> bool:
        """Whether it is visible to followers."""
        return self.status in SHOWN and not self.restricted

    @property
    def is_retired(self) -> bool:
        """Whether it is retired, with or without successors."""
        return self.status == "retired"

    @property
    def line(self) -> tuple[object, ...]:
        """The parts of its label, without the unit."""
        return self[4:]


@dataclass(frozen=True, slots=True)
class _Place:
    """A parsed `since`."""

    position: int
    day: datetime.date | None
    """The last day whose unit names are known there; None for the beginning."""
    units: int | None = None
    """Serial up to which units were read, from a cursor."""


def end_of_feed(register: Register) -> Cursor:
    """Return the cursor of the end of the feed, with all units read."""
    known = register.gazetteer.get()
    identity, last, *units_state = register.reads.rows(IDENTITY, {})[0]
    if not FeedUnits(*units_state).is_of(known):
        note_units(register.engine, known)
        identity, last, *units_state = register.reads.rows(IDENTITY, {})[0]
    serial = FeedUnits(*units_state).serial
    return Cursor(identity, Following(None, demo=True).digest, serial, None, Read(last))


def position_of(register: Register, end: Cursor, text: str) -> int:
    """Return the position of the start of a day, a position, or a cursor; raises as `read_since`
    does."""
    return _place(register.reads, end, text).position


def read_since(register: Register, text: str) -> Since:
    """Parse a day, a position or a cursor of the feed, for `changed_since`.

    Raises InvalidInputError for any other text or a day in the future, CursorRefusedError for a
    cursor of another register or past the end of this one.
    """
    reads, end = register.reads, end_of_feed(register)
    place = _place(reads, end, text)
    streets, localities = reads.rows(SQL.driver("renamed_since"), {"position": place.position})[0]
    if place.units is not None:
        rows = reads.rows(CHANGED, {"serial": place.units, "behind": 0})
        units = {unit_id for (unit_id,) in rows}
    else:
        units = _units_since(register.gazetteer.get(), place.day)
    return Since(place.position, streets, localities, sorted(units), str(end))


def _place(reads: Reads, end: Cursor, text: str) -> _Place:
    if re.fullmatch(DAY_PATTERN, text):
        return _place_of_day(reads, text)
    cursor = None if _POSITION.fullmatch(text) else _read_cursor(text)
    if cursor is not None:
        cursor.check(end.register, cursor.following)
    position = cursor.read_up_to if cursor else int(text)
    if position > end.position:
        raise beyond_the_end()
    when = reads.rows(SQL.driver("time_of_position"), {"position": position})
    day = when[0][0].astimezone(VIET_NAM).date() if when else None
    return _Place(position, day, cursor.units if cursor else None)


def _read_cursor(text: str) -> Cursor:
    if text.startswith(PREFIX):
        return Cursor.parse(text, "since")
    detail = Message("since_required")
    raise InvalidInputError.of_field("since", "malformed_since", detail)


def _place_of_day(reads: Reads, text: str) -> _Place:
    try:
        # Nothing is known from before that day.
        first = max(parse_day(text), FIRST_KNOWN_DAY)
    except ValueError:
        detail = Message("no_such_day", text=text)
        raise InvalidInputError.of_field("since", "malformed_day", detail) from None
    if first > today():
        raise InvalidInputError.of_field(
            "since", "day_in_future", Message("since_in_future", first=first)
        )
    at = datetime.datetime.combine(first, datetime.time(), VIET_NAM)
    position = reads.rows(SQL.driver("position_of_day"), {"at": at.isoformat()})[0][0]
    return _Place(position, first - datetime.timedelta(days=1))


def _units_since(known: Gazetteer, before: datetime.date | None) -> set[int]:
    """Return current communes whose names have changed since that day."""
    day = today()
    if before is None or before >= day:
        return set()
    return {
        unit.id
        for unit in known.alive(day, level="commune")
        if not unit.alive_on(before) or _words(known, unit, before) != _words(known, unit, day)
    }


def _words(known: Gazetteer, unit: Unit, day: datetime.date) -> tuple[str, ...]:
    # Districts are left out: current addresses have none.
    return unit_names(unit, day, known.province_of(unit, day))


def changed_since(
    reads: Reads, since: Since, codes: Collection[str]
) -> dict[str, tuple[Kind, ...] | None]:
    """Return the canonical codes whose state, label or location changed, with the kinds of change.

    The kinds are empty if the record was and is invisible to followers; None if no record has or
    had the code.
    """
    rows = reads.rows(
        SQL.driver("changed"),
        {
            "codes": list(codes),
            "position": since.position,
            "streets": since.streets,
            "localities": since.localities,
            "units": since.units,
        },
    )
    width = len(_COMPARED)
    around = frozenset(since.streets), frozenset(since.localities), frozenset(since.units)
    found: dict[str, tuple[Kind, ...] | None] = {}
    for code, is_written, *rest in rows:
        now = _State(*rest[1 : width + 1]) if rest[0] else None
        before = _State(*rest[width + 2 : -1]) if rest[width + 1] else None
        if now is None and before is None:
            found[code] = None
        else:
            found[code] = _kinds(before if is_written else now, now, rest[-1], around)
    return found


def _kinds(
    before: _State | None,
    now: _State | None,
    succession: str | None,
    around: tuple[frozenset[int], frozenset[int], frozenset[int]],
) -> tuple[Kind, ...]:
    if before is not None and not before.is_shown:
        before = None
    if now is None or not now.is_shown:
        return ("removed",) if before else ()
    if now.is_retired:
        return ("updated",) if before and before.is_retired else (_ENDED[succession],)
    if before is None or before.is_retired:
        return ("new",)
    streets, localities, units = around
    is_renamed = (
        before.line != now.line
        or now.street_id in streets
        or now.locality_id in localities
        or now.unit_id in units
    )
    is_moved = before.unit_id != now.unit_id or before.point != now.point
    kinds: list[Kind] = ["renamed"] if is_renamed else []
    if is_moved:
        kinds.append("moved")
    return tuple(kinds) or ("updated",)


def is_wanted(kinds: Collection[str], wanted: frozenset[str]) -> bool:
    """Whether a change of these kinds matches the `wanted` kinds; an empty set matches all.

    Removals always match.
    """
    return not wanted or "removed" in kinds or not wanted.isdisjoint(kinds)
