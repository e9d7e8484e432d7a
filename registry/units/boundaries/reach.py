"""How far a commune can extend from its seat, and so which points cannot be in it.

A real polygon decides to the metre. Without one, no part of a commune is farther from its seat than
its reach, which detects mistakes of hundreds of kilometres.
"""

import math
from typing import Final

from sqlalchemy.orm import Session

from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.sql import Statements

SQL: Final = Statements(__file__)

OUTSIDE_M: Final = 100.0
"""A point this far outside the commune's real boundary is a mistake of the point or the commune."""

REACHES: Final = SQL.driver("reaches")
"""For `units`: unit_id, lon and lat of the seat, reach_km, and whether it has a real polygon."""
DEGREE_KM: Final = 111.4
"""An upper bound of a degree's length, for a first filter in degrees."""


def moved_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the metres between two nearby points, each (lon, lat).

    >>> round(moved_m((105.8, 21.0), (105.8, 21.01)))
    1106
    """
    east = 111_320 * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot((one[0] - other[0]) * east, (one[1] - other[1]) * 110_570)


def is_far_move(metres: float, accuracy_m: float | None) -> bool:
    """Whether a move this far needs confirmation, given the accuracy of the former point.

    >>> is_far_move(90, None), is_far_move(300, 5), is_far_move(300, 500)
    (False, True, False)
    """
    return metres > OUTSIDE_M + (accuracy_m or 0)


def refuse_far(session: Session, unit_id: int, *, lon: float, lat: float) -> None:
    """Raise InvalidInputError for a point beyond the commune's reach."""
    _refuse_km(
        session.execute(SQL.text("km_too_far"), {"unit": unit_id, "lon": lon, "lat": lat}).scalar()
    )


def refuse_outside(
    session: Session, unit_id: int, *, lon: float, lat: float, name: str = "lon"
) -> None:
    """Raise InvalidInputError, of the field `name`, for a point certainly outside the commune.

    That is more than 100 m outside its real boundary, or without one, `refuse_far`.
    """
    km, outside = session.execute(
        SQL.text("outside"), {"unit": unit_id, "lon": lon, "lat": lat}
    ).one()
    _refuse_km(km, name)
    if outside is not None and outside > OUTSIDE_M:
        raise InvalidInputError.of_field(
            name,
            "outside_commune",
            Message("point_outside_commune", metres=round(outside)),
        )


def _refuse_km(km: float | None, name: str = "lon") -> None:
    if km is not None:
        raise InvalidInputError.of_field(
            name,
            "far_from_commune",
            Message("point_far_from_commune", km=round(km)),
        )
