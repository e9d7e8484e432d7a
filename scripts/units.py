"""`diachiso units`: administrative units and their boundaries."""

import json
from collections.abc import Iterable
from typing import Any

import click

from registry import cluster
from registry.boundaries import load_boundaries
from registry.boundaries.cells import CellsReport, draw_cells
from registry.boundaries.report import BoundaryReport, NamedUnit
from registry.database import OWNER_ROLE, make_engine, translated_errors
from registry.errors import UnitsInUseError
from registry.held_units import COUNTED
from registry.messages import number
from registry.seeds import load_seeds
from scripts.progress import say
from scripts.settings import read_settings


@click.group()
def units() -> None:
    """Đơn vị hành chính và địa giới (units of every map, and their boundaries)."""


@units.command()
@click.option(
    "--boundaries",
    metavar="FILE_OR_URL",
    help="Nạp địa giới thật (real polygons): GeoJSON in WGS 84, perhaps gzipped, property `code`.",
)
@click.option("--dry-run", is_flag=True, help="Chạy thử, không ghi gì (change nothing).")
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Dạng kết quả (how to print the result).",
)
@click.pass_context
def load(context: click.Context, boundaries: str | None, dry_run: bool, output: str) -> None:
    """Nạp đơn vị hành chính, hoặc địa giới (load units, or their polygons).

    Units from this checkout's seeds, or with --boundaries their real polygons.
    Either may be repeated: what is loaded already stays as it is. A commune without a real polygon
    has a cell drawn around its seat. Exit status 1 when something of the file was not loaded.
    """
    url = cluster.database_url(read_settings())
    if boundaries is None:
        try:
            _reload(url, dry_run=dry_run, output=output)
        except UnitsInUseError as error:
            _print_refusal(error, output=output)
            context.exit(1)
        return
    engine = make_engine(url, pool_size=1)
    try:
        with translated_errors():
            report = load_boundaries(
                engine, boundaries, actor="command line", dry_run=dry_run, progress=say
            )
    finally:
        engine.dispose()
    if output == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        _print(report)
    # Returned, it would reach only main(); exit() also serves whoever invokes the command itself.
    context.exit(1 if report.has_problems else 0)


def _reload(url: str, *, dry_run: bool, output: str) -> None:
    loaded: list[str] = []
    engine = make_engine(url, role=OWNER_ROLE, pool_size=1)
    try:
        with translated_errors(), engine.connect() as connection, connection.begin() as transaction:
            load_seeds(connection, loaded.append)
            cells = draw_cells(connection)
            if dry_run:
                transaction.rollback()
    finally:
        engine.dispose()
    for line in loaded:
        say(line)
    if output == "json":
        result = {"seeds_loaded": bool(loaded), "cells": cells.to_dict(), "dry_run": dry_run}
        click.echo(json.dumps(result, indent=2))
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


def _print_refusal(error: UnitsInUseError, *, output: str) -> None:
    """Every unit, where the error itself names the first few."""
    if output == "json":
        click.echo(json.dumps({"code": error.code, **error.extra}, ensure_ascii=False, indent=2))
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
    """A title with the number of lines, and the lines; nothing when there are none."""
    shown = list(lines)
    if shown:
        click.echo(f"{title} ({number(len(shown))}):")
    for line in shown:
        click.echo(f"  {line}")
