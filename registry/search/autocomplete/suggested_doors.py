"""Doors of the places being typed: whether there are any, and those with the number."""

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
"""Suffix that sorts after the number itself and before any longer number."""
_FEW, _MOST = 8, 20
"""Limits of doors: literals, so that the planner knows that they are few."""
Place = tuple[str, int]
"""Class and id."""
_EXACT, _PREFIX = 1, 2
SQL: Final = Statements(
    __file__,
    columns=COLUMNS,
    rank_exact=str(_EXACT),
    rank_prefix=str(_PREFIX),
    few_doors=str(_FEW),
    twice_few_doors=str(2 * _FEW),
    many_doors=str(_MOST),
    twice_many_doors=str(2 * _MOST),
)


@lru_cache(maxsize=64)
def _statement(
    known: tuple[str, ...], exact: tuple[str, ...], prefix: tuple[str, ...], limit: int
) -> str:
    """Return one statement for everything: a round trip costs as much as most queries."""
    most = "few" if limit == _FEW else "many"
    numbered = [
        SQL.driver("numbered", class_, which, most)
        for which, tables in (("exact", exact), ("prefix", prefix))
        for class_ in tables
    ]
    places = [SQL.driver("known", class_) for class_ in known]
    if not numbered:
        return " UNION ALL ".join(places)
    doors = " UNION ALL ".join(numbered)
    # If there are doors, their streets are not needed.
    places = [f"{place} WHERE NOT EXISTS (SELECT FROM doors)" for place in places]
    every = " UNION ALL ".join(["SELECT * FROM doors", *places])
    return f"WITH doors AS MATERIALIZED ({doors}) {every}"


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place with at least one door that may be shown."""

    kind: str
    name: str
    key: str
    """Current key."""
    outer: tuple[tuple[str, str], ...]
    """(kind, name) of the localities around a locality, the smaller first."""
    lon: float | None
    lat: float | None
    former_unit_id: int | None
    """Its former commune, if on record."""


@dataclass(frozen=True, slots=True)
class NumberedDoor:
    """A door in a place."""

    class_: str
    place_id: int
    code: str
    number: str
    """Key of the number."""
    written: str
    place: KnownPlace
    """Its place, with the door's own position and former commune."""


@dataclass(frozen=True, slots=True)
class Found:
    """Places and doors that were found."""

    places: dict[Place, KnownPlace] = field(default_factory=dict)
    """By class and id; absent if no door may be shown."""
    alone: dict[Place, str] = field(default_factory=dict)
    """Localities with a single door, and its code."""
    doors: list[NumberedDoor] = field(default_factory=list)
    """Those with the exact number first, then those with it as a prefix; each in the order of the
    places given, and along the street."""


def look(
    reads: Reads,
    places: Iterable[Place],
    number: str | None = None,
    exact: Sequence[Place] = (),
    prefix: Sequence[Place] = (),
    *,
    limit: int = _MOST,
) -> Found:
    """Find which places have doors, and the doors with this number, in one round trip.

    `exact` are searched for the number itself, or for an alley that ends in a slash; `prefix`,
    fewer of them, for numbers with that prefix. Places are returned if no door is found, and at
    most about `limit` doors.
    """
    asked = tuple(_by_class(of) for of in (places, exact, prefix))
    if not any(asked):
        return Found()
    parameters: dict[str, object] = {
        f"{class_}_{which}": ids
        for which, of in zip(("known", "exact", "prefix"), asked, strict=True)
        for class_, ids in of.items()
    }
    if number is not None:
        parameters |= {"first": number, "prefix_end": number + _END}
        parameters["exact_end"] = number + (_END if number.endswith("/") else _NEXT)
    rows = reads.rows(_statement(*map(tuple, asked), _FEW if limit <= _FEW else _MOST), parameters)
    order = {(_EXACT, *place): at for at, place in enumerate(exact)}
    order |= {(_PREFIX, *place): at for at, place in enumerate(prefix)}
    return _found(rows, order)


def _by_class(places: Iterable[Place]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for class_, place_id in places:
        found.setdefault(class_, []).append(place_id)
    return {class_: found[class_] for class_ in PLACES if class_ in found}


def _found(rows: list[Row], order: dict[tuple[int, str, int], int]) -> Found:
    found = Found()
    doors: dict[str, tuple[tuple[object, ...], NumberedDoor]] = {}
    for rank, class_, place_id, kind, name, key, outer_places, code, number, *rest in rows:
        lon, lat, former, written = rest
        outer = tuple((outer_kind, outer_name) for outer_kind, outer_name in outer_places or ())
        place = KnownPlace(kind, name, key, outer, lon, lat, former)
        if not rank:
            found.places[class_, place_id] = place
            if code is not None:
                found.alone[class_, place_id] = code
        elif code not in doors or rank == _EXACT:
            at = (rank, order[rank, class_, place_id], natural_order(number))
            doors[code] = (at, NumberedDoor(class_, place_id, code, number, written, place))
    # The code breaks ties: the values are not comparable.
    found.doors.extend(
        doors[code][1] for code in sorted(doors, key=lambda code: (*doors[code][0], code))
    )
    return found


def doors_near(reads: Reads, number: str, *, lon: float, lat: float) -> Iterator[Record]:
    """Yield doors near a point with this number prefix, those with the exact number first."""
    end = number + _END
    rows = reads.rows(SQL.driver("near"), {"lon": lon, "lat": lat, "first": number, "end": end})
    found = (Record(*row) for row in rows)
    yield from sorted(found, key=lambda door: door.house_number_key != number)
