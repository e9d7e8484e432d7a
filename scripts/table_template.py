"""`… template`: a blank workbook of a small table."""

from pathlib import Path

import click

from registry.core.messages import _
from registry.files.table_file import TableFile
from scripts.options import FORCE, refuse_to_overwrite


def template_of(table: TableFile) -> click.Command:
    """The command that writes the template of a table."""

    @click.command("template")
    @click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        required=True,
        help="The workbook to write.",
    )
    @FORCE
    def template(out: Path, *, force: bool) -> None:
        """A blank workbook to fill in, with a row of examples."""
        if not force:
            refuse_to_overwrite(out)
        table.write_template(out)
        click.echo(_("{file} is there to be filled in", file=out))

    return template
