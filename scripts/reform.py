"""`diachiso reform`: a resolution that changes units, tried out and carried."""

import datetime
from pathlib import Path
from typing import Annotated, Literal

import click

from registry.core.database import session_scope, translated_errors
from registry.core.messages import Message, number
from registry.reform.due import withdraw as withdraw_reform
from registry.reform.from_seeds import resolution_of_day
from registry.reform.reading import read_resolution
from registry.reform.report import report_lines
from registry.reform.run import Options
from registry.reform.run import reform as carry_reform
from registry.reform.undo import preview_undo
from registry.reform.undo import undo as undo_reform
from registry.reform.views import MAP, WORKBOOK
from registry.reform.work_file import read_decided
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_engine
from scripts.options import FOLDER, DryRun, Form
from scripts.progress import say, show_json
from scripts.undo import show_preview

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@command()
def reform(
    file: Annotated[Path | None, _FILE] = None,
    *,
    dry_run: DryRun = False,
    folder: Annotated[
        Path | None, "--report", FOLDER, "Write the report and the workbook of undecided records."
    ] = None,
    decided: Annotated[Path | None, _FILE, "The workbook, filled in."] = None,
    undecided: Annotated[
        Literal["refuse", "nearest"], "Refuse, or assign as the neighbours."
    ] = "refuse",
    from_seeds: Annotated[
        datetime.date | None, "Print the real changes of that day as a file."
    ] = None,
    boundaries: Annotated[str | None, "Polygons that the printed file names."] = None,
    undo: Annotated[str | None, "--undo NUMBER", "Undo this reform."] = None,
    withdraw: Annotated[
        str | None, "--withdraw NUMBER", "Withdraw this reform, which waits for its day."
    ] = None,
    actor: Annotated[str, "Who does it, for the history."] = "operator",
    form: Form = "text",
) -> int:
    """Carry out a resolution that changes units.

    FILE is YAML, XLSX or CSV (docs/reforms.md). A future one is checked, kept, and takes effect at
    00:00 of its day.
    """
    if sum(each is not None for each in (file, from_seeds, undo, withdraw)) != 1:
        raise click.UsageError(str(Message("reform_source_required")))
    if file is not None:
        options = Options(
            actor=actor,
            dry_run=dry_run,
            nearest=undecided == "nearest",
            decided=read_decided(decided) if decided else {},
            folder=folder,
        )
        return _carry(file, options, form)
    with translated_errors(), opened_engine() as engine:
        if from_seeds is not None:
            with session_scope(engine) as session:
                known = load_gazetteer(session)
            click.echo(resolution_of_day(known, from_seeds, boundaries), nl=False)
        elif undo is not None and dry_run:
            return show_preview(preview_undo(engine, undo), form)
        elif undo is not None:
            undone = undo_reform(engine, undo, actor=actor)
            click.echo(Message("codes_put_back", households=undone.households))
        elif withdraw is not None:
            withdraw_reform(engine, withdraw, actor=actor)
            click.echo(Message("reform_withdrawn"))
    return 0


def _carry(file: Path, options: Options, form: str) -> int:
    document, folder = read_resolution(file), options.folder
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with translated_errors(), opened_engine() as engine:
        report = carry_reform(engine, document, options, _say_phase)
    if form == "json":
        show_json(report.to_dict())
    else:
        for line in report_lines(report):
            click.echo(line)
        if report.undecided and folder is not None:
            say(Message("settle_households_in_files", workbook=folder / WORKBOOK, map=folder / MAP))
    return 1 if options.dry_run and report.undecided and not options.nearest else 0


def _say_phase(phase: str, done: int) -> None:
    say(f"{phase} {number(done)}" if done else phase)
