"""Coverage: how many households of a unit have a code, against how many it has.

Counted when asked, by one statement on one index (`ix_household_coverage`), and not kept. What is
counted is active; hộ (`households_count`) and dwellings (records) apart; buildings never. Codes
that begin with 0 are demonstration and are left out unless asked for. Shares are cut after six
places and never rounded up: 1 is reached only when nobody is missing. Above 1 they stand as they
are, and the deficit is then negative.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.errors import InvalidInputError, NotFoundError
from registry.gazetteer import Gazetteer, Unit, today
from registry.units import continuations, unit_by_code

COUNTRY: Final = ("VN", "country", "Việt Nam")
"""Code, level and name of the country, which is no unit of the register."""
QUALITY_LABELS: Final = {
    "declared": "kê khai",
    "census": "tổng điều tra",
    "estimate": "ước tính",
}
"""Quality of a target → how it is shown; the best one first."""
ACCURATE_M: Final = 20
VERIFIED_YEARS: Final = 2

_SHARE_PLACES: Final = 1_000_000

# The constants stand in the text, not in parameters: a plan for any value could not use an index
# that holds for some.
_NOT_DEMO: Final = "AND code >= '1'"
_WITHIN: Final = "AND unit_id = ANY(CAST(:communes AS int[]))"
_BY_COMMUNE: Final = "GROUP BY unit_id"
_STATEMENT: Final = """
    WITH counted AS (
        SELECT {unit} AS unit_id, sum(households_count) AS households, count(*) AS dwellings,
            count(*) FILTER (WHERE position_accuracy_m <= {accurate_m}) AS positioned,
            count(*) FILTER (WHERE verified_on >= CAST(:verified_since AS date)) AS verified
        FROM household
        WHERE status = 'active' AND kind = 'household' {not_demo} {within}
        {grouping}
    ), summed AS (
        SELECT a.unit_id, coalesce(sum(c.households), 0)::bigint AS households,
            coalesce(sum(c.dwellings), 0)::bigint AS dwellings,
            coalesce(sum(c.positioned), 0)::bigint AS positioned,
            coalesce(sum(c.verified), 0)::bigint AS verified
        FROM unnest(CAST(:units AS int[]), CAST(:parts AS int[])) AS a (unit_id, commune_id)
        LEFT JOIN counted c ON c.unit_id = a.commune_id
        GROUP BY a.unit_id
    )
    SELECT s.unit_id, s.households, s.dwellings, s.positioned, s.verified, t.households AS target,
        t.quality, t.source, t.reference_date
    FROM summed s
    LEFT JOIN LATERAL (
        SELECT households, quality, source, reference_date
        FROM target
        WHERE target.unit_id = s.unit_id AND locality_id IS NULL
        ORDER BY array_position(CAST(:qualities AS text[]), quality), reference_date DESC, id DESC
        LIMIT 1
    ) t ON true
"""


@dataclass(frozen=True, slots=True)
class UnitTarget:
    """Tổng số hộ: how many households a unit has, who says so, and for which day."""

    households: int
    quality: str
    """declared | census | estimate."""
    source: str
    reference_date: datetime.date

    @property
    def quality_label(self) -> str:
        """The quality in Vietnamese; an estimate is never shown without it."""
        return QUALITY_LABELS[self.quality]


@dataclass(frozen=True, slots=True)
class Counts:
    """What the register holds in a unit."""

    households: int
    """Hộ: several may share a record."""
    dwellings: int
    """Records."""
    positioned: int
    """Of the dwellings, those with a point of 20 m or better."""
    verified: int
    """Of the dwellings, those seen to exist within 24 months."""


@dataclass(frozen=True, slots=True)
class UnitCoverage:
    """Target and counts of one unit. A share is None where there is nothing to divide by."""

    code: str
    level: str
    """country | province | commune."""
    name: str
    province: tuple[str, str] | None
    """Code and name of the province that holds a commune."""
    target: UnitTarget | None
    counts: Counts

    @property
    def share(self) -> float | None:
        """Households with a code, of all that the unit has."""
        return _share(self.counts.households, self.target.households if self.target else 0)

    @property
    def deficit(self) -> int | None:
        """How many households are missing; negative for a register above its target."""
        return None if self.target is None else self.target.households - self.counts.households

    @property
    def share_positioned(self) -> float | None:
        """Of the dwellings, those with a point of 20 m or better."""
        return _share(self.counts.positioned, self.counts.dwellings)

    @property
    def share_verified(self) -> float | None:
        """Of the dwellings, those seen to exist within 24 months."""
        return _share(self.counts.verified, self.counts.dwellings)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; every member is always there."""
        return {
            "code": self.code,
            "level": self.level,
            "name": self.name,
            "province": None
            if self.province is None
            else {"code": self.province[0], "name": self.province[1]},
            "target": None if self.target is None else _target_dict(self.target),
            "households": self.counts.households,
            "share": self.share,
            "deficit": self.deficit,
            "dwellings": self.counts.dwellings,
            "positioned": self.counts.positioned,
            "share_positioned": self.share_positioned,
            "verified": self.counts.verified,
            "share_verified": self.share_verified,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of the units asked for, by code, and of what holds them all."""

    day: datetime.date
    demo: bool
    units: tuple[UnitCoverage, ...]
    total: UnitCoverage
    """The country, the province, or the one unit asked for."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "as_of": self.day.isoformat(),
            "demo": self.demo,
            "units": [unit.to_dict() for unit in self.units],
            "total": self.total.to_dict(),
        }


