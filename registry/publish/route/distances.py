"""Straight-line distances, a lower bound of those by road."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

Point = tuple[float, float]
"""(lon, lat), degrees, WGS 84."""
_DEGREE_M: Final = 111_195.0
"""Metres of a degree of a great circle."""


def straight_m(one: Point, other: Point) -> float:
    """Return the metres between two points; within a country a flat earth is accurate enough.

    >>> round(straight_m((105.8060, 21.0211), (105.8070, 21.0211)))
    104
    """
    middle = math.radians((one[1] + other[1]) / 2)
    return _DEGREE_M * math.hypot((one[0] - other[0]) * math.cos(middle), one[1] - other[1])


def way_m(points: Sequence[Point]) -> float:
    """Return the metres along all points in order."""
    return sum(straight_m(one, other) for one, other in pairwise(points))
