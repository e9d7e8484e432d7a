"""`diachiso export`: the register in files, as a table or map layer or for who keeps a copy."""

import datetime
import sys
from pathlib import Path
from typing import Annotated, Final

import click
from sqlalchemy import Engine

from registry.core.database import session_scope
from registry.core.messages import Message, _, number
from registry.publish.changes.snapshot import MANIFEST, export_snapshot
from registry.publish.export.area import records_within
from registry.publish.export.formats import FORMATS, format_of
from registry.publish.export.run import (
    LAYERS,
    STATUSES,
    ExportOptions,
    export_file,
    export_stream,
)
from registry.records.history import moment_of
from registry.records.uses import KINDS
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_engine
from scripts.options import FOLDER, Force, refuse_to_overwrite
from scripts.progress import counting

_STDOUT: Final = Path("-")


@command()
def export(
    *,
    out: Annotated[
        Path | None,
        click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        "The file to write; - for stdout.",
    ] = None,
    layer: Annotated[str, click.Choice(LAYERS), "Households, or boundaries of units."] = LAYERS[0],
    form: Annotated[
        str | None,
        "--format",
        click.Choice(list(FORMATS)),
        "By default by suffix.",
    ] = None,
    unit: Annotated[str | None, "--unit CODE", "Only this unit."] = None,
    statuses: Annotated[
        tuple[str, ...], "--status", click.Choice(STATUSES), "May be given more than once."
    ] = ("active",),
    as_of: Annotated[str | None, "--as-of WHEN", "As recorded at a day or time."] = None,
    on: Annotated[datetime.date | None, "A column with the label of that day."] = None,
    external: Annotated[bool, "A column with other schemes' values."] = False,
    within: Annotated[
        Path | None,
        click.Path(path_type=Path, dir_okay=False, exists=True),
        "Only inside the geometry of this GeoJSON file.",
    ] = None,
    buffer_m: Annotated[
        float | None,
        "--buffer METRES",
        click.FloatRange(0, 25_000, min_open=True),
        "Metres around that geometry.",
    ] = None,
    use: Annotated[str | None, click.Choice(KINDS), "Only doors with this use."] = None,
    folder: Annotated[Path | None, "--snapshot", FOLDER, "Write a snapshot of the feed."] = None,
    demo: Annotated[bool, "Include demonstration records."] = False,
    force: Force = False,
) -> None:
    """Write all records that may be shown into a file.

    Without restricted places. Beside it: the meaning of its columns, and the licence.
    """
    if (out is None) == (folder is None):
        raise click.UsageError(str(Message("out_or_snapshot_required")))
    if buffer_m is not None and within is None:
        raise click.UsageError(str(Message("buffer_without_area")))
    if out is not None and not force:
        refuse_to_overwrite(out)
    with opened_engine() as engine:
        if folder is not None:
            _snapshot(engine, folder, unit, demo=demo)
        elif out is not None:
            moment = None if as_of is None else moment_of(as_of)
            area = None if within is None else _area(engine, within, buffer_m, use, demo=demo)
            options = ExportOptions(
                *(
                    _format(out, form),
                    unit,
                    tuple(statuses),
                    moment,
                    demo,
                    on,
                    external,
                    use,
                    layer,
                ),
                area=area,
            )
            if out == _STDOUT:
                _stdout(engine, options)
            else:
                _file(engine, out, options)


def _area(
    engine: Engine, path: Path, buffer_m: float | None, use: str | None, *, demo: bool
) -> str:
    """Return the area of a file; print the number of records in it to stderr before writing."""
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    text = path.read_text(encoding="utf-8", errors="replace")
    area, found = records_within(engine, known, text, buffer_m, use=use, demo=demo)
    for each in found.communes:
        counts = _(
            "{records:n}: {homes:n} homes, {buildings:n} buildings; {households:n} households",
            records=each.records,
            homes=each.dwellings,
            buildings=each.buildings,
            households=each.households,
        )
        click.echo(f"{each.code} {each.name}: {counts}", err=True)
    return area.ewkb


def _format(out: Path, form: str | None) -> str:
    found = form or format_of(out)
    if found is None:
        raise click.UsageError(
            str(Message("export_format_unclear", name=out.name, formats=", ".join(FORMATS)))
        )
    return found


def _file(engine: Engine, out: Path, options: ExportOptions) -> None:
    with counting(Message("file_written")) as count:
        done = export_file(engine, out, options, count)
    if done.former is not None:
        code, name = done.former
        heirs = ", ".join(f"{heir} ({heir_code})" for heir_code, heir in done.units)
        click.echo(
            _(
                "{name} ({code}) is on an old map; today it is {heirs}",
                name=name,
                code=code,
                heirs=heirs,
            )
        )
    click.echo(Message("records_exported", out=out, records=done.records))


def _stdout(engine: Engine, options: ExportOptions) -> None:
    """Print only the file; everything else goes to stderr."""
    out = sys.stdout.buffer
    with counting(Message("file_written")) as count:
        for piece in export_stream(engine, options, count):
            out.write(piece)
    out.flush()


def _snapshot(engine: Engine, folder: Path, unit: str | None, *, demo: bool) -> None:
    with counting(Message("codes_written")) as count:
        made = export_snapshot(engine, folder, unit=unit, demo=demo, progress=count)
    text = ", ".join(f"{kind} {number(count)}" for kind, count in made.counts.items())
    click.echo(f"{folder / MANIFEST}: {text}")
