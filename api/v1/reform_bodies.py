"""Requests and answers about reforms."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from api.core.shapes import at
from api.core.types import Request, answer_from
from registry.jobs.asked import shown_problem
from registry.lifecycle.requests import Line
from registry.reform.progress import PHASES
from registry.reform.report import ReformLabel, ReformUnit
from registry.reform.views import MAX_LISTED, ReformView

State = Literal[
    "staged", "reported", "failed", "discarded", "prepared", "carried", "undone", "withdrawn"
]
_STATES: Final = (
    "staged (its dry run waits or runs), reported (look at it, decide, then carry or discard),"
    " failed (refused: `trouble` says why, line by line), discarded, prepared (waits for its day),"
    " carried, undone, withdrawn"
)


class ReformQuery(Request):
    """For a body that is the file itself."""

    file_name: str | None = Field(
        None,
        max_length=200,
        description="Name of the file; its suffix distinguishes YAML from tables",
        examples=["1234.yaml"],
    )


class ReformForm(Request):
    """A form with the part `file`; the part `boundaries` contains the polygons that it names."""


class DecidedForm(Request):
    """A form with the part `file`."""


class ReformsQuery(Request):
    """Filters of the list."""

    state: State | None = Field(None, description="Only in this state")
    before: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Only lower numbers: the next page"
    )
    limit: int = Field(20, ge=1, le=MAX_LISTED)


class UndecidedQuery(Request):
    """Format of the file."""

    format: Literal["xlsx", "geojson"] = Field(
        "xlsx", description="`xlsx` to fill in, `geojson` for a map"
    )


class CarryBody(Request):
    """The dry run that was reviewed."""

    verdict: int = Field(
        ge=1, le=2**31 - 1, description="`verdict` as seen, required; 412 if it changed"
    )
    nearest: bool = Field(False, description="Assign undecided records as their neighbours")


class UndoBody(Request):
    """Why a reform is undone."""

    reason: Line | None = Field(None, description="Reason, kept with the event")


class ReformReport(TypedDict):
    """The effects of the reform, or of its dry run."""

    units: list[ReformUnit]
    born: list[str]
    altered: list[str]
    settled_by: dict[str, int]
    undecided: int
    """In the dry run; for a carried reform, those assigned by neighbours"""
    cut_streets: int
    cut_localities: int
    streets_meet: list[str]
    """Streets that now share a name in a commune; kept apart"""
    numbers_meet: list[str]
    """House numbers that now exist twice; kept apart"""
    without_postcode: NotRequired[list[str]]
    """New communes without a postcode yet"""
    labels: list[ReformLabel]


class ReformProgress(TypedDict):
    """Work in progress."""

    task: str
    """try, decide, carry, undo, withdraw"""
    phase: Annotated[str, Field(description=f"waiting, {', '.join(PHASES)}")]
    records: int
    """Records carried so far"""
    asked_by: str


class ReformFault(TypedDict):
    """One error or obstacle."""

    code: Annotated[str, Field(examples=["unit_unknown"])]
    line: int | None
    """Line of the file"""
    about: str
    detail: str


class ReformTrouble(TypedDict):
    """Why the last requested step failed."""

    code: Annotated[str, Field(examples=["resolution_refused"])]
    detail: str
    errors: list[ReformFault]


class ReformAnswer(TypedDict):
    """One reform."""

    id: int
    state: Annotated[State, Field(description=_STATES)]
    number: str | None
    """Number of the resolution; null until the file is read"""
    title: str | None
    effective: str | None
    delivered_by: str | None
    """Name of the key; null for the command line"""
    file_name: str | None
    created_at: str
    carried_at: str | None
    undone_at: str | None
    event_id: int | None
    """Event of carrying it out"""
    progress: ReformProgress | None
    verdict: int
    """Number of the last dry run; 0 until the first has ended"""
    decided: int
    """Households decided by people"""
    undecided: int | None
    """Undecided households in the last dry run"""
    trouble: ReformTrouble | None
    files_until: str | None
    """When the file and its work files are deleted"""


class ReformWithReport(ReformAnswer):
    """One reform, and its effects."""

    report: ReformReport | None
    """Null for the command line"""


class ReformList(TypedDict):
    """Reforms, the latest first, without their reports."""

    reforms: list[ReformAnswer]


def body_of(view: ReformView) -> ReformAnswer:
    """Return a reform as an answer; times in Viet Nam's."""
    return answer_from(
        ReformAnswer,
        view,
        effective=view.effective_on,
        delivered_by=None if view.actor == "operator" else view.actor,
        file_name=view.file_name or None,
        created_at=at(view.recorded_at),
        carried_at=view.carried_at and at(view.carried_at),
        undone_at=view.undone_at and at(view.undone_at),
        progress=answer_from(ReformProgress, view, records=view.done) if view.phase else None,
        trouble=view.problem and _trouble(view.problem),
        files_until=view.files_until and at(view.files_until),
    )


def with_report(view: ReformView) -> dict[str, Any]:
    """Return a reform with its report as an answer."""
    report = view.report
    shown = report and {
        name: report[name] for name in ReformReport.__annotations__ if name in report
    }
    return body_of(view) | {"report": shown}


def _trouble(problem: Mapping[str, Any]) -> dict[str, Any]:
    problem = shown_problem(problem)
    return {
        "code": problem["code"],
        "detail": problem["detail"],
        "errors": [
            {name: fault.get(name) for name in ReformFault.__annotations__}
            for fault in problem.get("errors", ())
        ],
    }
