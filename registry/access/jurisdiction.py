"""Where a key may write: by the communes of a request, and by its points.

Row-level security enforces the same by commune; this check runs before the operation, names the
units, and uses polygons.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from pydantic import BaseModel
from sqlalchemy.orm import Session

from geo import code as codes
from geo.code import CodeError
from registry.access.reach import check_writable, writable
from registry.core.actors import acting, outside_units
from registry.core.messages import Message
from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

TOLERANCE_M: Final = 100.0
"""A point this far outside the key's units is refused; boundaries are not more precise."""

_CODES: Final = ("code", "by", "parent")


def check_jurisdiction(session: Session, request: BaseModel) -> tuple[str, ...]:
    """Return codes of the communes of an operation's request; empty for the operator.

    Raises OutsideUnitsError for a commune in which the actor may not write, and for a point more
    than 100 m outside its units by a real boundary.
    """
    actor = acting()
    if actor is None:
        return ()
    given = {
        "codes": list(named_codes(request)),
        "communes": _communes(request),
        "event": getattr(request, "event_id", None),
    }
    found = session.execute(SQL.text("units_of_request"), given).all()
    check_writable(session, *(row.id for row in found))
    allowed = writable()
    if allowed is not None:
        for lon, lat in _points(request):
            check_point(session, allowed, lon=lon, lat=lat)
    return tuple(sorted({row.code for row in found}))


def check_point(session: Session, allowed: frozenset[int], *, lon: float, lat: float) -> None:
    """Raise OutsideUnitsError for a point certainly outside of the communes `allowed`.

    If an allowed commune has no real boundary, only a point deep inside another commune with a real
    boundary is refused.
    """
    parameters = {"units": sorted(allowed), "lon": lon, "lat": lat, "tolerance": TOLERANCE_M}
    outside = session.execute(SQL.text("point_in_units"), parameters).one()
    if not outside.near and (outside.all_real or outside.elsewhere):
        there = [outside.elsewhere] if outside.elsewhere else []
        where = f" ({outside.elsewhere})" if outside.elsewhere else ""
        raise outside_units(Message("point_outside_units", where=where, metres=TOLERANCE_M), there)


def named_codes(request: BaseModel) -> Iterator[str]:
    """Yield the canonical codes of the records in a request."""
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
                continue  # the operation reports the error


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
