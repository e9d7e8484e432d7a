"""Settled names of a source: which street or locality a spelling means.

A dry run warns of a new name similar to another one of its commune (`named_places.sql`). The answer
is a pair: the spelling, and the name meant, which is the spelling itself for a separate place. It
applies to all communes of the file, and to later files of the source.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.label import named
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.files.spellings.door_cells import read_place, read_street
from registry.intake.engine import Workbench

SQL: Final = Statements(__file__)

_MOST_LETTERS: Final = 100
_Levels = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""Kinds, names and keys of a place, innermost first; a street has one level."""


def settled_names(
    session: Session, source: str, given: Mapping[str, str | None] | None
) -> dict[str, str]:
    """Spelling → name meant: the settled names of the source, overridden by `given`.

    None as a meaning removes a settled name. Raises InvalidInputError for a name that cannot be
    parsed.
    """
    for spelled, meant in (given or {}).items():
        _check(spelled, meant)
    known: dict[str, str] = dict(session.execute(_SETTLED, {"source": source}).all())
    names = known | dict(given or {})
    return {spelled: meant for spelled, meant in names.items() if meant is not None}


def settle(session: Session, source: str, given: Mapping[str, str | None] | None) -> None:
    """Store the given names for later files of the source."""
    for spelled, meant in (given or {}).items():
        values = {"source": source, "spelled": spelled, "meant": meant}
        session.execute(_FORGET if meant is None else SQL.text("settle"), values)


def digest(names: Mapping[str, str]) -> str:
    """Changes when the names do: rows that were read by others are looked at again."""
    written = json.dumps(sorted(names.items())).encode()
    return hashlib.sha256(written).hexdigest()[:16] if names else ""


def read_as_settled(bench: Workbench, names: Mapping[str, str]) -> None:
    """Create `settled`, the spellings, and `meant_name`, the parts read as another name."""
    meant_by = {spelled.casefold(): meant for spelled, meant in names.items()}
    bench.table("settled", "name VARCHAR", [(spelled,) for spelled in meant_by])
    bench.table("meant_name", _MEANT)
    for part, (levels, read) in _PARTS.items():
        if not bench.has(part):
            continue
        rows = bench.rows(levels)
        last = max(at for at, *_ in rows)
        meant: list[tuple[object, ...]] = []
        for at, kinds, own, keys in rows:
            spelled = named(kinds[0], own[0])
            name = meant_by.get(spelled.casefold())
            place = read(name) if name and name.casefold() != spelled.casefold() else None
            if place:
                outer = (kinds[1:], own[1:], keys[1:])
                new = (tuple(a) + tuple(b) for a, b in zip(place, outer, strict=True))
                meant.append((part, at, last + len(meant) + 1, *new))
        bench.add("meant_name", meant)


def _street(name: str) -> _Levels | None:
    read = read_street(name).street
    return ((read[0],), (read[1],), (read[2],)) if read else None


def _place(name: str) -> _Levels | None:
    return read_place(name).place


def _check(spelled: str, meant: str | None) -> None:
    names = (spelled,) if meant is None else (spelled, meant)
    readable = any(all(read(name) for name in names) for _, read in _PARTS.values())
    if not readable or max(map(len, names)) > _MOST_LETTERS:
        raise InvalidInputError.of_field(
            "names",
            "bad_name",
            Message("settled_names_required"),
        )


_PARTS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "street": (
        'SELECT "at", [street_kind], [street_name], [street_key] FROM street',
        _street,
    ),
    "place": ('SELECT "at", place_kinds, place_names, place_keys FROM place', _place),
}
_MEANT: Final = (
    'part VARCHAR, "at" INTEGER, new_at INTEGER, kinds VARCHAR[], names VARCHAR[], keys VARCHAR[]'
)
_SETTLED: Final = text("SELECT spelled, meant FROM source_name WHERE source = :source")
_FORGET: Final = text("DELETE FROM source_name WHERE source = :source AND spelled = :spelled")
