"""The records of a commune as its desk lists them: filtered, in the order of the doors, by pages.

A commune has tens of thousands of records at most, so that its own are looked through at once by
`ix_household_unit`; nothing is kept for it. A page goes on after a code, wherever that stands now.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.address import Door, parse_address
from geo.house_number import parse_house_number
from geo.label import named
from geo.text import fold
from registry.access.reach import check_seen
from registry.core.batching import alone
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.lookup import by_code, read_code
from registry.records.past import with_past
from registry.records.record import COLUMNS, Record
from registry.records.restricted import told
from registry.units.gazetteer import Gazetteer

Status = Literal["living", "active", "proposed", "reserved", "retired", "all"]
STATUSES_OF: Final[dict[Status, tuple[str, ...]]] = {
    "living": ("proposed", "active"),
    "active": ("active",),
    "proposed": ("proposed",),
    "reserved": ("reserved",),
    "retired": ("retired",),
    "all": ("proposed", "active", "reserved", "retired"),
}
PAGE: Final = 100
MOST_POINTS: Final = 20_000
SQL: Final = Statements(__file__, columns=COLUMNS)
_EVENT: Final = text("SELECT occurred_at, kind, actor FROM event WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records of a commune."""

    unit_id: int
    status: Status = "living"
    street_id: int | None = None
    """0 for those without a street."""
    locality_id: int | None = None
    """Those in it, and in what it holds; 0 for those without one."""
    no_point: bool = False
    unverified: bool = False
    doubled: bool = False
    """Whose address another living record bears as well."""
    number_key: str | None = None
    """That number, today or before, and the doors in the alley of that number."""
    place_keys: tuple[str, ...] = ()
    """Street or locality whose key, today's or a former one, is like one of these."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list."""

    records: tuple[Record, ...]
    total: int
    """Of the whole list."""
    more: bool


class Place(NamedTuple):
    """A street or locality to choose from."""

    id: int
    kind: str
    name: str
    outer_kind: str | None
    outer_name: str | None

    @property
    def words(self) -> str:
        """As an address says it, with what holds a locality."""
        own = named(self.kind, self.name)
        return f"{own}, {named(self.outer_kind, self.outer_name)}" if self.outer_name else own


class Spot(NamedTuple):
    """A record on the map."""

    lon: float
    lat: float
    code: str
    status: str
    number: str | None


@dataclass(frozen=True, slots=True)
class Affected:
    """Who and what hangs on some records."""

    households: int
    """Hộ that live there."""
    flats: int
    """Living records in them, where they are buildings."""
    plates: int
    """Plates that were made with their codes."""
    sources: int
    """Lists that know them."""
    reports: int
    """Field reports on them that wait."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """Who wrote a record's present state."""

    at: datetime.datetime
    kind: str
    actor: str


def read_search(text: str) -> tuple[str | None, tuple[str, ...]] | None:
    """What a clerk looks for: the key of a number, and patterns of keys of streets and localities;
    None for what is no word at all.

    >>> read_search("12/3"), read_search("12 Phố Láng"), read_search("quán thánh")
    (('12/3', ()), ('12', ('lang',)), (None, ('%quan thanh%',)))
    """
    number = parse_house_number(text)
    if number is not None:
        return number.key, ()
    door = next((reading.door for reading in parse_address(text)), Door())
    street = door.street
    keys = [street.key, *street.alt_keys] if street else [each.key for each in door.localities[:1]]
    if not keys and (name := fold(text)):
        keys = [f"%{name}%"]
    return (door.house_number.key if door.house_number else None, tuple(keys)) if keys else None


def find_record(reads: Reads, known: Gazetteer, written: str) -> Record:
    """The record of a code in any writing, in whatever state, with how it read before July 2025.

    Raises what `registry.records.lookup.read_code` raises, NotFoundError, and OutsideUnitsError
    for one of a commune that the caller does not see.
    """
    code = read_code(reads, written)
    record = by_code(reads, code)
    if record is None:
        raise NotFoundError(Message("code_unknown", code=code))
    if record.unit_id is not None:
        check_seen(known, record.unit_id)
    (record,) = alone(reads, with_past([record]))
    return told(reads, record)


def list_records(
    session: Session, wanted: Wanted, after: str | None = None, *, limit: int = PAGE
) -> Page:
    """The next records after the one of the code `after`, or the first ones.

    Raises OutsideUnitsError.
    """
    check_seen(session, wanted.unit_id)
    given = _given(wanted) | {"after": after, "limit": limit + 1}
    rows = session.execute(SQL.text("records", *_conditions(wanted)), given).all()
    records = tuple(Record(*row[1:]) for row in rows[:limit])
    total = rows[0][0] if rows else 0
    return Page(records, total, len(rows) > limit)


def list_spots(session: Session, wanted: Wanted) -> list[Spot]:
    """Where the records of the list are, at most MOST_POINTS. Raises OutsideUnitsError."""
    check_seen(session, wanted.unit_id)
    rows = session.execute(
        SQL.text("spots", *_conditions(wanted)), _given(wanted) | {"limit": MOST_POINTS}
    )
    return [Spot(*row) for row in rows]


def list_places(session: Session, unit_id: int) -> tuple[list[Place], list[Place]]:
    """Streets and localities of a commune, by name."""
    streets, localities = (
        [Place(*row) for row in session.execute(statement, {"unit": unit_id})]
        for statement in (SQL.text("streets"), SQL.text("localities"))
    )
    return streets, localities


def outline(session: Session, unit_id: int) -> tuple[dict[str, Any], bool] | None:
    """A commune's boundary as a GeoJSON geometry, and whether it is a rough cell; None where none
    is drawn.
    """
    row = session.execute(SQL.text("outline"), {"unit": unit_id}).one_or_none()
    return (row.drawn, row.approximate) if row else None


def affected(session: Session, codes: Collection[str]) -> Affected:
    """Who and what hangs on these records."""
    return Affected(*session.execute(SQL.text("affected"), {"codes": list(codes)}).one())


def last_change(session: Session, event_id: int) -> LastChange | None:
    """Who wrote the state that an event wrote."""
    row = session.execute(_EVENT, {"id": event_id}).one_or_none()
    return LastChange(*row) if row else None


def records_of(session: Session, codes: Collection[str]) -> dict[str, Record]:
    """The records of these codes, by code. Raises OutsideUnitsError."""
    rows: Any = session.execute(SQL.text("records_of"), {"codes": list(codes)})
    records = {row[0]: Record(*row) for row in rows}
    check_seen(session, *(r.unit_id for r in records.values() if r.unit_id is not None))
    return records


def _given(wanted: Wanted) -> dict[str, Any]:
    number = wanted.number_key
    return {
        "unit": wanted.unit_id,
        "statuses": list(STATUSES_OF[wanted.status]),
        "street": wanted.street_id,
        "locality": wanted.locality_id,
        "number": number,
        "called": list(wanted.place_keys),
        "alley": None if number is None else number.rstrip("/") + "/",
    }


def _conditions(wanted: Wanted) -> list[str]:
    """Sections that say which records are wanted."""
    named = {
        "no_street": wanted.street_id == 0,
        "in_street": wanted.street_id,
        "no_locality": wanted.locality_id == 0,
        "in_locality": wanted.locality_id,
        "no_point": wanted.no_point,
        "unverified": wanted.unverified,
        "doubled": wanted.doubled,
        "numbered": wanted.number_key,
        "called": wanted.place_keys,
    }
    return [name for name, applies in named.items() if applies]
