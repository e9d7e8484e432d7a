"""Imports: a file is delivered, tried by a job, looked at, published or discarded, taken back."""

import csv
import datetime
import io
import json as json_module
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, cast

from flask import Blueprint, Response, jsonify, request, send_file, stream_with_context
from pydantic import Field
from werkzeug.exceptions import BadRequest

from api.access import as_caller, caller, requires
from api.audit import note
from api.context import register
from api.errors import CRS_CODE
from api.openapi import Answer, NoParameters, Request, accepted, answers, spec
from api.requests import FORMS
from api.requests import Request as OwnRequest
from registry.database import session_scope
from registry.errors import ImportStateError, InvalidInputError, NotFoundError
from registry.gazetteer import VIET_NAM
from registry.intake.problems import PROBLEMS, RowProblem
from registry.uploads import files
from registry.uploads.asking import ask_publish, ask_rollback, discard
from registry.uploads.receiving import Delivery, check_source, receive
from registry.uploads.views import (
    MAX_LISTED,
    MAX_PROBLEMS,
    ImportView,
    all_problems,
    find_import,
    list_imports,
    page_of_problems,
    show_import,
)

blueprint = Blueprint("imports", __name__, url_prefix="/v1/imports")

State = Literal[
    "staged", "reported", "publishing", "published", "rolled_back", "discarded", "failed"
]
_STATES: Final = (
    "staged (its dry run waits or runs), reported (look at it, then publish or discard),"
    " publishing, published, rolled_back, discarded, failed (the file cannot be read)"
)
_COUNTS: Final = (
    *("rows", "new", "changed", "unchanged", "linked", "rejected", "skipped", "warned"),
    *("vanished", "retired", "buildings"),
)
_COLUMNS: Final = ("row", "field", "code", "severity", "value", "proposed_fix", "vi")
_NOT_YET: Final = ("staged", "reported", "publishing")
_IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_IS_IDEMPOTENCY_KEY: Final = re.compile("[!-~]{1,200}")


class ImportOptions(Request):
    """What the sender says of the file. In a form beside the part `file`, else in the query."""

    source: str | None = Field(
        None, min_length=1, max_length=100, description="Who delivers; always needed"
    )
    delivery: Literal["partial", "full"] = Field(
        "partial", description="full: these are all households of the source"
    )
    decision: str | None = Field(None, max_length=200, description="Number of the legal decision")
    crs: str | None = Field(
        None,
        pattern=CRS_CODE,
        description="Coordinate system of the file, where it is not WGS 84",
        examples=["EPSG:5897"],
    )
    sheet: str | None = Field(None, max_length=200, description="Sheet or layer to read")
    mapping: str | None = Field(
        None,
        max_length=20_000,
        description='Your headers and the fields they mean, a JSON object: {"Cột A": "street"}',
    )
    strict: bool = Field(False, description="Publish only when no row is rejected")
    fix: bool = Field(False, description="Mend what leaves no choice, and say so")


class ImportQuery(ImportOptions):
    """The same beside a body that is the file itself."""

    file_name: str | None = Field(
        None, max_length=200, description="Name of the file, for a body that is the file itself"
    )


class ImportForm(ImportOptions):
    """The same as parts of a form, beside the part `file`."""


class ImportsQuery(Request):
    """Which imports are listed."""

    source: str | None = Field(None, max_length=100, description="Only of this source")
    state: State | None = Field(None, description=f"Only those that are {_STATES}")
    before: int | None = Field(
        None, ge=1, le=2**63 - 1, description="Only with a lower number: the next page"
    )
    limit: int = Field(20, ge=1, le=MAX_LISTED)


class ProblemsQuery(Request):
    """Which problems."""

    code: str | None = Field(None, max_length=100, description="Only this one")
    after: str | None = Field(
        None, max_length=200, description="next_after of the page before; JSON only"
    )
    limit: int = Field(100, ge=1, le=MAX_PROBLEMS)
    format: Literal["json", "csv"] = Field("json", description="csv: all of them, in one file")


class ReportQuery(Request):
    """Which rows are handed back."""

    rows: Literal["rejected", "warned", "vanished"] = Field(
        "rejected",
        description="rejected; warned: published with warnings or notices; vanished: references"
        " that a full delivery no longer has",
    )


class PublishBody(Request):
    """What was looked at."""

    verdict: int = Field(
        ge=1, le=2**31 - 1, description="`verdict` as you saw it; needed, and another is 412"
    )
    accept_vanished: bool = Field(
        False, description="a full delivery may lack more than 80 % of what the source had"
    )


class RollbackBody(Request):
    """How it is taken back."""

    keep_later: bool = Field(
        False, description="keep what later events changed or others name; undo the rest"
    )


