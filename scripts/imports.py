"""`diachiso import`: a file of households into the register, or the latest one out again."""

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Annotated, Literal, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from geo import code as codes
from registry.core.database import session_scope
from registry.core.errors import CommuneNotNamedError, TooManyVanishedError, UnreadableFileError
from registry.core.messages import N_, Message, Several, _, not_written, number
from registry.files.formats.formats import FORMATS, returned_as
from registry.files.formats.table import Numbering
from registry.intake.columns.reader import SourceFile, open_file
from registry.intake.history import ImportRecord, list_imports
from registry.intake.publishing.rollback import preview_rollback, roll_back
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.row_reports import (
    PUBLISHED,
    REJECTED,
    Handback,
    Which,
    report_form,
    write_codes,
    write_problems,
    write_vanished,
)
from registry.intake.run import import_file
from registry.records.codes import DEMO_SOURCE
from scripts.command import command
from scripts.import_report import COUNTS, report_lines, vanished_warning
from scripts.mapping import read_mapping
from scripts.opened import opened_engine
from scripts.options import FILE, DryRun, Form
from scripts.progress import say, show_json
from scripts.undo import show_preview

_STATES = {"published": N_("written"), "rolled_back": N_("undone")}
_SHOWN_KEPT = 20


@dataclass(frozen=True, slots=True)
class _Outputs:
    """Requested output files."""

    report: Annotated[Path | None, FILE, "The rejected rows, with their problems."] = None
    warnings: Annotated[Path | None, FILE, "Published rows with warnings or notices."] = None
    vanished: Annotated[Path | None, FILE, "Vanished references, and codes to retire."] = None
    codes: Annotated[Path | None, FILE, "Every row, its code and outcome."] = None

    def paths(self) -> list[Path]:
        return [path for path in astuple(self) if path is not None]


def _names(given: tuple[str, ...]) -> dict[str, str | None]:
    pairs = [text.partition("=") for text in given]
    if not all(spelled.strip() and equals for spelled, equals, _meant in pairs):
        raise click.BadParameter(str(Message("name_pair_required")), param_hint="--name")
    return {spelled.strip(): meant.strip() or None for spelled, _equals, meant in pairs}


@command(name="import")
def import_(
    file: Path | None = None,
    *,
    source: Annotated[str | None, "Who delivers the file."] = None,
    dry_run: DryRun = False,
    delivery: Annotated[
        Literal["partial", "full"], "All households of the source, or a part."
    ] = "partial",
    strict: Annotated[bool, "All rows or none."] = False,
    fix: Annotated[bool, "Correct unambiguous errors and report them."] = False,
    accept_vanished: Annotated[
        bool, "Accept a full delivery that lacks most of the source."
    ] = False,
    demo_as_real: Annotated[bool, "Give made-up households real codes, for measurements."] = False,
    decision: Annotated[str | None, "--decision NUMBER", "Number of the legal decision."] = None,
    crs: Annotated[str | None, "--crs EPSG:CODE", "Coordinate system of the file."] = None,
    sheet: Annotated[str | None, "--sheet NAME", "Sheet or layer; by default all."] = None,
    mapping: Annotated[str | None, "--mapping FILE|JSON", "JSON object, header → field."] = None,
    names: Annotated[
        tuple[str, ...],
        "--name NAME=NAME",
        "Spelling = name meant, or itself for a new place; kept for the source.",
    ] = (),
    commune: Annotated[str | None, "--commune CODE", "Commune of all rows."] = None,
    outputs: _Outputs,
    form: Form = "text",
    rollback: Annotated[int | None, "--rollback ID", "Take this import back."] = None,
    keep_later: Annotated[bool, "With --rollback: keep later changes, undo the rest."] = False,
    listed: Annotated[bool, "--list", "List imports, the latest first."] = False,
) -> int:
    """Import households: a table or a map layer.

    Exit status 1 when rows were rejected.
    """
    if (listed or rollback is not None) and (file is not None or (listed and rollback)):
        raise click.UsageError(str(Message("list_and_rollback_exclusive")))
    if not listed and rollback is None and (file is None or source is None):
        raise click.UsageError(
            str(
                Message("file_and_source_required")
                if file is None
                else _all_that_is_missing(file, source, sheet, mapping, commune)
            )
        )
    if keep_later and rollback is None:
        raise click.UsageError(str(Message("keep_later_needs_rollback")))
    if file is not None and source is not None and source.strip().casefold() == DEMO_SOURCE:
        raise click.UsageError(str(Message("source_demo_reserved")))
    with opened_engine() as engine:
        if listed:
            _list(engine, source, form)
        elif rollback is not None:
            if dry_run:
                return show_preview(preview_rollback(engine, rollback), form)
            _roll_back(engine, rollback, form, keep_later=keep_later)
        elif file is not None and source is not None:
            options = ImportOptions(
                *(source, delivery, decision, dry_run),
                strict=strict,
                fix=fix,
                accept_vanished=accept_vanished,
                demo_as_real=demo_as_real,
                crs=crs,
                sheet=sheet,
                mapping=read_mapping(mapping) if mapping else None,
                names=_names(names),
                commune=commune,
            )
            try:
                result = _import(engine, file, options, outputs, form)
            except CommuneNotNamedError as error:
                typed = _command(file, source, mapping, sheet)
                message = Message("advice_to_type", message=error.message, command=typed)
                raise CommuneNotNamedError(message) from None
            return _status(result, outputs.report, accept_vanished=accept_vanished)
        return 0


