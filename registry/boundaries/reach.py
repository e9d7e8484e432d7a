"""How far from its seat a commune can reach, and so which points cannot be in it.

A real polygon decides to the metre. Without one there is the seat: no part of a commune is farther
from it than the commune's reach, so a point beyond is a mistake of hundreds of kilometres.
"""

import math
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.errors import InvalidInputError
from registry.messages import number

OUTSIDE_M: Final = 100.0
"""A point this far outside the commune's real boundary is a mistake of the point or the commune."""

# Kilometres from a seat within which its commune lies: with real polygons 38 for the widest commune
# on land, 28 for a ward of 6 km² that has islands, 59 for a special zone. The two archipelagos
# (Trường Sa, Hoàng Sa) are known by their codes: their reefs lie as far apart as provinces do.
_REACH: Final = """
    SELECT u.id AS unit_id, u.seat,
        CASE WHEN u.code = '22736' THEN 700 WHEN u.code = '20333' THEN 250
            WHEN v.kind = 'dac_khu' THEN 100
            ELSE 30 + 2 * sqrt(coalesce(u.area_km2, 100)) END::float8 AS reach_km,
        EXISTS (SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate) AS drawn
    FROM {units} u
    LEFT JOIN admin_unit_version v ON v.unit_id = u.id AND v.valid @> current_date
    WHERE u.level = 'commune' AND u.lifetime @> current_date AND u.seat IS NOT NULL
"""
REACH: Final = _REACH.format(units="admin_unit")
"""In SQL, of each living commune with a seat: unit_id, seat, reach_km, and whether it is drawn."""
DEGREE_KM: Final = 111.4
"""More than any degree has: within a reach in such degrees nothing is too far."""

# OFFSET 0: by its id; of the index by level and days it would read every commune.
_REACH_OF_ONE: Final = _REACH.format(
    units="(SELECT * FROM admin_unit WHERE id = CAST(:unit AS integer) OFFSET 0)"
)
_KM_TOO_FAR: Final = f"""
    SELECT m.km
    FROM (
        SELECT r.reach_km, ST_Distance(r.seat::geography,
            ST_SetSRID(ST_MakePoint(:lon, :lat), 4326)::geography) / 1000 AS km
        FROM ({_REACH_OF_ONE}) r
    ) m
    WHERE m.km > m.reach_km
"""  # noqa: S608 - constants
_M_OUTSIDE: Final = """
    SELECT min(ST_Distance(CAST(p.geom AS geography), CAST(q.point AS geography)))
    FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id AND NOT b.approximate,
        (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point) q
    WHERE p.unit_id = CAST(:unit AS integer) AND NOT EXISTS (
        SELECT FROM boundary_part i
        WHERE i.unit_id = CAST(:unit AS integer) AND ST_Covers(i.geom, q.point)
    )
"""
_FAR: Final = text(_KM_TOO_FAR)
_OUTSIDE: Final = text(f"SELECT ({_KM_TOO_FAR}), ({_M_OUTSIDE})")


def moved_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two points, each (lon, lat), that are not far apart.

    >>> round(moved_m((105.8, 21.0), (105.8, 21.01)))
    1106
    """
    east = 111_320 * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot((one[0] - other[0]) * east, (one[1] - other[1]) * 110_570)


def is_far_move(metres: float, accuracy_m: float | None) -> bool:
    """Whether a point that was as good as that is asked about when it moves so far.

    >>> is_far_move(90, None), is_far_move(300, 5), is_far_move(300, 500)
    (False, True, False)
    """
    return metres > OUTSIDE_M + (accuracy_m or 0)


def refuse_far(session: Session, unit_id: int, *, lon: float, lat: float) -> None:
    """Raises InvalidInputError for a point that no part of the commune can be near to."""
    _refuse_km(session.execute(_FAR, {"unit": unit_id, "lon": lon, "lat": lat}).scalar())


def refuse_outside(
    session: Session, unit_id: int, *, lon: float, lat: float, name: str = "lon"
) -> None:
    """Raises InvalidInputError, of the field `name`, for a point certainly not in the commune.

    That is one more than 100 m outside its real boundary; where it has none, `refuse_far`.
    """
    km, outside = session.execute(_OUTSIDE, {"unit": unit_id, "lon": lon, "lat": lat}).one()
    _refuse_km(km, name)
    if outside is not None and outside > OUTSIDE_M:
        raise InvalidInputError.of_field(
            name,
            "outside_commune",
            f"điểm này ở ngoài xã, phường, cách ranh giới {number(round(outside))} m (the point is"
            " outside the commune)",
        )


def _refuse_km(km: float | None, name: str = "lon") -> None:
    if km is not None:
        raise InvalidInputError.of_field(
            name,
            "far_from_commune",
            f"điểm này ở ngoài xã, phường, cách trụ sở {number(round(km))} km (the point is far"
            " from the commune)",
        )
