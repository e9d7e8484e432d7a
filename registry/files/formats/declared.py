"""Identify the coordinate system that a map layer declares, if it is certain."""

from typing import TYPE_CHECKING, Final

from geo.coordinates import (
    VN2000_DEGREES,
    VN2000_METRES,
    WGS_84,
    WGS_84_METRES,
    central_meridian_and_scale,
)

if TYPE_CHECKING:
    from pyproj import CRS

_SAME_AS_WGS_84: Final = frozenset({"EPSG:4326", "OGC:CRS84", "EPSG:4979"})
_KNOWN: Final = frozenset({WGS_84, VN2000_DEGREES, *VN2000_METRES, *WGS_84_METRES})
_TOLERANCE: Final = 1e-6
"""Tolerance, in degrees and as a scale factor, within which two zones are equal."""
# Shift stated for an unnamed datum: metres, the first three parameters of EPSG:6960.
_VN2000_SHIFT: Final = (-191.90441429, -39.30318279, -111.45032835)


class UnsupportedSystemError(Exception):
    """The layer declares a system that cannot be converted; the text names it."""


def declared_system(stated: str | None, *, without_vn2000: bool = False) -> str | None:
    """The system as `EPSG:…` if the declaration is unambiguous, else None.

    `without_vn2000`: the format cannot express VN-2000 (MapInfo) and declares WGS 84 instead, so a
    declaration of metres on WGS 84 is not reliable. Neither is a projection in a VN-2000 zone with
    an unnamed datum. Raises UnsupportedSystemError for any other system.
    """
    if stated is None or stated in _SAME_AS_WGS_84:
        return None if stated is None else WGS_84
    known = stated if stated in _KNOWN else None
    if known is None:
        known = _by_parameters(stated)
    return None if without_vn2000 and known in WGS_84_METRES else known


def _by_parameters(stated: str) -> str | None:
    # Takes 0.1 s to load, and is needed only for declarations without an EPSG code.
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(stated)
    except CRSError as error:
        raise UnsupportedSystemError(stated[:40]) from error
    found = crs.to_epsg(min_confidence=100)
    if f"EPSG:{found}" in _KNOWN:
        return f"EPSG:{found}"
    vn2000 = _is_vn2000(crs)
    base = crs.source_crs if crs.is_bound and crs.source_crs is not None else crs
    if base.is_geographic:
        if vn2000:
            return VN2000_DEGREES
        if base.datum is not None and "wgs" in base.datum.name.casefold():
            return WGS_84
    zone = _zone(base) if base.is_projected else None
    if zone is None or not (vn2000 or _is_unnamed(base)):
        raise UnsupportedSystemError(crs.name if crs.name != "unknown" else stated[:40])
    # Without the name of the datum, other zones on the same meridian are possible.
    return zone if vn2000 else None


def _zone(crs: "CRS") -> str | None:
    parameters = crs.to_cf()
    if parameters.get("grid_mapping_name") != "transverse_mercator":
        return None
    meridian = float(parameters["longitude_of_central_meridian"])
    scale = float(parameters["scale_factor_at_central_meridian"])
    for code in VN2000_METRES:
        other_meridian, other_scale = central_meridian_and_scale(code)
        if abs(meridian - other_meridian) < _TOLERANCE and abs(scale - other_scale) < _TOLERANCE:
            return code
    return None


def _is_unnamed(crs: "CRS") -> bool:
    """Whether the datum is uninformative: absent, or the ellipsoid shared by VN-2000 and WGS 84."""
    name = crs.datum.name.casefold() if crs.datum is not None else "unknown"
    return any(word in name for word in ("unknown", "unnamed", "wgs", "world geodetic"))


def _is_vn2000(crs: "CRS") -> bool:
    geodetic = crs.geodetic_crs
    names = [crs.name, geodetic.name if geodetic else ""]
    if geodetic is not None and geodetic.datum is not None:
        names.append(geodetic.datum.name)
    if any(_mentions_vn2000(name) for name in names):
        return True
    operation = crs.coordinate_operation if crs.is_bound else None
    shift = tuple(operation.towgs84)[:3] if operation is not None else ()
    return len(shift) == len(_VN2000_SHIFT) and all(
        abs(given - right) < 1 for given, right in zip(shift, _VN2000_SHIFT, strict=True)
    )


def _mentions_vn2000(name: str) -> bool:
    letters = "".join(sign for sign in name.casefold() if sign.isalnum())
    return any(word in letters for word in ("vn2000", "vietnam2000"))
