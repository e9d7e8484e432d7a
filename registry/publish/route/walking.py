"""Walking order of a route: by commune, street and side, along the house numbers.

Up the odd side, back down the even one; an alley is entered at the number of its mouth and walked
to its end. Uses only numbers, points and street names, without the register.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from geo.house_number import natural_order
from registry.publish.route.distances import Point, straight_m

Side = Literal["odd", "even"]
_FIRST: Final = re.compile(r"\d+")
_LAST: Final = "~"
"""Sorts after every number, for a door without one."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Door:
    """The attributes of a door that determine its place in the order."""

    commune: Hashable
    street: Hashable
    """Street or hamlet; None for neither."""
    name: str
    """Name of the street, the sort key of equally distant ones."""
    number: str | None
    """The key of its house number: `12/34/5A`."""
    inside: tuple[str, ...] = ()
    """Building, floor and flat."""
    point: Point | None = None
    """(lon, lat)"""


def side_of(number: str | None) -> Side | None:
    """Return the side of the street; for a house in an alley that of the alley's mouth.

    >>> side_of("27"), side_of("12/34/5A"), side_of("12A-14"), side_of("LO5"), side_of(None)
    ('odd', 'even', 'even', None, None)
    """
    first = _FIRST.match(number or "")
    if first is None:
        return None
    return "odd" if int(first[0]) % 2 else "even"


def walking_order(
    doors: Iterable[T], door_of: Callable[[T], Door], start: Point | None = None
) -> list[T]:
    """Sort doors in walking order.

    The first street is the nearest to `start`, or that of the first door; the next is always the
    nearest one of the commune, then of another. Streets without a point come last.
    """
    streets: dict[Hashable, dict[Hashable, list[T]]] = defaultdict(lambda: defaultdict(list))
    for each in doors:
        door = door_of(each)
        streets[door.commune][door.street].append(each)
    communes = [
        [_along(found, door_of) for found in commune.values()] for commune in streets.values()
    ]
    ordered: list[T] = []
    here, is_first = start, start is None
    while communes:
        nearest = 0 if is_first else _nearest(communes, here, door_of)
        left = communes.pop(nearest)
        while left:
            at = 0 if is_first else _nearest([[street] for street in left], here, door_of)
            is_first = False
            street = left.pop(at)
            ordered += street
            here = next((p for each in reversed(street) if (p := door_of(each).point)), here)
    return ordered


def _nearest(places: list[list[list[T]]], here: Point | None, door_of: Callable[[T], Door]) -> int:
    """Return the index of the nearest of several groups of streets."""

    def distance(at: int) -> tuple[float, str]:
        firsts = [door_of(street[0]) for street in places[at]]
        metres = (straight_m(here, door.point) for door in firsts if here and door.point)
        return min(metres, default=float("inf")), min(door.name for door in firsts)

    return min(range(len(places)), key=distance)


def _along(street: list[T], door_of: Callable[[T], Door]) -> list[T]:
    """Order the doors of one street: odd numbers up, even ones down, then those without a side."""
    sides: dict[Side | None, dict[str, list[T]]] = {"odd": {}, "even": {}, None: {}}
    for each in street:
        number = door_of(each).number
        mouth = (number or _LAST).partition("/")[0]
        sides[side_of(number)].setdefault(mouth, []).append(each)
    down = bool(sides["odd"])  # without odd numbers the even side is walked up
    return [
        *_mouths(sides["odd"], door_of, down=False),
        *_mouths(sides["even"], door_of, down=down),
        *_mouths(sides[None], door_of, down=False),
    ]


def _mouths(mouths: dict[str, list[T]], door_of: Callable[[T], Door], *, down: bool) -> Iterator[T]:
    """Yield the house at the number of each mouth, then the houses of its alley."""
    for mouth in sorted(mouths, key=natural_order, reverse=down):
        yield from sorted(mouths[mouth], key=lambda each: _inwards(door_of(each)))


def _inwards(door: Door) -> tuple[object, ...]:
    return (natural_order(door.number or _LAST), *map(natural_order, door.inside))
