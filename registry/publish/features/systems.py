"""Coordinate reference systems of features, and GeoJSON in them (OGC API Features, part 2)."""

from typing import Any, Final

import numpy as np
import shapely

from geo.coordinates import VN2000_DEGREES, VN2000_METRES, WGS_84, from_wgs84, to_wgs84

_AUTHORITY: Final = "http://www.opengis.net/def/crs"
CRS84: Final = f"{_AUTHORITY}/OGC/1.3/CRS84"
"""Longitude and latitude, WGS 84: the default of GeoJSON."""
_WEB_MERCATOR: Final = "EPSG:3857"
_EPSG: Final = (WGS_84, _WEB_MERCATOR, VN2000_DEGREES, *VN2000_METRES)
SYSTEMS: Final = (CRS84, *(f"{_AUTHORITY}/EPSG/0/{code.removeprefix('EPSG:')}" for code in _EPSG))
_CODE: Final = dict(zip(SYSTEMS, (WGS_84, *_EPSG), strict=True))
_LAT_FIRST: Final = frozenset(
    uri for uri, code in _CODE.items() if code in (WGS_84, VN2000_DEGREES) and uri != CRS84
)
"""Systems in which EPSG puts latitude first, and so do their callers."""
_DECIMALS: Final = {True: 7, False: 2}
"""Decimals of degrees (True) and of metres (False): a centimetre."""


def corners(crs: str, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the bounds in degrees of a box of a system, west first; infinite if outside of it."""
    if crs in _LAT_FIRST:
        south, west, north, east = box
        box = (west, south, east, north)
    if _CODE[crs] == WGS_84:
        return box
    # All four corners: the edges of a zone's grid run askew.
    grid = np.meshgrid(np.array(box[0::2]), np.array(box[1::2]))
    lon, lat = to_wgs84(_CODE[crs], np.ravel(grid[0]), np.ravel(grid[1]))
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def geojson_geometries(wkbs: list[bytes | None], crs: str) -> list[str]:
    """Return each geometry as GeoJSON in that system, in its axis order; `null` for None."""
    shapes: Any = shapely.from_wkb(np.array(wkbs, dtype=object))
    code, lat_first = _CODE[crs], crs in _LAT_FIRST
    decimals = _DECIMALS[code in (WGS_84, VN2000_DEGREES)]

    def transformed(places: Any) -> Any:
        x, y = places[:, 0], places[:, 1]
        if code != WGS_84:
            x, y = from_wgs84(code, x, y)
        return np.round(np.column_stack((y, x) if lat_first else (x, y)), decimals)

    written = shapely.to_geojson(shapely.transform(shapes, transformed))
    return ["null" if text is None else text for text in written]
