"""The records of a commune as its desk lists them: filtered, in the order of the doors, by pages.

A commune has tens of thousands of records at most, so that its own are looked through at once by
`ix_household_unit`; nothing is kept for it. A page goes on after a code, wherever that stands now.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from geo.address import Door, parse_address
from geo.house_number import parse_house_number
from geo.label import named
from geo.text import fold
from registry.access.reach import check_seen
from registry.errors import NotFoundError
from registry.gazetteer import Gazetteer
from registry.lookup import by_code, read_code
from registry.past import with_past
from registry.reads import Reads
from registry.records import COLUMNS, JOINS, Record
from registry.restricted import told
from registry.search.batching import alone

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

    Raises what `registry.lookup.read_code` raises, NotFoundError, and OutsideUnitsError for one of
    a commune that the caller does not see.
    """
    code = read_code(reads, written)
    record = by_code(reads, code)
    if record is None:
        raise NotFoundError(f"no record bears the code {code}")
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
    rows = session.execute(_statement(_LIST, wanted), given).all()
    records = tuple(Record(*row[1:]) for row in rows[:limit])
    total = rows[0][0] if rows else 0
    return Page(records, total, len(rows) > limit)


def list_spots(session: Session, wanted: Wanted) -> list[Spot]:
    """Where the records of the list are, at most MOST_POINTS. Raises OutsideUnitsError."""
    check_seen(session, wanted.unit_id)
    rows = session.execute(_statement(_SPOTS, wanted), _given(wanted) | {"limit": MOST_POINTS})
    return [Spot(*row) for row in rows]


def list_places(session: Session, unit_id: int) -> tuple[list[Place], list[Place]]:
    """Streets and localities of a commune, by name."""
    streets, localities = (
        [Place(*row) for row in session.execute(statement, {"unit": unit_id})]
        for statement in (_STREETS, _LOCALITIES)
    )
    return streets, localities


def outline(session: Session, unit_id: int) -> tuple[dict[str, Any], bool] | None:
    """A commune's boundary as a GeoJSON geometry, and whether it is a rough cell; None where none
    is drawn.
    """
    row = session.execute(_OUTLINE, {"unit": unit_id}).one_or_none()
    return (row.drawn, row.approximate) if row else None


def affected(session: Session, codes: Collection[str]) -> Affected:
    """Who and what hangs on these records."""
    return Affected(*session.execute(_AFFECTED, {"codes": list(codes)}).one())


def last_change(session: Session, event_id: int) -> LastChange | None:
    """Who wrote the state that an event wrote."""
    row = session.execute(_EVENT, {"id": event_id}).one_or_none()
    return LastChange(*row) if row else None


def records_of(session: Session, codes: Collection[str]) -> dict[str, Record]:
    """The records of these codes, by code. Raises OutsideUnitsError."""
    rows: Any = session.execute(_OF_CODES, {"codes": list(codes)})
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


def _statement(statement: str, wanted: Wanted) -> TextClause:
    """The statement with the conditions of what is wanted: each is a constant."""
    conditions = [
        sql
        for applies, sql in (
            (wanted.street_id == 0, "h.street_id IS NULL"),
            (wanted.street_id, "h.street_id = :street"),
            (wanted.locality_id == 0, "h.locality_id IS NULL"),
            (wanted.locality_id, _IN_LOCALITY),
            (wanted.no_point, "h.point IS NULL"),
            (wanted.unverified, "h.verified_on IS NULL"),
            (wanted.doubled, _DOUBLED),
            (wanted.number_key, _NUMBERED),
            (wanted.place_keys, _CALLED),
        )
        if applies
    ]
    return text(statement.replace("/*conditions*/", "".join(f" AND {c}" for c in conditions)))


_IN_LOCALITY: Final = """h.locality_id IN (
        SELECT id FROM place WHERE id = :locality
            OR parent_id IS NOT NULL AND outer_ids @> ARRAY[CAST(:locality AS bigint)]
    )"""
_NUMBERED: Final = """(h.house_number_key = :number
        OR (h.house_number_key >= :alley AND h.house_number_key < :alley || '~')
        OR h.code IN (
            SELECT f.code FROM place t JOIN household_former_number f
                ON f.street_id = t.id AND f.house_number_key = :number
            WHERE t.class = 'street' AND t.unit_id = :unit
            UNION ALL
            SELECT f.code FROM place l JOIN household_former_number f
                ON f.locality_id = l.id AND f.house_number_key = :number
            WHERE l.class = 'locality' AND l.unit_id = :unit
        ))"""
_CALLED_SO: Final = """SELECT p.id FROM place p
            WHERE p.unit_id = :unit AND (p.id || p.outer_ids) && ARRAY (
                SELECT id FROM place WHERE unit_id = :unit AND key LIKE ANY (:called)
                UNION ALL
                SELECT place_id FROM place_alias
                WHERE unit_id = :unit AND key LIKE ANY (:called))"""
_CALLED: Final = f"""(h.street_id IN ({_CALLED_SO})
        OR h.locality_id IN ({_CALLED_SO}))"""
