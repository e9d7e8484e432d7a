"""Points as people write and paste them: pairs of degrees, links of map sites, Plus Codes.

Links are only parsed; nothing is fetched.
"""

import re
from typing import Final
from urllib.parse import unquote

from geo.coordinates import degrees
from geo.plus_code import code_in, middle_of
from geo.values import value

# Viet Nam with its archipelagos; the ranges do not overlap, so either order is unambiguous.
_LON: Final = (102.0, 118.0)
_LAT: Final = (6.0, 24.0)
_NUMBER: Final = r"([+-]?\d{1,3}(?:\.\d{1,15})?)"
_PAIR: Final = re.compile(rf"\s*{_NUMBER}\s*[,;\s]\s*{_NUMBER}\s*")
_GEOPOINT: Final = re.compile(rf"\s*{_NUMBER}\s+{_NUMBER}\s+-?[\d.]{{1,12}}\s+[\d.]{{1,12}}\s*")
"""As mobile forms write it: latitude, longitude, altitude and accuracy."""
_NUMBERS: Final = re.compile(
    r"\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*[,;\s]\s*(-?\d{1,9}(?:\.\d{1,9})?)\s*"
)
_DEGREES: Final = r"\d{1,3}(?:[.,]\d{1,15})?"
_SIDE: Final = "[NSEWBĐT]"
_SIDED: Final = re.compile(
    rf"\s*({_DEGREES})\s*°?\s*({_SIDE})\s*[,;]?\s*({_DEGREES})\s*°?\s*({_SIDE})\s*"
    rf"|\s*({_SIDE})\s*({_DEGREES})\s*°?\s*[,;]?\s*({_SIDE})\s*({_DEGREES})\s*°?\s*",
    re.IGNORECASE,
)
_MARKS: Final = re.compile("[°º˚]")
_GIS: Final = re.compile(
    rf"\s*(?:SRID=4326;)?\s*POINT\s*Z?\s*\(\s*{_NUMBER}\s+{_NUMBER}(?:\s+-?[\d.]+)?\s*\)\s*"
    rf"|\s*\{{.{{0,40}}\"coordinates\"\s*:\s*\[\s*{_NUMBER}\s*,\s*{_NUMBER}[\s,\d.-]*\].{{0,40}}\}}\s*",
    re.IGNORECASE,
)
"""As GIS programs write it in a cell: WKT and GeoJSON."""
_LINK: Final = re.compile(r"\s*(?:https?://|geo:|maps://|www\.)\S+\s*", re.IGNORECASE)
_PAIR_INSIDE: Final = re.compile(
    r"(?<![\w.])([+-]?\d{1,3}\.\d{3,15})\s*[,;\s]\s*([+-]?\d{1,3}\.\d{3,15})(?![\w.])"
)
"""Beside words, only with more decimals than a house number has."""
_LINK_INSIDE: Final = re.compile(r"(?:https?://|geo:|www\.)[^\s)\]]*[^\s)\],;.]", re.IGNORECASE)
# The place of a link takes precedence over the centre of its map.
_IN_LINK: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"!3d{_NUMBER}!4d{_NUMBER}",
        rf"[?&](?:q|query|ll|center|destination|daddr)=(?:loc:)?{_NUMBER},[\s+]*{_NUMBER}",
        rf"[?&]mlat={_NUMBER}&mlon={_NUMBER}",
        rf"/(?:place|search|dir)/{_NUMBER},[\s+]*{_NUMBER}",
        rf"^\s*geo:{_NUMBER},{_NUMBER}",
        rf"[/#@]{_NUMBER},{_NUMBER}(?:[,/]|$)",
        rf"#(?:map=)?[\d.]+/{_NUMBER}/{_NUMBER}",
    )
)
_BEGINNINGS: Final = frozenset("PpSs{")
_LONGEST: Final = 2_000
_WORD: Final = re.compile(r"[^\W\d_]{2}")
# Every point with two letters in a row contains one of these.
_BESIDE_WORDS: Final = ("+", ":", "°", "º", "˚", "www.")


