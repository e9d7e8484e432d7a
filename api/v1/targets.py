"""Targets over HTTP: an authority declares how many households its units have."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.core.access import caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.errors import UNIT_CODE
from api.core.types import Day, Request, answer_from
from registry.core.database import session_scope
from registry.coverage.figures import Used
from registry.coverage.target_reading import Defaults
from registry.coverage.target_rows import target_cells
from registry.coverage.targets import PROBLEMS, TargetGap, take_targets
from registry.lifecycle.requests import Line

blueprint = Resource("targets", "/v1/targets", tag="coverage", kind="writing")

Counted = Literal["households", "residents", "dwellings"] | Used
Quality = Literal["declared", "census", "estimate"]


class DeclaredTarget(Request):
    """Number of households of a unit."""

    unit: Annotated[str, Field(pattern=UNIT_CODE)] = Field(
        description="Code of a current province or commune", examples=["00199"]
    )
    households: int = Field(ge=0, le=999_999_999)
    counted: Counted = Field(
        "households", description="What is counted: homes, or doors with a use"
    )
    quality: Quality = "declared"
    reference_date: Day | None = Field(
        None, description="Reference day of the number; today by default"
    )
    source: Line | None = Field(None, description="Source; the key's name by default")
    locality: Line | None = Field(
        None, description="Thôn, tổ… of the commune, if the number is for one"
    )


class TargetsBody(Request):
    """Targets of one authority."""

    targets: list[DeclaredTarget] = Field(
        min_length=1, max_length=5_000, description="Each for one unit or locality"
    )
    dry_run: bool = Field(False, description="Report only, write nothing")


class TargetFault(TypedDict):
    """An error or warning about one target."""

    row_number: int
    """From 1"""
    code: Annotated[str, Field(description=f"One of {', '.join(PROBLEMS)}")]
    value: str
    severity: Literal["error", "warning", "notice"]
    """error: rejected; warning: accepted, but unusual"""


class TargetsAnswer(TypedDict):
    """Result: rows = new + changed + unchanged + rejected + skipped."""

    rows: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    skipped: int
    qualities: dict[str, int]
    problems: list[TargetFault]
    gaps: list[TargetGap]
    dry_run: bool


@blueprint.post("")
@keyed(
    "approver",
    operation_id="declare_targets",
    example={"targets": [{"unit": "00199", "households": 12345}]},
    cache=None,
)
def post_targets(json: TargetsBody) -> TargetsAnswer:
    """Declare how many households units have.

    Of the key's units; a wrong one fails no other.
    """
    rows = [_cells(target) for target in json.targets]
    with session_scope(register().engine) as session:
        result = take_targets(session, gazetteer(), rows, Defaults(source=caller().name))
        if json.dry_run:
            session.rollback()
    note(count=result.new + result.changed, units=sorted({t.unit for t in json.targets})[:100])
    faults = [answer_from(TargetFault, each) for each in result.problems]
    return answer_from(TargetsAnswer, result, problems=faults, dry_run=json.dry_run)


def _cells(target: DeclaredTarget) -> dict[str, str]:
    """Return a target as cells of a file's row."""
    return target_cells(
        code=target.unit,
        households=str(target.households),
        counted=target.counted,
        quality=target.quality,
        source=target.source or "",
        locality=target.locality or "",
        reference_date=target.reference_date.isoformat() if target.reference_date else "",
    )