class ImportCounts(Answer):
    """rows = new + changed + unchanged + linked + rejected + skipped; first of the dry run."""

    rows: int
    new: int
    changed: int
    unchanged: int
    linked: int = Field(description="Doors that have a code already, of another source or row")
    rejected: int
    skipped: int = Field(description="No households: totals, notes, signatures")
    warned: int
    vanished: int = Field(description="References that a full delivery no longer has; no rows")
    retired: int = Field(description="Codes that this retires")
    buildings: int = Field(description="New ones")


class ProblemExample(Answer):
    """One problem of one row."""

    row: int = Field(description="1 = first after the header")
    field: str | None
    value: str | None
    proposed_fix: str | None


class ProblemCount(Answer):
    """One kind of problem, and the first rows that have it."""

    code: str = Field(examples=["address_names_no_dwelling"])
    severity: Literal["error", "warning", "notice"]
    rows: int
    vi: str
    en: str
    examples: list[ProblemExample]


class ImportProgress(Answer):
    """What is being done now."""

    phase: str = Field(
        description="waiting, reading, judging, publishing, committing, feed, rolling_back"
    )
    rows: int = Field(description="Rows that were read so far")
    asked_by: str | None


class ImportTrouble(Answer):
    """Why the last thing that was asked for was not done."""

    code: str = Field(examples=["verdict_changed"])
    detail: str
    before: dict[str, int] | None = Field(description="Counts that were published for …")
    now: dict[str, int] | None = Field(description="… and what they are by now")


class ImportAnswer(Answer):
    """One import."""

    id: int
    state: State = Field(description=_STATES)
    source: str
    file_name: str
    delivery: Literal["partial", "full"]
    decision_number: str | None
    delivered_by: str | None = Field(description="Name of the key; null for the command line")
    created_at: str
    published_at: str | None
    rolled_back_at: str | None
    event_id: int | None = Field(description="Event that published it")
    progress: ImportProgress | None
    verdict: int = Field(description="Number of the last dry run; 0 before the first has ended")
    counts: ImportCounts | None
    vanished_warning: str | None
    problems: list[ProblemCount]
    file_notes: list[str] = Field(description="What was found out about the file")
    columns_personal: list[str] = Field(description="Columns that were not read: about people")
    columns_unknown: list[str] = Field(description="Columns that were not read: not known")
    trouble: ImportTrouble | None
    files_until: str | None = Field(description="When the file and its reports are deleted")


class ImportList(Answer):
    """Imports, the latest first; without examples of their problems."""

    imports: list[ImportAnswer]


class RowProblemAnswer(ProblemExample):
    """One problem of one row, with its kind."""

    code: str
    severity: Literal["error", "warning", "notice"]
    vi: str
    en: str
    fix_vi: str | None = Field(description="proposed_fix in words")


class ProblemsAnswer(Answer):
    """Problems in the order of code and row."""

    problems: list[RowProblemAnswer]
    next_after: str | None = Field(description="What `after` takes for the next page")


class FileAnswer(Answer):
    """Stands for a file in the OpenAPI document."""


@blueprint.before_request
def _allow_a_large_body() -> None:
    if request.method == "POST" and request.endpoint == f"{blueprint.name}.post_import":
        settings = register().settings
        request.max_content_length = settings.import_bytes
        cast(OwnRequest, request).files_below = files.incoming_folder(settings)


@blueprint.post("")
@requires("editor")
@spec.validate(resp=accepted(ImportAnswer, 400, 401, 403, 409, 413, 415, 503), tags=["imports"])
def post_import(query: ImportQuery, form: ImportForm) -> Response:
    """Deliver a file: it is kept, and a job tries what it would do. Role: editor.

    As `multipart/form-data` with the part `file`, or as the body itself, whatever its type says.
    With a header `Idempotency-Key` the same delivery again is the same import. Look at the import
    until its state is `reported`.
    """
    idempotency_key = _idempotency_key()
    in_form = request.mimetype in FORMS
    options: ImportOptions = form if in_form else query
    if options.source is None:
        raise InvalidInputError.of_field("source", "missing", "say who delivers the file")
    check_source(options.source)
    given = {
        "crs": options.crs,
        "sheet": options.sheet,
        "strict": options.strict,
        "fix": options.fix,
    }
    asked: dict[str, Any] = {name: value for name, value in given.items() if value}
    if mapping := _mapping(options.mapping):
        asked["mapping"] = mapping
    with _received(in_form, query.file_name) as (path, name):
        import_id = receive(
            register().engine,
            register().settings,
            Delivery(
                *(path, name, options.source, options.delivery, options.decision, asked),
                idempotency_key=idempotency_key,
            ),
            caller(),
        )
    return _shown(import_id, 202)


