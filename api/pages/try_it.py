"""Try the service: paste some hundred addresses for verdicts, or for conversion to today's units.

For shops and carriers. Both modes validate; they show different parts of the answer.
"""

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from api.core.access import count_rows
from api.core.context import gazetteer, register
from api.core.endpoint import public_page
from api.pages.blueprint import page_blueprint
from api.pages.shell import page, pair, secured
from geo.code import format as code_display
from registry.core.errors import ColumnsNotRecognisedError, UnreadableFileError
from registry.core.messages import N_, _
from registry.publish.batch import EMPTY, TOTAL, Outcome, outcomes
from registry.publish.batch.flat import FLAT_COLUMNS, flat
from registry.publish.batch.pasted import read_pasted, text_of
from registry.publish.batch.rows import InputRow, Layout, Table, read_row
from registry.search.judge.verdicts import Component, Validation
from registry.search.read.completed_text import UNITS
from registry.units.gazetteer import today

blueprint = page_blueprint("try_it")

MAX_ROWS: Final = 500
MODES: Final = ("check", "convert")
_OPERATION: Final = "validate"
_CHUNK: Final = 100
_LABELS: Final = {
    "accept": N_("Right"),
    "correct": N_("Right, rewritten"),
    "confirm": N_("To be confirmed"),
    "complete": N_("Incomplete"),
    "unverified": N_("Valid, no code yet"),
    "reject": N_("Not recognised"),
    "error": N_("Unreadable"),
}
"""Verdict → label in the table."""
_CONVERTED: Final = {
    "accept": N_("Converted"),
    "correct": N_("Today's already"),
    "confirm": N_("To be chosen"),
    "complete": N_("Not converted, to be asked"),
    "reject": N_("Not recognised"),
    "error": N_("Unreadable"),
}
"""Labels of a conversion, by the verdict with the same colour."""
_NO_TABLE: Final = N_(
    "This file is no workbook and no CSV that can be read. Paste its column of addresses."
)
_NO_COLUMN: Final = N_(
    "No column of addresses was recognised, so nothing was answered. Choose it below."
)
_NO_ROW: Final = {
    EMPTY: N_("Empty."),
    TOTAL: N_("A total, and no address."),
}
_BROKEN: Final = N_("Broken.")


@dataclass(frozen=True, slots=True)
class _Answered:
    table: Table
    rows: list[InputRow]
    outcomes: list[Outcome]


@blueprint.get("/try")
@public_page("validate", audited=True)
def get_try() -> Response:
    """The empty form."""
    return _page(_mode(request.args.get("mode")))


