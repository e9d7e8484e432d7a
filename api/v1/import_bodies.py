"""Requests and answers about imports."""

from collections.abc import Mapping
from itertools import chain
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from api.core.errors import CRS_CODE
from api.core.shapes import at
from api.core.types import OfferedRemedy, Request, answer_from
from registry.core.actors import Actor
from registry.core.messages import Message, in_vietnamese, read_stored
from registry.core.remedies import mapping_words, mappings_in, offered, remedies_in
from registry.files.formats.table import Numbering
from registry.intake.judging.problems import PROBLEMS
from registry.intake.judging.row_problem import RowProblem
from registry.jobs.asked import remedies_of, shown_problem
from registry.lifecycle.requests import Called, Line
from registry.records.uses import USE_WORDS, Kind
from registry.submissions.asking import publish_refusal
from registry.submissions.views import MAX_LISTED, MAX_PROBLEMS, ImportView

State = Literal[
    "staged", "reported", "publishing", "published", "rolled_back", "discarded", "failed"
]
_STATES: Final = (
    "staged (its dry run waits or runs), reported (look at it, then publish or discard),"
    " publishing, published, rolled_back, discarded, failed (the file cannot be read)"
)


class ImportOptions(Request):
    """Options of a file; beside the part `file` of a form, else in the query."""

    source: Called | None = Field(None, max_length=100, description="Who delivers; required")
    delivery: Literal["partial", "full"] = Field(
        "partial", description="`full`: all households of the source"
    )
    decision: Line | None = Field(None, description="Number of the legal decision")
    crs: str | None = Field(
        None,
        pattern=CRS_CODE,
        description="Coordinate system, if not WGS 84",
        examples=["EPSG:5897"],
    )
    sheet: Line | None = Field(
        None,
        description="Sheet or layer; `*`: all with the same columns",
    )
    mapping: str | None = Field(
        None,
        max_length=20_000,
        description="JSON object, header → field",
    )
    commune: Line | None = Field(
        None,
        max_length=100,
        description="Code of the commune of all rows",
        examples=["00004"],
    )
    strict: bool = Field(False, description="Publish only when no row is rejected")
    fix: bool = Field(False, description="Correct unambiguous errors and report them")


class ImportQuery(ImportOptions):
    """The same, for a body that is the file itself."""

    file_name: str | None = Field(
        None, max_length=200, description="Name of the file, for a body that is the file itself"
    )


class ImportForm(ImportOptions):
    """The same, as parts of a form beside `file`."""


class ImportsQuery(Request):
    """Filters of the list."""

    source: str | None = Field(None, max_length=100, description="Only of this source")
    state: State | None = Field(None, description="Only in this state")
    before: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Only lower numbers: the next page"
    )
    limit: int = Field(20, ge=1, le=MAX_LISTED)


class ProblemsQuery(Request):
    """Filters of the problems."""

    code: str | None = Field(None, max_length=100, description="Only this problem")
    after: str | None = Field(
        None, max_length=200, description="next_after of the previous page; JSON only"
    )
    limit: int = Field(100, ge=1, le=MAX_PROBLEMS)
    format: Literal["json", "csv"] = Field("json", description="csv: all of them, in one file")


class ReportQuery(Request):
    """Which rows to return."""

    rows: Literal["rejected", "warned", "vanished"] = Field(
        "rejected",
        description="rejected, published with warnings, or vanished from a full delivery",
    )


class TemplateQuery(Request):
    """Whose households to list."""

    commune: str = Field(max_length=20, description="Code of a commune", examples=["00199"])


class AnswersBody(Request):
    """How to read the file, as fields of a delivery; omitted ones stay."""

    crs: str | None = Field(
        None, pattern=CRS_CODE, examples=["EPSG:5897"], description="Coordinate system"
    )
    sheet: Line | None = Field(None, description="Sheet or layer; `*`: all with the same columns")
    commune: Line | None = Field(
        None, max_length=100, examples=["00004"], description="Code of the commune of all rows"
    )
    mapping: dict[str, str | None] | None = Field(
        None,
        max_length=500,
        description="Header → field, added to earlier answers; null removes one",
    )

    names: dict[str, Line | None] | None = Field(
        None,
        max_length=2_000,
        examples=[{"Đường Đội Cấn T1": "Phố Đội Cấn"}],
        description="Spelling → street or locality meant; itself: a new one, null: ask again",
    )


class PublishBody(Request):
    """The dry run that was reviewed."""

    verdict: int = Field(
        ge=1, le=2**31 - 1, description="`verdict` as seen, required; 412 if it changed"
    )
    accept_vanished: bool = Field(
        False, description="accept that over 80 % of the source's records vanish"
    )