@blueprint.get("")
@requires("editor")
@spec.validate(resp=answers(ImportList, 400, 401, 403, 503), tags=["imports"])
def get_imports(query: ImportsQuery) -> Response:
    """Imports of keys with a unit of yours, the latest first. Role: editor."""
    found = list_imports(
        register().engine,
        caller(),
        source=query.source,
        state=query.state,
        before=query.before,
        limit=query.limit,
    )
    return _answer({"imports": [_body(view) for view in found]})


@blueprint.get("/<int:import_id>")
@requires("editor")
@spec.validate(resp=answers(ImportAnswer, 400, 401, 403, 404, 503), tags=["imports"])
def get_import(import_id: int, query: NoParameters) -> Response:  # noqa: ARG001
    """One import: state, progress, counts, and each kind of problem with examples. Role: editor."""
    return _shown(import_id)


@blueprint.get("/<int:import_id>/problems")
@requires("editor")
@spec.validate(resp=answers(ProblemsAnswer, 400, 401, 403, 404, 503), tags=["imports"])
def get_problems(import_id: int, query: ProblemsQuery) -> Response:
    """Every problem of every row, in the order of code and row. Role: editor."""
    engine, asking = register().engine, caller()
    page = page_of_problems(
        engine, import_id, asking, code=query.code, after=query.after, limit=query.limit
    )
    if query.format == "csv":
        lines = _csv(all_problems(engine, import_id, asking, code=query.code))
        made = Response(
            stream_with_context(as_caller(lines)), content_type="text/csv; charset=utf-8"
        )
        made.headers["Cache-Control"] = "no-store"
        return made
    note(count=len(page.problems))
    problems = [_told(problem) for problem in page.problems]
    return _answer({"problems": problems, "next_after": page.next_after})


@blueprint.get("/<int:import_id>/report")
@requires("editor")
@spec.validate(resp=answers(FileAnswer, 400, 401, 403, 404, 503), tags=["imports"])
def get_report(import_id: int, query: ReportQuery) -> Response:
    """Rows as they came, in the file's own form, with all that is wrong. Role: editor."""
    return _file(import_id, query.rows)


@blueprint.get("/<int:import_id>/codes")
@requires("editor")
@spec.validate(resp=answers(FileAnswer, 400, 401, 403, 404, 409, 503), tags=["imports"])
def get_codes(import_id: int, query: NoParameters) -> Response:  # noqa: ARG001
    """Every row with its code and outcome, once it is published. Role: editor."""
    return _file(import_id, files.CODES)


@blueprint.post("/<int:import_id>/publish")
@requires("approver")
@spec.validate(
    resp=accepted(ImportAnswer, 400, 401, 403, 404, 409, 412, 413, 503), tags=["imports"]
)
def post_publish(import_id: int, query: NoParameters, json: PublishBody) -> Response:  # noqa: ARG001
    """Let a job publish what the dry run found. Role: approver.

    When the register has changed meanwhile so that other rows would be written, nothing is: the
    import is `reported` again with the new counts, and `trouble` says so.
    """
    ask_publish(
        register().engine,
        import_id,
        caller(),
        verdict=json.verdict,
        accept_vanished=json.accept_vanished,
    )
    return _shown(import_id, 202)


@blueprint.post("/<int:import_id>/rollback")
@requires("approver")
@spec.validate(resp=accepted(ImportAnswer, 400, 401, 403, 404, 409, 413, 503), tags=["imports"])
def post_rollback(import_id: int, query: NoParameters, json: RollbackBody) -> Response:  # noqa: ARG001
    """Let a job take a published import back, exactly. Role: approver.

    Where that cannot be, `trouble` says what to do first.
    """
    ask_rollback(register().engine, import_id, caller(), keep_later=json.keep_later)
    return _shown(import_id, 202)


@blueprint.delete("/<int:import_id>")
@requires("editor")
@spec.validate(resp=answers(ImportAnswer, 400, 401, 403, 404, 409, 503), tags=["imports"])
def delete_import(import_id: int, query: NoParameters) -> Response:  # noqa: ARG001
    """Discard an import that is not published: its file, reports and problems. Role: editor."""
    discard(register().engine, register().settings, import_id, caller())
    return _shown(import_id)


@contextmanager
def _received(in_form: bool, file_name: str | None) -> Iterator[tuple[Path, str]]:
    """The body's file on the disk, and its name; gone at the end unless somebody kept it."""
    path = files.incoming(register().settings)
    try:
        with path.open("wb") as out:
            if not in_form:
                shutil.copyfileobj(request.stream, out)
            elif list(request.files) == ["file"] and len(request.files.getlist("file")) == 1:
                # On the disk already where it is large, and nobody else's.
                part = request.files["file"]
                file_name = part.filename
                shutil.copyfileobj(part.stream, out)
            else:
                raise InvalidInputError.of_field(
                    "file", "missing", "send the file as the part `file`, once"
                )
        if path.stat().st_size == 0:
            raise InvalidInputError.of_field("file", "empty", "the file is empty")
        yield path, file_name or "file"
    finally:
        path.unlink(missing_ok=True)


