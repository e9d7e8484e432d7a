"""Downloads and comparisons for the page of targets."""

import io
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from api.core.audit import note
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page
from api.desk.targets import Asked, coverage_asked
from api.pages.shell import complaint, secured
from registry.access.reach import check_seen
from registry.core.database import session_scope
from registry.core.days import parse_day
from registry.core.errors import InvalidInputError, NotFoundError
from registry.core.messages import Message, _
from registry.coverage.moved import MOVED_LABELS, Moved, what_moved
from registry.coverage.series import series_of
from registry.coverage.table import (
    HEADINGS,
    MOVED_HEADINGS,
    cells,
    moved_cells,
    write_for_people,
)
from registry.coverage.workbook import write_moved_workbook, write_workbook
from registry.files.csv_cells import Writer
from registry.files.formats.formats import FORMATS
from registry.ops.overview import is_demonstration
from registry.publish.export.columns import HEADINGS as COLUMN_HEADINGS
from registry.publish.export.run import ExportOptions, export_file
from registry.units import unit_by_code
from registry.units.gazetteer import today

blueprint = desk_blueprint("target_files", "/desk/targets")

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    **{form: FORMATS[form].media_type for form in ("csv", "xlsx")},
}
_BOM: Final = "\ufeff"
"""Spreadsheets recognise UTF-8 in a CSV only by this mark."""


@blueprint.get("/file.<form>")
@signed_in_page("viewer")
def get_file(form: str) -> BaseResponse:
    """Coverage of the shown units as a workbook or CSV, or the unit's offline report."""
    asked = Asked.of_request()
    if form not in _TYPES:
        raise NotFoundError(Message("form_unsupported", form=form))
    with session_scope(register().read_engine) as session:
        whole = coverage_asked(session, asked)
        found = asked.units_of(whole)
        # The unit itself is the first row, before its parts.
        found = replace(found, units=(found.total, *found.units))
        if form == "html":
            # Imported here, since most servers show no report.
            from registry.coverage.report import html_report

            made = html_report(session, gazetteer(), asked.code, demo=found.demo).encode()
        elif form == "xlsx":
            demo, code = found.demo, whole.total.code
            series = None if demo or asked.picked else series_of(session, gazetteer(), code)
            made = content_of(lambda path: write_workbook(found, series, path))
        else:
            rows = map(cells, found.units)
            made = _csv(lambda out: write_for_people((name for name, _rest in HEADINGS), rows, out))
    note(count=len(found.units))
    return download(form, f"do-phu-{asked.code}-{today()}", made)


@blueprint.get("/households.<form>")
@signed_in_page("viewer")
def get_households(form: str) -> BaseResponse:
    """Households of a commune with their codes, without restricted ones, for its officials."""
    code = request.args.get("unit", "")
    unit = unit_by_code(gazetteer(), code, today())
    if unit.level != "commune" or form not in ("csv", "xlsx"):
        raise NotFoundError(Message("households_list_per_commune"))
    check_seen(gazetteer(), unit.id)
    demo = is_demonstration(register().reads)

    def write(path: Path) -> None:
        done = export_file(register().engine, path, ExportOptions(form, code, demo=demo))
        note(count=done.records, units=[code])

    content = content_of(write)
    return download(
        form, f"ho-{code}-{today()}", _with_headings(content) if form == "csv" else content
    )


@blueprint.get("/moved")
@signed_in_page("viewer")
def get_moved() -> BaseResponse:
    """Changes of the units between two recorded days, as a page or a file."""
    asked, form = Asked.of_request(), request.args.get("as", "")
    since, until = (request.args.get(name, "").strip() for name in ("since", "until"))
    moved, wrong = None, None
    if since:
        try:
            moved = _moved(asked, since, until)
        except (InvalidInputError, NotFoundError) as error:
            wrong = error
    if moved is not None and form in ("csv", "xlsx"):
        found = moved
        made = (
            _csv(lambda out: write_for_people(MOVED_HEADINGS, map(moved_cells, found.units), out))
            if form == "csv"
            else content_of(lambda path: write_moved_workbook(found, path))
        )
        return download(form, f"thay-doi-{asked.code}-{today()}", made)
    return desk_page(
        "desk/moved.html",
        422 if wrong else 200,
        asked=asked,
        since=since,
        until=until,
        moved=moved,
        wrong=wrong and complaint(wrong),
        labels={name: _(label) for name, label in MOVED_LABELS.items()},
    )


def _moved(asked: Asked, since: str, until: str) -> Moved:
    try:
        first, last = parse_day(since), parse_day(until) if until else None
    except ValueError as error:
        raise InvalidInputError(Message("day_format_vietnamese")) from error
    with session_scope(register().read_engine) as session:
        now = asked.units_of(coverage_asked(session, asked, recorded=True))
        # Parts of a commune are not recorded.
        if any(unit.level == "locality" for unit in now.units):
            now = replace(now, units=(now.total,))
        return what_moved(session, gazetteer(), now, first, last)


def content_of(write: Callable[[Path], object]) -> bytes:
    """Return what a function writes into a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        write(path)
        return path.read_bytes()


def _with_headings(content: bytes) -> bytes:
    """Return a CSV of households with the headings of the workbook."""
    names, _, rows = content.decode().partition("\n")

    def write(out: io.StringIO) -> None:
        columns = names.replace('"', "").split(",")
        Writer(out, lineterminator="\n").writerow(map(COLUMN_HEADINGS.get, columns))
        out.write(rows)

    return _csv(write)


def _csv(write: Callable[[io.StringIO], None]) -> bytes:
    out = io.StringIO(newline="")
    out.write(_BOM)
    write(out)
    return out.getvalue().encode()


def download(form: str, name: str, content: bytes) -> BaseResponse:
    """Return a file as a download, never cached."""
    response = Response(content, content_type=_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response.headers["Cache-Control"] = "no-store"
    return secured(response)
