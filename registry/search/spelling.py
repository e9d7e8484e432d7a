"""Names that are spelled otherwise than registered: asked only when no name fits as it is."""

from collections.abc import Iterable
from typing import Any, Final

from registry.reads import Reads
from registry.search.doors import int_array
from registry.search.likeness import Likeness, Name, Vocabulary, likeness

_MAX_UNITS: Final = 60
"""So few communes have few enough names to compare each of them."""

# A name that is registered anywhere is a name, and no slip: no row is needed to say so. The
# lengths of the names wanted keep most of the others in the database.
_KNOWN: Final = "EXISTS (SELECT 1 FROM {table} k WHERE k.key = %(key)s)"
_NAMES: Final = f"""
    SELECT DISTINCT p.key, p.name, p.kind
    FROM unnest(%(units)s::int[]) u (id) JOIN {{table}} p ON p.unit_id = u.id
    WHERE length(p.name) BETWEEN %(least)s AND %(most)s AND NOT {_KNOWN}
    LIMIT 5000
"""  # noqa: S608 - constants
# Trigrams only gather candidates; the letters decide. A short name with a wrong letter falls under
# 0.4 and is lost here; with its commune it would have been found.
_NEAR: Final = f"""
    SELECT DISTINCT p.key, p.name, p.kind FROM (
        SELECT q.* FROM {{table}} q
        WHERE q.key % %(key)s AND similarity(q.key, %(key)s) >= 0.4 AND NOT {_KNOWN}
        ORDER BY similarity(q.key, %(key)s) DESC, q.key LIMIT 200
    ) p
""".replace(" % ", " %% ")  # noqa: S608 - constants
_TABLES: Final = ("thoroughfare", "locality")
_NAMES_OF: Final = {table: _NAMES.format(table=table) for table in _TABLES}
_NEAR_OF: Final = {table: _NEAR.format(table=table) for table in _TABLES}
_SLACK: Final = 2
"""Letters by which a name with a slip may be longer or shorter: a letter, and a space around it."""


def meant_by(
    reads: Reads,
    vocabulary: Vocabulary,
    table: str,
    typed: Name,
    units: tuple[int, ...] | None,
) -> list[Name]:
    """Registered names of which `typed` is a slip; empty where it is a name by itself.

    Two names are two possibilities.
    """
    parameters: dict[str, Any] = {"key": typed.key}
    wide = units is None or len(units) > _MAX_UNITS
    if units is None or wide:
        rows = reads.rows(_NEAR_OF[table], parameters)
    else:
        size = len(typed.name) - (len(typed.kind) + 1 if typed.kind else 0)
        parameters |= {"least": size - _SLACK, "most": size + _SLACK, "units": int_array(units)}
        rows = reads.rows(_NAMES_OF[table], parameters)
    found = [known_name(table, *row) for row in rows]
    return list(_slips(vocabulary, typed, found, wide=wide))


def known_name(table: str, key: str, name: str, kind: str) -> Name:
    """A registered street's or locality's name, to be compared with a typed one."""
    return Name(key, f"{kind} {name}", kind) if table == "locality" else Name(key, name)


def _slips(
    vocabulary: Vocabulary, typed: Name, found: Iterable[Name], *, wide: bool
) -> Iterable[Name]:
    for name in found:
        if likeness(vocabulary, typed, name, wide=wide) is Likeness.SLIP:
            yield name
