"""Streets, localities and the doors in them: one statement for each way of asking.

A street and the doors of the asked number in it come in one round trip, by the names and numbers
of today and by those that they bore. All fuzzy matching is done on the small tables
(`registry.search.spelling`), never on households.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from geo.values import value
from registry.reads import Row
from registry.records import COLUMNS, JOINS, OPEN, PLACES, Record, columns, renamed
from registry.search.batching import Ask, Query, bulk

MAX_PLACES: Final = 400
"""Streets of one name that are looked at; beyond them, no door can be called the only one."""

MAX_DOORS: Final = 100
"""Doors of one number that are looked at in one street."""

MAX_UNNUMBERED: Final = 5
"""Doors that have no more of an address than their hamlet, and are told by its name."""

_KNOWN: Final = "h.status IN ('active', 'retired') AND NOT h.restricted"
# A flat is looked for only by its number; otherwise its building stands for it, unless it has none.
_FLAT: Final = """(h.unit_number IS NULL OR h.parent_code IS NULL
    OR h.unit_number = ANY (ARRAY[k.flat, k.flat_too, k.flat_or]))"""
_NUMBERS: Final = "house_number_key = ANY (ARRAY[k.number, k.backward])"
_BY_BUILDING: Final = "h.building_key = k.building"
# One probe of an index for each line: with = ANY (…) and plain joins a generic plan expects so many
# rows that it reads the tables whole (8 ms instead of 0.1).
_UNIT: Final = ("unit_id", "int")
_KEY: Final = ("key", "text")
_WANTED: Final = tuple(
    (name, "text")
    for name in (
        *("number", "backward", "alley", "alley_end", "building", "flat", "flat_too", "flat_or"),
    )
)

# EXISTS would be hashed, that is answered for all alleys of the country, where many streets come.
# What was merged has left its alleys to another.
_ALLEY: Final = f"""CASE WHEN k.alley IS NOT NULL AND s.named_id = s.id THEN (
        SELECT true FROM household h
        WHERE h.{{column}} = s.id AND h.house_number_key >= k.alley
            AND h.house_number_key < k.alley_end AND {OPEN}
        LIMIT 1
    ) END"""  # noqa: S608 - constants
_OUTER: Final = """CASE WHEN s.outer_ids <> '{}' THEN (
        SELECT array_agg(ARRAY[o.kind, o.name, o.key] ORDER BY cardinality(o.outer_ids) DESC)
        FROM place o WHERE o.id = ANY (s.outer_ids)
    ) END"""

# Numbers of a street that was merged never counted in its heir: there only those count that were
# remembered. Of a building without a number it has to be known that it stood there.
_DOORS: Final = """
    SELECT h.* FROM household h
    WHERE h.{column} = s.id AND s.named_id = s.id AND h.{numbers} AND {flat} AND {open} {alone}
"""
_BUILT: Final = """
    SELECT h.* FROM household h
    WHERE h.{column} = s.id AND {by_building} AND {flat} AND {open} {alone}
        AND CASE WHEN s.named_id = s.id THEN true ELSE (
            SELECT true FROM household_version v
            WHERE v.code = h.code AND v.{column} = s.named_id LIMIT 1
        ) END
