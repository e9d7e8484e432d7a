"""The records of a commune as listed at the desk: filtered, sorted by door, paginated.

A commune has tens of thousands of records at most, which are scanned by `ix_household_unit`; no
index of its own is kept. A page starts after a code, at its current position.
"""

import datetime
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.address import Door, parse_address
from geo.house_number import parse_house_number
from geo.label import named
from geo.organisations import organisation_key
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
from registry.records.restricted import disclosed
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
_IDENTIFIER: Final = re.compile(r"\d{9,12}")
"""Ten digits of a digital address, nine to twelve of a parcel or place: longer than a number."""
_EVENT: Final = text("SELECT occurred_at, kind, actor FROM event WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters of the list."""

    unit_id: int
    status: Status = "living"
    street_id: int | None = None
    """Id of a street; 0 for records without one."""
    locality_id: int | None = None
    """Id of a locality, including those inside it; 0 for records without one."""
    no_point: bool = False
    unverified: bool = False
    doubled: bool = False
    """Only records whose address another living record has as well."""
    number_key: str | None = None
    """Key of a current or former number; also matches the doors in the alley of that number."""
    place_keys: tuple[str, ...] = ()
    """Patterns (LIKE) of the current or former key of a street or locality."""
    use_keys: tuple[str, ...] = ()
    """Patterns (LIKE) of the name of an organisation or public place, besides `place_keys`."""
    external_value: str | None = None
    """Identifier of another scheme."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list."""

    records: tuple[Record, ...]
    total: int
    """Count of the whole list."""
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
        """The label as in an address, with the localities around it."""
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
    """Counts of what depends on some records."""

    households: int
    """Hộ."""
    flats: int
    """Living records in buildings among them."""
    plates: int
    """Plates with their codes."""
    sources: int
    """External identifiers."""
    reports: int
    """Open field reports."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """The event that wrote a record's current state."""

    at: datetime.datetime
    kind: str
    actor: str


class Searched(NamedTuple):
    """A search, as filters of `Wanted`."""

    number_key: str | None = None
    place_keys: tuple[str, ...] = ()
    use_keys: tuple[str, ...] = ()
    external_value: str | None = None


def read_search(text: str) -> Searched | None:
    """Parse a search: a number, a street or locality, the name of an organisation, or an identifier
    of another scheme; None for a text without any word.

    >>> tuple(read_search("12/3")), tuple(read_search("12 Phố Láng"))
    (('12/3', (), (), None), ('12', ('lang',), (), None))
    >>> tuple(read_search("UBND phường")), read_search("1112000002").external_value
    ((None, ('%ubnd phuong%',), ('%uy ban nhan dan phuong%',), None), '1112000002')
    """
    if _IDENTIFIER.fullmatch(text):
        return Searched(external_value=text)
    number = parse_house_number(text)
    if number is not None:
        return Searched(number.key)
    door = next((reading.door for reading in parse_address(text)), Door())
    street = door.street
    keys = [street.key, *street.alt_keys] if street else [each.key for each in door.localities[:1]]
    house_number = door.house_number.key if door.house_number else None
    if keys and house_number:
        return Searched(house_number, tuple(keys))
    name = fold(text)
    if not name:
        return None
    return Searched(house_number, tuple(keys) or (f"%{name}%",), (f"%{organisation_key(text)}%",))


def find_record(reads: Reads, known: Gazetteer, written: str) -> Record:
    """Return the record of a code in any spelling and any status, with its label before July 2025.

    Raises the errors of `registry.records.lookup.read_code`, NotFoundError, and OutsideUnitsError
    for a commune that the caller does not see.
    """
    code = read_code(reads, written)
    record = by_code(reads, code)
    if record is None:
        raise NotFoundError(Message("code_unknown", code=code))
    if record.unit_id is not None:
        check_seen(known, record.unit_id)
    (record,) = alone(reads, with_past([record]))
    return disclosed(reads, record)


def list_records(
    session: Session, wanted: Wanted, after: str | None = None, *, limit: int = PAGE
) -> Page:
    """Return the records after the one with the code `after`, or the first ones.

    Raises OutsideUnitsError.
    """
    check_seen(session, wanted.unit_id)
    given = _given(wanted) | {"after": after, "limit": limit + 1}
    rows = session.execute(SQL.text("records", *_conditions(wanted)), given).all()
    records = tuple(Record(*row[1:]) for row in rows[:limit])
    total = rows[0][0] if rows else 0
    return Page(records, total, len(rows) > limit)


def list_spots(session: Session, wanted: Wanted) -> list[Spot]:
    """Return the points of the list's records, at most MOST_POINTS. Raises OutsideUnitsError."""
    check_seen(session, wanted.unit_id)
    rows = session.execute(
        SQL.text("spots", *_conditions(wanted)), _given(wanted) | {"limit": MOST_POINTS}
    )
    return [Spot(*row) for row in rows]


def list_places(session: Session, unit_id: int) -> tuple[list[Place], list[Place]]:
    """Return the streets and localities of a commune, by name."""
    streets, localities = (
        [Place(*row) for row in session.execute(statement, {"unit": unit_id})]
        for statement in (SQL.text("streets"), SQL.text("localities"))
    )
    return streets, localities


def outline(session: Session, unit_id: int) -> tuple[dict[str, Any], bool] | None:
    """Return a commune's boundary as a GeoJSON geometry, and whether it is an approximate cell;
    None if there is none.
    """
    row = session.execute(SQL.text("outline"), {"unit": unit_id}).one_or_none()
    return (row.drawn, row.approximate) if row else None


def affected(session: Session, codes: Collection[str]) -> Affected:
    """Count what depends on these records."""
    return Affected(*session.execute(SQL.text("affected"), {"codes": list(codes)}).one())


def last_change(session: Session, event_id: int) -> LastChange | None:
    """Return the actor, kind and time of an event."""
    row = session.execute(_EVENT, {"id": event_id}).one_or_none()
    return LastChange(*row) if row else None


def records_of(session: Session, codes: Collection[str]) -> dict[str, Record]:
    """Return the records of these codes, by code. Raises OutsideUnitsError."""
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
        "used": list(wanted.use_keys),
        "value": wanted.external_value,
        "alley": None if number is None else number.rstrip("/") + "/",
    }


def _conditions(wanted: Wanted) -> list[str]:
    """Return the names of the SQL sections for the filters."""
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
        "identified": wanted.external_value,
    }
    return [name for name, applies in named.items() if applies]