def coverage_of_level(
    session: Session,
    gazetteer: Gazetteer,
    level: str,
    *,
    province: str | None = None,
    demo: bool = False,
) -> Coverage:
    """Coverage of all provinces or communes of today, or of those of one province.

    A unit without a target is there like all others. Raises what `coverage_of_unit` raises, and
    InvalidInputError when `province` is the code of another unit.
    """
    day = today()
    communes = _communes_by_province(gazetteer, day)
    if province is None:
        wholes = list(gazetteer.alive(day, level="province"))
    else:
        wholes = [living_province(gazetteer, province, day)]
    listed = wholes if level == "province" else [c for whole in wholes for c in communes[whole.id]]
    parts = [(whole.id, commune.id) for whole in wholes for commune in communes[whole.id]]
    # What has no parts is measured as well, as empty.
    parts += [(whole.id, whole.id) for whole in wholes if not communes[whole.id]]
    if level == "commune":
        parts += [(commune.id, commune.id) for commune in listed]
    within = "" if province is None else _WITHIN
    statement = _statement("unit_id", within, _BY_COMMUNE, demo=demo)
    parameters = {} if province is None else {"communes": sorted({part for _, part in parts})}
    measured = _measure(session, gazetteer, day, parts, statement, parameters)
    of_wholes = [measured[whole.id] for whole in wholes]
    total = _country(of_wholes) if province is None else of_wholes[0]
    units = sorted((measured[unit.id] for unit in listed), key=lambda unit: unit.code)
    return Coverage(day, demo, tuple(units), total)


def coverage_of_unit(
    session: Session, gazetteer: Gazetteer, code: str, *, demo: bool = False
) -> Coverage:
    """Coverage of one province or commune of today.

    Raises InvalidInputError for what is no code, and NotFoundError when no unit of today bears it,
    with the units that continue the last one that did.
    """
    day = today()
    unit = _living_unit(gazetteer, code, day)
    inside = _communes_by_province(gazetteer, day)[unit.id] if unit.level == "province" else [unit]
    # Summed at once, not by commune: a third less time for a province of 200,000 households.
    statement = _statement("CAST(:unit AS int)", _WITHIN, "", demo=demo)
    parameters = {"unit": unit.id, "communes": [commune.id for commune in inside]}
    measured = _measure(session, gazetteer, day, [(unit.id, unit.id)], statement, parameters)
    return Coverage(day, demo, (measured[unit.id],), measured[unit.id])


def _statement(unit: str, within: str, grouping: str, *, demo: bool) -> str:
    return _STATEMENT.format(
        accurate_m=ACCURATE_M,
        unit=unit,
        not_demo="" if demo else _NOT_DEMO,
        within=within,
        grouping=grouping,
    )


def _measure(
    session: Session,
    gazetteer: Gazetteer,
    day: datetime.date,
    parts: Sequence[tuple[int, int]],
    statement: str,
    parameters: dict[str, Any],
) -> dict[int, UnitCoverage]:
    """Coverage by unit; `parts` are (id of a unit, id under which a part of it is counted)."""
    common = {
        "units": [unit_id for unit_id, _ in parts],
        "parts": [part_id for _, part_id in parts],
        "verified_since": _years_before(day, VERIFIED_YEARS),
        "qualities": list(QUALITY_LABELS),
    }
    rows = session.execute(text(statement), common | parameters)
    return {row.unit_id: _unit_coverage(gazetteer, day, row) for row in rows}


