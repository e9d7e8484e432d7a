"""Coverage as programs read it: answers of the API, and `--format json` of commands."""

import datetime
from dataclasses import replace
from typing import Annotated, Literal, cast

from pydantic import Field
from typing_extensions import TypedDict

from registry.coverage.figures import (
    Audit,
    Counted,
    Coverage,
    CoverageLocality,
    Level,
    Quality,
    UnitCoverage,
    UnitTarget,
    UseCoverage,
    share_of,
)
from registry.coverage.gaps import KINDS, Gap, GapKind, GapLevel, Gaps, Side
from registry.coverage.series import NoForecast, RecordedDay, Series, SeriesPace
from registry.units.gazetteer import UnitRef

CountedAt = Annotated[
    datetime.datetime | None,
    Field(
        description="null: these are the counts of now. Else the moment that they are of: much was"
        " written since, and is being counted"
    ),
]


class CoverageTarget(TypedDict):
    """Tổng số hộ: the newest declared count, else the census, else an estimate."""

    households: int
    counted: Counted
    """What the number counts: hộ, hộ thường trú, chỗ ở"""
    quality: Quality
    quality_label: Annotated[str, Field(examples=["ước tính"])]
    source: str
    reference_date: datetime.date
    """Day that the number describes"""


class CoverageOfUnit(TypedDict):
    """One unit. Shares are of 1, cut after six places, null where there is nothing to divide by."""

    code: str
    """Of a locality: its commune's"""
    level: Level
    name: Annotated[str, Field(examples=["Phường Ba Đình"])]
    province: UnitRef | None
    target: CoverageTarget | None
    households: int
    """Hộ of the active records; several may share one"""
    share: float | None
    """households of target.households; above 1 as it is"""
    deficit: int | None
    """target.households less households"""
    dwellings: int
    """Active records of dwellings"""
    positioned: int
    """Of the dwellings, those with a point of 20 m or better"""
    share_positioned: float | None
    verified: int
    """Of the dwellings, those verified within 24 months"""
    share_verified: float | None
    deliverable: int
    """Of the dwellings, those that a carrier finds: one record at the door, a point of 20 m or
    better, a number or a locality"""
    share_deliverable: float | None
    plated: int
    """Of the dwellings, those with a plate at the door"""
    suspected_duplicates: int
    """Of the dwellings, those at a door that another record has as well"""
    without_number: int
    """Of the dwellings, those with neither a house number nor a flat's"""
    audit: list[Audit]
    """What should be looked into"""
    locality: CoverageLocality | None
    uses: list[UseCoverage]
    """What stands beside homes: uses that are there, or have a target"""


class CoverageAnswer(TypedDict):
    """Units by code, localities by name, and what holds them all."""

    as_of: datetime.date
    counted_at: CountedAt
    demo: bool
    former_unit: UnitRef | None
    """Unit of an old map that was asked for; `units` continue it"""
    units: list[CoverageOfUnit]
    total: CoverageOfUnit


SeriesLevel = Literal["country", "province", "commune", "former"]


class SeriesUnit(TypedDict):
    """Whose series it is."""

    code: str
    level: SeriesLevel
    name: str


class SeriesDay(TypedDict):
    """Counts of one day, as in coverage."""

    day: datetime.date
    households: int
    dwellings: int
    positioned: int
    verified: int
    deliverable: int
    plated: int
    suspected_duplicates: int
    without_number: int
    target: int | None
    target_quality: Quality | None
    target_counted: Counted | None
    share: float | None


class SeriesForecast(TypedDict):
    """When the target is reached at the pace of 28 days."""

    date: datetime.date | None
    reason: NoForecast | None
    """Why there is no date"""


class CoverageSeries(TypedDict):
    """One count a day; a day that was missed is not there."""

    unit: SeriesUnit
    former_unit: UnitRef | None
    since: datetime.date
    until: datetime.date
    days: list[SeriesDay]
    pace_7_days: SeriesPace | None
    pace_28_days: SeriesPace | None
    forecast: SeriesForecast


class GapCounts(TypedDict):
    """How many gaps of each kind there are; null for a kind that was not asked for."""

    below_target: int | None
    street_holes: int | None
    never_delivered: int | None


class CoverageGap(TypedDict):
    """One thing that is missing."""

    kind: GapKind
    level: GapLevel
    code: str
    """Of the commune, or of the province where it is a province's"""
    name: str
    province: UnitRef | None
    former_code: str | None
    """Commune of an earlier map that the street was in"""
    place: Annotated[str | None, Field(examples=["Phố Quán Thánh"])]
    """Street or locality"""
    side: Side | None
    between: list[int] | None
    """The two known numbers around a hole"""
    numbers: list[int]
    """The numbers that are missing between them"""
    missing: int | None
    """Households below target, or numbers of a hole"""
    households: int | None
    """What is compared with the target"""
    target: int | None
    target_quality: Quality | None
    target_quality_label: str | None
    share: float | None
    lon: float | None
    """Where to go, roughly; degrees, EPSG:4326"""
    lat: float | None


