"""The time series of a unit: one count a day, its pace, and the forecast of completion.

A day is recorded by the job at 23:50 in Viet Nam, or by `diachiso coverage --record`. Missed days
stay missing: there is no interpolation. Demonstration codes are excluded.
"""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.database import session_scope
from registry.core.errors import InvalidInputError
from registry.core.messages import N_, Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.coverage.count_cache import count_anew
from registry.coverage.figures import COUNTRY, Counted, Counts, Level, Quality, UnitCoverage
from registry.coverage.measure import coverage_by_id, living_units
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer

SQL: Final = Statements(__file__, "queries.sql")

PACES_DAYS: Final = (7, 28)
FORECAST_DAYS: Final = 60
"""Days that must be recorded, of the last FORECAST_WINDOW_DAYS."""
FORECAST_WINDOW_DAYS: Final = 90
STALE_DAYS: Final = 7
"""A series that ended longer ago gives no forecast."""
FARTHEST_DAYS: Final = 30 * 365
SHOWN_DAYS: Final = 365
"""Default length of a series."""
_EARLIEST: Final = datetime.date(2000, 1, 1)
"""Before any series; avoids dates before the year 1."""
NoForecast = Literal[
    "no_series",
    "series_stale",
    "series_short",
    "target_missing",
    "target_estimate",
    "reached",
    "no_progress",
    "too_far",
]
NO_FORECAST: Final[dict[NoForecast, str]] = {
    "no_series": N_("no day is on record yet"),
    "series_stale": N_("nothing has been recorded lately"),
    "series_short": N_("60 days of the last 90 must be on record"),
    "target_missing": N_("there is no target"),
    "target_estimate": N_("the target is an estimate"),
    "reached": N_("the target is reached"),
    "no_progress": N_("no growth in 28 days"),
    "too_far": N_("more than 30 years at this pace"),
}
"""Reason for a missing forecast → its label."""


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """The recorded counts of a unit on a day."""

    day: datetime.date
    counts: Counts
    target: int | None
    quality: Quality | None
    """Quality of the target, as known that day."""
    counted: Counted | None

    @classmethod
    def of(cls, unit: UnitCoverage, day: datetime.date) -> "RecordedDay":
        """Create a day from the current counts, which are not recorded yet."""
        target = unit.target
        if target is None:
            return cls(day, unit.counts, None, None, None)
        return cls(day, unit.counts, target.households, target.quality, target.counted)

    def covered(self, counted: str | None) -> int:
        """Return hộ, or dwellings if a target counts those."""
        return self.counts.dwellings if counted == "dwellings" else self.counts.households


@dataclass(frozen=True, slots=True)
class SeriesPace:
    """How fast a unit grows."""

    since: datetime.date
    """Day on record that the last one is compared with"""
    days: int
    """Between the two: more where a day was not recorded"""
    per_day: float
    """Households a day, or dwellings where the target has those"""


@dataclass(frozen=True, slots=True)
class Series:
    """The recorded days of a unit, its pace, and its forecast."""

    code: str
    level: Level
    name: str
    former: tuple[str, str] | None
    """The requested former unit; the days are of its successors."""
    since: datetime.date
    until: datetime.date
    days: tuple[RecordedDay, ...]
    paces: dict[int, SeriesPace | None]
    """Span in days → pace; None without a recorded day of about that age."""
    forecast: datetime.date | None
    no_forecast: NoForecast | None
    """Reason for a missing forecast."""
    now: RecordedDay | None = None
    """Current counts, if the caller gave them; not a recorded day."""


def record_day(session: Session, gazetteer: Gazetteer) -> tuple[datetime.date, int]:
    """Record today's counts of every unit, replacing earlier ones of today.

    Returns the day and the number of units.
    """
    day = today()
    covered = coverage_by_id(session, gazetteer)
    columns: dict[str, list[Any]] = {
        name: [getattr(unit.counts, name) for unit in covered.values()]
        for name in Counts.__dataclass_fields__
    }
    targets = [unit.target for unit in covered.values()]
    columns |= {
        "unit_id": list(covered),
        "target": [target and target.households for target in targets],
        "target_quality": [target and target.quality for target in targets],
        "target_counted": [target and target.counted for target in targets],
    }
    session.execute(SQL.text("write_day"), {"day": day, **columns})
    return day, len(covered)