"""
_BORNE: Final = """(
        SELECT true FROM household_former_number f
        WHERE f.{column} = s.named_id AND f.{numbers} {alone_then} LIMIT 1
    )"""


def _statement(table: str, *, in_units: bool, by_building: bool) -> str:
    """Places of a key, each as often as doors were found in it.

    The place of a door is known; whether it is continued by others is asked only where it is told.
    """
    locality = table == "locality"
    parts = {
        "column": f"{table}_id",
        "numbers": _NUMBERS,
        "flat": _FLAT,
        "open": _KNOWN,
        "by_building": _BY_BUILDING,
        # Doors of a locality are those that no street leads to.
        "alone": "AND h.street_id IS NULL" if locality else "",
        "alone_then": "AND f.street_id IS NULL" if locality else "",
    }
    known = {f"{table}_{part}": f"s.{part}" for part in ("kind", "name", "key")}
    if locality:
        known |= {"street_kind": "NULL", "street_name": "NULL", "street_key": "NULL"}
        known |= {"outer_localities": "NULL", "renamed": renamed("s.outer_ids")}
    shown = columns(successors="NULL", **known)
    same = 'k.key COLLATE "C"'
    doors = (_BUILT if by_building else _DOORS).format(**parts)
    return f"""
        SELECT k.question, s.id, s.unit_id, s.former_unit_id, s.key, s.name, s.kind,
            {_OUTER if locality else "NULL"}, {_ALLEY.format(**parts)}, s.was, s.named_id,
            {"NULL" if by_building else _BORNE.format(**parts)}, {shown}
        FROM {{k}} CROSS JOIN LATERAL (
            SELECT p.id, p.id AS named_id, p.unit_id, p.former_unit_id, p.outer_ids, p.key,
                p.name, p.kind, NULL::text[] AS was
            FROM place p WHERE p.class = '{table}' AND p.key = {same}
                {"AND p.unit_id = k.unit_id" if in_units else ""}
            UNION ALL
            SELECT p.id, a.named_id, p.unit_id, p.former_unit_id, p.outer_ids, p.key, p.name,
                p.kind, ARRAY[a.key, a.name, a.kind]
            FROM place_alias a JOIN place p ON p.id = a.place_id
            WHERE a.class = '{table}' AND a.key = {same}
                {"AND a.unit_id = k.unit_id" if in_units else ""}
            LIMIT {MAX_PLACES}
        ) s
        LEFT JOIN LATERAL ({doors} LIMIT {MAX_DOORS}) h ON true
        {"" if locality else "LEFT JOIN place l ON l.id = h.locality_id"}
    """  # noqa: S608 - constants


_PLACES: Final = {
    (table, in_units, by_building): bulk(
        _statement(table, in_units=in_units, by_building=by_building),
        (*((_UNIT,) if in_units else ()), _KEY),
        _WANTED,
    )
    for table in PLACES
    for in_units in (False, True)
    for by_building in (False, True)
}

# Doors that bore a number in a street or locality; where they are today is another question.
_FORMER: Final = {
    table: bulk(
        f"""
        SELECT k.question, k.named_id, h.bore, {COLUMNS}
        FROM {{k}} CROSS JOIN LATERAL (
            SELECT h.*, f.house_number_key AS bore
            FROM household_former_number f JOIN household h ON h.code = f.code
            WHERE f.{table}_id = k.named_id AND f.{_NUMBERS} AND {_FLAT} AND {_KNOWN}
                {"AND f.street_id IS NULL" if table == "locality" else ""}
            LIMIT {MAX_DOORS}
        ) h
        {JOINS}
        """,  # noqa: S608 - constants
        (("named_id", "bigint"),),
        _WANTED,
    )
    for table in PLACES
}

# Doors that neither a street nor a locality leads to, and buildings known by their name alone.
_IN_COMMUNES: Final = bulk(
    f"""
    SELECT k.question, {COLUMNS}
    FROM {{k}} CROSS JOIN LATERAL (
        SELECT h.* FROM household h
        WHERE h.unit_id = k.unit_id AND {_KNOWN} AND {_FLAT}
            AND CASE WHEN k.building IS NULL
                THEN h.{_NUMBERS} AND h.street_id IS NULL AND h.locality_id IS NULL
                ELSE {_BY_BUILDING} AND (k.number IS NULL OR h.{_NUMBERS}) END
        LIMIT {MAX_DOORS}
    ) h
    {JOINS}
    """,  # noqa: S608 - constants
    (_UNIT,),
    _WANTED,
)

_BY_CODES: Final = bulk(
    f"""
    SELECT k.question, {COLUMNS}
    FROM {{k}} JOIN household h ON h.code = k.code COLLATE "C" {JOINS}
    """,  # noqa: S608 - constants
    (("code", "text"),),
)

# What stands in a street or a locality, its groups included, as far as it takes to see whether all
# that is there has no number, and how much there is.
_HELD: Final = {
    "street": "SELECT k.id",
    "locality": "SELECT k.id UNION ALL SELECT c.id FROM place c WHERE c.parent_id = k.id",
}
_UNNUMBERED: Final = {
    table: bulk(
        f"""
        SELECT k.question, k.id, {COLUMNS}
        FROM {{k}} CROSS JOIN LATERAL (
            SELECT h.* FROM ({_HELD[table]}) p (id) CROSS JOIN LATERAL (
                (SELECT h.* FROM household h
                WHERE h.{table}_id = p.id AND h.house_number_key IS NULL AND {OPEN}
                LIMIT {MAX_UNNUMBERED + 1})
                UNION ALL
                (SELECT h.* FROM household h
                WHERE h.{table}_id = p.id AND h.house_number_key IS NOT NULL AND {OPEN}
                LIMIT 1)
            ) h
            LIMIT {MAX_UNNUMBERED + 1}
        ) h
        {JOINS}
        """,  # noqa: S608 - constants
        (("id", "bigint"),),
    )
    for table in PLACES
}

_POINT_OF: Final = f"""
    SELECT k.question, k.id, ST_X(c.point), ST_Y(c.point)
    FROM {{{{k}}}} CROSS JOIN LATERAL (
        SELECT ST_Centroid(ST_Collect(h.point)) AS point FROM (
            SELECT h.point FROM household h
            WHERE h.{{column}} = k.id AND {OPEN}
                AND h.point IS NOT NULL {{inside}}
            LIMIT 50
        ) h
    ) c
    WHERE c.point IS NOT NULL
