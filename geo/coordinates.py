"""Coordinates as files write them, and the coordinate systems of Viet Nam.

Degrees are decimal or in degrees, minutes and seconds; surveys use VN-2000 in metres, where X is
the northing. Systems are those of the EPSG registry: 3° zones by the meridian of a province
(Circular 973/2001/TT-TCĐC), UTM zones 48N and 49N, and VN-2000 in degrees.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pyproj import Transformer

WGS_84: Final = "EPSG:4326"
VN2000_DEGREES: Final = "EPSG:4756"
VN2000_METRES: Final = tuple(
    f"EPSG:{code}" for code in (*range(5896, 5900), *range(9205, 9219), 3405, 3406)
)
WGS_84_METRES: Final = ("EPSG:32648", "EPSG:32649", "EPSG:3857")
"""UTM on WGS 84 and the projection of web maps: what a map layer may state."""
_OPERATION: Final = "VN-2000 to WGS 84 (2)"
"""EPSG:6960, seven parameters, 2007: published by the State's survey department."""

_DECIMAL: Final = re.compile(r"[+-]?\d{1,3}(?:[.,]\d+)?")
_SIGNS: Final = "\"'°º˚′″’‘”“`´"
_DMS: Final = re.compile(
    rf"(?P<before>[NSEWBĐT])?\s*(?P<d>\d{{1,3}})\s*[{_SIGNS}d:\s]\s*(?P<m>\d{{1,2}}(?:[.,]\d+)?)"
    rf"(?:\s*[{_SIGNS}m:\s]+\s*(?P<s>\d{{1,2}}(?:[.,]\d+)?))?\s*[{_SIGNS}s]*\s*(?P<after>[NSEWBĐT])?",
    re.IGNORECASE,
)
_WITH_LETTER: Final = re.compile(
    r"(?P<before>[NSEWBĐT])?\s*(?P<degrees>[+-]?\d{1,3}(?:[.,]\d+)?)\s*[°º˚]?\s*(?P<after>[NSEWBĐT])?",
    re.IGNORECASE,
)
# B is Bắc, Đ Đông, T Tây; S is the English south, because Nam starts as north does.
_NEGATIVE: Final = frozenset("SWT")
_MINUTES: Final = 60
_GROUPED: Final = re.compile(r"\d{1,3}(?P<sign>[ .,])\d{3}(?:(?P=sign)\d{3})*(?:[.,]\d+)?")
_METRES: Final = re.compile(r"\d{5,8}(?:[.,]\d+)?")


def degrees(text: str) -> float | None:
    """Parse a longitude or latitude in degrees; None for text that is neither decimal nor in
    minutes.

    >>> degrees("21,0285"), degrees("21°01'30N"), degrees("105 48 30"), degrees("Láng")
    (21.0285, 21.025, 105.80833333333334, None)
    >>> degrees("108.09 E"), degrees("E108.09"), degrees("108.12°"), degrees("16,05° B")
    (108.09, 108.09, 108.12, 16.05)
    >>> degrees("105°48.6'"), degrees("N21°01.5'"), degrees("105 48.6"), degrees("105°48.6'30")
    (105.81, 21.025, None, None)
    """
    text = text.strip()
    if _DECIMAL.fullmatch(text):
        return float(text.replace(",", "."))
    if found := _WITH_LETTER.fullmatch(text):
        value = float(found["degrees"].replace(",", "."))
        return -value if _is_negative(found) else value
    found = _DMS.fullmatch(text)
    if found is None:
        return None
    minutes, seconds = (float((found[part] or "0").replace(",", ".")) for part in "ms")
    if minutes >= _MINUTES or seconds >= _MINUTES:
        return None
    # Without any sign `105 48.36` may be two numbers.
    if not found["m"].isdigit() and (found["s"] or not any(sign in text for sign in _SIGNS)):
        return None
    value = int(found["d"]) + minutes / 60 + seconds / 3600
    return -value if _is_negative(found) else value


