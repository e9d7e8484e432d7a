"""Where a key may write: by the communes that a request is about, and by its points.

Row-level security refuses the same by commune (migration 0008); this says it before anything is
tried, with the codes of the units, and knows polygons.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo import code as codes
from geo.code import CodeError
from registry.access.actors import acting, outside_units
from registry.access.reach import check_writable, writable

TOLERANCE_M: Final = 100.0
"""A point this far outside the key's units is in somebody else's: fences are drawn less finely."""

_CODES: Final = ("code", "by", "parent")


def check_jurisdiction(session: Session, request: BaseModel) -> tuple[str, ...]:
    """Codes of the communes that the request of an operation is about; none for the operator.

    Raises OutsideUnitsError for one in which who acts may not write, and for a point that lies
    more than 100 m outside its units by a real boundary.
    """
    actor = acting()
    if actor is None:
        return ()
    named, communes = named_codes(request), _communes(request)
    found = session.execute(_UNITS, {"codes": list(named), "communes": communes}).all()
    check_writable(session, *(row.id for row in found))
    allowed = writable()
    if allowed is not None:
        for lon, lat in _points(request):
            check_point(session, allowed, lon=lon, lat=lat)
    return tuple(sorted({row.code for row in found}))


def check_point(session: Session, allowed: frozenset[int], *, lon: float, lat: float) -> None:
    """Raises OutsideUnitsError for a point that is certainly outside of the communes `allowed`.

    Where a commune has no real boundary nobody knows what is outside of it; then only a point deep
    inside a commune that has one, and is another's, is refused.
    """
    parameters = {"units": sorted(allowed), "lon": lon, "lat": lat, "tolerance": TOLERANCE_M}
    outside = session.execute(_OUTSIDE, parameters).one()
    if not outside.near and (outside.all_real or outside.elsewhere):
        there = [outside.elsewhere] if outside.elsewhere else []
        where = f" ({outside.elsewhere})" if outside.elsewhere else ""
        raise outside_units(
            f"điểm nằm ngoài địa bàn của khoá này{where}, hơn {TOLERANCE_M:.0f} m",
            "the point is outside the units of the key",
            there,
        )


def named_codes(request: BaseModel) -> Iterator[str]:
    """Canonical codes of the records that it names."""
    if hasattr(request, "street") and hasattr(request, "into"):
        return  # a street's name
    written = [getattr(request, name, None) for name in _CODES]
    written += getattr(request, "codes", [])
    if hasattr(request, "codes"):
        written.append(getattr(request, "into", None))
    written += [part.code for part in getattr(request, "parts", [])]
    for code in written:
        if code is not None:
            try:
                yield codes.validate(code)
            except CodeError:
                continue  # the operation says what is wrong with it


def _communes(request: BaseModel) -> list[str]:
    commune: str | None = getattr(request, "commune", None)
    return [commune] if commune else list(getattr(request, "communes", None) or ())


def _points(request: BaseModel) -> Iterator[tuple[float, float]]:
    inside = (getattr(request, name, ()) for name in ("parts", "entrances"))
    places: Sequence[Any] = (request, *chain.from_iterable(inside))
    for place in places:
        lon, lat = getattr(place, "lon", None), getattr(place, "lat", None)
        if lon is not None and lat is not None:
            yield lon, lat


# Code by code: the index of codes and days does not take several, and all communes would be read.
_UNITS: Final = text(
    """
    SELECT u.id, u.code FROM unnest(CAST(:communes AS text[])) w (code) CROSS JOIN LATERAL (
        SELECT id, code FROM admin_unit
        WHERE level = 'commune' AND code = w.code AND lifetime @> current_date OFFSET 0
    ) u
    UNION
    SELECT u.id, u.code FROM household h JOIN admin_unit u ON u.id = h.unit_id
    WHERE h.code = ANY (:codes)
    """
)
# Parts within 0.002 degrees are all that can be within 100 m.
_OUTSIDE: Final = text(
    """
    WITH q AS MATERIALIZED (
        SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4326) AS point,
            CAST(:units AS integer[]) AS units
    )
    SELECT EXISTS (
            SELECT FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id
            WHERE NOT b.approximate AND p.unit_id = ANY (q.units)
                AND p.geom && ST_Expand(q.point, 0.002)
                AND ST_DWithin(CAST(p.geom AS geography), CAST(q.point AS geography), :tolerance)
        ) AS near,
        NOT EXISTS (
            SELECT FROM unnest(q.units) u (id) WHERE NOT EXISTS (
                SELECT FROM boundary b WHERE b.unit_id = u.id AND NOT b.approximate)
        ) AS all_real,
        (
            SELECT u.code
            FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id
            JOIN admin_unit u ON u.id = p.unit_id AND u.level = 'commune'
                AND u.lifetime @> current_date
            WHERE NOT b.approximate AND NOT p.unit_id = ANY (q.units)
                AND ST_Covers(p.geom, q.point)
                AND NOT ST_DWithin(CAST(ST_Boundary(b.geom) AS geography),
                    CAST(q.point AS geography), :tolerance)
            LIMIT 1
        ) AS elsewhere
    FROM q
    """
)