class RollbackBody(Request):
    """How to roll back."""

    keep_later: bool = Field(False, description="keep what later events changed; undo the rest")


class ImportCounts(TypedDict):
    """Counts: rows = new + changed + unchanged + linked + rejected + skipped."""

    rows: int
    new: int
    changed: int
    unchanged: int
    linked: int
    """Doors that already have a code from another source or row"""
    linked_in_file: int
    """Of these, rows whose door another row names as well"""
    rejected: int
    skipped: int
    """Not households: totals, notes, signatures"""
    warned: int
    vanished: int
    """References missing in a full delivery; not rows"""
    retired: int
    """Retired codes"""
    buildings: int
    """New buildings"""


class UseRows(TypedDict):
    """Rows of one use."""

    use: Kind
    rows: int
    vi: str
    en: str


class ProblemExample(TypedDict):
    """One problem of one row."""

    row: int
    """1 = first after the header"""
    sheet_row: int | None
    """Row number in the spreadsheet; null for other files"""
    sheet: str | None
    """Sheet of a workbook with several"""
    field: str | None
    value: str | None
    proposed_fix: str | None
    fix_vi: str | None
    """proposed_fix in Vietnamese words"""


class ProblemCount(TypedDict):
    """One kind of problem, and the first rows with it."""

    code: Annotated[str, Field(examples=["address_names_no_dwelling"])]
    severity: Literal["error", "warning", "notice"]
    rows: int
    vi: str
    en: str
    examples: list[ProblemExample]


class ImportProgress(TypedDict):
    """Work in progress."""

    phase: str
    """waiting, reading, judging, publishing, committing, feed, rolling_back"""
    rows: int
    """Rows read so far"""
    asked_by: str | None


class ImportTrouble(TypedDict):
    """Why the last requested step failed."""

    code: Annotated[str, Field(examples=["verdict_changed"])]
    detail: str
    before: dict[str, int] | None
    """Reviewed counts …"""
    now: dict[str, int] | None
    """… and current counts"""
    sheets: list[str] | None
    """Sheets of the file, one of which has to be named in `sheet`"""
    all_sheets: bool | None
    """Whether `sheet=*` reads all of them"""
    systems: list[str] | None
    """Coordinate systems, one of which may be confirmed in `crs`"""
    columns: list[str] | None
    """Headers of the file, if none was recognised as an address: name the fields in `mapping`"""
    remedies: list[OfferedRemedy]
    """Answers that would fix it"""


class MappingOffer(TypedDict):
    """A proposed mapping of columns, to be sent to `answers`."""

    mapping: dict[str, str]
    """Header → field"""
    vi: str


class NearName(TypedDict):
    """A new name similar to others of its commune; decide it by `names` of `answers`."""

    field: Literal["street", "locality"]
    name: Annotated[str, Field(examples=["Đường Đội Cấn T1"])]
    near: Annotated[list[str], Field(examples=[["Phố Đội Cấn"]])]
    rows: int


class ImportRefusal(TypedDict):
    """Why an import cannot be published now."""

    code: Annotated[str, Field(examples=["own_delivery"])]
    detail: str


class ImportAnswer(TypedDict):
    """One import."""

    id: int
    state: Annotated[State, Field(description=_STATES)]
    source: str
    file_name: str
    delivery: Literal["partial", "full"]
    decision_number: str | None
    delivered_by: str | None
    """Name of the key; null for the command line"""
    created_at: str
    published_at: str | None
    rolled_back_at: str | None
    event_id: int | None
    """Event of its publication"""
    progress: ImportProgress | None
    verdict: int
    """Number of the last dry run; 0 until the first has ended"""
    counts: ImportCounts | None
    uses: list[UseRows]
    """Rows that are not rejected by use, if the file states uses; a row may have several"""
    vanished_warning: str | None
    problems: list[ProblemCount]
    file_notes: list[str]
    """Notes about the file"""
    systems: list[str]
    """Coordinate systems, one of which has to be confirmed in `crs` before publication"""
    mappings: list[MappingOffer]
    mapping: dict[str, str]
    """Given mapping: header → field"""
    near_names: list[NearName]
    """Names to be decided, the most frequent first"""
    names: dict[str, str | None]
    """Names decided for this import"""
    columns_personal: list[str]
    """Columns not read because they are about people"""
    columns_unknown: list[str]
    """Columns not read because they are unknown"""
    trouble: ImportTrouble | None
    publish_refused: ImportRefusal | None
    """Why you may not publish it now; null if you may"""
    files_until: str | None
    """When its reports are deleted; the file is deleted on publication"""


