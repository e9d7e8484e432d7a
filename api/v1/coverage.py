"""Coverage: households with a code against the target."""

from typing import Final, Literal

from pydantic import Field

from api.core.context import gazetteer, register
from api.core.endpoint import Resource, public
from api.core.errors import PROVINCE_CODE, UNIT_CODE
from api.core.packing import packed
from api.core.types import Day, Request
from registry.core.database import session_scope
from registry.coverage.answers import (
    CoverageAnswer,
    CoverageGaps,
    CoverageSeries,
    coverage_answer,
    gaps_answer,
    series_answer,
)
from registry.coverage.count_cache import count_for_readers
from registry.coverage.gaps import KINDS, GapKind, find_gaps
from registry.coverage.localities import coverage_below
from registry.coverage.measure import coverage_of_level
from registry.coverage.series import series_of

blueprint = Resource("coverage", "/v1/coverage", tag="coverage", kind="coverage")

_OR_COUNTRY: Final = {
    "pattern": UNIT_CODE.replace("^(", "^(VN|"),
    "description": "Code of an administrative unit, or VN for the country",
}
"""Path parameter that accepts a unit or the country."""
blueprint.after_request(packed)  # all communes are 1.3 MB


_DEMO: Final[bool] = Field(False, description="Include demonstration records")


class CoverageUnitQuery(Request):
    """What to count."""

    level: Literal["commune", "locality"] | None = Field(
        None,
        description="Its communes, or a commune's localities",
    )
    demo: bool = _DEMO


class CoverageQuery(Request):
    """Which units to list."""

    level: Literal["province", "commune"] = "province"
    province: str | None = Field(
        None, pattern=PROVINCE_CODE, description="Code of a province: only it, or its communes"
    )
    demo: bool = _DEMO


class CoverageSeriesQuery(Request):
    """Range of days."""

    since: Day | None = Field(None, description="First day; a year earlier by default")
    until: Day | None = Field(None, description="Last day; by default today")


class CoverageGapsQuery(Request):
    """Filters of the gaps."""

    kind: GapKind | None = Field(None, description="Only this kind; all by default")
    limit: int = Field(200, ge=1, le=1_000, description="Maximum gaps; `counts` has all")
    demo: bool = _DEMO


@blueprint.get("")
@public(statuses=(404,), cache=None)
def list_coverage(query: CoverageQuery) -> CoverageAnswer:
    """Coverage of provinces or communes."""
    return coverage_by_level(query)


def coverage_by_level(query: CoverageQuery) -> CoverageAnswer:
    """Return the coverage of provinces or communes."""
    known = gazetteer()
    count_for_readers(register().engine)
    with session_scope(register().read_engine) as session:
        found = coverage_of_level(
            session, known, query.level, province=query.province, demo=query.demo
        )
    return coverage_answer(found)


@blueprint.get("/<code>")
@public(cache=None)
def get_coverage(code: str, query: CoverageUnitQuery) -> CoverageAnswer:
    """Coverage of one province or commune, or of its parts.

    For a former unit its successors, and `former_unit`.
    """
    return coverage_of_unit(code, query)


def coverage_of_unit(code: str, query: CoverageUnitQuery) -> CoverageAnswer:
    """Return the coverage of a unit."""
    known = gazetteer()
    count_for_readers(register().engine)
    with session_scope(register().read_engine) as session:
        found = coverage_below(session, known, code, query.level, demo=query.demo)
    return coverage_answer(found)


@blueprint.get("/<code>/series")
@public(parameters={"code": _OR_COUNTRY}, cache=None)
def get_coverage_series(code: str, query: CoverageSeriesQuery) -> CoverageSeries:
    """Daily counts of a unit or the country, with a forecast.

    A forecast needs 60 of the last 90 days, and a declared target.
    """
    known = gazetteer()
    with session_scope(register().read_engine) as session:
        found = series_of(session, known, code, query.since, query.until)
    return series_answer(found)


@blueprint.get("/<code>/gaps")
@public(parameters={"code": _OR_COUNTRY}, cache=None)
def get_coverage_gaps(code: str, query: CoverageGapsQuery) -> CoverageGaps:
    """Gaps of a unit: below target, holes in streets, never delivered.

    Restricted records count as unknown.
    """
    kinds = KINDS if query.kind is None else (query.kind,)
    known = gazetteer()
    count_for_readers(register().engine)
    with session_scope(register().read_engine) as session:
        found = find_gaps(session, known, code, kinds, demo=query.demo, public=True)
    return gaps_answer(found, query.limit)