def _all_that_is_missing(
    file: Path, source: str | None, sheet: str | None, mapping: str | None, commune: str | None
) -> Message:
    """In one answer, with the command to type: whoever comes for the first time needs no three."""
    missing: Message = Message("source_option_missing")
    lacks_commune = False
    try:
        open_file(file, sheet, read_mapping(mapping) if mapping else None, commune)
    except CommuneNotNamedError as error:
        missing, lacks_commune = Several((missing, error.message)), True
    except UnreadableFileError as error:
        return Several((missing, error.message))
    typed = _command(file, source, mapping, sheet, None if lacks_commune else commune or "")
    return Message("advice_to_type", message=missing, command=typed)


def _command(
    file: Path,
    source: str | None,
    mapping: str | None,
    sheet: str | None,
    commune: str | None = None,
) -> str:
    """The dry run to type, words in capitals to be filled in; `commune` '' for none needed."""
    blanks = _("SOURCE"), _("CODE")
    given = {
        "--source": source or blanks[0],
        "--commune": blanks[1] if commune is None else commune,
        "--sheet": sheet,
        "--mapping": mapping,
    }
    options = [f"{name} {shlex.quote(value)}" for name, value in given.items() if value]
    typed = " ".join(options)
    for blank in blanks:  # a placeholder needs no quotation marks
        typed = typed.replace(f"'{blank}'", blank)
    return f"bin/diachiso import {shlex.quote(str(file))} {typed} --dry-run"


def _import(
    engine: Engine, file: Path, options: ImportOptions, outputs: _Outputs, form: str
) -> ImportResult:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with ExitStack() as stack:
        for path in outputs.paths():
            if path.exists() and file.exists() and path.samefile(file):
                raise click.UsageError(str(Message("report_path_is_input", path=path)))
            stack.enter_context(_writable(path))
        for back in filter(None, (outputs.report, outputs.warnings)):
            form_of_it = returned_as(back.suffix.lower())
            if form_of_it and FORMATS[form_of_it].is_layer:
                report_form(open_file(file, options.sheet, options.mapping, options.commune), back)
        handback = Handback(
            *(
                stack.enter_context(tempfile.TemporaryFile()) if wanted else None
                for wanted in (outputs.codes, outputs.report or outputs.warnings, outputs.vanished)
            )
        )
        console = Console(stderr=True)
        bar = stack.enter_context(
            Progress(
                *columns,
                TimeElapsedColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            )
        )
        task = bar.add_task(_("rows done"), total=None)
        result = import_file(
            engine, file, options, lambda n: bar.update(task, completed=n), handback
        )
        bar.stop()
        # First, because a disk may be full although the import is published, and because the reader
        # of stdout may stop early (`| head`).
        with suppress(BrokenPipeError):
            _show(result, form)
        read = open_file(file, options.sheet, options.mapping, options.commune)
        _write(read, handback, outputs, result.numbering)
        return result