def point_in(text: str) -> tuple[float, float] | None:
    """Return (lon, lat) if all of `text` is a point in Viet Nam, or a full Plus Code anywhere.

    >>> point_in("21.0285, 105.8542"), point_in("105.8542 21.0285"), point_in("12, 34")
    ((105.8542, 21.0285), (105.8542, 21.0285), None)
    >>> point_in("21°01'30\\"N 105°51'00\\"E"), point_in("21.02446 N, 105.85028 E")
    ((105.85, 21.025), (105.85028, 21.02446))
    >>> point_in("https://www.google.com/maps/@21.02,105.85,17z")
    (105.85, 21.02)
    >>> point_in("21.0285 105.8542 12.3 4.8"), point_in("21.0285 105.8542 12.3")
    ((105.8542, 21.0285), None)
    """
    if len(text) > _LONGEST:
        return None
    if text.lstrip()[:1] in _BEGINNINGS and (match := _GIS.fullmatch(text)):
        first, second = (number for number in match.groups() if number)
        return _in_viet_nam(float(first), float(second))
    if _is_wording(text):
        return None
    if match := _PAIR.fullmatch(text) or _GEOPOINT.fullmatch(text):
        return _in_viet_nam(float(match[1]), float(match[2]))
    if _LINK.fullmatch(text):
        return _in_link(unquote(text))
    if match := _SIDED.fullmatch(text):
        value, side, other, other_side = match.groups()[:4]
        if value is None:
            side, value, other_side, other = match.groups()[4:]
        return _sided(_decimal(value), side, _decimal(other), other_side)
    if len(_MARKS.findall(text)) == 2:
        return _in_minutes(text)
    return middle_of(text)


@value(frozen=True, slots=True)
class Evidence:
    """A point in a text besides words, and the words."""

    rest: str
    point: tuple[float, float] | None
    """(lon, lat); None for a short Plus Code, which is relative to the place in the words."""
    plus_code: str | None


def evidence_in(text: str) -> Evidence | None:
    """Return the first point in a text with words: degrees, a map link or a Plus Code; or None.

    >>> evidence_in("12 Láng, Hà Nội (21.0285, 105.8542)").point
    (105.8542, 21.0285)
    >>> evidence_in("12 Láng https://maps.google.com/?q=21.02,105.85, Hà Nội").rest
    '12 Láng , Hà Nội'
    >>> evidence_in("2VF2+Q4 Hà Nội").plus_code, evidence_in("12.5/3 Láng"), evidence_in("2VF2+Q4")
    ('2VF2+Q4', None, None)
    """
    code = code_in(text)
    found: tuple[re.Match[str], tuple[float, float] | None] | None = None
    if code is not None:
        found = (code, middle_of(code[1]))
    elif (link := _LINK_INSIDE.search(text)) is not None:
        found = (link, _in_link(unquote(link[0])))
    elif (pair := _PAIR_INSIDE.search(text)) is not None:
        found = (pair, _in_viet_nam(float(pair[1]), float(pair[2])))
    if found is None or (found[1] is None and code is None):
        return None
    match, point = found
    rest = f"{text[: match.start()]}{text[match.end() :]}".strip(" ,;()[]")
    if not any(map(str.isalpha, rest)):
        return None
    return Evidence(rest, point, code[1].upper() if code and point is None else None)


def two_numbers(text: str) -> tuple[str, str] | None:
    """Return the two numbers of a text without words, as written: `587000.5 2325123`, survey
    metres.

    >>> two_numbers("587000.5; 2325123"), two_numbers("587000.5"), two_numbers("12 Láng")
    (('587000.5', '2325123'), None, None)
    """
    match = _NUMBERS.fullmatch(text)
    return (match[1], match[2]) if match else None


def _is_wording(text: str) -> bool:
    """Whether the text is certainly not a point, as nearly every address; faster than the
    patterns."""
    if _WORD.search(text) is None:
        return False
    return not any(map(text.lower().__contains__, _BESIDE_WORDS))


def is_about_viet_nam(*, lon: float, lat: float) -> bool:
    """Whether a point, in degrees, lies in the rectangle around the country."""
    return _LON[0] <= lon <= _LON[1] and _LAT[0] <= lat <= _LAT[1]


def _in_link(link: str) -> tuple[float, float] | None:
    for pattern in _IN_LINK:
        if match := pattern.search(link):
            return _in_viet_nam(float(match[1]), float(match[2]))
    return None


def _sided(first: float, side: str, second: float, other: str) -> tuple[float, float] | None:
    """Return the point of two numbers with their sides, one north and one east."""
    if {side.upper(), other.upper()} <= {"N", "B", "E", "Đ"}:
        return _in_viet_nam(first, second)
    return None


def _in_minutes(text: str) -> tuple[float, float] | None:
    for at in range(len(text)):
        if not text[at].isspace() and text[at] not in ",;":
            continue
        first, second = degrees(text[:at].strip(" ,;")), degrees(text[at + 1 :].strip(" ,;"))
        if first is not None and second is not None:
            return _in_viet_nam(first, second)
    return None


def _decimal(written: str) -> float:
    return float(written.replace(",", "."))


def _in_viet_nam(first: float, second: float) -> tuple[float, float] | None:
    for lon, lat in ((first, second), (second, first)):
        if is_about_viet_nam(lon=lon, lat=lat):
            return lon, lat
    return None
