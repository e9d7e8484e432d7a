"""Streets, localities and the doors in them: one statement for each way of asking.

A street and the doors of the asked number in it come in one round trip. All fuzzy matching is done
on the small tables (`registry.search.spelling`), never on households.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from registry.reads import Reads, Row
from registry.records import COLUMNS, JOINS, Record

MAX_PLACES: Final = 400
"""Streets of one name that are looked at; beyond them, no door can be called the only one."""

MAX_DOORS: Final = 100
"""Doors of one number that are looked at in one street."""

_OPEN: Final = "h.status IN ('active', 'retired') AND NOT h.restricted"
# A flat is looked for only by its number; otherwise its building stands for it, unless it has none.
_FLAT: Final = "(h.unit_number IS NULL OR h.parent_code IS NULL OR h.unit_number = %(flat)s)"
_BY_NUMBER: Final = "h.house_number_key = ANY (%(numbers)s)"
_BY_BUILDING: Final = "h.building_key = %(building)s"
# One probe of an index for each key, commune and street: with = ANY (…) and plain joins a generic
# plan expects so many rows that it reads the tables whole (8 ms instead of 0.1).
_ANYWHERE: Final = "unnest(%(keys)s::text[]) k (key) JOIN LATERAL"
_IN_UNITS: Final = "unnest(%(units)s::int[]) k (unit_id) JOIN LATERAL"
_SAME_KEY: Final = 'p.key = k.key COLLATE "C"'
_SAME_UNIT: Final = "p.unit_id = k.unit_id AND p.key = ANY (%(keys)s::text[])"

# EXISTS would be hashed, that is answered for all alleys of the country, where many streets come.
_ALLEY: Final = """(
        SELECT true FROM household a
        WHERE a.{column} = s.id AND a.house_number_key >= %(alley)s
            AND a.house_number_key < %(alley_end)s AND a.status = 'active' AND NOT a.restricted
        LIMIT 1
    )"""
_OUTER: Final = """CASE WHEN s.parent_id IS NOT NULL THEN (
        WITH RECURSIVE up AS (
            SELECT p.kind, p.name, p.key, p.parent_id, 1 AS step
            FROM locality p WHERE p.id = s.parent_id
            UNION ALL
            SELECT p.kind, p.name, p.key, p.parent_id, up.step + 1
            FROM up JOIN locality p ON p.id = up.parent_id WHERE up.step < 9
        ) SELECT array_agg(ARRAY[up.kind, up.name, up.key] ORDER BY up.step) FROM up
    ) END"""


def _statement(table: str, match: str, *, in_units: bool) -> str:
    column = f"{table}_id"
    # Doors of a locality are those that no street leads to.
    alone = "AND h.thoroughfare_id IS NULL" if table == "locality" else ""
    outer = _OUTER if table == "locality" else "NULL"
    return f"""
        SELECT s.id, s.unit_id, s.former_unit_id, s.key, s.name, s.kind, {outer},
            {_ALLEY.format(column=column)}, {COLUMNS}
        FROM (
            SELECT q.* FROM {_IN_UNITS if in_units else _ANYWHERE} (
                SELECT p.* FROM {table} p WHERE {_SAME_UNIT if in_units else _SAME_KEY}
                LIMIT {MAX_PLACES}
            ) q ON true
            LIMIT {MAX_PLACES}
        ) s
        LEFT JOIN LATERAL (
            SELECT h.* FROM household h
            WHERE h.{column} = s.id AND {match} AND {_FLAT} AND {_OPEN} {alone}
            LIMIT {MAX_DOORS}
        ) h ON true
        {JOINS}
        LIMIT 1200
    """  # noqa: S608 - constants


_STATEMENTS: Final = {
    (table, in_units, match is _BY_BUILDING): _statement(table, match, in_units=in_units)
    for table in ("thoroughfare", "locality")
    for in_units in (False, True)
    for match in (_BY_NUMBER, _BY_BUILDING)
}

# Doors that neither a street nor a locality leads to, and buildings known by their name alone.
_IN_COMMUNES: Final = f"""
    SELECT {COLUMNS}
    FROM unnest(%(units)s::int[]) k (unit_id) JOIN LATERAL (
        SELECT h.* FROM household h
        WHERE h.unit_id = k.unit_id AND {_OPEN} AND {_FLAT}
            AND CASE WHEN %(building)s::text IS NULL
                THEN {_BY_NUMBER} AND h.thoroughfare_id IS NULL AND h.locality_id IS NULL
                ELSE {_BY_BUILDING} END
        LIMIT {MAX_DOORS}
    ) h ON true
    {JOINS}
