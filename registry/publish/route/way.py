"""The path of a route: start, stops, end and length."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from registry.publish.route.distances import Point, straight_m
from registry.publish.route.routing_server import Table
from registry.publish.route.shortest import shortest


@dataclass(frozen=True, slots=True)
class Measured:
    """The length of a path."""

    metres: int
    seconds: int | None
    """Only by road."""
    legs: tuple[int | None, ...]
    """Metres to each stop from the previous one or the start; None if the path starts there."""


class Way:
    """A path by stops, which are referred to by their index in `stops`."""

    def __init__(
        self,
        stops: Sequence[Point],
        start: Point | None = None,
        end: Point | None = None,
        *,
        round_trip: bool = False,
    ) -> None:
        """Without `start` it starts at the first stop; without `end` it ends at any stop."""
        first = [start] if start is not None else list(stops[:1])
        self.end = next(iter(first), None) if round_trip else end
        self._before = int(start is not None)
        """Number of `points` before the first stop."""
        last = [self.end] if self.end is not None else []
        self.points: list[Point] = [*first[: self._before], *stops, *last]
        self._count = len(stops)

    def shortest(self, table: Table | None) -> list[int]:
        """Return the stops in the shortest order found. Raises TooLateError."""
        places = range(1, self._count + self._before)
        found = list(places)
        if len(places) > 1:
            costs = table.seconds if table else None
            found = shortest(self.points, places, is_open=self.end is None, costs=costs)
        # Without a separate start the first stop stays first.
        return [0] * (1 - self._before) + [place - self._before for place in found]

    def measured(self, order: Sequence[int], table: Table | None = None) -> Measured:
        """Return the length in this order."""
        places = [*range(self._before), *(stop + self._before for stop in order)]
        if self.end is not None:
            places.append(len(self.points) - 1)
        legs = [self._leg(table, one, other) for one, other in pairwise(places)]
        seconds = round(sum(time for _, time in legs)) if table else None
        to_each: list[int | None] = [None] * (1 - self._before)
        to_each += [round(metres) for metres, _ in legs]
        return Measured(round(sum(m for m, _ in legs)), seconds, tuple(to_each[: len(order)]))

    def _leg(self, table: Table | None, one: int, other: int) -> tuple[float, float]:
        """Return metres and seconds from one point to another."""
        if table is not None:
            return table.metres[one][other], table.seconds[one][other]
        return straight_m(self.points[one], self.points[other]), 0.0