def _mapping(text: str | None) -> dict[str, str] | None:
    if not text:
        return None
    try:
        mapping = json_module.loads(text)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(v, str) for v in mapping.values()):
        raise InvalidInputError.of_field(
            "mapping", "malformed_json", 'takes a JSON object like {"Cột A": "street"}'
        )
    return mapping


def _idempotency_key() -> str | None:
    key = request.headers.get(_IDEMPOTENCY_KEY)
    if key is not None and not _IS_IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequest(f"{_IDEMPOTENCY_KEY} has 1 to 200 characters of ASCII, without spaces")
    return key


def _file(import_id: int, kind: str) -> Response:
    with session_scope(register().engine) as session:
        view = find_import(session, import_id, caller())
    path = files.report(register().settings, import_id, kind)
    if path is None and kind == files.CODES and view.state in _NOT_YET:
        raise ImportStateError(
            f"đợt nhập {import_id} chưa ghi xong, chưa có mã (not published yet)", state=view.state
        )
    if path is None:
        raise NotFoundError(
            f"đợt nhập {import_id} không có tệp này, hoặc đã hết hạn giữ"
            " (there is no such file, or its time is over)"
        )
    note(count=view.counts.get("rows"))
    made = send_file(path, as_attachment=True, download_name=path.name, etag=False)
    made.headers["Cache-Control"] = "no-store"
    return made


def _csv(problems: Iterator[RowProblem]) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for each in problems:
        cells = (each.row_number, each.field, each.code, each.severity)
        writer.writerow((*cells, each.value, each.proposed_fix, _told(each)["vi"]))
        if out.tell() > 1 << 16:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _shown(import_id: int, status: int = 200) -> Response:
    view = show_import(register().engine, import_id, caller())
    note(count=view.counts.get("rows"), event_id=view.event_id)
    return _answer(_body(view), status)


def _answer(body: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _body(view: ImportView) -> dict[str, Any]:
    counts, problem = view.counts, view.problem
    return {
        "id": view.id,
        "state": view.state,
        "source": view.source,
        "file_name": view.file_name,
        "delivery": view.delivery,
        "decision_number": view.decision_number,
        "delivered_by": None if view.delivered_by == "operator" else view.delivered_by,
        "created_at": _at(view.created_at),
        "published_at": _at(view.published_at),
        "rolled_back_at": _at(view.rolled_back_at),
        "event_id": view.event_id,
        "progress": {"phase": view.phase, "rows": view.rows_done, "asked_by": view.asked_by}
        if view.phase
        else None,
        "verdict": view.verdict,
        "counts": {name: counts.get(name, 0) for name in _COUNTS} if counts else None,
        "vanished_warning": counts.get("vanished_warning"),
        "problems": _problems(view),
        "file_notes": list(counts.get("file_notes", ())),
        "columns_personal": list(counts.get("columns_personal", ())),
        "columns_unknown": list(counts.get("columns_unknown", ())),
        "trouble": problem and {name: problem.get(name) for name in ImportTrouble.model_fields},
        "files_until": _at(view.files_until),
    }


def _problems(view: ImportView) -> list[dict[str, Any]]:
    shown: dict[str, list[dict[str, Any]]] = {}
    for problem in view.examples:
        shown.setdefault(problem.code, []).append(_example(problem))
    return [
        {
            "code": code,
            "severity": PROBLEMS[code].severity,
            "rows": rows,
            "vi": PROBLEMS[code].vi,
            "en": PROBLEMS[code].en,
            "examples": shown.get(code, []),
        }
        for code, rows in view.counts.get("problems", {}).items()
        if code in PROBLEMS  # of an earlier version's
    ]


def _example(problem: RowProblem) -> dict[str, Any]:
    return {
        "row": problem.row_number,
        "field": problem.field,
        "value": problem.value,
        "proposed_fix": problem.proposed_fix,
    }


def _told(problem: RowProblem) -> dict[str, Any]:
    """An example with its kind, in words; of an earlier version's kind the code alone."""
    kind = PROBLEMS.get(problem.code)
    words = {"vi": kind.vi if kind else problem.code, "en": kind.en if kind else problem.code}
    told = {"code": problem.code, "severity": problem.severity, "fix_vi": problem.fix_vi}
    return _example(problem) | told | words


def _at(moment: datetime.datetime | None) -> str | None:
    return moment.astimezone(VIET_NAM).isoformat() if moment else None
