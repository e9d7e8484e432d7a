"""What requests about reforms hold, and what is answered: the models, and views in their words."""

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
    """Beside a body that is the file itself."""

    file_name: str | None = Field(
        None,
        max_length=200,
        description="Name of the file: its ending says whether it is YAML or a table",
        examples=["1234.yaml"],
    )


class ReformForm(Request):
    """A form with the part `file`; the polygons that it names are the part `boundaries`."""


class DecidedForm(Request):
    """A form with the part `file`."""


class ReformsQuery(Request):
    """Which reforms are listed."""

    state: State | None = Field(None, description="Only in this state")
    before: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Only lower numbers: the next page"
    )
    limit: int = Field(20, ge=1, le=MAX_LISTED)


class UndecidedQuery(Request):
    """In which form."""

    format: Literal["xlsx", "geojson"] = Field(
        "xlsx", description="`xlsx` to fill in, `geojson` for a map"
    )


class CarryBody(Request):
    """What was looked at."""

    verdict: int = Field(
        ge=1, le=2**31 - 1, description="`verdict` as seen, required; 412 if it changed"
    )
    nearest: bool = Field(False, description="Assign undecided records as their neighbours")


class UndoBody(Request):
    """Why."""

    reason: Line | None = Field(None, description="Kept with the event")


class ReformReport(TypedDict):
    """What the reform does, or would do."""

    units: list[ReformUnit]
    born: list[str]
    altered: list[str]
    settled_by: dict[str, int]
    undecided: int
    """When it was tried; of a carried one, as neighbours settled"""
    cut_streets: int
    cut_localities: int
    streets_meet: list[str]
    """Streets of one name that meet: kept apart"""
    numbers_meet: list[str]
    """Numbers that then stand twice: kept apart"""
    without_postcode: NotRequired[list[str]]
    """Communes of the new state that have none yet"""
    labels: list[ReformLabel]


class ReformProgress(TypedDict):
    """What is being done now."""

    task: str
    """try, decide, carry, undo, withdraw"""
    phase: Annotated[str, Field(description=f"waiting, {', '.join(PHASES)}")]
    records: int
    """Carried so far"""
    asked_by: str


class ReformFault(TypedDict):
    """One thing that is wrong, or stands in the way."""

    code: Annotated[str, Field(examples=["unit_unknown"])]
    line: int | None
    """Of the file"""
    about: str
    detail: str


class ReformTrouble(TypedDict):
    """Why the last thing that was asked for was not done."""

    code: Annotated[str, Field(examples=["resolution_refused"])]
    detail: str
    errors: list[ReformFault]


class ReformAnswer(TypedDict):
    """One reform."""

    id: int
    state: Annotated[State, Field(description=_STATES)]
    number: str | None
    """Of the resolution; null until its file is read"""
    title: str | None
    effective: str | None
    delivered_by: str | None
    """Name of the key; null for the command line"""
    file_name: str | None
    created_at: str
    carried_at: str | None
    undone_at: str | None
    event_id: int | None
    """Event that carried it"""
    progress: ReformProgress | None
    verdict: int
    """Number of the last dry run; 0 before the first has ended"""
    decided: int
    """Households that people decided about"""
    undecided: int | None
    """Those that nothing settles, by the last dry run"""
    trouble: ReformTrouble | None
    files_until: str | None
    """When the file and its work files are deleted"""


class ReformWithReport(ReformAnswer):
    """One reform, and what it does."""

    report: ReformReport | None
    """Null for the command line"""


class ReformList(TypedDict):
    """Reforms, the latest first; without their reports."""

    reforms: list[ReformAnswer]


def body_of(view: ReformView) -> ReformAnswer:
    """What ReformAnswer describes; times in Viet Nam's."""
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
    """What ReformWithReport describes."""
    told = view.report
    shown = told and {name: told[name] for name in ReformReport.__annotations__ if name in told}
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
