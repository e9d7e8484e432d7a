"""Imports: deliver a file, review the dry run of a job, publish or discard it, roll it back."""

import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

from flask import Response, request, send_file, stream_with_context
from werkzeug.exceptions import BadRequest

from api.core.access import as_caller, caller
from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import Resource, keyed
from api.core.received import keep_files_below_var, parse_mapping, received
from api.core.requests import Request as OwnRequest
from api.core.shapes import unkept
from api.v1.import_bodies import (
    AnswersBody,
    ImportAnswer,
    ImportForm,
    ImportList,
    ImportOptions,
    ImportQuery,
    ImportsQuery,
    ProblemsAnswer,
    ProblemsQuery,
    PublishBody,
    ReportQuery,
    RollbackBody,
    TemplateQuery,
    body_of,
    numbering_of,
    problem_answer,
)
from api.v1.undo_bodies import UndoPreviewed, shown_preview
from registry.core.database import session_scope
from registry.core.errors import ImportStateError, InvalidInputError, NotFoundError
from registry.core.messages import Message
from registry.files import kept
from registry.files.csv_cells import Writer
from registry.files.formats.formats import FORMATS
from registry.files.formats.table import Numbering
from registry.intake.judging.row_problem import RowProblem
from registry.intake.publishing.rollback import preview_rollback
from registry.intake.template import blank_of, write_blank
from registry.jobs.submission import IMPORTS
from registry.submissions.asking import answer, ask_publish, ask_rollback, discard
from registry.submissions.receiving import Delivery, check_source, receive
from registry.submissions.views import (
    all_problems,
    find_import,
    list_imports,
    page_of_problems,
    show_import,
)
from registry.units.gazetteer import today

blueprint = Resource("imports", "/v1/imports", tag="imports", kind="writing")