@blueprint.post("/try")
@public_page("validate", audited=True, in_turn=True, discloses=True)
def post_try() -> Response:
    """The table of verdicts or converted addresses, or a CSV of it."""
    mode, problem, answered = _mode(request.form.get("mode")), None, None
    try:
        text = _text()
    except UnreadableFileError:
        text, problem = "", _(_NO_TABLE)
    if not problem and not text.strip():
        problem = _("Paste at least one address.")
    columns: object = ()
    if not problem:
        try:
            answered = _answer(text)
        except ColumnsNotRecognisedError as error:
            columns, problem = error.extra["columns"], _(_NO_COLUMN)
        except UnreadableFileError as error:
            problem = error.detail
    if answered and request.form.get("as") == "csv":
        return _csv(answered)
    if answered:
        text = _returned(answered)
    rows = _rows(answered, mode) if answered else None
    shown = {
        "rows": rows,
        "counts": _counts(rows or []),
        "unread": answered.table.unread if answered else (),
        "columns": columns,
    }
    response = _page(mode, 422 if problem else 200, text=text, problem=problem, **shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def _mode(asked: str | None) -> str:
    return asked if asked in MODES else MODES[0]


def _page(
    mode: str, status: int = 200, *, text: str = "", problem: str | None = None, **shown: object
) -> Response:
    return page("try.html", status, mode=mode, text=text, problem=problem, most=MAX_ROWS, **shown)


def _text() -> str:
    """Return the pasted text, or the file's; raises UnreadableFileError if it is not a table."""
    sent = request.files.get("file")
    body = sent.read() if sent else b""
    if not sent or not body.strip():
        return request.form.get("text", "")
    return text_of(body, sent.filename or "", MAX_ROWS)


def _answer(text: str) -> _Answered:
    """Validate the lines, or the rows if the first line contains headers."""
    table = _table(text)
    rows = list(table.rows)
    if len(rows) > MAX_ROWS:
        raise RequestEntityTooLarge
    count_rows(len(rows))
    return register().asked(partial(_validated, table, rows))


def _validated(table: Table, rows: list[InputRow]) -> _Answered:
    known, reads = gazetteer(), register().reads
    found: list[Outcome] = []
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        asked = [partial(read_row, _OPERATION, row) for row in part]
        found += outcomes(known, reads, _OPERATION, asked)
    return _Answered(table, rows, found)


def _table(text: str) -> Table:
    column = request.form.get("column")
    stated = ((column, "address"),) if column else ()
    return read_pasted(_OPERATION, text, is_file=bool(request.files.get("file")), stated=stated)


def _rows(answered: _Answered, mode: str) -> list[dict[str, Any]]:
    return [
        _row(number, row, outcome, mode)
        for number, (row, outcome) in enumerate(
            zip(answered.rows, answered.outcomes, strict=True), start=1
        )
    ]


def _row(number: int, row: InputRow, outcome: Outcome, mode: str) -> dict[str, Any]:
    given = ", ".join(str(value) for value in row.returned.values() if value)
    found = outcome.found if isinstance(outcome.found, Validation) else None
    verdict: str = found.verdict if found else "error"
    labels = _LABELS
    question = found.question if found else None
    if mode == "convert":
        verdict, labels = _converted(found), _CONVERTED
    commune = found.commune if found else None
    return {
        "number": number,
        "given": given,
        "verdict": verdict,
        "verdict_label": _(labels[verdict]),
        "commune": (commune.code, commune.version_on(today()).full_name) if commune else None,
        "code": code_display(found.code) if found and found.code else None,
        "label": found.address if found else None,
        "before": found.before_2025_07 if found else None,
        "question": pair(question.text, question.text_en) if question else None,
        "choices": [choice.label for choice in question.choices] if question else [],
        "remark": pair(*found.messages) if found else _(_NO_ROW.get(outcome.status, _BROKEN)),
    }


def _converted(found: Validation | None) -> str:
    """Return the result of a conversion: a key of _CONVERTED."""
    if found is None:
        return "error"
    if found.verdict == "reject":
        return "reject"
    if found.question and found.question.choices:
        return "confirm"
    if found.commune is None or found.next_action == "ask_yes_no":
        return "complete"  # its current place is unknown or only assumed
    return "accept" if any(_is_of_another_map(part) for part in found.components) else "correct"


def _is_of_another_map(part: Component) -> bool:
    """Whether a given unit has another name today, or no longer exists."""
    return part.name in UNITS and part.given is not None and part.given != part.value


def _returned(answered: _Answered) -> str:
    """Return the text to show again, without personal columns."""
    layout = Layout.of("csv", answered.table, ())
    if answered.table.of_lines:
        return "\n".join(str(*row.returned.values()) for row in answered.rows)
    return layout.head() + layout.text((row, {}) for row in answered.rows)


def _counts(rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Return (verdict, label, count), in the order of verdicts."""
    counted = Counter((row["verdict"], row["verdict_label"]) for row in rows)
    order = list(_LABELS)
    return sorted(((*both, n) for both, n in counted.items()), key=lambda one: order.index(one[0]))


def _csv(answered: _Answered) -> Response:
    known, day = gazetteer(), today()
    layout = Layout.of("csv", answered.table, FLAT_COLUMNS[_OPERATION])
    found = (flat(known, day, _OPERATION, outcome) for outcome in answered.outcomes)
    text = layout.head() + layout.text(zip(answered.rows, found, strict=True))
    # Spreadsheets recognise UTF-8 only by the mark.
    body = f"\ufeff{text}".encode("utf-8", "replace")
    response = Response(body, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="dia-chi-da-kiem.csv"'
    response.headers["Cache-Control"] = "no-store"
    return secured(response)