"""  # noqa: S608 - constants
_INSIDE: Final = "AND h.house_number_key >= k.alley AND h.house_number_key < k.alley_end"
_POINTS: Final = {
    (table, alley): bulk(
        _POINT_OF.format(column=f"{table}_id", inside=_INSIDE if alley else ""),
        (("id", "bigint"),),
        (("alley", "text"), ("alley_end", "text")),
    )
    for table in PLACES
    for alley in (False, True)
}


@value(frozen=True, slots=True)
class Wanted:
    """What is looked for inside a street, a locality or a commune."""

    numbers: tuple[str, ...] = ()
    """Keys, the likeliest first; at most two."""
    alley: str | None = None
    """The path of the alley, with a slash behind: `12/34/`."""
    building: str | None = None
    """Folded."""
    flat: str | None = None
    other_flats: tuple[str, ...] = ()
    """As the flat is registered where its block is a part of the number, or not; at most two."""

    @property
    def values(self) -> tuple[str | None, ...]:
        """For the statements: `_WANTED`."""
        first, second = (*self.numbers, None, None)[:2]
        flats = (self.flat, *self.other_flats, None, None)[:3]
        return (first, second, self.alley, _end_of(self.alley), self.building, *flats)

    @property
    def by_building(self) -> bool:
        """Whether only the building's name leads to the door."""
        return not self.numbers and self.building is not None


@value(frozen=True, slots=True)
class Hit:
    """A door that was found."""

    record: Record
    """Without its successors."""
    number_key: str | None
    """By which it was found: its own, or one that it bore."""
    former_number: bool = False
    former_name: bool = False
    """Whether its street or locality was found by a former name."""

    @property
    def of_today(self) -> bool:
        """Whether it was found by what it is called today."""
        return not (self.former_number or self.former_name)


Narrowed = tuple[list[Hit], list[str]]
"""The doors that are left, and the faults of all of them."""


@dataclass(slots=True)
class Place:
    """A street or locality with the doors found in it, which are added row by row."""

    table: str
    """street | locality."""
    id: int
    unit_id: int
    former_unit_id: int | None
    key: str
    name: str
    kind: str
    outer: tuple[tuple[str, str, str], ...]
    """(kind, name, key) of the localities around a locality, the smallest first."""
    alley: bool
    """Whether a door in the asked alley is registered."""
    was: tuple[str, str, str] | None = None
    """(key, name, kind) of the former name by which it was found."""
    hits: list[Hit] = field(default_factory=list)

    @property
    def found_by(self) -> tuple[str, str, str]:
        """(key, name, kind) of the name by which it was found."""
        return self.was or (self.key, self.name, self.kind)


