"""`diachiso template`: a blank workbook for a commune's households, or for a small table."""

from pathlib import Path
from typing import Annotated

import click

from registry.core.messages import Message, _, not_written
from registry.files.whole_file import whole_file
from registry.intake.template import blank_of, write_blank
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer
from scripts.command import command
from scripts.opened import opened_session
from scripts.options import FILE
from scripts.progress import say
from scripts.table_template import TABLES, write_template


@command()
def template(
    *,
    unit: Annotated[str | None, "--unit CODE", "Of households, for this commune."] = None,
    table: Annotated[str | None, click.Choice(list(TABLES)), "Of this small table."] = None,
    out: Annotated[Path, FILE, "The workbook to write."],
) -> None:
    """Write a blank workbook."""
    if (unit is None) == (table is None):
        raise click.UsageError(str(Message("unit_or_table_option")))
    if out.suffix.lower() != ".xlsx":
        raise click.UsageError(str(Message("template_must_be_xlsx")))
    if out.exists():  # possibly filled in already
        raise click.UsageError(str(Message("template_file_exists", path=out)))
    if unit is None:
        write_template(TABLES[table or ""], out)
        return
    with opened_session() as session:
        blank = blank_of(session, load_gazetteer(session), unit, today())
    try:
        with whole_file(out) as part:
            write_blank(blank, part)
    except OSError as error:
        raise click.ClickException(str(not_written(out, error))) from error
    held = _(
        "{streets} streets, {hamlets} hamlets",
        streets=len(blank.streets),
        hamlets=len(blank.localities),
    )
    say(f"{out}: {blank.name}, {held}")