def record(engine: Engine, _settings: Settings) -> None:
    """Run the daily job."""
    count_anew(engine)
    with session_scope(engine) as session:
        record_day(session, load_gazetteer(session))


def series_of(
    session: Session,
    gazetteer: Gazetteer,
    code: str,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
    *,
    counted_now: UnitCoverage | None = None,
) -> Series:
    """Return the series of a unit, or of the country (`VN`); without `since` of a year.

    With `counted_now`, the unit's current coverage, the forecast uses its count and target, so that
    it agrees with current counts shown next to it. Raises InvalidInputError for a span that ends
    before it begins, and the errors of `coverage_of_unit`.
    """
    day = today()
    until = max(min(until or day, day), _EARLIEST)
    since = since or until - datetime.timedelta(days=SHOWN_DAYS)
    if since > until:
        raise InvalidInputError.of_field(
            "since", "span_backwards", Message("since_after_until", since=since, until=until)
        )
    former = None
    if code == COUNTRY[0]:
        named: tuple[str, Level, str] = COUNTRY
        units = [unit.id for unit in gazetteer.units.values() if unit.level == "province"]
        parts = None  # the number of provinces varies by day
    else:
        found, former = living_units(gazetteer, code, day)
        units, parts = [unit.id for unit in found], len(found)
        first = found[0]
        named = (first.code, cast(Level, first.level), first.version_on(day).full_name)
        if former is not None:
            named = (former[0], "former", former[1])
    window = until - datetime.timedelta(days=FORECAST_WINDOW_DAYS)
    rows = session.execute(
        SQL.text("series"),
        {"units": units, "parts": parts, "since": min(since, window), "until": until},
    )
    days = [
        RecordedDay(row.day, Counts.of(row), row.target, row.target and row.quality, row.counted)
        for row in rows
    ]
    now = None if counted_now is None else RecordedDay.of(counted_now, day)
    end = now or (days[-1] if days else None)
    counted = None if end is None else end.counted
    paces = {over: pace_of(days, over, counted) for over in PACES_DAYS}
    forecast = forecast_of(days, until, paces[28], end)
    return Series(
        *named,
        former=former,
        since=since,
        until=until,
        days=tuple(each for each in days if each.day >= since),
        paces=paces,
        forecast=forecast if isinstance(forecast, datetime.date) else None,
        no_forecast=forecast if isinstance(forecast, str) else None,
        now=now,
    )


def pace_of(days: Sequence[RecordedDay], over: int, counted: str | None) -> SeriesPace | None:
    """Return the daily change up to the last recorded day, since the one `over` days before it.

    If that day is missing, since the last one before it, up to half as old again. `counted` is what
    the target counts.
    """
    if not days:
        return None
    last = days[-1]
    newest = last.day - datetime.timedelta(days=over)
    oldest = newest - datetime.timedelta(days=over // 2)
    known = [each for each in days if oldest <= each.day <= newest]
    if not known:
        return None
    first = known[-1]
    span = (last.day - first.day).days
    change = last.covered(counted) - first.covered(counted)
    return SeriesPace(first.day, span, change / span)


def forecast_of(
    days: Sequence[RecordedDay],
    until: datetime.date,
    pace: SeriesPace | None,
    end: RecordedDay | None,
) -> datetime.date | NoForecast:
    """Return the day on which the target is reached from `end` at this pace, or why there is none.

    `end` is the current count, or the last recorded day.
    """
    if not days or end is None:
        return "no_series"
    if (until - days[-1].day).days > STALE_DAYS:
        return "series_stale"
    if not end.target:
        return "target_missing"
    if end.quality == "estimate":
        return "target_estimate"
    missing = end.target - end.covered(end.counted)
    if missing <= 0:
        return "reached"
    oldest = until - datetime.timedelta(days=FORECAST_WINDOW_DAYS)
    if pace is None or sum(each.day > oldest for each in days) < FORECAST_DAYS:
        return "series_short"
    if pace.per_day <= 0:
        return "no_progress"
    left = math.ceil(missing / pace.per_day)
    return "too_far" if left > FARTHEST_DAYS else end.day + datetime.timedelta(days=left)
