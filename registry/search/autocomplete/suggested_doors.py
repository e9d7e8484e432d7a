"""What the register knows of places that are being typed: whether they have doors, and which."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from geo.house_number import natural_order
from registry.core.reads import Reads, Row
from registry.core.sql import Statements
from registry.records.record import COLUMNS, PLACES, Record

_END: Final = "\U0010ffff"
_NEXT: Final = "\x01"
"""Behind it sorts nothing that begins with the number, apart from the number itself."""
_FEW, _MOST = 8, 20
"""Doors asked for: a literal LIMIT, or the plan would not know that they are few."""
Place = tuple[str, int]
"""Class and identity."""
_EXACT, _BEGUN = 1, 2
SQL: Final = Statements(
    __file__,
    columns=COLUMNS,
    rank_exact=str(_EXACT),
    rank_begun=str(_BEGUN),
    few_doors=str(_FEW),
    twice_few_doors=str(2 * _FEW),
    many_doors=str(_MOST),
    twice_many_doors=str(2 * _MOST),
)


@lru_cache(maxsize=64)
def _statement(
    known: tuple[str, ...], exact: tuple[str, ...], begun: tuple[str, ...], limit: int
) -> str:
    """One question for all: a round trip costs as much as most of what it finds."""
    most = "few" if limit == _FEW else "many"
    numbered = [
        SQL.driver("numbered", class_, which, most)
        for which, tables in (("exact", exact), ("begun", begun))
        for class_ in tables
    ]
    places = [SQL.driver("known", class_) for class_ in known]
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

    class_: str
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
        f"{class_}_{which}": ids
        for which, of in zip(("known", "exact", "begun"), asked, strict=True)
        for class_, ids in of.items()
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
    for class_, place_id in places:
        found.setdefault(class_, []).append(place_id)
    return {class_: found[class_] for class_ in PLACES if class_ in found}


def _found(rows: list[Row], order: dict[tuple[int, str, int], int]) -> Found:
    found = Found()
    doors: dict[str, tuple[tuple[object, ...], NumberedDoor]] = {}
    for rank, class_, place_id, kind, name, key, held, code, number, *rest in rows:
        lon, lat, former, written = rest
        outer = tuple((outer_kind, outer_name) for outer_kind, outer_name in held or ())
        place = KnownPlace(kind, name, key, outer, lon, lat, former)
        if not rank:
            found.places[class_, place_id] = place
            if code is not None:
                found.alone[class_, place_id] = code
        elif code not in doors or rank == _EXACT:
            at = (rank, order[rank, class_, place_id], natural_order(number))
            doors[code] = (at, NumberedDoor(class_, place_id, code, number, written, place))
    # Without the code two doors of one number would compare as places.
    found.doors.extend(
        doors[code][1] for code in sorted(doors, key=lambda code: (*doors[code][0], code))
    )
    return found


def doors_near(reads: Reads, number: str, *, lon: float, lat: float) -> Iterator[Record]:
    """Doors near a point whose number begins so: first those of the very number."""
    end = number + _END
    rows = reads.rows(SQL.driver("near"), {"lon": lon, "lat": lat, "first": number, "end": end})
    found = (Record(*row) for row in rows)
    yield from sorted(found, key=lambda door: door.house_number_key != number)