def places(
    table: str, keys: Iterable[str], units: tuple[int, ...] | None, wanted: Wanted
) -> Query[list[Place]]:
    """Streets or localities with one of these keys in these communes, or anywhere for None.

    Also those that bore such a key; what was merged as what it is part of today.
    """
    keys = tuple(dict.fromkeys(keys))
    lines = tuple((key,) for key in keys) if units is None else tuple(product(units, keys))
    kind = _PLACES[table, units is not None, wanted.by_building]
    rows = yield Ask(kind, lines, wanted.values)
    found: dict[tuple[int, str | None], Place] = {}
    borne: dict[int, list[Place]] = {}
    for row in rows:
        at = (row[1], row[9][0] if row[9] else None)
        place = found.get(at)
        if place is None:
            if len(found) == MAX_PLACES:
                break
            place = found[at] = _place(table, row)
            if row[11]:
                borne.setdefault(row[10], []).append(place)
        if row[12] is not None:
            record = Record(*row[12:])
            if place.outer:
                record = record._replace(outer_localities=[[k, n] for k, n, _ in place.outer])
            former = place.was is not None
            place.hits.append(Hit(record, record.house_number_key, former_name=former))
    if borne:
        yield from _add_former(table, borne, wanted)
    return list(found.values())


def _add_former(table: str, borne: Mapping[int, list[Place]], wanted: Wanted) -> Query[None]:
    """Add the doors that bore the number where the places were called so."""
    rows = yield Ask(_FORMER[table], tuple((named_id,) for named_id in borne), wanted.values)
    for row in rows:
        bore, record = row[2], Record(*row[3:])
        for place in borne[row[1]]:
            # In a street that was merged the number may be the same as before.
            changed = place.was is None or bore != record.house_number_key
            hit = Hit(record, bore, former_number=changed, former_name=place.was is not None)
            place.hits.append(hit)


def doors_in_communes(units: tuple[int, ...], wanted: Wanted) -> Query[list[Hit]]:
    """Doors of these communes that stand in no street and no locality; buildings by their name."""
    rows = yield Ask(_IN_COMMUNES, tuple((unit,) for unit in units), wanted.values)
    records = [Record(*row[1:]) for row in rows]
    return [Hit(record, record.house_number_key) for record in records]


def add_unnumbered(found: list[Place]) -> Query[bool]:
    """Add to each place the doors whose address is no more than its name, where they are few, and
    all that is registered there: False, and nothing added, where that is not so of one.
    """
    table = found[0].table
    rows = yield Ask(_UNNUMBERED[table], tuple((place.id,) for place in found))
    there: dict[int, list[Record]] = {}
    for _, place_id, *record in rows:
        there.setdefault(place_id, []).append(Record(*record))
    for place in found:
        records = there.get(place.id, [])
        if not 0 < len(records) <= MAX_UNNUMBERED or not all(
            (record.street_id or record.locality_id) == place.id
            and (record.house_number_key, record.unit_number, record.building_key)
            == (None, None, None)
            for record in records
        ):
            return False
    for place in found:
        former = place.was is not None
        place.hits += [Hit(record, None, former_name=former) for record in there[place.id]]
    return True


def records_of(codes: Iterable[str]) -> Query[list[Record]]:
    """The records of these codes, whatever their state."""
    rows = yield Ask(_BY_CODES, tuple((code,) for code in codes))
    return [Record(*row[1:]) for row in rows]


def active_records(codes: Iterable[str]) -> Query[list[Record]]:
    """The records of these codes that may be shown and stand today."""
    records = yield from records_of(codes)
    return [r for r in records if r.status == "active" and not r.restricted]


def middles_of(found: list[Place], alley: str | None) -> Query[dict[int, tuple[float, float]]]:
    """Place's id → (lon, lat) among its doors, or among those of an alley in it, where known.

    All places are of one table.
    """
    if not found:
        return {}
    ids = dict.fromkeys(place.id for place in found)
    kind = _POINTS[found[0].table, alley is not None]
    rows = yield Ask(kind, tuple((place_id,) for place_id in ids), (alley, _end_of(alley)))
    return {place_id: (lon, lat) for _, place_id, lon, lat in rows}


def _end_of(alley: str | None) -> str | None:
    # The sign behind a slash: every path in the alley sorts before it.
    return alley[:-1] + "0" if alley else None


def _place(table: str, row: Row) -> Place:
    _, place_id, unit_id, former_id, key, name, kind, outer, alley, was = row[:10]
    around = tuple((k, n, o) for k, n, o in outer) if outer else ()
    then = (was[0], was[1], was[2]) if was else None
    return Place(table, place_id, unit_id, former_id, key, name, kind, around, bool(alley), then)
