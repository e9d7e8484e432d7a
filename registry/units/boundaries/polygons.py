"""Parse the polygons of a boundaries file, and check that they are in Viet Nam."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.core.errors import InvalidInputError
from registry.core.messages import Message

Bounds = tuple[float, float, float, float]
"""(west, south, east, north), in the file's units and order."""

AROUND_VIET_NAM: Final[Bounds] = (101.0, 5.0, 118.0, 24.0)
"""Degrees; holds the archipelagos of Hoàng Sa and Trường Sa."""
# The same box in common projections. UTM and VN-2000 use the same metres, with a zone of 6 or 3
# degrees and a false easting of 500 km; the numbers do not show which one.
_WEB_MERCATOR: Final[Bounds] = (11.2e6, 5.5e5, 13.2e6, 2.8e6)
_METRES: Final[Bounds] = (1.0e5, 5.5e5, 9.0e5, 2.7e6)


class MalformedPolygonError(Exception):
    """A geometry declared as a polygon that has no valid coordinates."""


def parse_polygons(geometry: object) -> list[shapely.Polygon]:
    """Return the polygons of a GeoJSON geometry, without Z; empty for another type or null.

    They may be invalid. Raises MalformedPolygonError for missing or wrong coordinates.
    """
    return [_polygon(rings) for rings in _ring_lists(geometry)]


def _ring_lists(geometry: object) -> Iterator[Any]:
    """Yield the coordinates of each polygon, also in a GeometryCollection."""
    waiting = [geometry]  # not recursive: the file determines the nesting depth
    while waiting:
        current = waiting.pop()
        if not isinstance(current, dict):
            continue
        kind, held = current.get("type"), current.get("coordinates")
        if kind == "GeometryCollection":
            inner = current.get("geometries")
            waiting.extend(reversed(inner) if isinstance(inner, list) else ())
        elif kind in ("Polygon", "MultiPolygon"):
            if not isinstance(held, list):
                raise MalformedPolygonError("coordinates are missing")
            yield from held if kind == "MultiPolygon" else ([held] if held else ())


def _polygon(rings: object) -> shapely.Polygon:
    if not isinstance(rings, list) or not rings:
        raise MalformedPolygonError("a polygon without rings")
    outer, *holes = (_ring(ring) for ring in rings)
    return shapely.Polygon(outer, holes)


def _ring(positions: Any) -> NDArray[np.float64]:
    try:
        ring = np.asarray([position[:2] for position in positions], dtype=np.float64)
    except (TypeError, ValueError, KeyError):
        raise MalformedPolygonError("positions that are no pairs of numbers") from None
    if ring.ndim != 2 or ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise MalformedPolygonError("positions that are no pairs of numbers")
    if len(ring) < 4:
        raise MalformedPolygonError("a ring of fewer than four positions")
    return ring


def check_place(bounds: Bounds, name: str) -> None:
    """Raise InvalidInputError unless the bounds lie around Viet Nam in degrees, longitude first.

    The message names the likely mistake or projection. `name` is the file's name in errors.
    """
    if _within(bounds, AROUND_VIET_NAM):
        return
    west, south, east, north = bounds
    x, y = (west + east) / 2, (south + north) / 2
    turned = (south, west, north, east)
    if _within(turned, AROUND_VIET_NAM):
        what = "latitude stands before longitude; GeoJSON wants longitude first (RFC 7946)"
    elif _within(bounds, (-180.0, -90.0, 180.0, 90.0)):
        what = f"{y:.4f} N {x:.4f} E is not in or near Viet Nam (101-118 E, 5-24 N)"
    elif _within(bounds, _WEB_MERCATOR):
        what = f"metres of Web Mercator (EPSG:3857), it seems; {_CONVERT}"
    elif _within(bounds, _METRES):
        what = f"metres of VN-2000 or of UTM zone 48 or 49, it seems; {_CONVERT}"
    elif _within(turned, _METRES):
        what = f"metres of VN-2000 or UTM, northing before easting, it seems; {_CONVERT}"
    else:
        what = f"({x:g}, {y:g}) is no longitude and latitude; {_CONVERT}"
    raise InvalidInputError(Message("boundaries_outside_country", name=name, reason=what))


_CONVERT: Final = "convert it first: ogr2ogr -t_srs EPSG:4326"


def _within(inner: Bounds, outer: Bounds) -> bool:
    return (
        outer[0] <= inner[0]
        and outer[1] <= inner[1]
        and inner[2] <= outer[2]
        and inner[3] <= outer[3]
    )