def _is_negative(found: re.Match[str]) -> bool:
    return (found["before"] or found["after"] or "").upper() in _NEGATIVE


def is_in_minutes(text: str) -> bool:
    """Whether the text is a coordinate in degrees and minutes, or with a sign or letter.

    >>> is_in_minutes('105°48\\'30"'), is_in_minutes("105.8083 E"), is_in_minutes("105.8083")
    (True, True, False)
    """
    return not _DECIMAL.fullmatch(text.strip()) and degrees(text) is not None


def metres(text: str) -> float | None:
    """Parse a coordinate in metres, with or without digit grouping; None for other text.

    >>> metres("2325123,45"), metres("2.325.123,45"), metres("587 000"), metres("105.8")
    (2325123.45, 2325123.45, 587000.0, None)
    """
    text = text.strip()
    if _METRES.fullmatch(text):
        return float(text.replace(",", "."))
    if grouped := _GROUPED.fullmatch(text):
        digits = text.replace(grouped["sign"], "")
        return float(digits.replace(",", "."))
    return None


def to_wgs84(
    crs: str, easts: NDArray[np.float64], norths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Transform coordinates of another system to longitudes and latitudes in WGS 84, degrees.

    `easts` and `norths` are metres, or degrees for EPSG:4756; coordinates that cannot be
    transformed become infinite. Raises ValueError for a system not listed above.
    """
    lon, lat = _transformer(crs).transform(easts, norths)
    return np.asarray(lon), np.asarray(lat)


def from_wgs84(
    crs: str, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return easts and norths of another system. Raises ValueError as `to_wgs84` does."""
    easts, norths = _transformer(crs).transform(lon, lat, direction="INVERSE")
    return np.asarray(easts), np.asarray(norths)


def describe_crs(crs: str) -> str:
    """Return a short description of the system, for the person who confirms it.

    >>> describe_crs("EPSG:9210")
    'VN-2000, kinh tuyến trục 105°45′, múi 3° (EPSG:9210)'
    """
    if crs in (VN2000_DEGREES, WGS_84):
        name = "VN-2000" if crs == VN2000_DEGREES else "WGS 84"
        return f"{name}, kinh độ và vĩ độ ({crs})"
    if crs in WGS_84_METRES:
        return f"WGS 84, mét ({crs})"
    meridian, scale = central_meridian_and_scale(crs)
    whole, part = int(meridian), round((meridian % 1) * 60)
    # Zones of 6° have the scale 0.9996, those of 3° have 0.9999.
    width = "6°" if scale < 0.9998 else "3°"
    return f"VN-2000, kinh tuyến trục {whole}°{part:02d}′, múi {width} ({crs})"


@cache
def central_meridian_and_scale(crs: str) -> tuple[float, float]:
    """Return the central meridian of a zone in degrees, and the scale factor there.

    >>> central_meridian_and_scale("EPSG:9210")
    (105.75, 0.9999)
    """
    from pyproj import CRS

    parameters = CRS.from_user_input(crs).to_cf()
    return (
        float(parameters["longitude_of_central_meridian"]),
        float(parameters["scale_factor_at_central_meridian"]),
    )


@cache
def _transformer(crs: str) -> "Transformer":
    # Imported late: it takes 0.1 s to load and only files in metres need it.
    from pyproj.transformer import Transformer, TransformerGroup

    if crs in WGS_84_METRES:
        return Transformer.from_crs(crs, WGS_84, always_xy=True)
    if crs not in VN2000_METRES and crs != VN2000_DEGREES:
        raise ValueError(f"{crs} is no system that files are converted from")
    # Always this operation: PROJ would choose by area and by the grids that are installed.
    for transformer in TransformerGroup(crs, WGS_84, always_xy=True).transformers:
        if _OPERATION in transformer.description:
            return transformer
    raise ValueError(f"PROJ knows no operation {_OPERATION} for {crs}")
