"""Names that are spelled otherwise than registered: asked only when no exact key is found."""

from typing import Final

from registry.reads import Reads
from registry.search.doors import int_array

_MAX_UNITS: Final = 60
"""So few communes have few enough names to compare each of them."""

_NAMES: Final = """
    SELECT DISTINCT p.key
    FROM unnest(%(units)s::int[]) u (id) JOIN {table} p ON p.unit_id = u.id LIMIT 5000
"""
# Trigrams only gather candidates; the letters decide below. A short name with a wrong letter falls
# under 0.4 and is lost here; with its commune it would have been found.
_NEAR: Final = """
    SELECT DISTINCT p.key, similarity(p.key, %(key)s) AS likeness FROM {table} p
    WHERE p.key % %(key)s AND similarity(p.key, %(key)s) >= 0.4
    ORDER BY likeness DESC, p.key LIMIT 50
""".replace(" % ", " %% ")
_TABLES: Final = ("thoroughfare", "locality")
_NAMES_OF: Final = {table: _NAMES.format(table=table) for table in _TABLES}
_NEAR_OF: Final = {table: _NEAR.format(table=table) for table in _TABLES}


def likely_keys(
    reads: Reads, table: str, keys: list[str], units: tuple[int, ...] | None
) -> list[str]:
    """Registered keys that differ from one of `keys` by a slip; empty when nothing is that near.

    All of them that are nearest: two names at one distance are two possibilities.
    """
    found: dict[str, int] = {}
    if units is not None and len(units) <= _MAX_UNITS:
        names = [row[0] for row in reads.rows(_NAMES_OF[table], {"units": int_array(units)})]
    else:
        names = [row[0] for key in keys for row in reads.rows(_NEAR_OF[table], {"key": key})]
    for name in names:
        for key in keys:
            most = allowed_slips(key)
            if (slips := distance(key, name, most)) <= most and same_numbers(key, name):
                found[name] = min(slips, found.get(name, slips))
    best = min(found.values(), default=0)
    return sorted(name for name, slips in found.items() if slips == best)


def allowed_slips(key: str) -> int:
    """How many slips a name may hold: none in three letters, one up to nine, two in longer ones.

    >>> [allowed_slips(key) for key in ("hue", "lang ha", "nguyen thi minh khai")]
    [0, 1, 2]
    """
    return 0 if len(key) < 4 else 1 if len(key) < 10 else 2


def same_numbers(one: str, other: str) -> bool:
    """Whether two names hold the same numbers: `duong so 7` is no slip for `duong so 1`."""
    return _numbers(one) == _numbers(other)


def _numbers(key: str) -> list[str]:
    return [word for word in key.split() if any(map(str.isdigit, word))]


def distance(one: str, other: str, most: int) -> int:
    """Letters put in, left out, exchanged, or swapped with their neighbour; `most` + 1 for more.

    >>> distance("nguyen trai", "nguyne trai", 2), distance("lang", "lamg", 1)
    (1, 1)
    """
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        current = [row]
        for column, wanted in enumerate(other, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return most + 1
        before, last = last, current
    return min(last[-1], most + 1)
