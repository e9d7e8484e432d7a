"""What the register knows of places that are being typed: whether they have doors, and which."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from geo.house_number import natural_order
from registry.reads import Reads, Row
from registry.records import COLUMNS, JOINS, OPEN, OUTER, PLACES, Record

_END: Final = "\U0010ffff"
_NEXT: Final = "\x01"
"""Behind it sorts nothing that begins with the number, apart from the number itself."""
_FEW, _MOST = 8, 20
"""Doors asked for: a literal LIMIT, or the plan would not know that they are few."""
# Doors of a locality are those that no street leads to.
_ALONE: Final = {"street": "", "locality": "AND h.street_id IS NULL"}
# A quarter whose doors all stand in its groups is a place with doors.
_HOLDERS: Final = {
    "street": "SELECT p.id",
    "locality": "SELECT p.id UNION ALL SELECT c.id FROM place c WHERE c.parent_id = p.id",
}
# The one household of a hamlet is meant as often as the hamlet, of which it has the address.
_ONLY: Final = {
    "street": "NULL::text",
    "locality": "CASE WHEN d.doors = 1 THEN d.code END",
}
_OUTER: Final = OUTER.replace("l.", "p.")
"""What holds a locality, the smaller first; a street is held by none."""
_KNOWN: Final = """
    SELECT 0, '{table}', p.id, p.kind, p.name, p.key, {outer}, {only}, NULL::text,
        ST_X(d.point), ST_Y(d.point), p.former_unit_id, NULL::text
    FROM unnest(%({table}_known)s::bigint[]) i (id) JOIN place p ON p.id = i.id
    CROSS JOIN LATERAL (
        SELECT min(h.code) AS code, count(*) AS doors, (array_agg(h.point))[1] AS point FROM (
            SELECT h.code, h.point FROM ({holders}) c (id) CROSS JOIN LATERAL (
                SELECT h.code, h.point FROM household h WHERE h.{table}_id = c.id AND {open} LIMIT 2
            ) h LIMIT 2
        ) h HAVING count(*) > 0
    ) d
"""
# Flats are for their building to open: a tower's 300 would hide every other number. The places come
# in the order of the array, and the outer LIMIT ends the walk along it as soon as there are enough.
_NUMBERED: Final = """
    SELECT {rank}, '{table}', p.id, p.kind, p.name, p.key, {outer}, d.code, d.house_number_key,
        ST_X(d.point), ST_Y(d.point), d.former_unit_id, d.house_number
    FROM (
        SELECT i.id, h.code, h.house_number_key, h.house_number, h.point, h.former_unit_id
        FROM unnest(%({table}_{which})s::bigint[]) i (id) CROSS JOIN LATERAL (
            SELECT h.code, h.house_number_key, h.house_number, h.point, h.former_unit_id
            FROM household h
            WHERE h.{table}_id = i.id AND h.house_number_key >= %(first)s
                AND h.house_number_key < %({which}_end)s AND {open}
                AND h.unit_number IS NULL {alone}
            ORDER BY h.house_number_key LIMIT {most}
        ) h
        LIMIT {in_all}
    ) d JOIN place p ON p.id = d.id
"""
Place = tuple[str, int]
"""Class and identity."""
_EXACT, _BEGUN = 1, 2
_POINT: Final = "(SELECT ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326))"
_NEAR: Final = f"""
    SELECT {COLUMNS} FROM (
        SELECT h.* FROM household h
        WHERE {OPEN} AND h.point && ST_Expand({_POINT}, 0.03)
        ORDER BY h.point <-> {_POINT}
        LIMIT 400
    ) h {JOINS}
    WHERE h.house_number_key >= %(first)s AND h.house_number_key < %(end)s
        AND h.unit_number IS NULL
    LIMIT 20
