"""A query of features: where, on which day, after which key.

Parameters come as text, as OGC API Features writes them; errors name the parameter.
"""

import datetime
import math
import re
from dataclasses import dataclass, replace
from typing import Final

from registry.core.days import parse_day
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.publish.features.systems import CRS84, corners
from registry.units import FIRST_KNOWN_DAY
from registry.units.gazetteer import VIET_NAM, today

MOST: Final = 1_000
"""Features of a page; a higher limit gets these and a link to the next page."""
_WORLD: Final = (-180.0, -90.0, 180.0, 90.0)
_FOREVER: Final = ("", "..")
_LONGEST_DAY: Final = len("2026-01-31")
_KEY: Final = re.compile(r"[0-9A-Z]{1,18}")
Box = tuple[float, float, float, float]
"""(west, south, east, north) in degrees."""


@dataclass(frozen=True, slots=True)
class FeatureQuery:
    """The features to return."""

    limit: int
    at: datetime.datetime | None = None
    """State of that moment; None for now."""
    boxes: tuple[Box, ...] = ()
    """Inside any of them; empty for everywhere."""
    unit: str | None = None
    """Code of a commune or province of that day."""
    use: str | None = None
    """Only doors with this use."""
    after: str | None = None
    """Last key of the previous page."""
    only: str | None = None
    """Key of a single feature."""

    @property
    def where(self) -> dict[str, object]:
        """Inputs of the sections that `conditions` names."""
        return {
            **{
                f"{side}{place}": value
                for place, box in enumerate(self.boxes)
                for side, value in zip(("w", "s", "e", "n"), box, strict=True)
            },
            "after": self.after,
            "only": self.only,
            "most": self.limit + 1,
        }

    def conditions(self, *, numbered: bool = False) -> list[str]:
        """Return the sections of `queries.sql` that select the features; `numbered` layers have
        numeric keys.

        Raises InvalidInputError for an invalid `after`.
        """
        key = self.after if self.only is None else self.only
        found = []
        if key is not None:
            found.append("behind" if self.only is None else "only")
            if numbered and not key.isdigit():
                if self.only is None:
                    raise _cursor()
                found = ["nothing"]
        if self.boxes:
            found.append("in_box" if len(self.boxes) == 1 else "in_either_box")
        return found


def parse_query(
    *,
    limit: int,
    bbox: str | None,
    bbox_crs: str | None,
    moment: str | None,
    unit: str | None,
    after: str | None,
) -> FeatureQuery:
    """Parse the parameters. Raises InvalidInputError, which names the wrong one."""
    if after is not None and not _KEY.fullmatch(after):
        raise _cursor()
    return FeatureQuery(
        min(limit, MOST),
        parse_datetime(moment),
        () if bbox is None else parse_bbox(bbox, bbox_crs or CRS84),
        unit,
        after=after,
    )


def _cursor() -> InvalidInputError:
    return InvalidInputError.of_field("after", "malformed_cursor", Message("cursor_not_ours"))


def for_key(query: FeatureQuery, key: str) -> FeatureQuery:
    """Narrow the query to one feature; a malformed key matches none."""
    return replace(query, limit=1, only=key if _KEY.fullmatch(key) else "")


def day_of(query: FeatureQuery, *, announced: bool = False) -> datetime.date:
    """Return the day of the query; today by default.

    Raises InvalidInputError for a day before the first known map, and for a day in the future
    unless `announced` states are allowed.
    """
    now = today()
    day = now if query.at is None else query.at.astimezone(VIET_NAM).date()
    if day < FIRST_KNOWN_DAY:
        raise InvalidInputError.of_field(
            "datetime",
            "day_too_early",
            Message("no_map_before_day", day=FIRST_KNOWN_DAY),
        )
    if day > now and not announced:
        raise InvalidInputError.of_field(
            "datetime", "day_in_future", Message("day_in_future", day=day)
        )
    return day


def parse_bbox(text: str, crs: str = CRS84) -> tuple[Box, ...]:
    """Parse boxes in degrees, west first; two if the box crosses the antimeridian.

    >>> parse_bbox("105.7,20.9,105.9,21.1"), parse_bbox("105,20,0,106,21,99")
    (((105.7, 20.9, 105.9, 21.1),), ((105.0, 20.0, 106.0, 21.0),))
    >>> parse_bbox("170,-10,-170,10")
    ((170.0, -10.0, 180.0, 10.0), (-180.0, -10.0, -170.0, 10.0))
    """
    numbers = _numbers(text)
    if len(numbers) not in (4, 6):
        raise _bbox(Message("bbox_numbers_required"))
    half = len(numbers) // 2
    (west, south), (east, north) = numbers[:2], numbers[half : half + 2]
    if crs != CRS84:
        west, south, east, north = corners(crs, (west, south, east, north))
        if not all(map(math.isfinite, (west, south, east, north))):
            raise _bbox(Message("corners_outside_system"))
    if south > north:
        raise _bbox(Message("bbox_upside_down"))
    if not (_is_on_earth(west, south) and _is_on_earth(east, north)):
        raise _bbox(Message("bbox_degrees_required"))
    if west > east:
        return (west, south, _WORLD[2], north), (_WORLD[0], south, east, north)
    return ((west, south, east, north),)


def _numbers(text: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")[:7]]
    except ValueError:
        raise _bbox(Message("numbers_with_commas_required")) from None
    if not all(map(math.isfinite, numbers)):
        raise _bbox(Message("finite_number_required"))
    return numbers


def _is_on_earth(lon: float, lat: float) -> bool:
    return _WORLD[0] <= lon <= _WORLD[2] and _WORLD[1] <= lat <= _WORLD[3]


def _bbox(detail: Message) -> InvalidInputError:
    return InvalidInputError.of_field("bbox", "malformed_bbox", detail)


def parse_datetime(text: str | None) -> datetime.datetime | None:
    """Parse a moment: the end of a day in Viet Nam, the last moment of an interval; None for now.

    >>> parse_datetime("../2025-06-30T18:00:00Z").isoformat()
    '2025-06-30T18:00:00+00:00'
    >>> parse_datetime("2025-06-30").isoformat()
    '2025-06-30T23:59:59.999999+07:00'
    >>> parse_datetime("2025-06-30/.."), parse_datetime(None)
    (None, None)
    """
    if text is None:
        return None
    first, interval, last = text.partition("/")
    if not interval:
        return _moment(text)
    begins, ends = (None if end in _FOREVER else _moment(end) for end in (first, last))
    if begins is not None and ends is not None and ends < begins:
        raise _datetime(Message("interval_reversed"))
    return ends


def _moment(text: str) -> datetime.datetime:
    try:
        if len(text) <= _LONGEST_DAY:
            return datetime.datetime.combine(parse_day(text), datetime.time.max, VIET_NAM)
        moment = datetime.datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment.astimezone(VIET_NAM)  # overflows for a time of the year 9999
            return moment
    except (ValueError, OverflowError):
        pass
    raise _datetime(Message("datetime_form_required"))


def _datetime(detail: Message) -> InvalidInputError:
    return InvalidInputError.of_field("datetime", "malformed_datetime", detail)
