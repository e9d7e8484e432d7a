"""The doors of places that are being typed: whether there are any, and those of a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from geo.house_number import natural_order
from registry.reads import Reads

_END: Final = "\U0010ffff"
_NEXT: Final = "\x01"
"""Behind it sorts nothing that begins with the number, apart from the number itself."""
_FEW: Final = 30
"""In so few places numbers are completed; in more of them only the number itself is looked for."""
_OPEN: Final = "h.status = 'active' AND NOT h.restricted"
# Doors of a locality are those that no street leads to.
_ALONE: Final = {"thoroughfare": "", "locality": "AND h.thoroughfare_id IS NULL"}

_KNOWN: Final = """
    SELECT p.id, p.kind, p.name, ST_X(d.point), ST_Y(d.point)
    FROM unnest(%(ids)s::bigint[]) i (id) JOIN {table} p ON p.id = i.id
    CROSS JOIN LATERAL (
        SELECT h.point FROM ({places}) c (id) CROSS JOIN LATERAL (
            SELECT h.point FROM household h WHERE h.{table}_id = c.id AND {open} LIMIT 1
        ) h LIMIT 1
    ) d
"""
# A quarter whose doors all stand in its groups is a place with doors.
_PLACES: Final = {
    "thoroughfare": "SELECT p.id",
    "locality": "SELECT p.id UNION ALL SELECT c.id FROM locality c WHERE c.parent_id = p.id",
}
# Flats are for their building to open: a tower's 300 would hide every other number.
_NUMBERS: Final = """
    SELECT i.id, h.code, h.house_number_key, ST_X(h.point), ST_Y(h.point)
    FROM unnest(%(ids)s::bigint[]) i (id) CROSS JOIN LATERAL (
        SELECT h.* FROM household h
        WHERE h.{table}_id = i.id AND h.house_number_key >= %(first)s
            AND h.house_number_key < %(end)s AND {open} AND h.unit_number IS NULL {alone}
        ORDER BY h.house_number_key LIMIT {most}
    ) h
"""


def _statements(statement: str, most: int = 1) -> dict[str, str]:
    return {
        table: statement.format(
            table=table, open=_OPEN, alone=alone, most=most, places=_PLACES[table]
        )
        for table, alone in _ALONE.items()
    }


_KNOWN_OF: Final = _statements(_KNOWN)
_NUMBERS_IN_FEW: Final = _statements(_NUMBERS, 60)
_NUMBERS_IN_MANY: Final = _statements(_NUMBERS, 2)


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place with at least one door that may be shown."""

    kind: str
    name: str
    lon: float | None
    lat: float | None


@dataclass(frozen=True, slots=True)
class NumberedDoor:
    """A door in a place."""

    place_id: int
    code: str
    number: str
    lon: float | None
    lat: float | None


def known_places(reads: Reads, table: str, ids: Sequence[int]) -> dict[int, KnownPlace]:
    """Those of the places that have a door to show, by identity."""
    if not ids:
        return {}
    rows = reads.rows(_KNOWN_OF[table], {"ids": list(ids)})
    return {row[0]: KnownPlace(*row[1:]) for row in rows}


def doors_numbered(reads: Reads, table: str, ids: Sequence[int], number: str) -> list[NumberedDoor]:
    """Doors of these places whose number begins so, in the order along the street.

    Where the places are many, those whose number is this one.
    """
    if not ids:
        return []
    few = len(ids) <= _FEW
    statement = (_NUMBERS_IN_FEW if few else _NUMBERS_IN_MANY)[table]
    end = number + (_END if few or number.endswith("/") else _NEXT)
    rows = reads.rows(statement, {"ids": list(ids), "first": number, "end": end})
    doors = (NumberedDoor(*row) for row in rows)
    return sorted(doors, key=lambda door: natural_order(door.number))