# As `registry.lifecycle.addresses.refuse_taken` compares: what is said to be right is told as well.
_DOUBLED: Final = """h.code IN (
        SELECT code FROM (
            SELECT code, count(*) OVER (PARTITION BY street_id,
                CASE WHEN street_id IS NULL THEN locality_id END, house_number_key, kind,
                building_key, floor, unit_number) AS records
            FROM household
            WHERE unit_id = :unit AND status IN ('proposed', 'active')
                AND (house_number_key IS NOT NULL OR unit_number IS NOT NULL)
        ) s WHERE records > 1
    )"""
# Of a number its digits are as wide as those of others, and an alley comes after its own house.
_NUMBER: Final = r"""coalesce(regexp_replace(regexp_replace(translate(%s, '/', '~'),
        '([0-9]+)', '00000\1', 'g'), '0*([0-9]{6})', '\1', 'g'), '~~') COLLATE "C" """
_PLACE: Final = """(t.key IS NULL)::int AS unplaced,
        coalesce(t.key, l.key, '') COLLATE "C" AS place, coalesce(t.id, l.id, 0) AS place_id"""
# To write numbers so is most of the work: it is done for the streets on the page alone.
_LIST: Final = f"""
    WITH found AS MATERIALIZED (
        SELECT {_PLACE}, h.house_number_key, h.code FROM household h {JOINS}
        WHERE h.unit_id = :unit AND h.status = ANY (:statuses)/*conditions*/
    ), start AS MATERIALIZED (
        SELECT {_PLACE}, {_NUMBER % "h.house_number_key"} AS number, h.code
        FROM household h {JOINS} WHERE h.code = CAST(:after AS text)
    ), near_place AS (
        SELECT f.unplaced, f.place, f.place_id,
            (f.unplaced, f.place, f.place_id) = (s.unplaced, s.place, s.place_id) AS begun,
            sum(count(*)) FILTER (WHERE (f.unplaced, f.place, f.place_id)
                IS DISTINCT FROM (s.unplaced, s.place, s.place_id)) OVER (
                ORDER BY f.unplaced, f.place, f.place_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM found f LEFT JOIN start s ON true
        WHERE s.code IS NULL
            OR (f.unplaced, f.place, f.place_id) >= (s.unplaced, s.place, s.place_id)
        GROUP BY f.unplaced, f.place, f.place_id, s.unplaced, s.place, s.place_id
    ), near AS (
        SELECT f.unplaced, f.place, f.place_id, {_NUMBER % "f.house_number_key"} AS number, f.code
        FROM found f JOIN near_place p USING (unplaced, place, place_id)
        WHERE p.begun OR coalesce(p.before, 0) < :limit
    ), page AS (
        SELECT n.* FROM near n LEFT JOIN start s ON true
        WHERE s.code IS NULL OR (n.unplaced, n.place, n.place_id, n.number, n.code)
            > (s.unplaced, s.place, s.place_id, s.number, s.code)
        ORDER BY n.unplaced, n.place, n.place_id, n.number, n.code LIMIT :limit
    )
    SELECT (SELECT count(*) FROM found), {COLUMNS}
    FROM page p JOIN household h ON h.code = p.code {JOINS}
    ORDER BY p.unplaced, p.place, p.place_id, p.number, p.code
"""  # noqa: S608 - constants
_SPOTS: Final = """
    SELECT ST_X(h.point), ST_Y(h.point), h.code, h.status, h.house_number_key FROM household h
    WHERE h.unit_id = :unit AND h.status = ANY (:statuses) AND h.point IS NOT NULL/*conditions*/
    LIMIT :limit
"""
# A merged place is found by its former name only, and holds nothing.
_STREETS: Final = text(
    "SELECT id, kind, name, NULL, NULL FROM place"
    " WHERE class = 'street' AND unit_id = :unit AND merged_into_id IS NULL ORDER BY key, id"
)
_LOCALITIES: Final = text(
    """
    SELECT l.id, l.kind, l.name, p.kind, p.name
    FROM place l LEFT JOIN place p ON p.id = l.parent_id
    WHERE l.class = 'locality' AND l.unit_id = :unit AND l.merged_into_id IS NULL
    ORDER BY l.key, l.id
    """
)
_OUTLINE: Final = text(
    """
    SELECT CAST(ST_AsGeoJSON(ST_Transform(geom, 4326), 6) AS json) AS drawn, approximate
    FROM map_unit
    WHERE unit_id = :unit AND level = 'commune' ORDER BY detail DESC LIMIT 1
    """
)
_AFFECTED: Final = text(
    """
    SELECT
        (SELECT coalesce(sum(households_count), 0) FROM household
            WHERE code = ANY (:codes) AND status <> 'reserved'),
        (SELECT count(*) FROM household
            WHERE parent_code = ANY (:codes) AND status IN ('proposed', 'active')),
        (SELECT count(*) FROM plate WHERE code = ANY (:codes)),
        (SELECT count(DISTINCT source) FROM household_ref WHERE code = ANY (:codes)),
        (SELECT count(*) FROM field_report
            WHERE code = ANY (:codes) AND state IN ('open', 'proposed'))
    """
)
_EVENT: Final = text("SELECT occurred_at, kind, actor FROM event WHERE id = :id")
_OF_CODES: Final = text(
    f"SELECT {COLUMNS} FROM household h {JOINS} WHERE h.code = ANY (:codes)"  # noqa: S608 - constants
)
