"""Blank workbooks of small tables: `… template`, and `diachiso template --table`."""

from pathlib import Path
from typing import Annotated, Final

import click

from registry.core.messages import _
from registry.coverage.target_rows import TABLE as TARGETS
from registry.files.table_file import TableFile
from registry.lifecycle.number_table import TABLE as NUMBERS
from registry.lifecycle.row_tables import ENTRANCES, PARTS, USES
from registry.publish.services.rows import TABLE as SERVICES
from registry.records.external_ids.loading import TABLE as IDENTIFIERS
from registry.records.unit_identifiers import TABLE as UNIT_IDENTIFIERS
from registry.reform.members import TABLE as RESOLUTION
from registry.reform.work_file import TABLE as DECISIONS
from scripts.command import command
from scripts.options import FILE, Force, refuse_to_overwrite

TABLES: Final = {
    table.name: table
    for table in (
        *(TARGETS, SERVICES, IDENTIFIERS, UNIT_IDENTIFIERS),
        *(NUMBERS, PARTS, ENTRANCES, USES, RESOLUTION, DECISIONS),
    )
}
"""Every small table by its name."""


def write_template(table: TableFile, out: Path, *, force: bool = False) -> None:
    """Write the template of a table, unless the file is there."""
    if not force:
        refuse_to_overwrite(out)
    table.write_template(out)
    click.echo(_("{file} is there to be filled in", file=out))


def template_of(table: TableFile) -> click.Command:
    """The command that writes the template of a table."""

    @command(name="template")
    def template(
        *, out: Annotated[Path, FILE, "The workbook to write."], force: Force = False
    ) -> None:
        """Write a blank workbook with a row of examples."""
        write_template(table, out, force=force)

    return template
