"""Where a key may write: by the communes that a request is about, and by its points.

Row-level security refuses the same by commune (migration 0008); this says it before anything is
tried, with the codes of the units, and knows polygons.
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
    """Raises OutsideUnitsError for a point that is certainly outside of the communes `allowed`.

    Where a commune has no real boundary nobody knows what is outside of it; then only a point deep
    inside a commune that has one, and is another's, is refused.
    """
    parameters = {"units": sorted(allowed), "lon": lon, "lat": lat, "tolerance": TOLERANCE_M}
    outside = session.execute(SQL.text("point_in_units"), parameters).one()
    if not outside.near and (outside.all_real or outside.elsewhere):
        there = [outside.elsewhere] if outside.elsewhere else []
        where = f" ({outside.elsewhere})" if outside.elsewhere else ""
        raise outside_units(Message("point_outside_units", where=where, metres=TOLERANCE_M), there)


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
