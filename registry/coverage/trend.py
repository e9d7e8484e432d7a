"""The trend of a unit as one SVG, drawn by the server like the map: no script, no style sheet.

The line breaks at days that were not recorded, and a single day is a dot. Today's count, not
recorded yet, is a hollow dot at the end.
"""

import datetime
import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Final

from registry.core.labels import number
from registry.coverage.palette import CLASSES
from registry.coverage.series import RecordedDay

_WIDE, _HIGH = 640, 230
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 16, 18, 30
_INK, _QUIET, _GRID = "#1b2733", "#55616d", "#d5dce2"
_LINE: Final = CLASSES[5].fill
_TARGET: Final = "#b02a00"
_TICKS: Final = 4
_TARGET_SHOWN: Final = 1.6
"""The target is drawn as a line if it is at most this many times the highest count."""

Point = tuple[float, float]


def draw_trend(
    days: Sequence[RecordedDay],
    *,
    title: str,
    now: RecordedDay | None = None,
    today: str = "hôm nay",
    ident: str = "xu-huong",
) -> str:
    """Return the counts of the days as an SVG element; '' for no days.

    `now` is the current count, which replaces the one recorded today and is labelled `today`.
    Counts are what the last day's target counts: hộ, or dwellings.
    """
    if not days:
        return ""
    if now is not None:
        days = [*(day for day in days if day.day < now.day), now]
    last = days[-1]
    counts = [day.covered(last.counted) for day in days]
    target = last.target if last.target and last.target <= _TARGET_SHOWN * max(counts) else None
    top = _nice(max(*counts, target or 0, 1))
    first, span = days[0].day, max((last.day - days[0].day).days, 1)

    def at(day: datetime.date, count: float) -> Point:
        x = _LEFT + (day - first).days / span * (_WIDE - _LEFT - _RIGHT)
        return x, _HIGH - _BOTTOM - count / top * (_HIGH - _TOP - _BOTTOM)

    points = [at(day.day, count) for day, count in zip(days, counts, strict=True)]
    ended = _day(last.day) if now is None else today
    label = f"{title}: {_day(first)} {number(counts[0])}; {ended} {number(counts[-1])}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" role="img"'
        f' aria-labelledby="{ident}-ten" class="trend" font-family="inherit" font-size="12">'
        f'<title id="{ident}-ten">{escape(label)}</title>',
        *_scale(top),
        *(_target(at(first, target)[1], target) if target else ()),
        *_lines(days, points),
        *_days(days, points, ended),
        _end(points[-1], counts[-1], hollow=now is not None),
        "</svg>",
    ]
    return "".join(parts)


def _nice(value: int) -> int:
    """Round up to 1, 2, 4 or 8 times a power of ten, whose quarters are short numbers.

    >>> _nice(7), _nice(9_300), _nice(310), _nice(1)
    (8, 20000, 400, 4)
    """
    if value <= _TICKS:
        return _TICKS
    power: int = 10 ** int(math.log10(value))
    return next(step * power for step in (1, 2, 4, 8, 20) if step * power >= value)


def _scale(top: int) -> list[str]:
    parts = []
    for tick in range(_TICKS + 1):
        y = _HIGH - _BOTTOM - tick / _TICKS * (_HIGH - _TOP - _BOTTOM)
        parts.append(
            f'<path d="M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}" stroke="{_GRID}" fill="none"/>'
            f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="{_QUIET}">'
            f"{_tick(top * tick / _TICKS)}</text>"
        )
    return parts


def _tick(value: float) -> str:
    """
    >>> _tick(2500.0), _tick(2.5)
    ('2.500', '2,5')
    """
    return number(int(value)) if value == int(value) else f"{value:.1f}".replace(".", ",")


def _target(y: float, target: int) -> list[str]:
    return [
        f'<path d="M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}" stroke="{_TARGET}" stroke-width="1.5"'
        ' stroke-dasharray="6 4" fill="none"/>'
        f'<text x="{_LEFT + 6}" y="{y - 5:.1f}" fill="{_TARGET}">{number(target)}</text>'
    ]


def _lines(days: Sequence[RecordedDay], points: Sequence[Point]) -> list[str]:
    """Return a line for each run of consecutive days, and a dot for each single day."""
    runs = [[points[0]]]
    for (before, _), (after, point) in pairwise(
        (day.day, point) for day, point in zip(days, points, strict=True)
    ):
        if (after - before).days > 1:
            runs.append([])
        runs[-1].append(point)
    return [
        f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in run)}" stroke="{_LINE}"'
        ' stroke-width="2.4" stroke-linejoin="round" fill="none"/>'
        if len(run) > 1
        else f'<circle cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="2.4" fill="{_LINE}"/>'
        for run in runs
    ]


def _days(days: Sequence[RecordedDay], points: Sequence[Point], ended: str) -> list[str]:
    y = _HIGH - 10
    label = ended if len(days) == 1 else _day(days[0].day)
    first = f'<text x="{_LEFT}" y="{y}" fill="{_QUIET}">{escape(label)}</text>'
    if len(days) == 1:
        return [first]
    return [
        first,
        f'<text x="{points[-1][0]:.1f}" y="{y}" text-anchor="end" fill="{_QUIET}">'
        f"{escape(ended)}</text>",
    ]


def _end(point: Point, count: int, *, hollow: bool) -> str:
    x, y = point
    fill, rim = ("#ffffff", _LINE) if hollow else (_LINE, "#ffffff")
    right = x > _WIDE / 2
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6" fill="{fill}" stroke="{rim}"/>'
        f'<text x="{x + (-7 if right else 7):.1f}" y="{max(y - 8, 11):.1f}"'
        f' text-anchor="{"end" if right else "start"}" font-weight="600" fill="{_INK}"'
        ' stroke="#ffffff" stroke-width="3" paint-order="stroke" stroke-linejoin="round">'
        f"{number(count)}</text>"
    )


def _day(day: datetime.date) -> str:
    return f"{day:%d/%m/%Y}"
