"""Straight lines: the way of a bird, which no street is shorter than."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

Point = tuple[float, float]
"""(lon, lat), degrees, WGS 84."""
_DEGREE_M: Final = 111_195.0
"""A degree of a great circle."""


def straight_m(one: Point, other: Point) -> float:
    """Metres between two points of a route; within a country the earth is flat enough.

    >>> round(straight_m((105.8060, 21.0211), (105.8070, 21.0211)))
    104
    """
    middle = math.radians((one[1] + other[1]) / 2)
    return _DEGREE_M * math.hypot((one[0] - other[0]) * math.cos(middle), one[1] - other[1])


def way_m(points: Sequence[Point]) -> float:
    """Metres from the first to the last point by way of all."""
    return sum(straight_m(one, other) for one, other in pairwise(points))