"""  # noqa: S608 - constants

_BY_CODES: Final = f"""
    SELECT {COLUMNS} FROM household h {JOINS}
    WHERE h.code = ANY (%(codes)s) AND h.status = 'active' AND NOT h.restricted
"""  # noqa: S608 - constants

_POINT_OF: Final = """
    SELECT s.id, ST_X(c.point), ST_Y(c.point)
    FROM unnest(%(ids)s::bigint[]) s (id)
    CROSS JOIN LATERAL (
        SELECT ST_Centroid(ST_Collect(h.point)) AS point FROM (
            SELECT h.point FROM household h
            WHERE h.{column} = s.id AND h.status = 'active' AND NOT h.restricted
                AND h.point IS NOT NULL {inside}
            LIMIT 50
        ) h
    ) c
    WHERE c.point IS NOT NULL
"""
_INSIDE: Final = "AND h.house_number_key >= %(alley)s AND h.house_number_key < %(alley_end)s"
_POINTS: Final = {
    (table, alley): _POINT_OF.format(column=f"{table}_id", inside=_INSIDE if alley else "")
    for table in ("thoroughfare", "locality")
    for alley in (False, True)
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for inside a street, a locality or a commune."""

    numbers: tuple[str, ...] = ()
    """Keys, the likeliest first."""
    alley: str | None = None
    """The path of the alley, with a slash behind: `12/34/`."""
    building: str | None = None
    """Folded."""
    flat: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """For the statements."""
        return {
            "numbers": list(self.numbers),
            "alley": self.alley,
            # The sign behind a slash: every path in the alley sorts before it.
            "alley_end": self.alley[:-1] + "0" if self.alley else None,
            "building": self.building,
            "flat": self.flat,
        }

    @property
    def by_building(self) -> bool:
        """Whether only the building's name leads to the door."""
        return not self.numbers and self.building is not None


@dataclass(frozen=True, slots=True)
class Place:
    """A street or locality with the doors found in it."""

    table: str
    """thoroughfare | locality."""
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
    records: list[Record] = field(default_factory=list)


def places(
    reads: Reads, table: str, keys: list[str], units: tuple[int, ...] | None, wanted: Wanted
) -> list[Place]:
    """Streets or localities with one of these keys in these communes, or anywhere for None."""
    statement = _STATEMENTS[table, units is not None, wanted.by_building]
    rows = reads.rows(statement, {"keys": keys, "units": list(units or ()), **wanted.parameters})
    found: dict[int, Place] = {}
    for row in rows:
        place = found.get(row[0]) or found.setdefault(row[0], _place(table, row))
        if row[8] is not None:
            place.records.append(Record(*row[8:]))
    return list(found.values())


def doors_in_communes(reads: Reads, units: tuple[int, ...], wanted: Wanted) -> list[Record]:
    """Doors of these communes that stand in no street and no locality; buildings by their name."""
    rows = reads.rows(_IN_COMMUNES, {"units": int_array(units), **wanted.parameters})
    return [Record(*row) for row in rows]


def active_records(reads: Reads, codes: list[str]) -> list[Record]:
    """The records of these codes that may be shown and stand today."""
    return [Record(*row) for row in reads.rows(_BY_CODES, {"codes": codes})]


def middles_of(
    reads: Reads, found: list[Place], alley: str | None
) -> dict[int, tuple[float, float]]:
    """Place's id → (lon, lat) among its doors, or among those of an alley in it, where known.

    All places are of one table.
    """
    if not found:
        return {}
    parameters = {"ids": [place.id for place in found], **Wanted(alley=alley).parameters}
    rows = reads.rows(_POINTS[found[0].table, alley is not None], parameters)
    return {place_id: (lon, lat) for place_id, lon, lat in rows}


def int_array(numbers: Iterable[int]) -> str:
    """Numbers as a parameter cast by the statement: as a list, the driver gives small ones another
    type than large ones, and each type is another statement to prepare.
    """
    return f"{{{','.join(map(str, numbers))}}}"


def _place(table: str, row: Row) -> Place:
    place_id, unit_id, former_id, key, name, kind, outer, alley = row[:8]
    around = tuple((k, n, o) for k, n, o in outer or ())
    return Place(table, place_id, unit_id, former_id, key, name, kind, around, bool(alley))
