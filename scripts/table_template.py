"""`… template`: a blank workbook of a small table."""

from pathlib import Path
from typing import Annotated

import click

from registry.core.messages import _
from registry.files.table_file import TableFile
from scripts.command import command
from scripts.options import FILE, Force, refuse_to_overwrite


def template_of(table: TableFile) -> click.Command:
    """The command that writes the template of a table."""

    @command(name="template")
    def template(
        *, out: Annotated[Path, FILE, "The workbook to write."], force: Force = False
    ) -> None:
        """A blank workbook to fill in, with a row of examples."""
        if not force:
            refuse_to_overwrite(out)
        table.write_template(out)
        click.echo(_("{file} is there to be filled in", file=out))

    return template