"""  # noqa: S608 - constants; a value is a bind parameter


@lru_cache(maxsize=64)
def _statement(
    known: tuple[str, ...], exact: tuple[str, ...], begun: tuple[str, ...], limit: int
) -> str:
    """One question for all: a round trip costs as much as most of what it finds."""
    numbered = [
        _NUMBERED.format(
            table=table,
            which=which,
            rank=rank,
            most=min(most, in_all),
            in_all=in_all,
            open=OPEN,
            alone=_ALONE[table],
            outer=_OUTER,
        )
        for which, tables, rank, most, in_all in (
            ("exact", exact, _EXACT, 2, limit),
            ("begun", begun, _BEGUN, 40, 2 * limit),
        )
        for table in tables
    ]
    places = [
        _KNOWN.format(table=t, open=OPEN, holders=_HOLDERS[t], outer=_OUTER, only=_ONLY[t])
        for t in known
    ]
    if not numbered:
        return " UNION ALL ".join(places)
    doors = " UNION ALL ".join(numbered)
    # Where there are doors, nobody asks for their streets.
    places = [f"{place} WHERE NOT EXISTS (SELECT FROM doors)" for place in places]
    every = " UNION ALL ".join(["SELECT * FROM doors", *places])
    return f"WITH doors AS MATERIALIZED ({doors}) {every}"


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place with at least one door that may be shown."""

    kind: str
    name: str
    key: str
    """As it is called today."""
    outer: tuple[tuple[str, str], ...]
    """(kind, name) of what holds a locality, the smaller first."""
    lon: float | None
    lat: float | None
    former_unit_id: int | None
    """Its commune of the old map, where that is on record."""


@dataclass(frozen=True, slots=True)
class NumberedDoor:
    """A door in a place."""

    table: str
    place_id: int
    code: str
    number: str
    """Its key."""
    written: str
    place: KnownPlace
    """With the door's own position and former commune."""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is."""

    places: dict[Place, KnownPlace] = field(default_factory=dict)
    """By table and identity; absent where no door may be shown."""
    alone: dict[Place, str] = field(default_factory=dict)
    """Localities of which one door alone is registered, and its code."""
    doors: list[NumberedDoor] = field(default_factory=list)
    """Those of the very number first, then those whose number begins so; each in the order of the
    places asked about, and along the street."""


def look(
    reads: Reads,
    places: Iterable[Place],
    number: str | None = None,
    exact: Sequence[Place] = (),
    begun: Sequence[Place] = (),
    *,
    limit: int = _MOST,
) -> Found:
    """Which of the places have doors, and the doors with this number, in one round trip.

    In `exact` the number itself is looked for, or what is in an alley that ends in a slash; in
    `begun`, fewer of them, what begins so. Places are told where no door is found, and at most
    about `limit` doors.
    """
    asked = tuple(_by_table(of) for of in (places, exact, begun))
    if not any(asked):
        return Found()
    parameters: dict[str, object] = {
        f"{table}_{which}": ids
        for which, of in zip(("known", "exact", "begun"), asked, strict=True)
        for table, ids in of.items()
    }
    if number is not None:
        parameters |= {"first": number, "begun_end": number + _END}
        parameters["exact_end"] = number + (_END if number.endswith("/") else _NEXT)
    rows = reads.rows(_statement(*map(tuple, asked), _FEW if limit <= _FEW else _MOST), parameters)
    order = {(_EXACT, *place): at for at, place in enumerate(exact)}
    order |= {(_BEGUN, *place): at for at, place in enumerate(begun)}
    return _found(rows, order)


def _by_table(places: Iterable[Place]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for table, place_id in places:
        found.setdefault(table, []).append(place_id)
    return {table: found[table] for table in PLACES if table in found}


def _found(rows: list[Row], order: dict[tuple[int, str, int], int]) -> Found:
    found = Found()
    doors: dict[str, tuple[tuple[object, ...], NumberedDoor]] = {}
    for rank, table, place_id, kind, name, key, held, code, number, *rest in rows:
        lon, lat, former, written = rest
        outer = tuple((outer_kind, outer_name) for outer_kind, outer_name in held or ())
        place = KnownPlace(kind, name, key, outer, lon, lat, former)
        if not rank:
            found.places[table, place_id] = place
            if code is not None:
                found.alone[table, place_id] = code
        elif code not in doors or rank == _EXACT:
            at = (rank, order[rank, table, place_id], natural_order(number))
            doors[code] = (at, NumberedDoor(table, place_id, code, number, written, place))
    # Without the code two doors of one number would compare as places.
    found.doors.extend(
        doors[code][1] for code in sorted(doors, key=lambda code: (*doors[code][0], code))
    )
    return found


def doors_near(reads: Reads, number: str, *, lon: float, lat: float) -> Iterator[Record]:
    """Doors near a point whose number begins so: first those of the very number."""
    end = number + _END
    rows = reads.rows(_NEAR, {"lon": lon, "lat": lat, "first": number, "end": end})
    found = (Record(*row) for row in rows)
    yield from sorted(found, key=lambda door: door.house_number_key != number)