class CoverageGaps(TypedDict):
    """What is missing in a unit."""

    as_of: datetime.date
    counted_at: CountedAt
    demo: bool
    unit: UnitRef
    former_unit: UnitRef | None
    counts: GapCounts
    gaps: list[CoverageGap]


def coverage_answer(found: Coverage) -> CoverageAnswer:
    """Units and what holds them."""
    return CoverageAnswer(
        as_of=found.day,
        counted_at=_second(found.counted_at),
        demo=found.demo,
        former_unit=_ref(found.former),
        units=[unit_answer(unit) for unit in found.units],
        total=unit_answer(found.total),
    )


def unit_answer(unit: UnitCoverage) -> CoverageOfUnit:
    """One unit."""
    target, counts = unit.target, unit.counts
    return CoverageOfUnit(
        code=unit.code,
        level=unit.level,
        name=unit.name,
        province=_ref(unit.province),
        target=_target_answer(target) if target else None,
        households=counts.households,
        share=unit.share,
        deficit=unit.deficit,
        dwellings=counts.dwellings,
        positioned=counts.positioned,
        share_positioned=unit.share_positioned,
        verified=counts.verified,
        share_verified=unit.share_verified,
        deliverable=counts.deliverable,
        share_deliverable=unit.share_deliverable,
        plated=counts.plated,
        suspected_duplicates=counts.suspected,
        without_number=counts.unnumbered,
        audit=list(unit.audit),
        locality=unit.locality,
        uses=list(unit.uses),
    )


def _target_answer(target: UnitTarget) -> CoverageTarget:
    return CoverageTarget(
        households=target.households,
        counted=target.counted,
        quality=target.quality,
        quality_label=target.quality_label,
        source=target.source,
        reference_date=target.reference_date,
    )


def series_answer(found: Series) -> CoverageSeries:
    """The days on record of a unit."""
    return CoverageSeries(
        unit=SeriesUnit(code=found.code, level=cast(SeriesLevel, found.level), name=found.name),
        former_unit=_ref(found.former),
        since=found.since,
        until=found.until,
        days=[_day_answer(each) for each in found.days],
        pace_7_days=_rounded(found.paces[7]),
        pace_28_days=_rounded(found.paces[28]),
        forecast=SeriesForecast(date=found.forecast, reason=found.no_forecast),
    )


def _day_answer(day: RecordedDay) -> SeriesDay:
    counts = day.counts
    return SeriesDay(
        day=day.day,
        households=counts.households,
        dwellings=counts.dwellings,
        positioned=counts.positioned,
        verified=counts.verified,
        deliverable=counts.deliverable,
        plated=counts.plated,
        suspected_duplicates=counts.suspected,
        without_number=counts.unnumbered,
        target=day.target,
        target_quality=day.quality,
        target_counted=day.counted,
        share=share_of(day.covered(day.counted), day.target or 0),
    )


def gaps_answer(gaps: Gaps, most: int | None = None) -> CoverageGaps:
    """The gaps of a unit, the first `most`; how many of each kind, None if not asked for."""
    counts = {kind: len(gaps.of_kind(kind)) if kind in gaps.kinds else None for kind in KINDS}
    return CoverageGaps(
        as_of=gaps.day,
        counted_at=_second(gaps.counted_at),
        demo=gaps.demo,
        unit=UnitRef(code=gaps.code, name=gaps.name),
        former_unit=_ref(gaps.former),
        counts=cast(GapCounts, counts),
        gaps=[gap_answer(gap) for gap in gaps.found[:most]],
    )


def gap_answer(gap: Gap) -> CoverageGap:
    """One gap."""
    target, point = gap.target, gap.point
    return CoverageGap(
        kind=gap.kind,
        level=gap.level,
        code=gap.code,
        name=gap.name,
        province=_ref(gap.province),
        former_code=gap.former_code,
        place=gap.place,
        side=gap.side,
        between=list(gap.between) if gap.between else None,
        numbers=list(gap.numbers),
        missing=gap.missing,
        households=gap.households,
        target=target.households if target else None,
        target_quality=target.quality if target else None,
        target_quality_label=target.quality_label if target else None,
        share=share_of(gap.households or 0, target.households) if target else None,
        lon=point and round(point[0], 6),
        lat=point and round(point[1], 6),
    )


def _ref(unit: tuple[str, str] | None) -> UnitRef | None:
    return unit and UnitRef(code=unit[0], name=unit[1])


def _second(moment: datetime.datetime | None) -> datetime.datetime | None:
    return moment and moment.replace(microsecond=0)


def _rounded(pace: SeriesPace | None) -> SeriesPace | None:
    return pace and replace(pace, per_day=round(pace.per_day, 3))
