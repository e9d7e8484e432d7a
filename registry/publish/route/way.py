"""The way of a route: where it begins, by which stops it goes, where it ends, how long it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from registry.publish.route.distances import Point, straight_m
from registry.publish.route.routing_server import Table
from registry.publish.route.shortest import shortest


@dataclass(frozen=True, slots=True)
class Measured:
    """How long a way is."""

    metres: int
    seconds: int | None
    """By road alone."""
    legs: tuple[int | None, ...]
    """Metres to each stop from the one before it, or from the start; None where it begins there."""


class Way:
    """A way by stops, which are told by their places in `stops`."""

    def __init__(
        self,
        stops: Sequence[Point],
        start: Point | None = None,
        end: Point | None = None,
        *,
        round_trip: bool = False,
    ) -> None:
        """Without `start` it begins at the first stop; without `end` it ends at whichever."""
        first = [start] if start is not None else list(stops[:1])
        self.end = next(iter(first), None) if round_trip else end
        self._before = int(start is not None)
        """How many of `points` stand before the first stop."""
        last = [self.end] if self.end is not None else []
        self.points: list[Point] = [*first[: self._before], *stops, *last]
        self._count = len(stops)

    def shortest(self, table: Table | None) -> list[int]:
        """The stops in the shortest order that is found. Raises TooLateError."""
        places = range(1, self._count + self._before)
        found = list(places)
        if len(places) > 1:
            costs = table.seconds if table else None
            found = shortest(self.points, places, is_open=self.end is None, costs=costs)
        # Where it begins at a stop, that one stays the first.
        return [0] * (1 - self._before) + [place - self._before for place in found]

    def measured(self, order: Sequence[int], table: Table | None = None) -> Measured:
        """How long it is in this order."""
        places = [*range(self._before), *(stop + self._before for stop in order)]
        if self.end is not None:
            places.append(len(self.points) - 1)
        legs = [self._leg(table, one, other) for one, other in pairwise(places)]
        seconds = round(sum(time for _, time in legs)) if table else None
        to_each: list[int | None] = [None] * (1 - self._before)
        to_each += [round(metres) for metres, _ in legs]
        return Measured(round(sum(m for m, _ in legs)), seconds, tuple(to_each[: len(order)]))

    def _leg(self, table: Table | None, one: int, other: int) -> tuple[float, float]:
        """Metres and seconds from one of the points to another."""
        if table is not None:
            return table.metres[one][other], table.seconds[one][other]
        return straight_m(self.points[one], self.points[other]), 0.0
