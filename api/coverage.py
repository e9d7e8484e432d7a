"""Coverage: households with a code against households that there are."""

import datetime
from typing import Annotated, Final, Literal

from flask import Response, jsonify
from pydantic import Field
from typing_extensions import TypedDict

from api.context import gazetteer, register
from api.endpoint import Resource, public
from api.errors import PROVINCE_CODE, UNIT_CODE
from api.openapi import Day, JsonObject, Request
from api.packing import packed
from registry.coverage.count_cache import count_for_readers
from registry.coverage.figures import CoverageLocality
from registry.coverage.gap_files import to_dict
from registry.coverage.gaps import KINDS, find_gaps
from registry.coverage.localities import coverage_below
from registry.coverage.measure import coverage_of_level
from registry.coverage.series import SeriesPace, series_of
from registry.database import session_scope
from registry.gazetteer import UnitRef

blueprint = Resource("coverage", "/v1/coverage", tag="coverage", kind="coverage")

_OR_COUNTRY: Final = {
    "pattern": UNIT_CODE.replace("^(", "^(VN|"),
    "description": "Code of an administrative unit, or VN for the country",
}
"""What a path parameter may be where the country may stand for a unit."""
blueprint.after_request(packed)  # all communes are 1.3 MB


_DEMO: Final[bool] = Field(
    False, description="Count demonstration codes too, which begin with 0 and name no real door"
)


CountedAt = Annotated[
    datetime.datetime | None,
    Field(
        description="null: these are the counts of now. Else the moment that they are of: much was"
        " written since, and is being counted"
    ),
]


class CoverageUnitQuery(Request):
    """What is counted."""

    level: Literal["commune", "locality"] | None = Field(
        None,
        description="Parts in place of the unit: a province's communes, a commune's localities",
    )
    demo: bool = _DEMO


class CoverageQuery(Request):
    """Which units are listed."""

    level: Literal["province", "commune"] = "province"
    province: str | None = Field(
        None, pattern=PROVINCE_CODE, description="Code of a province: it alone, or its communes"
    )
    demo: bool = _DEMO


class CoverageSeriesQuery(Request):
    """Which days."""

    since: Day | None = Field(None, description="First day; by default a year before the last")
    until: Day | None = Field(None, description="Last day; by default today")


GapKind = Literal["below_target", "street_holes", "never_delivered"]


class CoverageGapsQuery(Request):
    """Which gaps."""

    kind: GapKind | None = Field(None, description="One kind alone; all by default")
    limit: int = Field(200, ge=1, le=1_000, description="Gaps in the answer; `counts` has all")
    demo: bool = _DEMO


class CoverageTarget(TypedDict):
    """Tổng số hộ: the newest declared count, else the census, else an estimate."""

    households: int
    counted: Literal["households", "residents", "dwellings"]
    """What the number counts: hộ, hộ thường trú, chỗ ở"""
    quality: Literal["declared", "census", "derived", "estimate"]
    quality_label: Annotated[str, Field(examples=["ước tính"])]
    source: str
    reference_date: datetime.date
    """Day that the number describes"""


class CoverageOfUnit(TypedDict):
    """One unit. Shares are of 1, cut after six places, null where there is nothing to divide by."""

    code: str
    """Of a locality: its commune's"""
    level: Literal["country", "province", "commune", "locality", "former"]
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
    audit: list[Literal["above_120", "jump"]]
    """What should be looked into"""
    locality: CoverageLocality | None


class CoverageAnswer(TypedDict):
    """Units by code, localities by name, and what holds them all."""

    as_of: datetime.date
    counted_at: CountedAt
    demo: bool
    former_unit: UnitRef | None
    """Unit of an old map that was asked for; `units` continue it"""
    units: list[CoverageOfUnit]
    total: CoverageOfUnit


class SeriesUnit(TypedDict):
    """Whose series it is."""

    code: str
    level: Literal["country", "province", "commune", "former"]
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
    target_quality: Literal["declared", "census", "derived", "estimate"] | None
    target_counted: Literal["households", "residents", "dwellings"] | None
    share: float | None


class SeriesForecast(TypedDict):
    """When the target is reached at the pace of 28 days."""

    date: datetime.date | None
    reason: (
        Literal[
            "no_series",
            "series_stale",
            "series_short",
            "target_missing",
            "target_estimate",
            "reached",
            "no_progress",
            "too_far",
        ]
        | None
    )
    """Why no date is told"""


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
    level: Literal["province", "commune", "locality", "street"]
    code: str
    """Of the commune, or of the province where it is a province's"""
    name: str
    province: UnitRef | None
    former_code: str | None
    """Commune of an earlier map that the street was in"""
    place: Annotated[str | None, Field(examples=["Phố Quán Thánh"])]
    """Street or locality"""
    side: Literal["odd", "even"] | None
    between: list[int] | None
    """The two known numbers around a hole"""
    numbers: list[int]
    """The numbers that are missing between them"""
    missing: int | None
    """Households below target, or numbers of a hole"""
    households: int | None
    """What is compared with the target"""
    target: int | None
    target_quality: Literal["declared", "census", "derived", "estimate"] | None
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


@blueprint.get("")
@public(answer=CoverageAnswer, statuses=(404,))
def list_coverage(query: CoverageQuery) -> Response:
    """Coverage of all provinces or communes, or of those of one province."""
    return jsonify(coverage_by_level(query))


def coverage_by_level(query: CoverageQuery) -> JsonObject:
    """Coverage of provinces or communes, as it is told."""
    known = gazetteer()
    count_for_readers(register().engine)
    with session_scope(register().read_engine) as session:
        found = coverage_of_level(
            session, known, query.level, province=query.province, demo=query.demo
        )
    return found.to_dict()


@blueprint.get("/<code>")
@public(answer=CoverageAnswer)
def get_coverage(code: str, query: CoverageUnitQuery) -> Response:
    """Coverage of one province or commune, or of its parts.

    A unit of an old map is answered by those that continue it; `former_unit` says so.
    """
    return jsonify(coverage_of_unit(code, query))


def coverage_of_unit(code: str, query: CoverageUnitQuery) -> JsonObject:
    """Coverage of a unit, as it is told."""
    known = gazetteer()
    count_for_readers(register().engine)
    with session_scope(register().read_engine) as session:
        found = coverage_below(session, known, code, query.level, demo=query.demo)
    return found.to_dict()


@blueprint.get("/<code>/series")
@public(answer=CoverageSeries, parameters={"code": _OR_COUNTRY})
def get_coverage_series(code: str, query: CoverageSeriesQuery) -> Response:
    """The counts of a unit or of the country (VN) of each evening, the pace, and a forecast.

    Without demonstration codes. No forecast before 60 days of the last 90 are on record, and none
    against an estimate.
    """
    known = gazetteer()
    with session_scope(register().read_engine) as session:
        found = series_of(session, known, code, query.since, query.until)
    return jsonify(found.to_dict())


@blueprint.get("/<code>/gaps")
@public(answer=CoverageGaps, parameters={"code": _OR_COUNTRY})
def get_coverage_gaps(code: str, query: CoverageGapsQuery) -> Response:
    """What is missing in a province or commune: parts far below target, holes in streets, places
    that no import delivered.

    Restricted records are taken for unknown.
    """
    kinds = KINDS if query.kind is None else (query.kind,)
    known = gazetteer()
    count_for_readers(register().engine)
    with session_scope(register().read_engine) as session:
        found = find_gaps(session, known, code, kinds, demo=query.demo, public=True)
    return jsonify(to_dict(found, list(found.found[: query.limit])))
