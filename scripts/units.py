"""`diachiso units`: administrative units and their boundaries."""

import datetime
from collections.abc import Iterable
from typing import Annotated, Any

import click

from registry.core.database import OWNER_ROLE, translated_errors
from registry.core.errors import UnitsInUseError
from registry.core.messages import Message, number
from registry.units import day_asked
from registry.units.boundaries import load_boundaries
from registry.units.boundaries.cells import CellsReport, draw_cells
from registry.units.boundaries.report import BoundaryReport, NamedUnit
from registry.units.held_units import COUNTED
from registry.units.seeds import load_seeds
from scripts.command import command
from scripts.opened import opened_engine
from scripts.options import DryRun, Form
from scripts.progress import say, show_json


@click.group()
def units() -> None:
    """Units of every map, and their boundaries."""


@command(units)
def load(
    *,
    boundaries: Annotated[
        str | None,
        "--boundaries FILE_OR_URL",
        "Real polygons: GeoJSON in WGS 84, plain or gzipped, property `code`.",
    ] = None,
    as_of: Annotated[datetime.date | None, "With --boundaries: day of their map."] = None,
    dry_run: DryRun = False,
    form: Form = "text",
) -> int:
    """Load units, or their polygons.

    Without --boundaries from the seeds. Repeating changes nothing. Polygons of an earlier map serve
    the old wording. Exit status 1 if something was not loaded.
    """
    if boundaries is None and as_of is not None:
        raise click.UsageError(str(Message("as_of_needs_boundaries")))
    if boundaries is None:
        try:
            _reload(dry_run=dry_run, form=form)
        except UnitsInUseError as error:
            _print_refusal(error, form=form)
            return 1
        return 0
    with translated_errors(), opened_engine() as engine:
        report = load_boundaries(
            engine,
            boundaries,
            actor="command line",
            day=day_asked(as_of),
            dry_run=dry_run,
            progress=say,
        )
    if form == "json":
        show_json(report.to_dict())
    else:
        _print(report)
    return 1 if report.has_problems else 0


def _reload(*, dry_run: bool, form: str) -> None:
    loaded: list[Message | str] = []
    with (
        translated_errors(),
        opened_engine(OWNER_ROLE) as engine,
        engine.connect() as connection,
        connection.begin() as transaction,
    ):
        load_seeds(connection, loaded.append)
        cells = draw_cells(connection)
        if dry_run:
            transaction.rollback()
    for line in loaded:
        say(line)
    if form == "json":
        show_json({"seeds_loaded": bool(loaded), "cells": cells, "dry_run": dry_run})
    else:
        _print_reload(seeds_loaded=bool(loaded), cells=cells, dry_run=dry_run)


def _print_reload(*, seeds_loaded: bool, cells: CellsReport, dry_run: bool) -> None:
    if dry_run:
        click.echo("dry run: nothing was changed")
    click.echo("units: " + ("loaded from the seeds" if seeds_loaded else "as in the seeds already"))
    if cells.drawn or cells.removed:
        click.echo(
            f"cells of communes without a real polygon: {number(cells.drawn)} drawn, ", nl=False
        )
        click.echo(f"{number(cells.removed)} removed")
    else:
        click.echo("cells of communes without a real polygon: drawn already")


def _print_refusal(error: UnitsInUseError, *, form: str) -> None:
    """Print all units of an error that names only the first few."""
    if form == "json":
        show_json({"code": error.code, **error.extra})
        return
    click.echo(error.detail, err=True)
    units: Any = error.extra["units"]
    _list(
        "not loaded, for these hold records",
        (
            f"{unit['code']} {unit['name']}: {unit['change']} {unit['day']}; "
            + ", ".join(f"{number(unit[what])} {what}" for what in COUNTED if unit[what])
            + f"; {unit['reform'] or 'no file of its resolution'}"
            for unit in units
        ),
    )


def _print(report: BoundaryReport) -> None:
    if report.dry_run:
        click.echo("dry run: nothing was changed")
    click.echo(
        f"{report.source}: {number(report.communes)} communes,"
        f" {number(report.provinces)} provinces:"
        f" {number(report.added)} new, {number(report.replaced)} replaced,"
        f" {number(report.unchanged)} unchanged"
    )
    if report.loaded == report.unchanged and report.parts == 0:
        click.echo("every polygon was loaded already: nothing was changed")
    _list("repaired, because they came invalid", map(_named, report.repaired))
    _list("united from several features", map(_named, report.united))
    _list("codes that got their leading zeros back", report.restored_zeros)
    _list("not loaded, no such code", report.unknown)
    _list(
        "not loaded, the unit ended",
        (
            f"{unit.code} {unit.name} → " + (", ".join(map(_named, unit.successors)) or "none")
            for unit in report.ended
        ),
    )
    _list("not loaded, no usable polygon", report.without_polygon)
    if report.without_code:
        click.echo(f"not loaded, features without a code: {number(report.without_code)}")
    if report.missing_communes or report.missing_provinces:
        click.echo(
            f"without a real polygon: {number(report.missing_communes)} communes, "
            f"{number(report.missing_provinces)} provinces"
        )


def _named(unit: NamedUnit) -> str:
    return f"{unit.code} {unit.name}"


def _list(title: str, lines: Iterable[str]) -> None:
    """Print a title with the number of lines, and the lines; nothing without lines."""
    shown = list(lines)
    if shown:
        click.echo(f"{title} ({number(len(shown))}):")
    for line in shown:
        click.echo(f"  {line}")
