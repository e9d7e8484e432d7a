"""Changes between two days: units whose recorded counts differ, before and after."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import N_, Message
from registry.core.sql import Statements
from registry.coverage.figures import Counts, Coverage, UnitCoverage
from registry.units.gazetteer import Gazetteer, today

SQL: Final = Statements(__file__, "queries.sql")

BACK_DAYS: Final = 7
"""Maximum age of a recorded day relative to the requested one."""
_FIELDS: Final = {
    "households": "households",
    "dwellings": "dwellings",
    "positioned": "positioned",
    "verified": "verified",
    "deliverable": "deliverable",
    "plated": "plated",
    "suspected": "suspected_duplicates",
    "unnumbered": "without_number",
}
"""Count → its name in answers."""
MOVED_LABELS: Final = {
    "households": N_("with a code"),
    "dwellings": N_("Dwellings"),
    "deliverable": N_("deliverable"),
    "positioned": N_("point ≤ 20 m"),
    "verified": N_("verified in 24 months"),
    "suspected_duplicates": N_("suspected twice"),
}
"""Count → its label, in Vietnamese."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Counts of a unit on two days; None for a day without counts."""

    unit: UnitCoverage
    before: Counts | None
    after: Counts | None

    @property
    def change(self) -> dict[str, int] | None:
        """Count → difference; None if one of the days has no counts."""
        if self.before is None or self.after is None:
            return None
        return {
            called: getattr(self.after, name) - getattr(self.before, name)
            for name, called in _FIELDS.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        province = self.unit.province
        return {
            "code": self.unit.code,
            "level": self.unit.level,
            "name": self.unit.name,
            "province": province and {"code": province[0], "name": province[1]},
            "before": _named(self.before),
            "after": _named(self.after),
            "change": self.change,
        }


@dataclass(frozen=True, slots=True)
class Moved:
    """The changes, by code."""

    since: datetime.date
    """The recorded day that was compared: the requested one, or the last within a week before."""
    until: datetime.date
    units: tuple[Movement, ...]
    unmoved: int
    """Number of units without changes."""
    total: Movement
    """Sums of all units; None if a unit has no counts on that day."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "units": [unit.to_dict() for unit in self.units],
            "unmoved": self.unmoved,
            "total": self.total.to_dict(),
        }


def what_moved(
    session: Session,
    gazetteer: Gazetteer,
    now: Coverage,
    since: datetime.date,
    until: datetime.date | None,
) -> Moved:
    """Compare the units of `now` (without demonstration codes) on two days; `until` None is now.

    Raises InvalidInputError for a span that ends before it begins, or in the future; NotFoundError
    if no day is recorded.
    """
    if since > (until or now.day) or (until or since) > today():
        raise InvalidInputError.of_field(
            "since",
            "span_backwards",
            Message("day_range_invalid", since=since, until=until or now.day),
        )
    ids = [_id(gazetteer, unit, now.day) for unit in now.units]
    first = day_on_record(session, since)
    before = _counts(session, first, ids)
    after: list[Counts | None]
    if until is None:
        last, after = now.day, [unit.counts for unit in now.units]
    else:
        last = day_on_record(session, until)
        after = _counts(session, last, ids)
    looked_at = [Movement(*each) for each in zip(now.units, before, after, strict=True)]
    moved = tuple(each for each in looked_at if each.before != each.after)
    total = Movement(now.total, _sum(before), _sum(after))
    return Moved(first, last, moved, len(looked_at) - len(moved), total)


def day_on_record(session: Session, day: datetime.date) -> datetime.date:
    """Return the last recorded day up to `day`, at most a week older; raises NotFoundError with the
    nearest one.
    """
    before, after = session.execute(SQL.text("days_around"), {"day": day}).one()
    if before is not None and (day - before).days <= BACK_DAYS:
        return before  # type: ignore[no-any-return]
    nearest = ", ".join(str(each) for each in (before, after) if each is not None)
    raise NotFoundError(
        Message("no_record_in_week", day=day, nearest=nearest or Message("no_days_recorded"))
    )


def _counts(session: Session, day: datetime.date, ids: Sequence[int]) -> list[Counts | None]:
    rows = session.execute(SQL.text("counts_of_day"), {"day": day, "units": list(ids)})
    known = {row.unit_id: Counts.of(row) for row in rows}
    return [known.get(unit_id) for unit_id in ids]


def _sum(counts: Sequence[Counts | None]) -> Counts | None:
    known = [each for each in counts if each is not None]
    return Counts.sum(known) if len(known) == len(counts) else None


def _id(gazetteer: Gazetteer, unit: UnitCoverage, day: datetime.date) -> int:
    return next(
        each.id
        for each in gazetteer.with_code(unit.code)
        if each.level == unit.level and each.alive_on(day)
    )


def _named(counts: Counts | None) -> dict[str, int] | None:
    if counts is None:
        return None
    return {called: getattr(counts, name) for name, called in _FIELDS.items()}