class ImportList(TypedDict):
    """Imports, the latest first, without examples of their problems."""

    imports: list[ImportAnswer]


class RowProblemAnswer(ProblemExample):
    """One problem of one row, with its kind."""

    code: str
    severity: Literal["error", "warning", "notice"]
    vi: str
    en: str


class ProblemsAnswer(TypedDict):
    """Problems, ordered by code and row."""

    problems: list[RowProblemAnswer]
    next_after: str | None
    """`after` of the next page"""


def body_of(view: ImportView, asking: Actor) -> ImportAnswer:
    """Return an import as an answer for `asking`; times in Viet Nam's."""
    counts, problem = view.counts, view.problem
    refusal = publish_refusal(view, asking)
    notes = read_stored(counts.get("file_notes", ()))
    remedies = [
        *chain.from_iterable(
            map(remedies_in, (note for note in notes if isinstance(note, Message)))
        )
    ]
    remedies += remedies_of(problem or {})
    return answer_from(
        ImportAnswer,
        view,
        delivered_by=None if view.delivered_by == "operator" else view.delivered_by,
        created_at=at(view.created_at),
        published_at=view.published_at and at(view.published_at),
        rolled_back_at=view.rolled_back_at and at(view.rolled_back_at),
        progress={"phase": view.phase, "rows": view.done, "asked_by": view.asked_by}
        if view.phase
        else None,
        counts={name: counts.get(name, 0) for name in ImportCounts.__annotations__}
        if counts
        else None,
        uses=[
            {"use": use, "rows": rows, "vi": in_vietnamese(USE_WORDS[use]), "en": USE_WORDS[use]}
            for use, rows in counts.get("uses", {}).items()
        ],
        vanished_warning=counts.get("vanished_warning"),
        problems=_problems(view),
        file_notes=list(map(str, notes)),
        systems=list(counts.get("systems", ())),
        mappings=[
            {"mapping": each, "vi": mapping_words(each).words("vi")}
            for each in mappings_in(remedies)
        ],
        mapping=view.request.get("mapping") or {},
        near_names=list(counts.get("near_names", ())),
        names=view.request.get("names") or {},
        columns_personal=list(counts.get("columns_personal", ())),
        columns_unknown=list(counts.get("columns_unknown", ())),
        trouble=problem and _trouble(problem),
        publish_refused=refusal and {"code": refusal.code, "detail": refusal.detail},
        files_until=view.files_until and at(view.files_until),
    )


def _trouble(problem: Mapping[str, Any]) -> dict[str, Any]:
    shown = shown_problem(problem) | {"remedies": offered(remedies_of(problem))}
    return {name: shown.get(name) for name in ImportTrouble.__annotations__}


def _problems(view: ImportView) -> list[dict[str, Any]]:
    shown: dict[str, list[ProblemExample]] = {}
    for problem in view.examples:
        shown.setdefault(problem.code, []).append(_example(problem, numbering_of(view)))
    return [
        {
            "code": code,
            "severity": PROBLEMS[code].severity,
            "rows": rows,
            "vi": PROBLEMS[code].vi,
            "en": PROBLEMS[code].english,
            "examples": shown.get(code, []),
        }
        for code, rows in view.counts.get("problems", {}).items()
        if code in PROBLEMS  # unknown: of an earlier version
    ]


def numbering_of(view: ImportView) -> Numbering | None:
    """Return how rows of an import are numbered in its spreadsheet."""
    return Numbering.of_json(view.counts.get("numbering"))


def row_location(row_number: int, numbering: Numbering | None) -> dict[str, Any]:
    """Return the members of an answer that identify a row of a file."""
    place = numbering.place(row_number) if numbering else None
    return {
        "row": row_number,
        "sheet_row": place.row if place else None,
        "sheet": place.sheet or None if place else None,
    }


def _example(problem: RowProblem, numbering: Numbering | None) -> ProblemExample:
    return answer_from(
        ProblemExample,
        problem,
        **row_location(problem.row_number, numbering),
        fix_vi=problem.fix_vi(numbering),
    )


def problem_answer(problem: RowProblem, numbering: Numbering | None) -> dict[str, Any]:
    """Return a problem with its texts; only the code for a kind of an earlier version."""
    kind = PROBLEMS.get(problem.code)
    words = {"vi": kind.vi if kind else problem.code, "en": kind.english if kind else problem.code}
    kind_members = {"code": problem.code, "severity": problem.severity}
    return _example(problem, numbering) | kind_members | words