_COLUMNS: Final = (
    *("row", "sheet_row", "sheet", "field", "code", "severity", "value", "proposed_fix"),
    *("fix_vi", "vi"),
)
_NOT_YET: Final = ("staged", "reported", "publishing")
_IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_IS_IDEMPOTENCY_KEY: Final = re.compile("[!-~]{1,200}")
_IDEMPOTENCY: Final = {
    "name": _IDEMPOTENCY_KEY,
    "in": "header",
    "required": False,
    "description": "A repeated delivery is the same import",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


blueprint.before_request(keep_files_below_var)


@blueprint.post("")
@keyed(
    "editor",
    accepted=ImportAnswer,
    operation_id="deliver_import",
    codes=("idempotency_key_reused", "storage_unavailable"),
    upload=("file",),
    headers=(_IDEMPOTENCY,),
)
def post_import(query: ImportQuery, form: ImportForm) -> Response:
    """Deliver a file for a dry run.

    Poll until `state` is `reported`.
    """
    idempotency_key = _idempotency_key()
    in_form = cast(OwnRequest, request).is_form
    options: ImportOptions = form if in_form else query
    if options.source is None:
        raise InvalidInputError.of_field("source", "missing", Message("source_required"))
    check_source(options.source)
    given = {
        "crs": options.crs,
        "sheet": options.sheet,
        "commune": options.commune,
        "strict": options.strict,
        "fix": options.fix,
    }
    asked: dict[str, Any] = {name: value for name, value in given.items() if value}
    if mapping := parse_mapping(options.mapping):
        asked["mapping"] = mapping
    with received(query.file_name) as parts:
        path, name = parts["file"]
        import_id = receive(
            register().engine,
            register().settings,
            Delivery(
                *(path, name, options.source, options.delivery, options.decision, asked),
                idempotency_key=idempotency_key,
            ),
            caller(),
        )
    return shown(import_id, 202)


@blueprint.get("")
@keyed("editor", operation_id="list_imports", codes=("storage_unavailable",))
def get_imports(query: ImportsQuery) -> ImportList:
    """Imports of your units, the latest first."""
    found = list_imports(
        register().engine,
        caller(),
        source=query.source,
        state=query.state,
        before=query.before,
        limit=query.limit,
    )
    return {"imports": [body_of(view, caller()) for view in found]}


@blueprint.get("/template")
@keyed(
    "editor",
    statuses=(404,),
    operation_id="get_import_template",
    media_types=(FORMATS["xlsx"].media_type,),
)
def get_template(query: TemplateQuery) -> Response:
    """A blank workbook for a commune's households."""
    with session_scope(register().engine) as session:
        blank = blank_of(session, gazetteer(), query.commune, today())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blank.xlsx"
        write_blank(blank, path)
        book = path.read_bytes()
    made = send_file(
        io.BytesIO(book), as_attachment=True, download_name=f"mau-{blank.code}.xlsx", etag=False
    )
    made.headers["Cache-Control"] = "no-store"
    return made


@blueprint.get("/<int:import_id>")
@keyed("editor", answer=ImportAnswer)
def get_import(import_id: int) -> Response:
    """An import: state, progress, counts, problems with examples."""
    return shown(import_id)


@blueprint.get("/<int:import_id>/problems")
@keyed("editor", answer=ProblemsAnswer, operation_id="list_import_problems")
def get_problems(import_id: int, query: ProblemsQuery) -> Response:
    """All problems, by code and row."""
    engine, asking = register().engine, caller()
    page = page_of_problems(
        engine, import_id, asking, code=query.code, after=query.after, limit=query.limit
    )
    with session_scope(engine) as session:
        view = find_import(session, import_id, asking)
    numbering = numbering_of(view)
    if query.format == "csv":
        lines = _csv(all_problems(engine, import_id, asking, code=query.code), numbering)
        made = Response(
            stream_with_context(as_caller(lines)), content_type="text/csv; charset=utf-8"
        )
        name = kept.name_of_report(view.file_name, view.id, "problems", ".csv")
        made.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
        made.headers["Cache-Control"] = "no-store"
        return made
    note(count=len(page.problems))
    problems = [problem_answer(problem, numbering) for problem in page.problems]
    return unkept({"problems": problems, "next_after": page.next_after})


@blueprint.get("/<int:import_id>/report")
@keyed("editor", operation_id="get_import_report", media_types=("*/*",))
def get_report(import_id: int, query: ReportQuery) -> Response:
    """Rows as delivered, with their problems."""
    return _file(import_id, query.rows)


@blueprint.get("/<int:import_id>/codes")
@keyed(
    "editor", operation_id="get_import_codes", codes=("import_state",), media_types=("text/csv",)
)
def get_codes(import_id: int) -> Response:
    """Rows of a published import with code and outcome."""
    return _file(import_id, kept.CODES)


@blueprint.post("/<int:import_id>/answers")
@keyed(
    "editor",
    accepted=ImportAnswer,
    operation_id="answer_import",
    codes=("import_state",),
    example={"crs": "EPSG:5897", "mapping": {"Cột A": "street"}},
)
def post_answers(import_id: int, json: AnswersBody) -> Response:
    """Answer questions of a dry run, and run it again."""
    answers = json.model_dump(exclude_none=True)
    if not answers:
        raise InvalidInputError.of_field(
            "answers",
            "missing",
            Message("answer_required"),
        )
    answer(register().engine, import_id, caller(), answers)
    return shown(import_id, 202)


@blueprint.post("/<int:import_id>/publish")
@keyed(
    "approver",
    accepted=ImportAnswer,
    statuses=(412,),
    operation_id="publish_import",
    codes=("own_delivery", "too_many_vanished", "import_state"),
    example={"verdict": 1},
)
def post_publish(import_id: int, json: PublishBody) -> Response:
    """Publish what the dry run found.

    If other rows would be written by now, the import is `reported` again.
    """
    ask_publish(
        register().engine,
        import_id,
        caller(),
        verdict=json.verdict,
        accept_vanished=json.accept_vanished,
    )
    return shown(import_id, 202)


@blueprint.get("/<int:import_id>/rollback")
@keyed("approver", operation_id="preview_import_rollback", codes=("import_state",), writes=False)
def get_rollback(import_id: int) -> UndoPreviewed:
    """Preview of a rollback, with its obstacles."""
    with session_scope(register().engine) as session:
        view = find_import(session, import_id, caller())
    if view.state != "published":
        raise ImportStateError(Message("rollback_after_written"), state=view.state)
    return shown_preview(preview_rollback(register().engine, import_id))


@blueprint.post("/<int:import_id>/rollback")
@keyed(
    "approver",
    accepted=ImportAnswer,
    operation_id="roll_back_import",
    codes=("import_state",),
    example={"keep_later": True},
)
def post_rollback(import_id: int, json: RollbackBody) -> Response:
    """Roll a published import back.

    `trouble` has the obstacles.
    """
    ask_rollback(register().engine, import_id, caller(), keep_later=json.keep_later)
    return shown(import_id, 202)


@blueprint.delete("/<int:import_id>")
@keyed("editor", answer=ImportAnswer, operation_id="discard_import", codes=("import_state",))
def delete_import(import_id: int) -> Response:
    """Discard an unpublished import with its files."""
    discard(register().engine, register().settings, import_id, caller())
    return shown(import_id)


def _idempotency_key() -> str | None:
    key = request.headers.get(_IDEMPOTENCY_KEY)
    if key is not None and not _IS_IDEMPOTENCY_KEY.fullmatch(key):
        raise BadRequest(f"{_IDEMPOTENCY_KEY} has 1 to 200 characters of ASCII, without spaces")
    return key


def _file(import_id: int, kind: str) -> Response:
    with session_scope(register().engine) as session:
        view = find_import(session, import_id, caller())
    path = kept.report(IMPORTS.folder(register().settings, import_id), kind)
    if path is None and kind == kept.CODES and view.state in _NOT_YET:
        raise ImportStateError(
            Message("import_not_published", import_id=import_id), state=view.state
        )
    if path is None:
        raise NotFoundError(Message("import_file_gone", import_id=import_id))
    note(count=view.counts.get("rows"))
    made = send_file(
        path, as_attachment=True, download_name=path.name, etag=False, conditional=False
    )
    made.headers["Cache-Control"] = "no-store"
    return made


def _csv(problems: Iterator[RowProblem], numbering: Numbering | None) -> Iterator[bytes]:
    out = io.StringIO(newline="")
    writer = Writer(out)
    writer.writerow(_COLUMNS)
    for each in problems:
        shown = problem_answer(each, numbering)
        writer.writerow([shown[name] for name in _COLUMNS])
        if out.tell() > 1 << 16:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def shown(import_id: int, status: int = 200) -> Response:
    """Return the current state of an import."""
    view = show_import(register().engine, import_id, caller())
    note(count=view.counts.get("rows"), event_id=view.event_id)
    return unkept(body_of(view, caller()), status)