def _write(
    file: SourceFile, handback: Handback, outputs: _Outputs, numbering: Numbering | None
) -> None:
    """Write the requested files, after the commit."""
    kinds: tuple[tuple[Path | None, Which], ...] = (
        (outputs.report, REJECTED),
        (outputs.warnings, PUBLISHED),
    )
    for path, which in kinds:
        if path is not None and handback.problems is not None:
            write_problems(file, handback.problems, path, which, numbering)
    if outputs.codes is not None and handback.answers is not None:
        with _opened(outputs.codes) as out:
            write_codes(file, handback.answers, out, numbering)
    if outputs.vanished is not None and handback.vanished is not None:
        with _opened(outputs.vanished) as out:
            write_vanished(handback.vanished, out)


@contextmanager
def _writable(path: Path) -> Iterator[None]:
    """Check before the import that `path` can be written; leave no file on failure."""
    fresh = not path.exists()
    try:
        path.open("a").close()
    except OSError as error:
        raise click.ClickException(str(not_written(path, error))) from error
    try:
        yield
    except BaseException:
        if fresh:
            path.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> TextIO:
    # With a BOM: without one spreadsheets assume another encoding.
    return path.open("w", encoding="utf-8-sig", newline="")


def _show(result: ImportResult, form: str) -> None:
    if form == "json":
        show_json(result.to_dict() | {"file_notes": result.file_notes})
        return
    for line in report_lines(result):
        click.echo(line)


def _status(result: ImportResult, report: Path | None, *, accept_vanished: bool) -> int:
    """Return the exit status; if it is 1, print the reason to stderr."""
    if result.vanished_warning == TooManyVanishedError.code and not accept_vanished:
        say(vanished_warning(result))
        return 1
    if not result.rejected:
        return 0
    advice = (
        _("see {report}", report=report)
        if report
        else _("add --report FILE to get those rows back and mend them")
    )
    say(
        _(
            "{rejected:n} of {rows:n} rows rejected; {advice}",
            rejected=result.rejected,
            rows=result.rows,
            advice=advice,
        )
    )
    return 1


def _list(engine: Engine, source: str | None, form: str) -> None:
    with session_scope(engine) as session:
        records = list_imports(session, source)
    if form == "json":
        show_json({"imports": [record.to_dict() for record in records]})
        return
    if not records:
        say(_("no import yet"))
    for record in records:
        click.echo(_described(record))


def _described(record: ImportRecord) -> str:
    counts = record.counts
    shown = [
        f"{number(counts[key])} {_(label)}"
        for key, label in (COUNTS | {"vanished": N_("gone")}).items()
        if counts.get(key) and key not in ("warned", "buildings")
    ]
    state = _(_STATES[record.state]) if record.state in _STATES else record.state
    return (
        f"{record.import_id:>6}  {record.created_at:%d/%m/%Y %H:%M}  {state:<7} {record.source}"
        f"  {record.file_name}: {', '.join(shown)}"
    )


def _roll_back(engine: Engine, import_id: int, form: str, *, keep_later: bool) -> None:
    undone = roll_back(engine, import_id, keep_later=keep_later)
    if form == "json":
        show_json(undone)
        return
    click.echo(
        _(
            "Import {number} of {source} undone: {removed:n} removed, {restored:n} restored",
            number=undone.import_id,
            source=undone.source,
            removed=undone.removed,
            restored=undone.restored,
        )
    )
    if undone.kept:
        kept_codes = _("{count:n} codes kept that were edited or used since:", count=undone.kept)
        click.echo(f"  {kept_codes}")
    for kept in undone.kept_records[:_SHOWN_KEPT]:
        click.echo(f"    {codes.format(kept.code)}  {kept.reason}")
    if undone.kept > _SHOWN_KEPT:
        more = _("… {count:n} more codes: --format json", count=undone.kept - _SHOWN_KEPT)
        click.echo(f"    {more}")
