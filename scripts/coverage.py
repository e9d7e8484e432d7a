"""`diachiso coverage`: how many households have a code, against how many there are."""

import datetime
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal, TextIO

import click
from pydantic_core import to_json
from sqlalchemy.orm import Session

from registry.core.database import session_scope
from registry.core.labels import percent
from registry.core.messages import Message, chosen_language, not_written
from registry.coverage.answers import coverage_answer
from registry.coverage.count_cache import count_anew
from registry.coverage.count_cache import recount as count_every_commune
from registry.coverage.figures import Coverage, UnitCoverage
from registry.coverage.localities import coverage_below
from registry.coverage.measure import coverage_of_level
from registry.coverage.moved import Moved, what_moved
from registry.coverage.series import record_day, series_of
from registry.coverage.table import write_csv
from registry.coverage.workbook import write_workbook
from registry.files.whole_file import whole_file
from registry.ops import cluster
from registry.register import Register
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.coverage_moved import show_moved
from scripts.coverage_table import print_table
from scripts.opened import opened_engine
from scripts.options import FILE
from scripts.progress import say
from scripts.settings import read_settings

_FORMATS: Final = ("table", "csv", "json", "xlsx", "html")
_FILES: Final = ("xlsx", "html")


class _RefusedError(click.ClickException):
    """A question that the data cannot answer: one line, status 2."""

    exit_code = 2


@command()
def coverage(
    *,
    level: Annotated[
        Literal["province", "commune", "locality"] | None,
        "What to list; by default provinces, or --unit itself.",
    ] = None,
    code: Annotated[str | None, "--unit CODE", "Only this province or commune."] = None,
    form: Annotated[
        str | None, "--format", click.Choice(_FORMATS), "By default what --out ends in, or a table."
    ] = None,
    out: Annotated[Path | None, FILE, "The file to write; xlsx and html need one."] = None,
    fail_under: Annotated[
        float | None,
        "--fail-under PCT",
        click.FloatRange(min=0),
        "Exit 1 when the unit asked for, or the country, is below this share.",
    ] = None,
    accept_estimate: Annotated[bool, "Let --fail-under use an estimate."] = False,
    demo: Annotated[bool, "Include demonstration records."] = False,
    since: Annotated[datetime.date | None, "--since DAY", "What changed since that day."] = None,
    until: Annotated[datetime.date | None, "--until DAY", "Until that day."] = None,
    record: Annotated[bool, "Write today's counts."] = False,
    recount: Annotated[bool, "Recount every commune."] = False,
) -> int:
    """Households with a code.

    --level with --unit lists its parts. Exit status 1 if --fail-under is not reached, 2 without a
    target to decide by. --out FILE.html is an offline report.
    """
    if record or recount:
        _count(record=record, recount=recount)
        return 0
    form = _format(form, out)
    if until is not None and since is None:
        raise click.UsageError(str(Message("until_needs_since")))
    if since is not None:
        if form in _FILES or out is not None:
            raise click.UsageError(str(Message("since_prints_table")))
        if demo or level == "locality":
            raise click.UsageError(str(Message("since_not_with_demo")))
        show_moved(_moved(level, code, since, until), form)
        return 0
    with _reading() as (session, known):
        found = _coverage(session, known, level, code, demo=demo)
        if fail_under is not None:
            _check_decidable(found.total, accept_estimate=accept_estimate)
        if out is None:
            _print(found, form, sys.stdout)
        else:
            try:
                with whole_file(out) as part:
                    _write(session, known, found, form, part, code)
            except OSError as error:
                raise click.ClickException(str(not_written(out, error))) from error
            say(f"{out}: {found.total.name}")
    if fail_under is not None and _is_below(found.total, fail_under):
        say(_below(found.total, fail_under))
        return 1
    return 0


def _format(form: str | None, out: Path | None) -> str:
    found = form or (out.suffix.lower().removeprefix(".") if out else "table")
    if found not in _FORMATS:
        raise click.UsageError(str(Message("format_unclear")))
    if found in _FILES and out is None:
        raise click.UsageError(str(Message("format_needs_out_file", format=found)))
    return found


def _write(
    session: Session,
    known: Gazetteer,
    found: Coverage,
    form: str,
    out: Path,
    code: str | None,
) -> None:
    """Write the file; a report includes the unit's parts."""
    if form == "html":
        # Imported here: the modules for drawing take a third of a second to load.
        from registry.coverage.report import html_report

        out.write_text(html_report(session, known, code, demo=found.demo), encoding="utf-8")
    elif form == "xlsx":
        series = None if found.demo else series_of(session, known, found.total.code)
        write_workbook(found, series, out)
    else:
        # Spreadsheets recognise UTF-8 in a CSV only by its BOM.
        encoding = "utf-8-sig" if form == "csv" else "utf-8"
        with out.open("w", encoding=encoding, newline="") as stream:
            _print(found, form, stream)


def _print(found: Coverage, form: str, out: TextIO) -> None:
    if form == "json":
        out.write(to_json(coverage_answer(found), indent=2).decode())
        out.write("\n")
    elif form == "csv":
        write_csv(found, out)
    else:
        print_table(found, out)


def _count(*, record: bool, recount: bool) -> None:
    with opened_engine() as engine:
        if recount:
            count_every_commune(engine)
            click.echo(Message("communes_recounted"))
        if record:
            count_anew(engine)
            with session_scope(engine) as session:
                day, units = record_day(session, load_gazetteer(session))
            click.echo(Message("coverage_recorded", day=day, units=units))


@contextmanager
def _reading() -> Iterator[tuple[Session, Gazetteer]]:
    settings = read_settings()
    with closing(Register.open(settings, cluster.database_url(settings))) as register:
        known = register.gazetteer.get()
        count_anew(register.engine)
        with session_scope(register.read_engine) as session:
            yield session, known


def _moved(
    level: str | None, code: str | None, since: datetime.date, until: datetime.date | None
) -> Moved:
    with _reading() as (session, known):
        now = _coverage(session, known, level, code, demo=False)
        return what_moved(session, known, now, since, until)


def _coverage(
    session: Session, known: Gazetteer, level: str | None, code: str | None, *, demo: bool
) -> Coverage:
    if code is not None:
        return coverage_below(session, known, code, level, demo=demo)
    if level == "locality":
        raise click.UsageError(str(Message("locality_level_needs_commune")))
    return coverage_of_level(session, known, level or "province", demo=demo)


def _check_decidable(unit: UnitCoverage, *, accept_estimate: bool) -> None:
    if unit.target is None or not unit.target.households:
        raise _RefusedError(str(Message("coverage_has_no_target", name=unit.name)))
    if unit.is_estimate and not accept_estimate:
        raise _RefusedError(str(Message("target_is_estimate", name=unit.name)))


def _below(unit: UnitCoverage, wanted: float) -> Message:
    target = unit.target.households if unit.target else 0
    return Message(
        "coverage_below_minimum",
        name=unit.name,
        share=percent(unit.share, chosen_language()),
        wanted=wanted,
        covered=unit.covered,
        target=target,
    )


def _is_below(unit: UnitCoverage, percent: float) -> bool:
    # Computed from the counts: the share shown is truncated.
    target = unit.target.households if unit.target else 0
    return unit.covered * 100 < percent * target