def _unit_coverage(gazetteer: Gazetteer, day: datetime.date, row: Any) -> UnitCoverage:
    unit = gazetteer.units[row.unit_id]
    province = gazetteer.province_of(unit, day)
    target = None
    if row.target is not None:
        target = UnitTarget(row.target, row.quality, row.source, row.reference_date)
    return UnitCoverage(
        code=unit.code,
        level=unit.level,
        name=unit.version_on(day).full_name,
        province=(province.code, province.version_on(day).full_name) if province else None,
        target=target,
        counts=Counts(row.households, row.dwellings, row.positioned, row.verified),
    )


def _country(provinces: Sequence[UnitCoverage]) -> UnitCoverage:
    """The sum of all provinces, with a target when every one of them has one."""
    code, level, name = COUNTRY
    counts = [province.counts for province in provinces]
    return UnitCoverage(
        code=code,
        level=level,
        name=name,
        province=None,
        target=_sum_of_targets([province.target for province in provinces]),
        counts=Counts(
            households=sum(c.households for c in counts),
            dwellings=sum(c.dwellings for c in counts),
            positioned=sum(c.positioned for c in counts),
            verified=sum(c.verified for c in counts),
        ),
    )


def _sum_of_targets(targets: Sequence[UnitTarget | None]) -> UnitTarget | None:
    """A sum is no better than its worst and no newer than its oldest part."""
    known = [target for target in targets if target is not None]
    if not known or len(known) < len(targets):
        return None
    qualities = list(QUALITY_LABELS)
    return UnitTarget(
        households=sum(target.households for target in known),
        quality=max((target.quality for target in known), key=qualities.index),
        source="; ".join(sorted({target.source for target in known})),
        reference_date=min(target.reference_date for target in known),
    )


@lru_cache(maxsize=2)
def _communes_by_province(gazetteer: Gazetteer, day: datetime.date) -> dict[int, list[Unit]]:
    communes: dict[int, list[Unit]] = defaultdict(list)
    for commune in gazetteer.alive(day, level="commune"):
        communes[commune.version_on(day).province_id or 0].append(commune)
    return communes


def living_province(gazetteer: Gazetteer, code: str, day: datetime.date) -> Unit:
    """The province that bears `code` on that day; raises what `coverage_of_level` raises."""
    unit = _living_unit(gazetteer, code, day)
    if unit.level != "province":
        raise InvalidInputError.of_field(
            "province", "not_a_province", f"{unit.version_on(day).full_name} is no province"
        )
    return unit


def _living_unit(gazetteer: Gazetteer, code: str, day: datetime.date) -> Unit:
    unit = unit_by_code(gazetteer, code, None)
    if unit.alive_on(day):
        return unit
    heirs = [
        {"code": heir.unit.code, "name": heir.unit.version_on(day).full_name}
        for heir in continuations(gazetteer, unit, day)
    ]
    named = ", ".join(f"{heir['name']} ({heir['code']})" for heir in heirs) or "no unit on record"
    raise NotFoundError(
        f"{unit.version_on(day).full_name} ({code}) exists no longer; it is continued by {named}",
        unit_successors=heirs,
    )


def _years_before(day: datetime.date, years: int) -> datetime.date:
    """The same day of an earlier year; 28 February for the 29th.

    >>> _years_before(datetime.date(2026, 8, 1), 2), _years_before(datetime.date(2028, 2, 29), 2)
    (datetime.date(2024, 8, 1), datetime.date(2026, 2, 28))
    """
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap_day else day.day)


def _share(part: int, whole: int) -> float | None:
    """`part` of `whole`, cut and not rounded, so that only a whole is 1.

    >>> _share(27_999_999, 28_000_000), _share(3, 2), _share(1, 0)
    (0.999999, 1.5, None)
    """
    return part * _SHARE_PLACES // whole / _SHARE_PLACES if whole else None


def _target_dict(target: UnitTarget) -> dict[str, Any]:
    return {
        "households": target.households,
        "quality": target.quality,
        "quality_label": target.quality_label,
        "source": target.source,
        "reference_date": target.reference_date.isoformat(),
    }
